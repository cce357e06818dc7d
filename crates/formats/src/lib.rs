//! quaywatch-formats
