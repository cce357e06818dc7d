//! Retrieval from the empty depot (`MO-20a` to `e`).
//!
//! **Pattern.** The drugs stay in the walls of a reefer that was emptied inland, and are fetched from the depot at night,
//! or the very box is asked for again. Sources:
//! <https://nieuwsopbeeld.nl/2024/01/11/in-achterwand-van-lege-koelcontainer-67-kilogram-cocaine-aangetroffen>,
//! <https://www.crimesite.nl/verdachte-uithalers-aangehouden-na-achtervolging-met-hoge-snelheid/>,
//! <https://kikotapasando.com/2023/05/23/douane-vindt-34-kilo-cocaine-in-container-met-bevroren-kip/>.
//!
//! **Inputs.** A reefer that came laden from a watched origin, was emptied, and stands empty: for some days what happens
//! there (intrusions, moves without order, weights, look-ups, release orders for exactly this box). A guard who names no
//! container speaks to all that came into the depot lately, and less gravely.
//!
//! **False positives.** Depot repairs and pre-trip inspections (work on an order, `b`); scales of little accuracy and
//! gensets (`c` has an upper end); dry boxes, other origins, a watch that is over; orders for a type instead of a number
//! (they name no container); look-ups by the owner, the carrier or the depot, and those that are no signs for MO-16: by
//! customs, help desks and track-and-trace programs, or for a trouble ticket (`d`).

use std::collections::BTreeMap;

use quaywatch_domain::event::{PortEvent, WeightKind};
use quaywatch_domain::{EventKind, Fact, Severity, Subject, Timestamp};
use serde::Deserialize;

use crate::loops::{Told, indicator_fact};
use crate::people::is_by_stranger;
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Seen, View};
use crate::{Rules, Sighting, TimelineState};

/// Table `[empty_depot]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    origin_days: i64,
    watch_days: i64,
    scale_minutes: i64,
    excess_least_kg: f64,
    excess_most_kg: f64,
    default_tares_kg: Vec<f64>,
    severity_a_depot: Severity,
    a: SubRule,
    b: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
}

/// A watch over one stay in a depot.
struct Watch<'s, 'a> {
    /// What shows the watched origin of the cargo that it had.
    laden: Seen<'a>,
    arrived: Seen<'a>,
    /// What happened while it stood there.
    during: Vec<&'s Seen<'a>>,
    /// When it left, or is no longer watched.
    ends: Timestamp,
    visit: usize,
}

/// Code of the auxiliary indicator "intruders in the depot", read by `a` alone and never shown.
pub(crate) const INTRUDERS: &str = "MO-20a-depot";

/// What the timeline of a depot tells the empty reefers that came in lately: that intruders were seen, at no container that
/// was named.
pub(crate) fn tell(rules: &Rules, origin: &Subject, state: &TimelineState) -> Vec<(Fact, bool)> {
    let settings = &rules.rule.empty_depot;
    let standing = state.sightings.iter().filter(|s| !s.retracted);
    let seen: Vec<&Sighting> = standing.filter(|s| s.kind == EventKind::IntrusionReported).collect();
    let mut wanted: BTreeMap<&str, Fact> = BTreeMap::new();
    if seen.is_empty() {
        return Vec::new();
    }
    for came in state.mentions.iter().filter(|m| !m.retracted) {
        let Some(container) = came.container.as_deref() else { continue };
        let ends = came.occurred_at.plus_millis(settings.watch_days * DAY_MS);
        let first = seen.iter().find(|s| (came.occurred_at..=ends).contains(&s.occurred_at));
        let Some(intrusion) = first else { continue };
        let told = Told {
            origin,
            code: INTRUDERS,
            severity: settings.severity_a_depot,
            action: settings.a.action,
            sentence: "Intruders at the depot.".to_owned(),
            sightings: vec![intrusion],
        };
        if let Some(indicator) = told.indicator(rules) {
            wanted.insert(container, indicator_fact(container, indicator, came.occurred_at));
        }
    }
    wanted.into_values().map(|fact| (fact, false)).collect()
}

pub(crate) const TRIGGER: Trigger = Trigger::ANYTHING;

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.is_reefer {
        return;
    }
    for (visit, stay) in view.stays().enumerate() {
        let Some(watch) = watch(view, visit, stay, findings) else { continue };
        intrusion(view, &watch, findings);
        moved(&watch, findings);
        too_heavy(view, &watch, findings);
        looked_up(view, &watch, findings);
        asked_for(&watch, findings);
    }
}

fn watch<'s, 'a>(
    view: &View<'a>,
    visit: usize,
    stay: &'s [Seen<'a>],
    findings: &Findings<'_>,
) -> Option<Watch<'s, 'a>> {
    let rules = findings.rules;
    let settings = &rules.rule.empty_depot;
    let arrived = stay.iter().find(|s| s.is_actual() && *s.kind() == EventKind::GateIn && s.is_empty())?;
    let from_watched = |e: &PortEvent| {
        let port = e.route.as_deref().and_then(|r| r.port_of_loading.as_deref());
        port.is_some_and(|port| rules.risk.is_watched(port))
    };
    let laden = view.events.iter().rev().find(|s| {
        s.at() < arrived.at()
            && arrived.at().millis_since(s.at()) <= settings.origin_days * DAY_MS
            && from_watched(s.event)
            && !s.is_empty()
    })?;
    let emptied = view.events.iter().any(|s| {
        s.at() > laden.at()
            && s.at() < arrived.at()
            && s.is_actual()
            && matches!(s.kind(), EventKind::Stripped | EventKind::GateOut)
    });
    let left = stay.iter().find(|s| {
        s.at() > arrived.at()
            && s.is_actual()
            && matches!(s.kind(), EventKind::GateOut | EventKind::Loaded | EventKind::Stuffed)
    });
    let ends = arrived.at().plus_millis(settings.watch_days * DAY_MS);
    let ends = left.map_or(ends, |l| l.at().min(ends));
    let during = stay.iter().filter(|s| s.at() >= arrived.at() && s.at() <= ends).collect();
    emptied.then_some(Watch { laden: *laden, arrived: *arrived, during, ends, visit })
}

