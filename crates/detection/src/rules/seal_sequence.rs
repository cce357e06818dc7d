//! Work on seals in an order that cannot be (`MO-05a` to `e`).
//!
//! **Pattern.** Whoever opens a container on the quay leaves a trace in the life of its seals that does not add up: a new
//! seal without the old one having come off, a seal that came off and was not replaced, work by somebody who has no
//! business with seals, a full container without any seal, a container emptied while it should stand in the yard. Meaning
//! of the events: DCSA, `equipmentEventTypeCode` INSP, RSEA, RMVD, STRP; insiders in the yard: the case in `MO-10`.
//!
//! **Sub-rules.** `a` replaced and never removed. `b` removed and left full without a new one. `c` work by somebody
//! without a mandate. `d` came in or left full and expressly unsealed. `e` emptied in the yard without an order.
//!
//! **Inputs.** Seal events with their seals and actors, customs and veterinary inspections, gate moves, stripping, work
//! orders.
//!
//! **False positives.** Removals that nobody reports: a feed that was never seen to report one makes `a` LOW, and a
//! replacement that names the old seal, or follows an inspection, a door or a hold, says nothing. Late messages
//! (grace). A short list of seals is no statement that there are none; flat racks, open tops and tanks bear none.
//! Stripping at a freight station, on an order (one that names a slot only moves the container) or by customs. An actor
//! whose role is not given.

use quaywatch_domain::event::SealSource;
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::identifiers::size_type::{Build, SizeType};
use quaywatch_domain::{EventKind, Severity, Timestamp};
use serde::Deserialize;

use crate::Rules;
use crate::golden::Whereabouts;
use crate::settings::{HOUR_MS, SubRule};
use crate::view::{Findings, Seen, View};
use crate::work_orders::opens;

/// Table `[seal_sequence]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) late_message_hours: i64,
    pub(crate) order_hours: i64,
    pub(crate) mandated_roles: Vec<String>,
    pub(crate) severity_a_unproven: Severity,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
    pub(crate) e: SubRule,
}

/// What senders write in the place of a seal number when there is no seal.
const UNSEALED: [&str; 4] = ["NOSEAL", "NOSEALS", "NONE", "UNSEALED"];

