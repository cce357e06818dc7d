//! Screening: which identifiers an event holds, which watchlist entries they meet, and whom the event concerns.
//!
//! Pure. Hits are a difference, not a firing: each change of the events or of a list compares what should stand with
//! what was told before, so corrections, late lists and expired entries need no path of their own.
//!
//! | question | file |
//! | --- | --- |
//! | how is an identifier written and compared? | `identifiers.rs` |
//! | which entries does an identifier meet? | `index.rs` |
//! | whom does an event concern? | `routing.rs` |
//! | what is kept of a container? | `state.rs` |
//! | when is a hit raised or taken back? | `screen.rs` |
//! | how are names compared? | `names/` |
//! | what did a person decide not to be a hit? | `exceptions.rs` |
//! | what is a blinded list? | `blinded.rs` |
//! | how is a list read, and when is a new version held back? | `lists/` |

pub mod lists;
pub mod names;

mod blinded;
mod exceptions;
mod identifiers;
mod index;
mod routing;
mod screen;
mod state;

pub use blinded::{MAX_PERIODS, blind, is_blinded, least_handling};
pub use exceptions::{BadExceptions, Counts, Exception, Exceptions, MAX_EXCEPTIONS, digest_of};
pub use identifiers::{
    MAX_IDENTIFIERS_PER_EVENT, MAX_VALUE_CHARACTERS, identifier_values, identifiers_of, normalise_value,
    scheme,
};
pub use index::Index;
pub use routing::{MAX_SUBJECTS_PER_EVENT, facts_without_container, subjects_of};
pub use screen::{rescreen, screen, screen_shared};
pub use state::{HitState, MAX_EVENTS, MAX_HITS, NamedCountry, SeenEvent, Standing, SubjectState};
