//! quaywatch-dispatcher
