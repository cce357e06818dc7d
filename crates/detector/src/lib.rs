//! quaywatch-detector
