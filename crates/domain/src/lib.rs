//! quaywatch-domain
