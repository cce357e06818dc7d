//! quaywatch-normalizer
