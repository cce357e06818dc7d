//! Who is told what, and that nothing else shows.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;
mod invisibility;
mod stories;
