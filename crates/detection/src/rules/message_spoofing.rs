//! Message spoofing and abuse of gate control (`MO-23a`, `c` to `h`); a pass made for one visit is `MO-23b`, in
//! `driver_badge`.
//!
//! **Pattern.** A hacker in a terminal's network made e-mails and transport orders and opened the gates. Sources:
//! <https://www.technadu.com/dutch-hacker-sentenced-to-seven-years-for-rotterdam-antwerp-port-cyberattacks/618157>,
//! <https://www.flanderstoday.eu/content/smarter-port-security>.
//!
//! `c` looks at users, so it needs the module for people's actions, without which none is known.
//!
//! **Inputs.** Gate-outs against the pre-notification and the release that a terminal demands (`a`, `g`); users and
//! senders of release messages in the ledger of the party that issues them (`c`, `d`); control references and times of
//! messages (`e`, `f`); a gap in the control references of a sender of EDIFACT messages that open the way out (`h`): one was
//! held back.
//!
//! **False positives.** Terminals without the procedure (only those that the settings name), rail and barge, empties,
//! the customs site, manual work during an outage, late messages, lost ones (`a` is LOW), a number misread at the gate,
//! a refused delivery that leaves once more under its release (`g`). A new user or sender taken up in earnest
//! (onboarding: many containers at once), an issuer with a short history. A message sent twice (same bytes), a sender
//! that always writes the same reference, a counter that has come round. A sender that does not count one by one or
//! writes to others under the same counter, a feed that loses much, a message that comes late (`h`; LOW, since messages
//! are lost). Times without zone; messages that are merely late.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{Mode, note};
use quaywatch_domain::{EventKind, Fact, Subject, Timestamp};
use serde::Deserialize;

use crate::Sighting;
use crate::ledger::{Ledger, beginnings, containers};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, HOUR_MS, MINUTE_MS, Rules, SubRule};
use crate::view::{Absence, Findings, Kinds, Seen, View};

/// Table `[message_spoofing]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    announced_terminals: Vec<String>,
    released_terminals: Vec<String>,
    grace_hours: i64,
    min_other_containers: usize,
    batch_hours: i64,
    batch_minutes: i64,
    max_containers: usize,
    pub(crate) reuse_days: i64,
    skew_hours: i64,
    a: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
    f: SubRule,
    g: SubRule,
    h: SubRule,
    counted_messages: usize,
    counted_percent: f64,
    longest_gap: u64,
}

/// Facility code of a customs site.
const CUSTOMS_SITE: &str = "CUSTOMS_SITE";

/// What the ledger of an issuer of releases tells containers (`c`, `d`), and when it may tell next.
pub(crate) fn tell(
    rules: &Rules,
    ledger: &Ledger<'_>,
    now: Timestamp,
    wanted: &mut Vec<(Fact, bool)>,
) -> Option<Timestamp> {
    let mut deadline: Option<Timestamp> = None;
    let settings = &rules.rule.message_spoofing;
    let classes = [
        ("USER", "MO-23c", &settings.c, "Release entered by a user who never entered one for this issuer."),
        ("SENDER", "MO-23d", &settings.d, "Release came from a sender that never sent one for this issuer."),
    ];
    for (class, code, sub, sentence) in classes {
        let values = ledger.class(class);
        let begun = beginnings(values.values().flatten().copied());
        for with in values.values() {
            let Some(first) = with.first() else { continue };
            let known = begun.values().filter(|at| **at < first.occurred_at).count();
            let ends = first.occurred_at.plus_millis(settings.batch_hours * HOUR_MS);
            let batch: Vec<&Sighting> = with.iter().copied().filter(|s| s.occurred_at <= ends).collect();
            let about = containers(batch.iter().copied());
            if known < settings.min_other_containers || about.len() > settings.max_containers {
                continue;
            }
            // Who is taken up in earnest sends more at once.
            let by = first.received_at.plus_millis(settings.batch_minutes * MINUTE_MS);
            if by > now {
                deadline = deadline.into_iter().chain([by]).min();
                continue;
            }
            for container in about {
                let own: Vec<&Sighting> =
                    batch.iter().copied().filter(|s| s.container.as_deref() == Some(container)).collect();
                let at = own.first().map(|s| s.occurred_at).unwrap_or_default();
                let told = Told {
                    origin: ledger.origin,
                    code,
                    severity: sub.severity,
                    action: sub.action,
                    sentence: sentence.to_owned(),
                    sightings: own,
                };
                wanted.extend(told.indicator(rules).map(|i| (indicator_fact(container, i, at), sub.shadow)));
            }
        }
    }
    deadline
}

