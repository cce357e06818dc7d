//! quaywatch-codec
