//! Combinations: indicators that say more together than the sum of their points (`COMBO-NAME`).
//!
//! **Pattern.** One crime leaves several traces, each of which is often innocent. The switch (`MO-07`): a docker sets the
//! container from South America beside one that is released, unordered, and the doors of both are opened,
//! <https://www.brusselstimes.com/all-news/belgium-all-news/justice-belgium/59648/dock-workers-in-antwerp-trap-drugs-dealers-in-container/>.
//! Misuse of the release with help from inside: somebody looks the code up, a driver who does not fit comes with it,
//! <https://europol.europa.eu/publications-events/publications/criminal-networks-in-eu-ports-risks-and-challenges-for-law-enforcement>.
//! The rip-off in the yard between a scan by night and its reading,
//! <https://www.telegraaf.nl/nieuws/10495/drugs-simpel-land-in>.
//! The container that brings people in, and whose driver is not who he should be,
//! <https://nieuws.nl/algemeen/20240105/19-uithalers-in-trojaanse-container-opgepakt-in-haven-rotterdam/>.
//!
//! **How.** A table `[combinations.NAME]` of the rule file names parts, each one or several codes (`MO-06`, or
//! `MO-06|MO-11` for either; a code stands for its sub-rules). When at least so many parts hold in one visit within the
//! window, those that are required among them, the combination is an indicator of its own that says what its parts say,
//! rests on all that they rest on and is as restricted as the strictest of them.
//!
//! **Inputs.** What the rules found, what other subjects told, and what profiles say.
//!
//! **False positives.** Traits that come together by chance: LOW ones alone make no combination, however many. Parts of
//! different cargoes (one visit) or of different weeks (the window). What people did although nobody misused the release
//! (`MO-01` is required). What was wrong before it came off the ship (`after`). A part that is taken back, or in shadow.

use std::collections::BTreeSet;

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{Action, EventKind, Id, Indicator, Severity, Timestamp};
use serde::Deserialize;

use crate::settings::{Error, HOUR_MS};
use crate::view::{Findings, Found, Seen, View};

/// Rule of every combination.
pub(crate) const RULE: &str = "COMBO";

/// Numbers of the catalogue.
const CATALOGUE: std::ops::RangeInclusive<u8> = 1..=25;
/// Why a container is watched after a find.
const REASONS: [&str; 5] = ["bill", "shipper", "seal", "cell", "origin"];

/// Table `[combinations.NAME]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Codes; alternatives within a part are separated by `|`.
    parts: Vec<String>,
    /// How many parts must hold.
    at_least: usize,
    /// Parts without which it does not hold, written as among the parts.
    #[serde(default)]
    required: Vec<String>,
    /// One part at least must be as grave as this.
    #[serde(default = "medium")]
    least_severity: Severity,
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

const fn medium() -> Severity {
    Severity::Medium
}

impl Settings {
    pub(crate) fn check(&self, name: &str, has_profile: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Combination { name: name.to_owned(), what });
        if self.at_least < 2 || self.at_least > self.parts.len() {
            return wrong(format!("at_least is {}; use 2 to the number of parts", self.at_least));
        }
        if !(0.0..=100.0).contains(&self.weight) {
            return wrong(format!("weight is {}; use a value between 0 and 100", self.weight));
        }
        if let Some(part) = self.required.iter().find(|part| !self.parts.contains(part)) {
            return wrong(format!("{part} is required and is no part; write it as among the parts"));
        }
        let codes = || self.parts.iter().flat_map(|part| part.split('|')).map(str::trim);
        if let Some(code) = codes().find(|code| !is_told(code, has_profile)) {
            return wrong(format!(
                "nothing raises {code}; write codes such as MO-06, CONTAGION-bill, WL-identifier or the PROFILE-NAME of a \
                 profile of this file"
            ));
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

    /// Whether these parts, by index, are enough.
    fn holds(&self, parts: &BTreeSet<usize>) -> bool {
        let mut required = self.required.iter().map(|part| self.parts.iter().position(|known| known == part));
        parts.len() >= self.at_least && required.all(|part| part.is_some_and(|part| parts.contains(&part)))
    }
}

/// Whether a rule of the catalogue, a list, a find or a profile may raise this code.
fn is_told(code: &str, has_profile: &dyn Fn(&str) -> bool) -> bool {
    let of_catalogue = |rest: &str| {
        let number = rest.trim_end_matches(|c: char| c.is_ascii_lowercase());
        rest.len() <= number.len() + 1
            && number.len() == 2
            && number.parse().is_ok_and(|number| CATALOGUE.contains(&number))
    };
    match code.split_once('-') {
        Some(("MO", rest)) => of_catalogue(rest),
        Some(("WL", rest)) => ["identifier", "name"].contains(&rest),
        Some(("CONTAGION", rest)) => REASONS.contains(&rest),
        Some(("PROFILE", rest)) => has_profile(rest),
        // What is empty is said in other words.
        _ => code.is_empty(),
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
        let mut is_grave = false;
        let mut chosen: Vec<&Indicator> = Vec::new();
        // The first of each part, and the first that is grave enough.
        for (part, i) in parts.iter().skip(start).take_while(|(_, i)| i.first_held_at <= until) {
            let makes_grave = !is_grave && i.severity >= settings.least_severity;
            is_grave |= makes_grave;
            if seen.insert(*part) || makes_grave {
                chosen.push(i);
            }
        }
        (is_grave && settings.holds(&seen)).then_some(chosen)
    })?;
    let (first, last) = chosen.first().zip(chosen.last())?;
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
        sentence: sentence(settings, &chosen),
        action: settings.action,
        evidence,
        first_held_at: last.first_held_at,
        ended_at: None,
        // An absence among the parts is one of the whole: it can be known when the last of them can.
        expected: chosen.iter().filter_map(|i| i.expected.clone()).max_by_key(|e| e.by),
        handling: chosen.iter().skip(1).fold(first.handling.clone(), |h, i| h.strictest(&i.handling)),
        discreet: chosen.iter().any(|i| i.discreet),
        owner: None,
        legal_basis: None,
        list: None,
        origin: None,
        carried,
    })
}

/// What it is a sign of, and what its parts say; what the list of an agency says stays there.
fn sentence(settings: &Settings, chosen: &[&Indicator]) -> String {
    let told = chosen.iter().map(|i| {
        if i.list.is_some() {
            return i.code.clone();
        }
        let (first, rest) = i.sentence.split_at_checked(1).unwrap_or(("", &i.sentence));
        format!("{}{} ({})", first.to_ascii_lowercase(), rest.trim_end_matches('.'), i.code)
    });
    let told: Vec<String> = told.collect();
    format!("{}: {}.", settings.sentence.trim_end_matches('.'), told.join("; "))
}
