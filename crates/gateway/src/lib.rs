//! quaywatch-gateway