/// What is known of the seals of one visit.
#[derive(Default)]
struct Life<'a> {
    /// Something that explains a new seal.
    opened: Option<Seen<'a>>,
    /// A removal that nothing has followed.
    removed: Option<Seen<'a>>,
    emptied: bool,
}

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.seal_sequence;
    for stay in view.stays() {
        if !stay.iter().any(|s| is_about_seals(s)) {
            continue;
        }
        let mut life = Life::default();
        for s in stay.iter().filter(|s| s.is_actual() && !s.number_is_doubtful()) {
            mandate(s, findings);
            match s.kind() {
                EventKind::SealRemoved => {
                    life.opened = Some(*s);
                    life.removed = Some(*s);
                }
                EventKind::SealInspected
                | EventKind::CustomsInspected
                | EventKind::CustomsHeld
                | EventKind::CustomsSelectedForInspection
                | EventKind::DoorOpened
                | EventKind::Stuffed => life.opened = Some(*s),
                EventKind::Stripped => {
                    life.emptied = true;
                    life.opened = Some(*s);
                    stripped_in_yard(view, s, findings);
                }
                EventKind::SealReplaced => {
                    replaced(view, &life, s, findings);
                    life.opened = None;
                    life.removed = None;
                }
                EventKind::SealAffixed => life.removed = None,
                EventKind::GateIn => unsealed(s, &life, findings),
                EventKind::GateOut => {
                    unsealed(s, &life, findings);
                    let bears = s.event.seals.iter().any(|seal| seal.normalised.is_some());
                    if let Some(removed) = life.removed.take()
                        && !bears
                        && !life.emptied
                        && !s.is_empty()
                        && late_enough(s, settings.late_message_hours, findings)
                    {
                        let sentence = "Left full after a seal was removed and none put on.".to_owned();
                        findings.add("MO-05b", &settings.b, sentence, vec![removed, *s]);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_about_seals(s: &Seen<'_>) -> bool {
    !s.event.seals.is_empty()
        || matches!(
            s.kind(),
            EventKind::SealRemoved
                | EventKind::SealInspected
                | EventKind::SealReplaced
                | EventKind::SealAffixed
                | EventKind::Stripped
        )
}

fn late_enough(s: &Seen<'_>, hours: i64, findings: &mut Findings<'_>) -> bool {
    findings.passed(s.fact.received_at.plus_millis(hours * HOUR_MS))
}

/// MO-05a. A message that lists an authority's seal, or the old seal beside the new one, explains itself.
fn replaced(view: &View<'_>, life: &Life<'_>, s: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.seal_sequence;
    let seals = &s.event.seals;
    let by_authority = seals.iter().any(|seal| {
        matches!(
            seal.source,
            SealSource::Customs | SealSource::Veterinary | SealSource::Phytosanitary | SealSource::Terminal
        )
    });
    let names_the_old_one = seals.len() > 1 || seals.iter().any(|seal| seal.condition.is_some());
    if life.opened.is_some() || by_authority || names_the_old_one {
        return;
    }
    if late_enough(s, settings.late_message_hours, findings) {
        let proof = view
            .events
            .iter()
            .find(|k| *k.kind() == EventKind::SealRemoved && k.event.source.feed == s.event.source.feed);
        let feed = findings.baselines.feeds.get(&*s.event.source.feed);
        let tells_removals = feed.is_some_and(|f| f.kinds.contains_key(EventKind::SealRemoved.as_str()));
        let severity = if proof.is_some() || tells_removals {
            settings.a.severity
        } else {
            settings.severity_a_unproven
        };
        let sentence = "Sealed anew, and nobody reported that the old seal came off.".to_owned();
        findings.add_as("MO-05a", &settings.a, severity, sentence, vec![*s], None);
    }
}

/// MO-05c.
fn mandate(s: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.seal_sequence;
    let is_work = matches!(
        s.kind(),
        EventKind::SealRemoved | EventKind::SealInspected | EventKind::SealReplaced | EventKind::SealAffixed
    );
    let Some(role) = s.event.actor.as_deref().and_then(|a| a.role.as_deref()).filter(|_| is_work) else {
        return;
    };
    let role = role.trim().to_ascii_uppercase();
    if !settings.mandated_roles.contains(&role) {
        let sentence =
            format!("Work on its seal by a party in the role {role}, which has no mandate for it.");
        findings.add("MO-05c", &settings.c, sentence, vec![*s]);
    }
}

/// MO-05d.
fn unsealed(s: &Seen<'_>, life: &Life<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.seal_sequence;
    let seals = &s.event.seals;
    let says_none = !seals.is_empty()
        && seals.iter().all(|seal| {
            seal.normalised.is_none() && UNSEALED.contains(&normalise_reference(&seal.number).as_str())
        });
    let is_open =
        s.event.equipment.as_deref().and_then(|e| SizeType::parse(e.iso_type.as_deref()?)).is_some_and(
            |size| matches!(size.build, Build::OpenTop | Build::Platform | Build::Tank | Build::Bulk),
        );
    if says_none && s.is_laden() && !is_open && life.opened.is_none() {
        let way = if *s.kind() == EventKind::GateIn { "Came in" } else { "Left" };
        let sentence = format!("{way} full and without any seal.");
        findings.add("MO-05d", &settings.d, sentence, vec![*s]);
    }
}

/// MO-05e.
fn stripped_in_yard(view: &View<'_>, s: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.seal_sequence;
    let Whereabouts::Yard(arrival) = view.golden.at(s.at()) else { return };
    let elsewhere = s.event.place.as_deref().is_some_and(|place| {
        place.facility.as_deref().is_some_and(|f| f != "TERMINAL")
            || (place.terminal.is_some() && s.event.terminal() != arrival.event.terminal())
    });
    let is_ordered = s.event.documents.as_deref().is_some_and(|d| d.order.is_some())
        || view.events.iter().any(|w| explains_stripping(w, s.at(), findings.rules));
    if !elsewhere && !is_ordered && late_enough(s, settings.late_message_hours, findings) {
        let sentence = "Emptied while it stood in the yard, without an order.".to_owned();
        findings.add("MO-05e", &settings.e, sentence, vec![arrival, *s]);
    }
}

/// Whether it was ordered or customs had to do with it.
fn explains_stripping(s: &Seen<'_>, at: Timestamp, rules: &Rules) -> bool {
    let near = s.at().millis_since(at).abs() <= rules.rule.seal_sequence.order_hours * HOUR_MS;
    let by_customs = matches!(
        s.kind(),
        EventKind::CustomsInspected | EventKind::CustomsSelectedForInspection | EventKind::CustomsHeld
    );
    near && (by_customs || opens(s, rules))
}
