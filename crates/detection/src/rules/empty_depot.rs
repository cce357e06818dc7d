//! Retrieval from the empty depot (`MO-20a` to `e`).
//!
//! **Pattern.** The drugs stay in the walls of a reefer that was emptied inland, and are fetched from the depot at night,
//! or the very box is asked for again. Sources:
//! <https://nieuwsopbeeld.nl/2024/01/11/in-achterwand-van-lege-koelcontainer-67-kilogram-cocaine-aangetroffen>,
//! <https://www.crimesite.nl/verdachte-uithalers-aangehouden-na-achtervolging-met-hoge-snelheid/>,
//! <https://kikotapasando.com/2023/05/23/douane-vindt-34-kilo-cocaine-in-container-met-bevroren-kip/>.
//!
//! **Inputs.** A reefer that came laden from a watched origin, was emptied, and stands empty: for some days what happens
//! there (intrusions, moves without order, weights, look-ups, release orders for exactly this box).
//!
//! **False positives.** Depot repairs and pre-trip inspections (work on an order, `b`); scales of little accuracy and
//! gensets (`c` has an upper end); dry boxes, other origins, a watch that is over; orders for a type instead of a number
//! (they name no container); look-ups by the owner, the carrier or the depot (`d`).

use quaywatch_domain::EventKind;
use quaywatch_domain::event::{PortEvent, WeightKind};
use serde::Deserialize;

use crate::people::{has_business, is_look_up};
use crate::settings::{DAY_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Seen, View};

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
    visit: usize,
}

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.is_reefer {
        return;
    }
    for (visit, stay) in view.stays().enumerate() {
        let Some(watch) = watch(view, visit, stay, findings) else { continue };
        intrusion(&watch, findings);
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
    emptied.then_some(Watch { laden: *laden, arrived: *arrived, during, visit })
}

impl<'a> Watch<'_, 'a> {
    fn evidence(&self, s: &Seen<'a>) -> Vec<Seen<'a>> {
        vec![self.laden, self.arrived, *s]
    }
}

/// MO-20a.
fn intrusion(watch: &Watch<'_, '_>, findings: &mut Findings<'_>) {
    let intrusion = watch.during.iter().find(|s| *s.kind() == EventKind::IntrusionReported);
    if let Some(s) = intrusion {
        let sentence = "Intruders at the depot, by an emptied reefer that came from a watched origin.";
        findings.add("MO-20a", &findings.rules.rule.empty_depot.a, sentence.to_owned(), watch.evidence(s));
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
        is_look_up(s.kind())
            && s.event.actor.as_deref().is_some_and(|actor| has_business(known, actor) == Some(false))
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
