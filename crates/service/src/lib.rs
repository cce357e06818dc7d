//! quaywatch-service
