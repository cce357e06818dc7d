//! Seals that are not what they seem (`MO-04a` to `d`).
//!
//! **Pattern.** The "twin-seal trick": the broken seal is replaced by one that bears the right number.
//! Source: <https://containerhandbuch.de/chb_e/scha/scha_13_11_03.html>.
//!
//! **Sub-rules.** `a` one number on two containers. `b` a number that is on the container again after it was removed, or
//! after the container was stripped. `c` a carrier's seal of a form, or in a range, that the carrier does not use. `d`
//! consecutive numbers of shippers' own seals on containers of different shippers. A perfect twin is invisible in data:
//! `MO-06`, `MO-10` and `MO-12` see what it hides.
//!
//! **Inputs.** Sightings of one seal number within 180 days, on the timeline of the seal, and of a run of ten numbers, on
//! that of the run; told to each container. For `b` the container's own events, for `c` baselines of carriers' seals.
//!
//! **False positives.** Numbers that repeat by chance (fewer than five digits do not count) and placeholders (have no
//! timeline); numbers of different issuers (compared only within one issuer; MEDIUM when one is unknown); a typing
//! error in the container number (wrong check digit: not counted) or in the seal (a correction takes the sighting
//! away); marks and defaults that a system writes on many containers (more than `max_boxes`: silent); plans that never
//! happened. Lists of seals that were not brought up to date (another seal beside, or soon after the removal: no `b`,
//! unless the list names a seal that was put on after the removal). Numbers of shippers lie side by side by chance (`d`
//! is LOW). New series of a carrier (only far outside what was seen, the further the older the baseline is: `c`), and a
//! baseline of few seals or days, which cannot know all that a carrier uses (silent). One shipper under two schemes (only keys of
//! one scheme tell shippers apart: `d`).

use quaywatch_domain::event::{Glance, SealSource};
use quaywatch_domain::identifiers::seal::{is_distinct, one_typing_error_apart};
use quaywatch_domain::{Action, EventKind, Fact, Severity, Subject, Timestamp};
use serde::Deserialize;

use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, HOUR_MS, SubRule};
use crate::view::{Findings, Kinds, Seen, View};
use crate::visits::{is_arrival, is_departure};
use crate::{Rules, Sighting};

/// Table `[duplicate_seal]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) max_boxes: usize,
    pub(crate) removal_hours: i64,
    pub(crate) rare_percent: f64,
    pub(crate) run_days: i64,
    pub(crate) a: A,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct A {
    pub(crate) severity: Severity,
    pub(crate) severity_issuer_unknown: Severity,
    pub(crate) action: Action,
    pub(crate) shadow: bool,
}

const CODE: &str = "MO-04a";

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[]).or(Glance::has_seals);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if view.events.iter().any(|s| s.glance.has_seals()) {
        on_again(view, findings);
        foreign_form(view, findings);
    }
}

/// Whether the container bears seals as it crosses a border or is looked at.
fn is_sighting(s: &Seen<'_>) -> bool {
    s.is_actual()
        && !s.number_is_doubtful()
        && matches!(
            s.kind(),
            EventKind::GateIn | EventKind::GateOut | EventKind::Loaded | EventKind::Discharged
        )
}

/// What takes seals off.
const COMES_OFF: Kinds = Kinds::of(&[EventKind::SealRemoved, EventKind::Stripped]);

