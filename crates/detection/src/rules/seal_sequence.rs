//! Work on seals in an order that cannot be (`MO-05a` to `e`).
//!
//! **Pattern.** Whoever opens a container on the quay leaves a trace in the life of its seals that does not add up: a new
//! seal without the old one having come off, a seal that came off and was not replaced, work by somebody who has no
//! business with seals, a full container without any seal, a container emptied while it should stand in the yard. Meaning
//! of the events: DCSA, `equipmentEventTypeCode` INSP, RSEA, RMVD, STRP; insiders in the yard: the case in `MO-10`.
//!
//! **Sub-rules.** `a` replaced and never removed, or in another order than removed, inspected, replaced. `b` removed and
//! left full without a new one. `c` work by somebody without a mandate. `d` came in or left full and expressly unsealed.
//! `e` emptied in the yard without an order.
//!
//! **Inputs.** Seal events with their seals and actors, customs and veterinary inspections, gate moves, stripping, work
//! orders.
//!
//! **False positives.** Removals that nobody reports: a feed that was never seen to report one makes `a` LOW, and a
//! replacement that names the old seal, or follows customs, a door or a hold, says nothing; that a seal was looked at does
//! not take it off. Clocks that differ by some minutes, and a look at the new seal once it hangs (`a`). Late messages
//! (grace). A short list of seals is no statement that there are none; flat racks, open tops and tanks bear none.
//! Stripping at a freight station, on an order (one that names a slot only moves the container) or by customs. An actor
//! whose role is not given.

use quaywatch_domain::event::{Glance, SealSource};
use quaywatch_domain::identifiers::normalise_reference;
use quaywatch_domain::identifiers::size_type::{Build, SizeType};
use quaywatch_domain::{EventKind, Severity, Timestamp};
use serde::Deserialize;

use crate::Rules;
use crate::golden::Whereabouts;
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, SubRule};
use crate::view::{Absence, Findings, Seen, View};
use crate::work_orders::opens;

/// Table `[seal_sequence]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) late_message_hours: i64,
    pub(crate) order_hours: i64,
    pub(crate) clock_tolerance_minutes: i64,
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

/// Whether it says in words that the container bears no seal; no list, or a placeholder in it, says nothing.
pub(crate) fn says_unsealed(s: &Seen<'_>) -> bool {
    let seals = &s.event.seals;
    !seals.is_empty()
        && seals
            .iter()
            .all(|seal| seal.normalised.is_none() && UNSEALED.contains(&&*normalise_reference(&seal.number)))
}

/// What is known of the seals of one visit.
#[derive(Default)]
struct Life<'a> {
    /// Something that explains a new seal.
    opened: Option<Seen<'a>>,
    /// A removal that nothing has followed.
    removed: Option<Seen<'a>>,
    /// A new seal before which the old one did not come off.
    unexplained: Option<Seen<'a>>,
    emptied: bool,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::SealRemoved,
    EventKind::SealInspected,
    EventKind::SealReplaced,
    EventKind::SealAffixed,
    EventKind::Stripped,
    EventKind::GateOut,
])
.or(Glance::has_seals);

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
                EventKind::SealRemoved
                    if life.unexplained.take().is_some_and(|new| is_at_once(&new, s, settings)) => {}
                EventKind::SealRemoved => {
                    life.opened = Some(*s);
                    life.removed = Some(*s);
                }
                EventKind::CustomsInspected
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
                    inspected_late(stay, &life, s, findings);
                    let is_unexplained = replaced(view, stay, &life, s, findings);
                    life.unexplained = is_unexplained.then_some(*s);
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
                        && let Some(by) = late_enough(s, settings.late_message_hours, findings)
                    {
                        let sentence = "Left full after a seal was removed and none put on.".to_owned();
                        let absence = Absence {
                            event: EventKind::SealAffixed,
                            within: (removed.at(), s.at()),
                            by,
                            at: s,
                        };
                        let (sub, evidence) = (&settings.b, vec![removed, *s]);
                        findings.add_absent("MO-05b", sub, sub.severity, sentence, evidence, absence);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_about_seals(s: &Seen<'_>) -> bool {
    s.glance.has_seals()
        || matches!(
            s.kind(),
            EventKind::SealRemoved
                | EventKind::SealInspected
                | EventKind::SealReplaced
                | EventKind::SealAffixed
                | EventKind::Stripped
        )
}

/// Until when late messages were waited for, once that is over.
fn late_enough(s: &Seen<'_>, hours: i64, findings: &mut Findings<'_>) -> Option<Timestamp> {
    let by = s.fact.received_at.plus_millis(hours * HOUR_MS);
    findings.passed(by).then_some(by)
}

fn numbers<'a>(s: &Seen<'a>) -> impl Iterator<Item = &'a str> {
    s.event.seals.iter().filter_map(|seal| seal.normalised.as_deref())
}

