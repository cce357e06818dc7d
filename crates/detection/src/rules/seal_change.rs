//! Seals that changed on the way (`MO-03a/b/c`, data errors `MO-03t`).
//!
//! **Pattern.** Rip-on/rip-off: the container is opened at origin or in transshipment and closed with another or a cloned
//! seal. Source: WCO operation TIN CAN,
//! <https://mag.wcoomd.org/magazine/wco-news-102-issue-3-2023/operation-tin-can/>.
//!
//! **Inputs.** Seals of the journey's start (manifest, stuffing, export gate-in, loading) against those at discharge and
//! gate-out; seal, customs and door events between. Visits do not matter, the journey does: it begins anew when the
//! container is stuffed, stripped, empty, or comes in by gate after it left by gate.
//!
//! **False positives.** A typing error (one edit apart: LOW, `MO-03t`). Placeholders. Work on the seal that was
//! reported (removed, inspected, replaced, affixed, customs inspection, a door opened on an order that opens it and
//! does not only move it). A new seal of an authority says that it opened the box, reported or not, in every report of
//! one discharge or gate-out. A message without seals says nothing, and one that says in words that there is none
//! counts unless a later one lists them. One of several seals without issuer, or the shipper's beside the carrier's,
//! left out of a short list. Seals of the next cargo.

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{Condition, EquipmentStatus, Glance, Laden, Seal, SealSource};
use quaywatch_domain::identifiers::seal::one_typing_error_apart;
use serde::Deserialize;

use crate::golden::same_happening;
use crate::quiet::Trigger;
use crate::rules::seal_sequence::says_unsealed;
use crate::settings::SubRule;
use crate::view::{Findings, Seen, View};
use crate::work_orders::opening_is_ordered;

/// Table `[seal_change]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) door_work_minutes: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) t: SubRule,
}

/// A seal of the journey's start and where it was first seen.
struct Origin<'a> {
    number: &'a str,
    source: SealSource,
    seen: Seen<'a>,
}

/// One journey of the cargo, as far as it has been read.
#[derive(Default)]
struct Journey<'a> {
    /// Seals that should be on it.
    origins: Vec<Origin<'a>>,
    /// Other seals that were reported before.
    known: Vec<&'a str>,
    left_by_gate: bool,
    /// Whether it was opened, by report, since its seals were last listed.
    reopened: bool,
    /// The first report of the happening whose change that explains: others of it may list other seals, or mistype them.
    explained: Option<Seen<'a>>,
    /// Seals taken off, by report, since then.
    removed: Vec<&'a str>,
    /// Seals reported in bad condition.
    broken: Vec<&'a str>,
    laden: Option<Laden>,
}

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[]).or(Glance::has_seals);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !is_in_question(view) {
        return;
    }
    let rules = findings.rules;
    let mut journey = Journey::default();
    for s in &view.events {
        if s.number_is_doubtful() {
            continue;
        }
        if journey.ends_with(s) {
            journey = Journey::default();
        }
        if let Some(laden) = laden(s) {
            journey.laden = Some(laden);
        }
        if s.glance.has_seals() {
            broken(&mut journey, s, findings);
        }
        match s.kind() {
            EventKind::ManifestLine | EventKind::Stuffed | EventKind::Loaded => journey.start_with(s),
            EventKind::GateIn if s.is_actual() => journey.start_with(s),
            EventKind::Discharged | EventKind::GateOut if s.is_actual() => {
                if journey.laden != Some(Laden::Empty) {
                    compare(view, &mut journey, s, findings);
                }
                journey.left_by_gate |= *s.kind() == EventKind::GateOut;
            }
            EventKind::SealRemoved
            | EventKind::SealInspected
            | EventKind::SealReplaced
            | EventKind::SealAffixed
            | EventKind::CustomsInspected
                if s.is_actual() =>
            {
                journey.worked_on(s);
            }
            EventKind::DoorOpened if s.is_actual() => {
                let minutes = rules.rule.seal_change.door_work_minutes;
                journey.reopened |= opening_is_ordered(view, s.at(), minutes, rules);
            }
            _ => {}
        }
    }
}

/// Whether seals differ, or one is not as it should be.
fn is_in_question<'a>(view: &View<'a>) -> bool {
    let sealed = || view.events.iter().filter(|s| s.glance.has_seals());
    let seals = || sealed().flat_map(|s| &s.event.seals);
    let list = |s: &Seen<'a>| s.event.seals.iter().map(|seal| seal.normalised.as_deref());
    let differs = |first: &Seen<'a>| sealed().any(|s| !list(s).eq(list(first)));
    sealed().next().is_some_and(differs) || seals().any(|seal| seal.condition.is_some())
}

