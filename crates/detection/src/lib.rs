//! Detection: the timeline of one subject, the rules over it, and the alerts that follow.
//!
//! Pure. [`Engine::apply`] takes the state of one subject and one fact and returns what changed; the same set of facts,
//! in any order and with any duplicates, ends in the same alerts. Only the difference to what was already published
//! comes out (diff, don't fire).
//!
//! | question | file |
//! | --- | --- |
//! | what does a rule check? | `rules/*.rs`, thresholds in `rules.toml` |
//! | which version of a fact stands? what is kept? | `timeline.rs` |
//! | where does a visit begin and end? | `visits.rs` |
//! | where is the container? what cannot be? | `golden.rs` |
//! | how do indicators become an alert? | `alerts.rs` |
//! | what is usual? | `baselines.rs`, built by `baseline_builder.rs` |
//! | how much does silence say? | `trust.rs`, from what `completeness.rs` counts |
//! | when were systems out? | `outages.rs` |
//! | does an order open a container? | `work_orders.rs` |
//! | how do other subjects tell a container something? | `loops.rs` |
//! | who is told of a find? | `contagion.rs` and, for those who share something with its container, `siblings.rs`, `origin.rs` |
//! | what is kept of them? | `seal.rs`, `party.rs`, `bill.rs`, `call.rs`, `yard.rs`, `sender.rs`, and of people `actor.rs` |
//! | when is a relation new again? | `aging.rs` |
//! | which visits are drawn for control? what is found? | `control.rs` |
//! | who may see what people do? | `people.rs` |

mod actor;
mod aging;
mod alerts;
mod baseline_builder;
mod baselines;
mod bill;
mod calendar;
mod call;
mod combinations;
mod company;
mod completeness;
mod contagion;
mod container;
mod contribution;
mod control;
mod digest;
mod engine;
mod explain;
mod golden;
mod haulage;
mod ledger;
mod loops;
mod origin;
mod outages;
mod party;
mod people;
mod profiles;
mod quiet;
mod rules;
mod seal;
mod seal_run;
mod sender;
mod settings;
mod siblings;
mod state;
mod timeline;
mod trust;
mod unknown;
mod view;
mod visits;
mod work_orders;
mod yard;

pub use baseline_builder::BaselineBuilder;
pub use baselines::{Baselines, Goods, Group, Lane, Measure, Moves, Quantiles, SealFormat, SealRange};
pub use control::{Inspected, Sample};
pub use engine::{Changes, Engine, Outcome};
pub use explain::Explanation;
pub use outages::{Concerned, Outages};
pub use settings::{Error, Rules};
pub use siblings::Kin;
pub use state::{Emitted, Mention, Published, Sighting, TimelineState};
pub use trust::{FeedFigures, Lateness, Places, Share};
