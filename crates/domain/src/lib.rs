//! The words of the port: identifiers, events, facts, watchlist entries, alerts and handling labels.
//!
//! Pure: no clock, no I/O. Every record here has a schema of the same name in `schemas/` and travels between the
//! services as Avro; field names and meanings are those of the public contracts (DCSA, UN/EDIFACT, WCO terms).

mod codes;
mod de;

pub mod alert;
pub mod baselines;
pub mod blinding;
pub mod event;
pub mod fact;
pub mod feed;
pub mod feedback;
pub mod handling;
pub mod id;
pub mod identifiers;
pub mod indicator;
pub mod message;
pub mod pseudonym;
pub mod sha256;
pub mod subject;
pub mod summary;
pub mod time;
pub mod watchlist;

pub use alert::{AgencyAlert, Alert, AlertState, Visit};
pub use baselines::PublishedBaselines;
pub use event::PortEvent;
pub use event::kind::EventKind;
pub use fact::{Fact, Hit, Pointer};
pub use feed::{FeedState, FeedStatus};
pub use feedback::{Feedback, Verdict};
pub use handling::Handling;
pub use id::Id;
pub use indicator::{Action, Indicator, Severity};
pub use message::{DeadLetter, DeadLetterCode, RawMessage};
pub use pseudonym::PseudonymKey;
pub use sha256::Sha256;
pub use subject::Subject;
pub use time::Timestamp;
pub use watchlist::WatchlistEntry;

/// A text as events hold dozens of: up to 16 bytes lie where it stands, as nearly all codes and numbers do; copies share
/// longer ones.
pub type Text = lean_string::LeanString;