/// MO-04b.
fn on_again(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.has_any(COMES_OFF) {
        return;
    }
    let settings = &findings.rules.rule.duplicate_seal;
    // Numbers that can no longer be on it, and since when.
    let mut off: Vec<(&str, Seen<'_>)> = Vec::new();
    let mut on: Vec<&str> = Vec::new();
    let mut affixed: Vec<(&str, Timestamp)> = Vec::new();
    for s in view.events.iter().filter(|s| s.is_actual()) {
        let numbers =
            || s.event.seals.iter().filter_map(|seal| seal.normalised.as_deref()).filter(|n| is_distinct(n));
        match s.kind() {
            EventKind::SealRemoved => off.extend(numbers().map(|number| (number, *s))),
            EventKind::SealAffixed | EventKind::SealReplaced => {
                affixed.extend(numbers().map(|number| (number, s.at())));
            }
            EventKind::Stripped => off.extend(on.drain(..).map(|number| (number, *s))),
            _ if is_sighting(s) => {
                let alone =
                    s.event.seals.len() == 1 && s.event.seals.iter().all(|seal| seal.condition.is_none());
                let again = numbers().find_map(|number| off.iter().find(|(gone, _)| *gone == number));
                let settled_ms = settings.removal_hours * HOUR_MS;
                // A list that names what was put on later is no copy of an old one.
                let is_fresh = numbers().any(|number| {
                    affixed
                        .iter()
                        .any(|(new, at)| *new == number && again.is_some_and(|(_, gone)| *at > gone.at()))
                });
                if let Some((number, gone)) = again
                    && (is_fresh || alone && s.at().millis_since(gone.at()) > settled_ms)
                {
                    let how =
                        if *gone.kind() == EventKind::Stripped { "it was stripped" } else { "that came off" };
                    let sentence = format!("Bears seal {number} again after {how}.");
                    findings.add("MO-04b", &settings.b, sentence, vec![*gone, *s]);
                    return;
                }
                on.extend(numbers());
            }
            _ => {}
        }
    }
}

/// MO-04c: once a visit, so that what was known at the port of loading is told of the stay here too.
fn foreign_form(view: &View<'_>, findings: &mut Findings<'_>) {
    if findings.baselines.seals.is_empty() {
        return;
    }
    let all: Vec<&str> = view
        .events
        .iter()
        .flat_map(|s| &s.event.seals)
        .filter_map(|seal| seal.normalised.as_deref())
        .collect();
    for stay in view.stays() {
        foreign_in(stay, &all, findings);
    }
}

fn foreign_in(stay: &[Seen<'_>], all: &[&str], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.duplicate_seal;
    for s in stay.iter().filter(|s| is_sighting(s)) {
        let Some(carrier) = s.event.transport.as_deref().and_then(|t| t.carrier.as_deref()) else { continue };
        let seals = s.event.seals.iter().filter(|seal| seal.source == SealSource::Carrier);
        for number in seals.filter_map(|seal| seal.normalised.as_deref()) {
            // New series follow on; only what is far from all that was seen is foreign.
            let least = &findings.rules.baseline.seals;
            let is_foreign =
                findings.baselines.is_foreign_seal((carrier, number), s, settings.rare_percent, least);
            if is_foreign && !all.iter().any(|other| one_typing_error_apart(number, other)) {
                let sentence = format!("Seal {number} is of no form or range that {carrier} uses.");
                findings.add("MO-04c", &settings.c, sentence, vec![*s]);
                return;
            }
        }
    }
}

/// MO-04d: tells containers that a shipper's own seal of theirs lies between those of another shipper.
pub(crate) fn tell_of_run(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<(Fact, bool)> {
    let settings = &rules.rule.duplicate_seal;
    let standing: Vec<&Sighting> = sightings
        .iter()
        .filter(|s| !s.retracted && s.container.is_some() && !s.partners.is_empty())
        .collect();
    let are_strangers = |a: &Sighting, b: &Sighting| {
        let schemes = |s: &Sighting| -> Vec<(String, String)> {
            let keys = s.partners.iter().filter_map(|key| key.split_once(':'));
            keys.map(|(scheme, id)| (scheme.to_owned(), id.to_owned())).collect()
        };
        let (a, b) = (schemes(a), schemes(b));
        let pairs = || a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
        pairs().any(|(x, y)| x.0 == y.0) && !pairs().any(|(x, y)| x == y)
    };
    let mut wanted: Vec<(Fact, bool)> = Vec::new();
    for own in &standing {
        let Some(container) = own.container.as_deref() else { continue };
        let other = standing.iter().find(|s| {
            s.container != own.container
                && are_strangers(own, s)
                && s.occurred_at.millis_since(own.occurred_at).abs() <= settings.run_days * DAY_MS
        });
        let Some(other) = other.filter(|_| !wanted.iter().any(|(f, _)| &*f.subject.id == container)) else {
            continue;
        };
        let told = Told {
            origin,
            code: "MO-04d",
            severity: settings.d.severity,
            action: settings.d.action,
            sentence: format!(
                "Its shipper's seal is of the same roll as that of another shipper on {}.",
                other.container.as_deref().unwrap_or("?")
            ),
            sightings: vec![own, other],
        };
        wanted.extend(
            told.indicator(rules).map(|i| (indicator_fact(container, i, own.occurred_at), settings.d.shadow)),
        );
    }
    wanted
}

/// What is known of the number on one container.
struct OnBox<'a> {
    container: &'a str,
    sightings: Vec<&'a Sighting>,
}

impl<'a> OnBox<'a> {
    /// Issuers named, the unknown one left out.
    fn issuers(&self) -> impl Iterator<Item = SealSource> {
        self.sightings.iter().filter_map(|s| s.issuer).filter(|i| *i != SealSource::Unknown)
    }

    /// The first sighting of the latest stay: stays the same while the container is handled further.
    fn own(&self) -> Option<&'a Sighting> {
        let mut first = None;
        let mut departed = true;
        for s in &self.sightings {
            if first.is_none() || (departed && is_arrival(&s.kind)) {
                first = Some(*s);
                departed = false;
            }
            departed |= is_departure(&s.kind);
        }
        first
    }

    /// The earliest sighting at most `window_ms` away from `at`.
    fn near(&self, at: Timestamp, window_ms: i64) -> Option<&'a Sighting> {
        self.sightings.iter().copied().find(|s| s.occurred_at.millis_since(at).abs() <= window_ms)
    }
}

