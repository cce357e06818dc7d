//! quaywatch-tests