/// Prefix and number of a control reference.
fn numbered(reference: &str) -> Option<(&str, u64)> {
    let digits = reference.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, run) = reference.split_at_checked(reference.len() - digits)?;
    (1..=18).contains(&run.len()).then(|| run.parse().ok().map(|number| (prefix, number))).flatten()
}

/// What the timeline of a sender tells containers whose message followed a gap in its control references (`h`), and when it
/// may tell next: a message may come late.
pub(crate) fn tell_gaps(
    rules: &Rules,
    origin: &Subject,
    sightings: &[Sighting],
    now: Timestamp,
) -> (Vec<(Fact, bool)>, Option<Timestamp>) {
    let settings = &rules.rule.message_spoofing;
    let mut sent: BTreeMap<(&str, u64), Vec<&Sighting>> = BTreeMap::new();
    for s in sightings {
        if let Some(at) = s.relations.first().and_then(|reference| numbered(reference)) {
            sent.entry(at).or_default().push(s);
        }
    }
    let steps = || {
        let pairs = sent.iter().zip(sent.iter().skip(1));
        pairs
            .filter(|((a, _), (b, _))| a.0 == b.0)
            .map(|((a, before), (b, after))| (b.1 - a.1, before, after))
    };
    let (all, by_one) =
        steps().fold((0, 0), |(all, one), (step, ..)| (all + 1, one + usize::from(step == 1)));
    let (mut wanted, mut deadline) = (Vec::new(), None);
    // A sender that does not count one by one, or of which much is lost, or that writes to others as well.
    if all < settings.counted_messages || (by_one as f64) < all as f64 * settings.counted_percent / 100.0 {
        return (wanted, deadline);
    }
    for (_, before, after) in steps().filter(|(step, ..)| (2..=settings.longest_gap + 1).contains(step)) {
        let (Some(last), Some(next)) = (before.last(), after.first()) else { continue };
        // Another round of the counter.
        if next.received_at < last.received_at {
            continue;
        }
        let by = next.received_at.plus_millis(settings.grace_hours * HOUR_MS);
        if by > now {
            deadline = deadline.into_iter().chain([by]).min();
            continue;
        }
        for container in containers(after.iter().copied()) {
            let own = after.iter().copied().filter(|s| s.container.as_deref() == Some(container));
            let told = Told {
                origin,
                code: "MO-23h",
                severity: settings.h.severity,
                action: settings.h.action,
                sentence: "Just before this message its sender sent another, by the control references, which never came."
                    .to_owned(),
                sightings: own.chain([*last]).collect(),
            };
            let Some(mut indicator) = told.indicator(rules) else { continue };
            // Messages are told apart by their references; what they say has ids of its own.
            indicator.evidence = indicator.carried.iter().map(|e| e.fact_id.clone()).collect();
            let at = next.evidence.as_ref().map_or(next.occurred_at, |e| e.occurred_at);
            wanted.push((indicator_fact(container, indicator, at), settings.h.shadow));
        }
    }
    (wanted, deadline)
}

const GATE_OUT: Kinds = Kinds::of(&[EventKind::GateOut]);

pub(crate) const TRIGGER: Trigger =
    Trigger::any(GATE_OUT).or(|g| g.has_control_reference() || g.is_dated_ahead());

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for stay in view.stays() {
        if view.has_any(GATE_OUT) {
            without_antecedent(view, stay, findings);
        }
        reference_reused(stay, findings);
        from_the_future(stay, findings);
    }
}

fn lists(terminals: &[String], terminal: Option<&str>) -> bool {
    terminals.iter().any(|known| known == "*" || Some(known.as_str()) == terminal)
}

/// Whether the gate-out is one for which a truck needs to be announced and a container released.
fn is_ordinary(s: &Seen<'_>) -> bool {
    let mode = s.event.transport.as_deref().and_then(|t| t.mode);
    let facility = s.event.place.as_deref().and_then(|p| p.facility.as_deref());
    s.is_actual()
        && !s.number_is_doubtful()
        && *s.kind() == EventKind::GateOut
        && mode.is_none_or(|mode| mode == Mode::Road)
        && facility != Some(CUSTOMS_SITE)
        && !s.is_empty()
}