impl<'a> Watch<'_, 'a> {
    fn evidence(&self, s: &Seen<'a>) -> Vec<Seen<'a>> {
        vec![self.laden, self.arrived, *s]
    }
}

/// MO-20a.
fn intrusion(view: &View<'_>, watch: &Watch<'_, '_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.empty_depot;
    let intrusion = watch.during.iter().find(|s| *s.kind() == EventKind::IntrusionReported);
    if let Some(s) = intrusion {
        let sentence = "Intruders at the depot, by an emptied reefer that came from a watched origin.";
        findings.add("MO-20a", &settings.a, sentence.to_owned(), watch.evidence(s));
        return;
    }
    let then = watch.arrived.at()..=watch.ends;
    let mut told = view.indicators.iter().map(|(_, i)| *i);
    if let Some(told) = told.find(|i| i.code == INTRUDERS && then.contains(&i.first_held_at)) {
        let sentence =
            "Intruders at the depot where it stands emptied, soon after a cargo from a watched origin.";
        let evidence = vec![watch.laden, watch.arrived];
        let before = findings.found.len();
        findings.add_as(
            "MO-20a",
            &settings.a,
            settings.severity_a_depot,
            sentence.to_owned(),
            evidence,
            None,
        );
        if let Some(found) = findings.found.get_mut(before) {
            let indicator = &mut found.indicator;
            indicator.evidence.extend(told.evidence.iter().cloned());
            indicator.first_held_at = told.first_held_at.max(indicator.first_held_at);
            indicator.handling = indicator.handling.strictest(&told.handling);
            indicator.origin.clone_from(&told.origin);
            indicator.carried.clone_from(&told.carried);
        }
    }
}

/// MO-20b: what MO-10 says of any container weighs more here.
fn moved(watch: &Watch<'_, '_>, findings: &mut Findings<'_>) {
    let unordered = findings.shown(watch.visit).find(|i| i.code == "MO-10a");
    let named = |id: &str| unordered.is_some_and(|i| i.evidence.iter().any(|known| known == id));
    if let Some(s) = watch.during.iter().rev().find(|s| named(&s.fact.fact_id)) {
        let sentence =
            "Moved without an order while it stands empty, soon after a cargo from a watched origin.";
        findings.add("MO-20b", &findings.rules.rule.empty_depot.b, sentence.to_owned(), watch.evidence(s));
    }
}

/// MO-20c.
fn too_heavy(view: &View<'_>, watch: &Watch<'_, '_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.empty_depot;
    let known = view.events.iter().rev().find_map(|s| {
        let declared = s.event.equipment.as_deref().and_then(|e| e.tare_kg);
        let weighed = s.event.weights.iter().find(|w| w.kind == WeightKind::Tare).map(|w| w.kg);
        declared.or(weighed).filter(|kg| *kg > 0.0 && !settings.default_tares_kg.contains(kg))
    });
    let Some(tare) = known else { return };
    // The scale stands before the gate.
    let from = watch.arrived.at().plus_millis(-settings.scale_minutes * MINUTE_MS);
    let inward = view.events.iter().filter(|s| s.at() >= from && s.at() < watch.arrived.at());
    let heavy = inward.chain(watch.during.iter().copied()).find_map(|s| {
        let scale = s.event.weights.iter().find(|w| w.kind == WeightKind::Scale)?;
        let excess = scale.kg - tare;
        let tells = s.is_actual() && (settings.excess_least_kg..=settings.excess_most_kg).contains(&excess);
        tells.then_some((s, excess))
    });
    if let Some((s, excess)) = heavy {
        let sentence =
            format!("Empty reefer that came from a watched origin weighs {excess:.0} kg more than its tare.");
        findings.add("MO-20c", &settings.c, sentence, watch.evidence(s));
    }
}

/// MO-20d.
fn looked_up(view: &View<'_>, watch: &Watch<'_, '_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.empty_depot;
    // Who takes it away afterwards gets business with it by that alone.
    let stranger = watch.during.iter().find(|s| {
        let before = view.events.partition_point(|k| k.at() < s.at());
        let known = view.events.get(..before).unwrap_or_default();
        is_by_stranger(known, s, findings.rules)
    });
    if let Some(s) = stranger {
        let sentence =
            "Looked up by an organisation that has no business with it, while it stands emptied in a depot.";
        let evidence = watch.evidence(s);
        findings.add_restricted("MO-20d", &settings.d, settings.d.severity, sentence.to_owned(), evidence);
    }
}

/// MO-20e.
fn asked_for(watch: &Watch<'_, '_>, findings: &mut Findings<'_>) {
    let asked = watch.during.iter().find(|s| {
        matches!(s.kind(), EventKind::ReleaseOrder | EventKind::ReleaseIssued)
            && s.said_at() > watch.arrived.at()
    });
    if let Some(s) = asked {
        let sentence =
            "Exactly this empty reefer is asked for again, days after a cargo from a watched origin.";
        findings.add("MO-20e", &findings.rules.rule.empty_depot.e, sentence.to_owned(), watch.evidence(s));
    }
}
