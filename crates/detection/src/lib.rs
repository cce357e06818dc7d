//! quaywatch-detection
