//! Misuse of the release right (`MO-01a` to `g`).
//!
//! **Pattern.** A release code leaks through one corrupt person and a hired driver collects the container as "the
//! client". Sources: Europol, *Criminal networks in EU ports*,
//! <https://europol.europa.eu/publications-events/publications/criminal-networks-in-eu-ports-risks-and-challenges-for-law-enforcement>;
//! <https://splash247.com/europol-details-how-criminal-networks-have-infiltrated-leading-european-ports/>.
//!
//! **Inputs.** The life of release rights (issued, transferred, accepted, declined, revoked, blocked), pre-notifications
//! and their cancellations, PIN attempts, gate-outs, system outages; for `b` the ledger of the consignee.
//!
//! **False positives.** Names of one haulier that differ (keys of one scheme are compared, nothing else). A subcontractor
//! that the right names as haulier. A pre-notification sent before the right has come (taken back when it comes), under
//! an offer not yet answered, or cancelled. Another truck of the same haulier. A right handed on between two
//! pre-notifications. An old right revoked after a new one was issued. Manual work during a system outage, and what was
//! handed on meanwhile and is told soon after it (it is waited for when who leaves then does not hold the right). A
//! consignee with a short history, whose every partner is new. A right handed on by mistake and back at once, or issued
//! anew. A PIN mistyped once or twice, and a client whose PINs are right.

mod chain;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use chain::{Announcement, Chain};
use quaywatch_domain::event::PinOutcome;
use quaywatch_domain::{EventKind, Fact, Id, Subject, Timestamp};
use serde::Deserialize;

use crate::ledger::beginnings;
use crate::loops::{Told, indicator_fact};
use crate::outages::{spans, within};
use crate::party::MAX_SIGHTINGS_PER_PARTNER;
use crate::quiet::Trigger;
use crate::settings::{HOUR_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Key, Seen, View, same_party};
use crate::{Rules, Sighting, actor};

/// Table `[release_right]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) quick_announcement_minutes: i64,
    pub(crate) min_other_containers: usize,
    pub(crate) batch_hours: i64,
    pub(crate) several_window_hours: i64,
    pub(crate) outage_max_hours: i64,
    pub(crate) last_transfer_minutes: i64,
    pub(crate) longest_chain: usize,
    pub(crate) undone_minutes: i64,
    pub(crate) wrong_pins: usize,
    pub(crate) wrong_pins_minutes: i64,
    pub(crate) tried_boxes: usize,
    pub(crate) tried_boxes_minutes: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
    pub(crate) e: SubRule,
    pub(crate) f: SubRule,
    pub(crate) g: SubRule,
}

/// Code of the auxiliary indicator "first relation of this consignee", read by `b` alone and never shown.
pub(crate) const FIRST_RELATION: &str = "MO-01b-first";

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::PinAttempted,
    EventKind::ReleaseIssued,
    EventKind::ReleaseTransferred,
    EventKind::ReleaseAccepted,
    EventKind::ReleaseDeclined,
    EventKind::ReleaseRevoked,
    EventKind::ReleaseBlocked,
    EventKind::PickupAnnounced,
    EventKind::PickupCancelled,
    EventKind::GateOut,
]);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = &findings.rules.rule.release_right;
    let outages = LazyCell::new(|| spans(view.outages(), rules.outage_max_hours));
    for (visit, stay) in view.stays().enumerate() {
        if !stay.iter().any(|s| is_about_release(s.kind())) {
            continue;
        }
        wrong_pins(stay, findings, &outages);
        if !is_acted_on(stay, rules.longest_chain) {
            continue;
        }
        let chain = Chain::read(stay, &outages);
        other_haulier(&chain, findings, &outages);
        last_minute(&chain, stay, findings, &outages);
        long_chain(&chain, findings);
        several(&chain, findings, &outages);
        // A gate-out that two systems tell of is one.
        let mut told: Vec<&str> = Vec::new();
        for (gate_out, stop) in &chain.stopped {
            if told.contains(&stop.fact.fact_id.as_str()) {
                continue;
            }
            told.push(&stop.fact.fact_id);
            let what = if *stop.kind() == EventKind::ReleaseBlocked { "blocked" } else { "revoked" };
            let sentence = format!("Left the terminal after its release was {what}.");
            findings.add("MO-01g", &rules.g, sentence, vec![*stop, *gate_out]);
        }
        stranger(view, visit, &chain, findings);
    }
}