fn laden(s: &Seen<'_>) -> Option<Laden> {
    s.laden().filter(|l| *l != Laden::Unknown)
}

fn numbers<'a>(s: &Seen<'a>) -> impl Iterator<Item = (&'a str, &'a Seal)> {
    s.event.seals.iter().filter_map(|seal| Some((seal.normalised.as_deref()?, seal)))
}

const fn is_gone(seal: &Seal) -> bool {
    matches!(seal.condition, Some(Condition::Missing))
}

impl<'a> Journey<'a> {
    /// Whether with this event another journey begins.
    fn ends_with(&self, s: &Seen<'_>) -> bool {
        let fresh = match s.kind() {
            EventKind::Stuffed | EventKind::Stripped => true,
            EventKind::GateIn => self.left_by_gate || is_export(s),
            EventKind::Loaded => self.left_by_gate,
            EventKind::ManifestLine => return self.left_by_gate,
            _ => laden(s) == Some(Laden::Empty),
        };
        fresh && s.is_actual()
    }

    /// Takes the seals of an event of the journey's start as those it began with.
    fn start_with(&mut self, s: &Seen<'a>) {
        let is_physical = *s.kind() != EventKind::ManifestLine;
        if is_physical && self.reopened && numbers(s).next().is_some() {
            self.known.extend(self.origins.drain(..).map(|o| o.number));
            self.reopened = false;
            self.removed.clear();
        }
        self.list(s, &[]);
    }

    fn list(&mut self, s: &Seen<'a>, mistyped: &[&str]) {
        for (number, seal) in numbers(s).filter(|(n, seal)| !is_gone(seal) && !mistyped.contains(n)) {
            match self.origins.iter_mut().find(|o| o.number == number) {
                Some(known) if known.source == SealSource::Unknown => known.source = seal.source,
                Some(_) => {}
                None => self.origins.push(Origin { number, source: seal.source, seen: *s }),
            }
        }
    }

    /// Takes note of reported work on the seals. Work that names no seal explains any change.
    fn worked_on(&mut self, s: &Seen<'a>) {
        let named: Vec<&str> = numbers(s).map(|(number, _)| number).collect();
        match s.kind() {
            EventKind::SealRemoved if !named.is_empty() => self.removed.extend(named),
            EventKind::SealAffixed if !named.is_empty() => {
                self.reopened |= s.event.seals.iter().any(|seal| is_authority(seal.source));
                self.known.extend(named);
            }
            _ => {
                self.reopened = true;
                self.known.extend(named);
            }
        }
    }
}

fn is_export(s: &Seen<'_>) -> bool {
    s.status() == Some(EquipmentStatus::Export)
}

const fn is_authority(source: SealSource) -> bool {
    matches!(source, SealSource::Customs | SealSource::Veterinary | SealSource::Phytosanitary)
}

