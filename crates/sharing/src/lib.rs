//! quaywatch-sharing
