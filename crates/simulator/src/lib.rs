//! quaywatch-simulator