const fn is_about_release(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ReleaseIssued
            | EventKind::ReleaseTransferred
            | EventKind::ReleaseAccepted
            | EventKind::ReleaseRevoked
            | EventKind::ReleaseBlocked
            | EventKind::PickupAnnounced
            | EventKind::PinAttempted
    )
}

/// Whether anybody acts on the rights, or they went through hands enough to be a chain.
fn is_acted_on(stay: &[Seen<'_>], longest_chain: usize) -> bool {
    let acts = |kind: &EventKind| matches!(kind, EventKind::PickupAnnounced | EventKind::GateOut);
    let passes = |kind: &EventKind| {
        matches!(kind, EventKind::ReleaseIssued | EventKind::ReleaseTransferred | EventKind::ReleaseAccepted)
    };
    stay.iter().any(|s| acts(s.kind()))
        || stay.iter().filter(|s| passes(s.kind())).count() > longest_chain.min(2)
}

/// MO-01c.
fn last_minute(
    chain: &Chain<'_>,
    stay: &[Seen<'_>],
    findings: &mut Findings<'_>,
    outages: &[(Timestamp, Timestamp)],
) {
    let rules = findings.rules;
    let settings = &rules.rule.release_right;
    let out = stay.iter().find(|s| *s.kind() == EventKind::GateOut && s.is_actual());
    let Some(out) = out.filter(|s| !within(outages, s.at())) else { return };
    let handed_on = chain.rights.iter().filter_map(|r| {
        let (_, since) = r.holders.iter().rfind(|(_, since)| since.at() <= out.at())?;
        (*since.kind() != EventKind::ReleaseIssued).then_some(since)
    });
    let Some(last) = handed_on.max_by_key(|s| (s.at(), &s.fact.fact_id)) else { return };
    let minutes = out.at().millis_since(last.at()) / MINUTE_MS;
    if minutes < settings.last_transfer_minutes && rules.calendar.is_night(out.event.terminal(), out.at()) {
        let sentence = format!("Left by night, {minutes} min after its release was handed on.");
        findings.add("MO-01c", &settings.c, sentence, vec![*last, *out]);
    }
}

/// MO-01d.
fn long_chain(chain: &Chain<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.release_right;
    for right in &chain.rights {
        let holders = &right.holders;
        let evidence = || holders.iter().map(|(_, seen)| *seen).collect();
        if holders.len() > settings.longest_chain {
            let sentence = format!("Its release went through {} hands.", holders.len());
            findings.add("MO-01d", &settings.d, sentence, evidence());
            return;
        }
        if has_circle(holders, settings.undone_minutes * MINUTE_MS) {
            let sentence = "Its release was handed on and came back to who had held it.".to_owned();
            findings.add("MO-01d", &settings.d, sentence, evidence());
            return;
        }
    }
}

/// Whether the right came back to who had held it before, over however many hands. Handed back at once by who got it, it was
/// handed on by mistake.
fn has_circle(holders: &[(Vec<Key<'_>>, Seen<'_>)], undone_ms: i64) -> bool {
    holders.iter().enumerate().any(|(n, (holder, returned))| {
        let mut before = holders.get(..n.saturating_sub(1)).unwrap_or_default().iter().enumerate().rev();
        let known = before.find(|(_, (earlier, _))| same_party(earlier, holder) == Some(true));
        known.is_some_and(|(earlier, _)| {
            let given = holders.get(n.saturating_sub(1)).map_or(returned.at(), |(_, given)| given.at());
            earlier + 2 < n || returned.at().millis_since(given) > undone_ms
        })
    })
}

/// MO-01f: the PINs of this container. Those that one client tries are on the client's own timeline.
fn wrong_pins(stay: &[Seen<'_>], findings: &mut Findings<'_>, outages: &[(Timestamp, Timestamp)]) {
    let settings = &findings.rules.rule.release_right;
    let wrong: Vec<Seen<'_>> = stay
        .iter()
        .filter(|s| {
            *s.kind() == EventKind::PinAttempted
                && s.event.pin.as_ref().is_some_and(|pin| pin.outcome == PinOutcome::Wrong)
                && !within(outages, s.at())
        })
        .copied()
        .collect();
    let window_ms = settings.wrong_pins_minutes * MINUTE_MS;
    let tries = settings.wrong_pins.max(1);
    let burst = wrong
        .windows(tries)
        .find(|w| w.first().zip(w.last()).is_some_and(|(a, b)| b.at().millis_since(a.at()) <= window_ms));
    if let Some(burst) = burst {
        let sentence = format!("{tries} wrong release PINs within {} min.", settings.wrong_pins_minutes);
        findings.add("MO-01f", &settings.f, sentence, burst.to_vec());
    }
}

/// MO-01f, on the timeline of a user or device: wrong PINs for many containers. About what a person does, so it belongs to
/// the module for that.
pub(crate) fn tell_pins(
    rules: &Rules,
    origin: &Subject,
    standing: &[&Sighting],
    wanted: &mut Vec<(Fact, bool)>,
) {
    let settings = &rules.rule.release_right;
    let wrong: Vec<&Sighting> = standing
        .iter()
        .filter(|s| {
            s.kind == EventKind::PinAttempted && actor::value(s, "PIN") == Some(PinOutcome::Wrong.as_str())
        })
        .copied()
        .collect();
    let window_ms = settings.tried_boxes_minutes * MINUTE_MS;
    for own in &wrong {
        let Some(container) = own.container.as_deref() else { continue };
        let around: Vec<&Sighting> = wrong
            .iter()
            .filter(|s| (0..=window_ms).contains(&own.occurred_at.millis_since(s.occurred_at)))
            .copied()
            .collect();
        let boxes: BTreeSet<&str> = around.iter().filter_map(|s| s.container.as_deref()).collect();
        let is_told = wanted.iter().any(|(f, _)| {
            &*f.subject.id == container && f.indicator.as_ref().is_some_and(|i| i.code == "MO-01f")
        });
        if boxes.len() < settings.tried_boxes || is_told {
            continue;
        }
        let told = Told {
            origin,
            code: "MO-01f",
            severity: settings.f.severity,
            action: settings.f.action,
            sentence: format!("One client tried wrong release PINs on {} containers.", boxes.len()),
            sightings: around,
        };
        wanted.extend(
            told.indicator(rules).map(|i| (indicator_fact(container, i, own.occurred_at), settings.f.shadow)),
        );
    }
}

/// MO-01a.
fn other_haulier(chain: &Chain<'_>, findings: &mut Findings<'_>, outages: &[(Timestamp, Timestamp)]) {
    let rules = &findings.rules.rule.release_right;
    let catch_up_ms = findings.rules.trust.outage_catch_up_hours * HOUR_MS;
    let mut evidence = Vec::new();
    for announcement in chain.announcements.iter().filter(|a| !a.cancelled) {
        let came_to_hold =
            chain.rights.iter().any(|r| r.stopped.is_none() && r.allows(&announcement.haulier) == Some(true));
        if let Some(shown) = announcement.mismatch.filter(|_| !came_to_hold) {
            evidence.extend([shown, announcement.seen]);
        }
    }
    let announced = !evidence.is_empty();
    let mut taken = false;
    for (gate_out, shown) in &chain.taken {
        // Soon after an outage the platform has yet to say who was handed what meanwhile.
        let caught_up = outages
            .iter()
            .map(|(_, end)| end.plus_millis(catch_up_ms))
            .find(|by| (by.plus_millis(-catch_up_ms)..*by).contains(&gate_out.at()));
        if caught_up.is_none_or(|by| findings.passed(by)) {
            evidence.extend([*shown, *gate_out]);
            taken = true;
        }
    }
    let sentence = if taken {
        "Picked up by a haulier that does not hold the release."
    } else if announced {
        "Pick-up announced by a haulier that does not hold the release."
    } else {
        return;
    };
    findings.add("MO-01a", &rules.a, sentence.to_owned(), evidence);
}

/// MO-01e.
fn several(chain: &Chain<'_>, findings: &mut Findings<'_>, outages: &[(Timestamp, Timestamp)]) {
    let rules = &findings.rules.rule.release_right;
    let window_ms = rules.several_window_hours * HOUR_MS;
    let standing: Vec<&Announcement<'_>> =
        chain.announcements.iter().filter(|a| !a.cancelled && !within(outages, a.seen.said_at())).collect();
    for (i, b) in standing.iter().enumerate() {
        let before = standing.iter().take(i);
        let rival = before
            .filter(|a| b.seen.said_at().millis_since(a.seen.said_at()).abs() <= window_ms)
            .find(|a| rivals(a, b));
        if let Some(a) = rival {
            let sentence = "Several hauliers or trucks announced its pick-up within a day.";
            findings.add("MO-01e", &rules.e, sentence.to_owned(), vec![a.seen, b.seen]);
            return;
        }
    }
}

/// Whether two pre-notifications cannot both be meant.
fn rivals(a: &Announcement<'_>, b: &Announcement<'_>) -> bool {
    match same_party(&a.haulier, &b.haulier) {
        Some(true) => false,
        // The right was handed on in between, and the first forgot to cancel.
        Some(false) => !(a.held && b.held),
        None => a.seen.truck().zip(b.seen.truck()).is_some_and(|(a, b)| a != b),
    }
}

/// MO-01b: the ledger of the consignee says that the new holder is a stranger, and a pre-notification follows quickly.
fn stranger(view: &View<'_>, visit: usize, chain: &Chain<'_>, findings: &mut Findings<'_>) {
    let rules = &findings.rules.rule.release_right;
    let quick_ms = rules.quick_announcement_minutes * MINUTE_MS;
    let first_relations = view.indicators.iter().filter(|(_, i)| i.code == FIRST_RELATION);
    for (_, indicator) in first_relations {
        let transfers = indicator.evidence.iter().filter_map(|id| view.find(id));
        for transfer in transfers.filter(|s| s.visit == visit && *s.kind() == EventKind::ReleaseTransferred) {
            let quick = chain
                .announcements
                .iter()
                .filter(|a| !a.cancelled)
                .find(|a| (0..=quick_ms).contains(&a.seen.said_at().millis_since(transfer.at())));
            if let Some(quick) = quick {
                let sentence = format!(
                    "Release transferred to a party never seen with this consignee, pick-up announced within {} min.",
                    rules.quick_announcement_minutes
                );
                findings.add("MO-01b", &rules.b, sentence, vec![*transfer, quick.seen]);
                return;
            }
        }
    }
}

/// Tells containers that their release went to a party which this consignee never let handle another container.
pub(crate) fn tell_new_relations(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<Fact> {
    let settings = &rules.rule.release_right;
    let standing: Vec<&Sighting> =
        sightings.iter().filter(|s| !s.retracted && s.container.is_some()).collect();
    let transferred = standing.iter().filter(|s| s.kind == EventKind::ReleaseTransferred);
    let mut partners: Vec<&Id> = transferred.flat_map(|s| &s.partners).collect();
    partners.sort_unstable();
    partners.dedup();
    if partners.is_empty() {
        return Vec::new();
    }
    let begun = beginnings(standing.iter().copied());
    let mut wanted: Vec<Fact> = Vec::new();
    for partner in partners {
        let mut with =
            standing.iter().filter(|s| s.partners.contains(partner)).take(MAX_SIGHTINGS_PER_PARTNER);
        let Some(first) = with.clone().next() else { continue };
        let batch_ends = first.occurred_at.plus_millis(settings.batch_hours * HOUR_MS);
        let mut transfers = with
            .by_ref()
            .filter(|s| s.occurred_at <= batch_ends && s.kind == EventKind::ReleaseTransferred)
            .peekable();
        if transfers.peek().is_none() {
            continue;
        }
        let others = begun.values().filter(|at| **at < first.occurred_at).count();
        for transfer in transfers {
            let Some(container) = transfer.container.as_deref() else { continue };
            let is_known = begun.get(container).is_some_and(|at| *at < first.occurred_at);
            let is_told = wanted.iter().any(|f| &*f.subject.id == container);
            if is_told || others - usize::from(is_known) < settings.min_other_containers {
                continue;
            }
            let told = Told {
                origin,
                code: FIRST_RELATION,
                severity: settings.b.severity,
                action: settings.b.action,
                sentence: "First relation of this consignee with the new holder.".to_owned(),
                sightings: vec![transfer],
            };
            wanted.extend(told.indicator(rules).map(|i| indicator_fact(container, i, transfer.occurred_at)));
        }
    }
    wanted
}
