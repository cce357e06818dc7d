//! The watchlist service: list files to `port.watchlist`.
//!
//! A list is replaced as a whole and at once: entries that are new or changed are written, entries that vanished become
//! tombstones, in one transaction. A file that cannot be trusted changes nothing, and a change larger than its limit
//! waits for a person.

mod blind;
mod diff;
mod error;
mod explain;
mod fetch;
mod files;
mod import;
mod metrics;
mod service;
mod status;
mod store;

pub use blind::blinded_rows;
pub use diff::{Changed, diff};
pub use error::Error;
pub use explain::{Event, Explanation, explain};
pub use fetch::{Change, fetch};
pub use files::Files;
pub use import::{DEFAULT_MAX_CHANGE_PERCENT, Import, Imported, Preview};
pub use metrics::Metrics;
pub use service::{LISTS, Watcher, run};
pub use status::{Status, status};
pub use store::{
    DIGEST_HEADER, KafkaStore, List, Lists, READ_TIMEOUT, SHA256_HEADER, Store, Turn, VERSION_HEADER,
    WATCHLIST,
};
