//! Work orders: which of them open a container, and which only move it.

use quaywatch_domain::{EventKind, Timestamp};

use crate::Rules;
use crate::settings::MINUTE_MS;
use crate::view::{Kinds, Seen, View};

const ORDERS: Kinds = Kinds::of(&[EventKind::WorkOrdered]);

/// Whether an order only moves the container within the yard: it names a slot, which is not where customs inspect.
pub(crate) fn only_moves(s: &Seen<'_>, rules: &Rules) -> bool {
    let names_slot = s.event.place.as_deref().is_some_and(|place| place.yard.is_some());
    names_slot && !rules.customs.is_site(s.event)
}

/// Whether a container is opened on this order: it is to be stripped, stuffed or inspected.
pub(crate) fn opens(s: &Seen<'_>, rules: &Rules) -> bool {
    *s.kind() == EventKind::WorkOrdered && !only_moves(s, rules)
}

/// Whether an order to open it is known within `minutes` of this time.
pub(crate) fn opening_is_ordered(view: &View<'_>, at: Timestamp, minutes: i64, rules: &Rules) -> bool {
    let near = |s: &Seen<'_>| s.at().millis_since(at).abs() <= minutes * MINUTE_MS;
    view.has_any(ORDERS) && view.events.iter().any(|s| near(s) && opens(s, rules))
}
