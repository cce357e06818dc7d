//! quaywatch-screener
