//! quaywatch-screening