/// How two boxes with one number relate: the same known issuer, an unknown one, or different ones (no twin).
fn relation(a: &OnBox<'_>, b: &OnBox<'_>) -> Option<bool> {
    if a.issuers().next().is_none() || b.issuers().next().is_none() {
        return Some(false);
    }
    a.issuers().any(|i| b.issuers().any(|j| i == j)).then_some(true)
}

/// Indicator facts for the containers on which the number was seen.
pub(crate) fn tell(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<Fact> {
    let standing = || sightings.iter().filter(|s| !s.retracted).filter_map(|s| s.container.as_deref());
    let is_on_one = standing().next().is_none_or(|first| standing().all(|other| other == first));
    if is_on_one || !is_distinct(&origin.id) {
        return Vec::new();
    }
    let boxes = boxes(sightings);
    if boxes.len() < 2 || boxes.len() > rules.rule.duplicate_seal.max_boxes {
        return Vec::new();
    }
    boxes.iter().filter_map(|one| tell_one(rules, origin, one, &boxes)).collect()
}

fn boxes(sightings: &[Sighting]) -> Vec<OnBox<'_>> {
    let mut boxes: Vec<OnBox<'_>> = Vec::new();
    for s in sightings.iter().filter(|s| !s.retracted) {
        let Some(container) = s.container.as_deref() else { continue };
        match boxes.iter_mut().find(|b| b.container == container) {
            Some(known) => known.sightings.push(s),
            None => boxes.push(OnBox { container, sightings: vec![s] }),
        }
    }
    boxes
}

fn tell_one(rules: &Rules, origin: &Subject, one: &OnBox<'_>, boxes: &[OnBox<'_>]) -> Option<Fact> {
    let settings = &rules.rule.duplicate_seal.a;
    let window_ms = rules.history.seal_days * DAY_MS;
    let own = one.own()?;
    let mut sightings = vec![own];
    let mut others: Vec<&str> = Vec::new();
    let mut same_issuer = false;
    for other in boxes.iter().filter(|b| b.container != one.container) {
        let Some(same) = relation(one, other) else { continue };
        let Some(seen) = other.near(own.occurred_at, window_ms) else { continue };
        same_issuer |= same;
        others.push(other.container);
        sightings.push(seen);
    }
    if others.is_empty() {
        return None;
    }
    others.sort_unstable();
    let told = Told {
        origin,
        code: CODE,
        severity: if same_issuer { settings.severity } else { settings.severity_issuer_unknown },
        action: settings.action,
        sentence: format!("Seal {} is also on {}.", origin.id, others.join(", ")),
        sightings,
    };
    Some(indicator_fact(one.container, told.indicator(rules)?, own.occurred_at))
}
