//! quaywatch-kafka
