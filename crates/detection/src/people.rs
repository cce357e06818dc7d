//! What rules about people's actions share: their label, and whether somebody has business with a container.
//!
//! Sentences name no user, badge or plate, not even as a pseudonym; the evidence leads there for those who may follow it.

use quaywatch_domain::event::Actor;
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::{EventKind, Severity};

use crate::settings::SubRule;
use crate::view::{Findings, Seen};

/// Shortest name that may be found in another.
const MIN_NAME_CHARACTERS: usize = 3;

impl Findings<'_> {
    /// Adds an indicator about somebody's actions: nothing when the module is off, else for its audience alone.
    pub(crate) fn add_restricted(
        &mut self,
        code: &str,
        sub: &SubRule,
        severity: Severity,
        sentence: String,
        evidence: Vec<Seen<'_>>,
    ) {
        let people = &self.rules.people;
        if !people.enabled {
            return;
        }
        let before = self.found.len();
        self.add_as(code, sub, severity, sentence, evidence, None);
        for found in self.found.iter_mut().skip(before) {
            found.indicator.handling = found.indicator.handling.strictest(&people.handling);
            found.indicator.discreet = true;
        }
    }
}

/// Whether the event is a look-up of the container in a computer system.
pub(crate) const fn is_look_up(kind: &EventKind) -> bool {
    matches!(kind, EventKind::RecordViewed | EventKind::RecordListed | EventKind::RecordExported)
}

pub(crate) fn role(actor: &Actor) -> &str {
    actor.role.as_deref().unwrap_or_default()
}

/// Whether the user's organisation has business with the container: it is a party of the stay, its carrier or its
/// terminal. `None` when the organisation is not known.
pub(crate) fn has_business(stay: &[Seen<'_>], actor: &Actor) -> Option<bool> {
    let wanted = normalise_reference(actor.organisation.as_deref()?);
    if wanted.is_empty() {
        return None;
    }
    let is = |text: &str| {
        let text = normalise_reference(text);
        text == wanted
            || (wanted.len() >= MIN_NAME_CHARACTERS && text.len() >= MIN_NAME_CHARACTERS && {
                let (short, long) =
                    if text.len() < wanted.len() { (&text, &wanted) } else { (&wanted, &text) };
                long.starts_with(short.as_str())
            })
    };
    Some(stay.iter().any(|s| {
        let event = s.event;
        let carrier = event.transport.as_deref().and_then(|t| t.carrier.as_deref());
        let parties = event.parties.iter().flat_map(|p| [&p.id, &p.name, &p.canonical]).flatten();
        parties.map(String::as_str).chain(carrier).chain(event.terminal()).any(is)
    }))
}
