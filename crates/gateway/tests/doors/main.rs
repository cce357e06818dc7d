//! The gateway over real HTTP on loopback, with a broker that the test plays.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

mod common;
mod dcsa;
mod http;
mod tls;
