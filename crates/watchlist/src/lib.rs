//! quaywatch-watchlist
