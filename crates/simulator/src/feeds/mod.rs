//! The feeds as they really are: late, twice, mistyped, corrected, down; and the agency's list.

pub(crate) mod errors;
pub(crate) mod garbage;
pub(crate) mod list;
pub(crate) mod outages;
