//! Sharing: what each agency may see of an alert.
//!
//! Pure. A view is a function of the indicators that the agency may see and of nothing else, so that what it may not see
//! leaves no trace: not in the score, not in a time, not in a revision number.
//!
//! | question | file |
//! | --- | --- |
//! | who are the agencies, and what may they see? | `agencies.rs` |
//! | which parts of an alert can be withheld? | `field.rs` |
//! | which indicators does an agency see, and what follows from them? | `view.rs` |
//! | how are sentences, ids and keys cleaned? | `redact.rs` |
//! | when is a new version of a view told? | `disclose.rs` |
//! | how does an answer become a fact? | `facts.rs` |
//! | how does an alert read? | `text.rs` |

mod agencies;
mod cloud_events;
mod disclose;
mod facts;
mod field;
mod redact;
mod text;
mod view;

pub use agencies::{Agencies, Agency, Clearance, DEFAULT_THRESHOLD, Error, Role};
pub use cloud_events::cloud_event_headers;
pub use disclose::{DisclosureState, ViewState, disclose};
pub use facts::{feedback_fact, pointer_fact};
pub use field::Field;
pub use text::{alert_text, view_text};
