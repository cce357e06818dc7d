//! The watchlist service: list files to `port.watchlist`.
//!
//! A list is replaced as a whole and at once: entries that are new or changed are written, entries that vanished become
//! tombstones, in one transaction. A file that cannot be trusted changes nothing, and a change larger than its limit
//! waits for a person.

mod error;
mod files;
mod import;
mod metrics;
mod service;
mod status;
mod store;

pub use error::Error;
pub use files::Files;
pub use import::{DEFAULT_MAX_CHANGE_PERCENT, Import, Imported};
pub use metrics::Metrics;
pub use service::{LISTS, Watcher, run};
pub use status::{Status, status};
pub use store::{KafkaStore, List, Lists, READ_TIMEOUT, Store, Turn, VERSION_HEADER, WATCHLIST};