/// Whether a removal that is dated after a new seal is the one before it, by a clock that differs.
fn is_at_once(new: &Seen<'_>, removed: &Seen<'_>, settings: &Settings) -> bool {
    removed.at().millis_since(new.at()) <= settings.clock_tolerance_minutes * MINUTE_MS
}

/// The events of a stay that follow `s` up to the next work on a seal of this kind.
fn until<'s, 'a>(
    stay: &'s [Seen<'a>],
    s: &Seen<'a>,
    ends: &'s [EventKind],
) -> impl Iterator<Item = &'s Seen<'a>> {
    let id = &s.fact.fact_id;
    let later = stay.iter().skip_while(move |k| k.fact.fact_id != *id).skip(1).filter(|k| k.is_actual());
    later.take_while(move |k| !ends.contains(k.kind()))
}

/// MO-05a: whether the old seal did not come off before. A message that lists an authority's seal, or the old seal beside
/// the new one, explains itself.
fn replaced(
    view: &View<'_>,
    stay: &[Seen<'_>],
    life: &Life<'_>,
    s: &Seen<'_>,
    findings: &mut Findings<'_>,
) -> bool {
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
        return false;
    }
    let mut later = until(stay, s, &[EventKind::SealReplaced, EventKind::SealAffixed]);
    let removed = later.find(|k| *k.kind() == EventKind::SealRemoved);
    if removed.is_some_and(|removed| is_at_once(s, removed, settings)) {
        return true;
    }
    if let Some(by) = late_enough(s, settings.late_message_hours, findings) {
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
        let order_ms = settings.order_hours * HOUR_MS;
        let removed = removed.filter(|removed| removed.at().millis_since(s.at()) <= order_ms);
        let sentence = match removed {
            Some(_) => "Sealed anew before the old seal came off.",
            None => "Sealed anew, and nobody reported that the old seal came off.",
        };
        let evidence = [Some(*s), removed.copied()].into_iter().flatten().collect();
        // One that came off afterwards is told.
        if removed.is_some() {
            findings.add_as("MO-05a", &settings.a, severity, sentence.to_owned(), evidence, None);
            return true;
        }
        let absence = Absence { event: EventKind::SealRemoved, within: (s.at(), s.at()), by, at: s };
        findings.add_absent("MO-05a", &settings.a, severity, sentence.to_owned(), evidence, absence);
    }
    true
}

/// MO-05a: the old seal was looked at after the new one hung, and not while the container was open.
fn inspected_late(stay: &[Seen<'_>], life: &Life<'_>, s: &Seen<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.seal_sequence;
    let Some(removed) = life.removed else { return };
    let is_inspection = |k: &Seen<'_>| {
        k.is_actual() && matches!(k.kind(), EventKind::SealInspected | EventKind::CustomsInspected)
    };
    if stay.iter().any(|k| is_inspection(k) && (removed.at()..=s.at()).contains(&k.at())) {
        return;
    }
    let is_of_new = |number: &str| numbers(s).any(|new| new == number);
    let late_ms = settings.clock_tolerance_minutes * MINUTE_MS..=settings.order_hours * HOUR_MS;
    let mut later =
        until(stay, s, &[EventKind::SealRemoved, EventKind::SealReplaced, EventKind::SealAffixed]);
    let inspected = later.find(|k| {
        *k.kind() == EventKind::SealInspected
            && late_ms.contains(&k.at().millis_since(s.at()))
            && numbers(k).next().is_some()
            && numbers(s).next().is_some()
            && !numbers(k).any(is_of_new)
    });
    if let Some(inspected) = inspected {
        let sentence = "Sealed anew, and its old seal was inspected only afterwards.".to_owned();
        findings.add("MO-05a", &settings.a, sentence, vec![removed, *s, *inspected]);
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
    let is_open =
        s.event.equipment.as_deref().and_then(|e| SizeType::parse(e.iso_type.as_deref()?)).is_some_and(
            |size| matches!(size.build, Build::OpenTop | Build::Platform | Build::Tank | Build::Bulk),
        );
    if says_unsealed(s) && s.is_laden() && !is_open && life.opened.is_none() {
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
    if elsewhere || is_ordered {
        return;
    }
    if let Some(by) = late_enough(s, settings.late_message_hours, findings) {
        let sentence = "Emptied while it stood in the yard, without an order.".to_owned();
        let absence = Absence { event: EventKind::WorkOrdered, within: (s.at(), s.at()), by, at: s };
        let (sub, evidence) = (&settings.e, vec![arrival, *s]);
        findings.add_absent("MO-05e", sub, sub.severity, sentence, evidence, absence);
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