/// Compares the seals at discharge or gate-out with those of the start.
fn compare<'a>(view: &View<'a>, journey: &mut Journey<'a>, end: &Seen<'a>, findings: &mut Findings<'_>) {
    let present: Vec<(&'a str, &Seal)> = numbers(end).filter(|(_, seal)| !is_gone(seal)).collect();
    // A list that is left out says nothing; that there is no seal must be said in words, and hold.
    let is_unsealed = present.is_empty() && says_unsealed(end);
    if journey.origins.is_empty() || (present.is_empty() && !is_unsealed) {
        return;
    }
    let is_back = |number: &str| {
        let later = view.stay_of(end.visit).iter().filter(|s| s.is_actual() && s.at() > end.at());
        later.flat_map(numbers).any(|(later, seal)| later == number && !is_gone(seal))
    };
    if is_unsealed && journey.origins.iter().any(|o| is_back(o.number)) {
        return;
    }
    let explained = journey.explained.filter(|first| same_happening(first, end, findings.rules));
    journey.reopened |= explained.is_some();
    let before = journey.origins.first().map(|o| o.seen);
    let is_origin = |number: &str| journey.origins.iter().any(|o| o.number == number);
    let mut extra: Vec<(&'a str, &Seal)> = present
        .iter()
        .filter(|(number, _)| !is_origin(number) && !journey.known.contains(number))
        .copied()
        .collect();
    let opened = journey.reopened || extra.iter().any(|(_, seal)| is_authority(seal.source));
    let some_present = present.iter().any(|(number, _)| is_origin(number));
    let carrier_present = journey
        .origins
        .iter()
        .any(|o| o.source == SealSource::Carrier && present.iter().any(|(number, _)| *number == o.number));
    let mut lost: Vec<(&str, Seen<'_>)> = Vec::new();
    let (mut typed_wrong, mut typed_as) = (Vec::new(), Vec::new());
    for origin in &journey.origins {
        let tells = match origin.source {
            SealSource::Carrier => true,
            // Forms have room for one seal, and that is the carrier's bolt: what hung beside it was not written down.
            SealSource::Shipper => !carrier_present,
            SealSource::Unknown => !some_present,
            _ => false,
        };
        let is_listed = numbers(end).any(|(number, _)| number == origin.number);
        if !tells || is_listed {
            continue;
        }
        lost.push((origin.number, origin.seen));
        let near = |(number, _): &&(&'a str, &Seal)| {
            !is_origin(number) && one_typing_error_apart(number, origin.number)
        };
        if let Some((number, _)) = present.iter().find(near) {
            extra.retain(|(other, _)| other != number);
            let sentence = format!("Seal {} is reported as {number}, a typing error apart.", origin.number);
            findings.add("MO-03t", &findings.rules.rule.seal_change.t, sentence, vec![origin.seen, *end]);
            typed_wrong.push(origin.number);
            typed_as.push(*number);
        }
    }
    // What is listed now is what should be on it from here on; each change is reported once. A seal that was mistyped here
    // is still the one to look for.
    journey.known.extend(journey.origins.iter().map(|o| o.number));
    journey.known.extend(present.iter().map(|(number, _)| *number));
    let mistyped = |number: &str| typed_wrong.contains(&number);
    journey.origins.retain(|o| mistyped(o.number) || !lost.iter().any(|(number, _)| *number == o.number));
    let removed = std::mem::take(&mut journey.removed);
    let reopened = std::mem::take(&mut journey.reopened);
    journey.explained = explained.or(opened.then_some(*end));
    journey.list(end, &typed_as);
    lost.retain(|(number, _)| !opened && !removed.contains(number) && !typed_wrong.contains(number));
    let is_at = if *end.kind() == EventKind::Discharged { "at discharge" } else { "at gate-out" };
    if !lost.is_empty() {
        let (numbers, mut evidence): (Vec<&str>, Vec<Seen<'_>>) = lost.into_iter().unzip();
        let sentence =
            format!("Seal {} of the journey's start is gone {is_at}, unexplained.", numbers.join(", "));
        evidence.push(*end);
        findings.add("MO-03a", &findings.rules.rule.seal_change.a, sentence, evidence);
    }
    if reopened {
        return;
    }
    extra.retain(|(_, seal)| !is_authority(seal.source) && seal.source != SealSource::Terminal);
    if !extra.is_empty() {
        let mut numbers: Vec<&str> = extra.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        let mut evidence = vec![*end];
        evidence.extend(before);
        let sentence = format!("Seal {} {is_at} is on no earlier report.", numbers.join(", "));
        findings.add("MO-03b", &findings.rules.rule.seal_change.b, sentence, evidence);
    }
}

/// A seal reported as damaged, broken or missing on a container that is not empty and that nobody reported to have opened.
fn broken<'a>(journey: &mut Journey<'a>, s: &Seen<'a>, findings: &mut Findings<'_>) {
    let opening = matches!(
        s.kind(),
        EventKind::SealRemoved
            | EventKind::SealReplaced
            | EventKind::SealInspected
            | EventKind::CustomsInspected
            | EventKind::Stripped
    );
    if opening || journey.reopened || !s.is_actual() || journey.laden == Some(Laden::Empty) {
        return;
    }
    for seal in &s.event.seals {
        let Some(condition @ (Condition::Damaged | Condition::Missing | Condition::Broken)) = seal.condition
        else {
            continue;
        };
        let number = seal.normalised.as_deref().unwrap_or("without number");
        if journey.removed.contains(&number) || journey.broken.contains(&number) {
            continue;
        }
        journey.broken.push(number);
        let condition = condition.as_str().to_ascii_lowercase();
        let laden = if journey.laden == Some(Laden::Laden) { " on a laden container" } else { "" };
        let sentence = format!("Seal {number} is {condition}{laden}.");
        findings.add("MO-03c", &findings.rules.rule.seal_change.c, sentence, vec![*s]);
    }
}