/// MO-23a and g.
fn without_antecedent(view: &View<'_>, stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.message_spoofing;
    let Some(left) = stay.iter().find(|s| is_ordinary(s)) else { return };
    let came =
        |kinds: &[EventKind]| stay.iter().any(|s| kinds.contains(s.kind()) && s.said_at() <= left.at());
    let terminal = left.event.terminal();
    let announced = came(&[EventKind::PickupAnnounced, EventKind::PickupAccepted]);
    // A release holds until the cargo is delivered: what was refused and came back leaves under the same again.
    let known = view.events.get(..view.events.partition_point(|s| s.at() <= left.at())).unwrap_or_default();
    let mut cargo = known.iter().rev().take_while(|s| !(s.is_actual() && s.is_empty()));
    let released = cargo.any(|s| releases(s.kind()) && s.said_at() <= left.at());
    let lacks_announcement = !announced && lists(&settings.announced_terminals, terminal);
    let lacks_release = !released && lists(&settings.released_terminals, terminal);
    let wait_ms = settings.grace_hours * HOUR_MS;
    let by = left.fact.received_at.plus_millis(wait_ms);
    if !(lacks_announcement || lacks_release) || !findings.passed(by) {
        return;
    }
    let within = (left.at().plus_millis(-wait_ms), left.at());
    if lacks_announcement {
        let sentence = "Left by gate without the pre-notification that the terminal demands.";
        let absence = Absence { event: EventKind::PickupAnnounced, within, by, at: left };
        let sub = &settings.a;
        findings.add_absent("MO-23a", sub, sub.severity, sentence.to_owned(), vec![*left], absence);
    }
    if lacks_release {
        let sentence = "Left by gate without any release that the carrier has issued.";
        let absence = Absence { event: EventKind::ReleaseIssued, within, by, at: left };
        let sub = &settings.g;
        findings.add_absent("MO-23g", sub, sub.severity, sentence.to_owned(), vec![*left], absence);
    }
}

const fn releases(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ReleaseIssued
            | EventKind::ReleaseTransferred
            | EventKind::ReleaseAccepted
            | EventKind::ReleaseOrder
    )
}

/// MO-23e.
fn reference_reused(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.message_spoofing;
    let named: Vec<&Seen<'_>> = stay.iter().filter(|s| s.glance.has_control_reference()).collect();
    for (n, b) in named.iter().enumerate() {
        let source = &b.event.source;
        let same = |s: &&Seen<'_>| {
            let other = &s.event.source;
            (&other.message_id, &other.feed, &other.sender)
                == (&source.message_id, &source.feed, &source.sender)
        };
        let other_content = |a: &&Seen<'_>| a.event.source.stored.sha256 != source.stored.sha256;
        let before = named.iter().take(n).copied().filter(other_content);
        let reused = before.filter(same).find(|a| {
            b.fact.received_at.millis_since(a.fact.received_at).abs() <= settings.reuse_days * DAY_MS
        });
        let contents = || named.iter().copied().filter(same).map(|s| s.event.source.stored.sha256.0);
        // Three contents under one reference: a sender that does not count.
        if let Some(a) = reused.filter(|_| contents().collect::<BTreeSet<_>>().len() == 2) {
            let sentence = "Two different messages about it bear the same control reference.";
            findings.add("MO-23e", &settings.e, sentence.to_owned(), vec![*a, **b]);
            return;
        }
    }
}

/// MO-23f.
fn from_the_future(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.message_spoofing;
    let opens_gates = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::ReleaseIssued
                | EventKind::ReleaseTransferred
                | EventKind::ReleaseAccepted
                | EventKind::PickupAnnounced
                | EventKind::CustomsReleased
                | EventKind::CustomsSelectionCancelled
        )
    };
    let ahead = stay.iter().find(|s| {
        let without_zone =
            || s.event.notes.iter().any(|n| n == note::LOCAL_TIME_ASSUMED || n == note::LOCAL_TIME_AMBIGUOUS);
        opens_gates(s.kind())
            && s.event
                .created_at
                .is_some_and(|said| said.millis_since(s.event.received_at) > settings.skew_hours * HOUR_MS)
            && !without_zone()
    });
    if let Some(s) = ahead {
        let sentence = format!(
            "A message that opens the way out is dated more than {} h after it came in.",
            settings.skew_hours
        );
        findings.add("MO-23f", &settings.f, sentence, vec![*s]);
    }
}
