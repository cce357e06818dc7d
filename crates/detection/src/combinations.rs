//! Combinations: indicators that say more together than the sum of their points.
//!
//! A table `[combinations.NAME]` of the rule file names parts, each one or several codes (`MO-06`, or `MO-06|MO-11` for
//! either; a code stands for its sub-rules). When at least so many parts hold in one visit within the window, the
//! combination is an indicator of its own, `COMBO-NAME`, that rests on all that its parts rest on and is as restricted as
//! the strictest of them. The built-in ones are those that the catalogue of patterns names: the switch (MO-07), misuse of
//! the release with help from inside, the rip-off in the yard, the container that brings people in with a foreign driver.

use std::collections::BTreeSet;

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{Action, EventKind, Id, Indicator, Severity, Timestamp};
use serde::Deserialize;

use crate::settings::{Error, HOUR_MS};
use crate::view::{Findings, Found, Seen, View};

/// Rule of every combination.
pub(crate) const RULE: &str = "COMBO";

/// Table `[combinations.NAME]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Codes; alternatives within a part are separated by `|`.
    parts: Vec<String>,
    /// How many parts must hold.
    at_least: usize,
    /// From the first part to the last.
    window_hours: i64,
    /// Only parts that held after this happened in the visit.
    after: Option<EventKind>,
    sentence: String,
    severity: Severity,
    action: Action,
    weight: f64,
    shadow: bool,
}

impl Settings {
    pub(crate) fn check(&self, name: &str) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Combination { name: name.to_owned(), what });
        if self.at_least < 2 || self.at_least > self.parts.len() {
            return wrong(format!("at_least is {}; use 2 to the number of parts", self.at_least));
        }
        if !(0.0..=100.0).contains(&self.weight) {
            return wrong(format!("weight is {}; use a value between 0 and 100", self.weight));
        }
        let empty = |part: &String| part.split('|').any(|code| code.trim().is_empty());
        if self.parts.iter().any(empty) {
            return wrong(
                "a part is empty; write codes such as MO-06, alternatives as MO-06|MO-11".to_owned(),
            );
        }
        Ok(())
    }

    /// The part that this code belongs to.
    fn part_of(&self, code: &str) -> Option<usize> {
        self.parts.iter().position(|part| part.split('|').any(|wanted| stands_for(wanted.trim(), code)))
    }
}

/// `MO-06` stands for `MO-06a`, not for `MO-061`.
fn stands_for(wanted: &str, code: &str) -> bool {
    code.strip_prefix(wanted).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_lowercase()))
}

/// Adds the combinations of what was found so far.
pub(crate) fn run(view: &View<'_>, findings: &mut Findings<'_>) {
    if findings.found.len() < 2 {
        return;
    }
    let rules = findings.rules;
    let mut combined = Vec::new();
    for (index, stay) in view.stays().enumerate() {
        for (name, settings) in &rules.combinations {
            let parts = parts(settings, index, stay, &findings.found);
            if let Some(indicator) = combine(view, name, settings, &parts) {
                combined.push(Found { visit: index, shadow: settings.shadow, indicator, hidden: None });
            }
        }
    }
    findings.found.extend(combined);
}

/// The indicators of the visit that are parts, by the time from which they hold. What is in shadow is a part of shadow
/// combinations alone.
fn parts<'f>(
    settings: &Settings,
    visit: usize,
    stay: &[Seen<'_>],
    found: &'f [Found],
) -> Vec<(usize, &'f Indicator)> {
    let happened = |s: &&Seen<'_>| PortEvent::is_actual(s.event) && Some(s.kind()) == settings.after.as_ref();
    let from = match settings.after {
        None => Timestamp::from_millis(i64::MIN),
        Some(_) => match stay.iter().find(happened) {
            Some(seen) => seen.at(),
            None => return Vec::new(),
        },
    };
    let mut parts: Vec<(usize, &Indicator)> = found
        .iter()
        .filter(|f| f.visit == visit && (settings.shadow || !f.shadow) && f.indicator.first_held_at >= from)
        .filter_map(|f| Some((settings.part_of(&f.indicator.code)?, &f.indicator)))
        .collect();
    parts.sort_by(|(_, a), (_, b)| {
        (a.first_held_at, &a.code, &a.sentence).cmp(&(b.first_held_at, &b.code, &b.sentence))
    });
    parts
}

/// The combination of the earliest parts that lie close enough.
fn combine(
    view: &View<'_>,
    name: &str,
    settings: &Settings,
    parts: &[(usize, &Indicator)],
) -> Option<Indicator> {
    let window_ms = settings.window_hours * HOUR_MS;
    let chosen = parts.iter().enumerate().find_map(|(start, (_, first))| {
        let until = first.first_held_at.plus_millis(window_ms);
        let mut seen = BTreeSet::new();
        let within = parts.iter().skip(start).take_while(|(_, i)| i.first_held_at <= until);
        let chosen: Vec<&Indicator> =
            within.filter(|(part, _)| seen.insert(*part)).map(|(_, i)| *i).collect();
        (chosen.len() >= settings.at_least).then_some(chosen)
    })?;
    let (first, last) = chosen.first().zip(chosen.last())?;
    let codes: Vec<&str> = chosen.iter().map(|i| i.code.as_str()).collect();
    let mut evidence: Vec<Id> = chosen.iter().flat_map(|i| i.evidence.iter().cloned()).collect();
    evidence.sort_by_key(|id| (view.find(id).map(Seen::at), id.clone()));
    evidence.dedup();
    let mut carried: Vec<_> = chosen.iter().flat_map(|i| i.carried.iter().cloned()).collect();
    carried.sort_unstable();
    carried.dedup();
    Some(Indicator {
        rule: RULE.to_owned(),
        code: format!("{RULE}-{name}"),
        version: 1,
        severity: settings.severity,
        weight: settings.weight,
        sentence: format!("{} ({}).", settings.sentence.trim_end_matches('.'), codes.join(", ")),
        action: settings.action,
        evidence,
        first_held_at: last.first_held_at,
        // An absence among the parts is one of the whole.
        expected: chosen.iter().filter(|i| i.absent_since().is_some()).find_map(|i| i.expected.clone()),
        handling: chosen.iter().skip(1).fold(first.handling.clone(), |h, i| h.strictest(&i.handling)),
        discreet: chosen.iter().any(|i| i.discreet),
        owner: None,
        legal_basis: None,
        list: None,
        origin: None,
        carried,
    })
}
