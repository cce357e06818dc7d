//! Writers of the wire formats, and the post that makes messages of letters.

pub(crate) mod edifact;
pub(crate) mod feeds;
pub(crate) mod json;
pub(crate) mod post;
pub(crate) mod sheets;
