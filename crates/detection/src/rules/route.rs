//! Routes that make no sense (`MO-13a` to `f`).
//!
//! **Pattern.** Cargo with drugs takes cold routes and odd loops, one consignment is split, or the last leg is
//! pointless: four of twenty-two boxes arrived ten days early, which nobody had ever seen. Sources:
//! <https://insightcrime.org/investigations/container-shipping-cocaine-hide-and-seek/>,
//! <http://commodityconversations.com/wordpress2/2019/04/29/rip-on-rip-off/>; Brazil to Istanbul by way of Antwerp,
//! <https://d01news.com/2025/03/28/in-kaffee-verstecktes-kokain-in-antwerpen-beschlagnahmter-container-war-auf-dem-weg-nach-istanbul>.
//!
//! **Sub-rules.** `a` boxes of one bill arrive days apart (told by the timeline of the bill). `b` changed ships in a
//! port that hardly anybody on this lane uses. `c` far longer than others on this lane. `d` port of discharge or
//! destination changed after departure, or shortly before arrival. `e` goods from a country that they hardly ever come
//! from. `f` stood for long between two ships in a watched port, or with cargo from a watched origin; while it stands, where it
//! is said to be a transshipment.
//!
//! **Inputs.** Routes, goods and vessels of orders, bay plans, manifests and moves; baselines of lanes, ports and goods.
//!
//! **False positives.** Blank sailings, strikes and whole services that are rerouted: the baseline rolls with them, and
//! boxes that arrive later than the rest of their bill were left behind (LOW). Lanes and goods of which little is known
//! say nothing. Senders that write a place differently: a change counts within one feed, and when it stands. The next
//! leg of a transshipment: a change counts within the call of one ship. Transshipment where everybody waits (baseline), and
//! a loading of which word comes late (waited for).

use std::collections::BTreeMap;

use quaywatch_domain::event::{EquipmentStatus, Route};
use quaywatch_domain::indicator::Expected;
use quaywatch_domain::{EventKind, Fact, Severity, Subject, Text, Timestamp};
use serde::Deserialize;

use crate::baselines::{Group, Measure};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, HOUR_MS, MINUTE_MS, SubRule};
use crate::trust::late_word;
use crate::view::{Findings, Kinds, Seen, View};
use crate::{Rules, Sighting};

/// Table `[route]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) split_days: i64,
    pub(crate) severity_a_late: Severity,
    pub(crate) rare_percent: f64,
    pub(crate) detour_factor: f64,
    pub(crate) rare_origin_percent: f64,
    pub(crate) usual_origin_containers: u32,
    pub(crate) before_arrival_hours: i64,
    pub(crate) watched_ports: Vec<String>,
    pub(crate) transshipment_days: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
    pub(crate) e: SubRule,
    pub(crate) f: SubRule,
}

const CODE_A: &str = "MO-13a";

pub(crate) const TRIGGER: Trigger = Trigger::kinds(&[
    EventKind::Loaded,
    EventKind::VesselDeparted,
    EventKind::Discharged,
    EventKind::Stripped,
    EventKind::Stuffed,
])
.or(|g| g.has_route() || g.has_cargo());

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for stay in view.stays() {
        lane(stay, findings);
        goods(stay, findings);
    }
    changed(view, findings);
    waited(view, findings);
}

fn route<'a>(s: &Seen<'a>) -> Option<&'a Route> {
    if s.glance.has_route() { s.event.route.as_deref() } else { None }
}

/// MO-13b and c: the lane that one message tells whole.
fn lane(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.route;
    let whole = stay.iter().rev().find_map(|s| {
        let route = route(s)?;
        let ends = route.port_of_loading.as_deref().zip(route.port_of_discharge.as_deref())?;
        (!route.transshipment_ports.is_empty()).then_some((s, route, ends))
    });
    let Some((s, route, (loading, discharge))) = whole else { return };
    let known = findings.baselines.lane(loading, discharge, stay, rules.baseline.min_count);
    let Some(lane) = known else { return };
    let share = |port: &str| f64::from(lane.via(port)) / f64::from(lane.count()) * 100.0;
    if let Some(rare) = route.transshipment_ports.iter().find(|port| share(port) < settings.rare_percent) {
        let sentence = format!(
            "Changed ships in {rare}, which hardly any container from {loading} to {discharge} does."
        );
        findings.add("MO-13b", &settings.b, sentence, vec![*s]);
    }
    let legs =
        std::iter::once(loading).chain(route.transshipment_ports.iter().map(Text::as_str)).chain([discharge]);
    let travelled = findings.baselines.distance_km(legs).filter(|_| lane.usual_km() > 0.0);
    if let Some(factor) = travelled.map(|km| km / lane.usual_km()).filter(|f| *f > settings.detour_factor) {
        let sentence =
            format!("Its way from {loading} to {discharge} was {factor:.1} times as long as usual.");
        findings.add("MO-13c", &settings.c, sentence, vec![*s]);
    }
}

/// MO-13e.
fn goods(stay: &[Seen<'_>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.route;
    for s in stay.iter().filter(|s| s.glance.has_cargo()) {
        for cargo in &s.event.cargo {
            let Some(code) = cargo.hs_code.as_deref() else { continue };
            let origin = cargo.origin_country.as_deref().or_else(|| route(s)?.origin_country.as_deref());
            let Some(origin) = origin else { continue };
            let (baselines, min_count) = (findings.baselines, rules.baseline.min_count);
            // Most origins are usual with or without the visit itself.
            let mut known = baselines.origin(code, origin, min_count);
            known = known.filter(|(times, count)| is_rare(times.saturating_sub(1), *count, settings));
            known = known.and_then(|_| baselines.origin_of_others(code, origin, stay, min_count));
            if known.is_some_and(|(times, count)| is_rare(times, count, settings)) {
                let heading = code.get(..4).unwrap_or(code);
                let sentence = format!("Goods of heading {heading} hardly ever come from {origin}.");
                findings.add("MO-13e", &settings.e, sentence, vec![*s]);
                return;
            }
        }
    }
}

/// Whether goods come from a country so seldom that it is not usual; a container or two may have been the first of these.
fn is_rare(times: u32, count: u32, settings: &Settings) -> bool {
    times < settings.usual_origin_containers
        || f64::from(times) / f64::from(count.max(1)) * 100.0 < settings.rare_origin_percent
}

/// What one feed says of where the cargo goes.
struct Bound<'a> {
    first: Seen<'a>,
    last: Seen<'a>,
}

/// A place of a route.
type Field = fn(&Route) -> Option<&Text>;

/// MO-13d, over a journey: from one discharge, gate-in for export, or stuffing to the next.
fn changed(view: &View<'_>, findings: &mut Findings<'_>) {
    let mut from = 0;
    for (i, s) in view.events.iter().enumerate() {
        let ends = s.is_actual()
            && matches!(s.kind(), EventKind::Discharged | EventKind::Stripped | EventKind::Stuffed);
        if ends {
            journey(view.events.get(from..=i).unwrap_or_default(), findings);
            from = i + 1;
        }
    }
    journey(view.events.get(from..).unwrap_or_default(), findings);
}

/// The call of the ship that the event is about.
fn call<'a>(s: &Seen<'a>) -> Option<&'a str> {
    let transport = s.event.transport.as_deref()?;
    transport.call_id.as_deref().or(transport.voyage.as_deref())
}

fn journey(events: &[Seen<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.route;
    let actual = |kind: EventKind| events.iter().filter(|s| s.is_actual()).filter(move |s| *s.kind() == kind);
    let fields: [(&str, Field); 2] = [
        ("Port of discharge", |r| r.port_of_discharge.as_ref()),
        ("Destination", |r| r.place_of_delivery.as_ref()),
    ];
    for (what, field) in fields {
        let value = |s: &Seen<'_>| route(s).and_then(field).cloned().unwrap_or_default();
        let mut named = events.iter().filter_map(|s| route(s).and_then(field)).filter(|v| !v.is_empty());
        let first = named.next();
        if named.all(|other| Some(other) == first) {
            continue;
        }
        let departed = actual(EventKind::Loaded).chain(actual(EventKind::VesselDeparted)).map(Seen::at).min();
        let arrived = actual(EventKind::Discharged).map(Seen::at).max();
        // By feed and ship: the next leg of a transshipment has another end.
        let mut bounds: BTreeMap<(&str, Option<&str>), Bound<'_>> = BTreeMap::new();
        let mut said: Vec<&Seen<'_>> = events.iter().filter(|s| !value(s).is_empty()).collect();
        said.sort_by(|a, b| (a.said_at(), &a.fact.fact_id).cmp(&(b.said_at(), &b.fact.fact_id)));
        for s in said {
            let bound = bounds
                .entry((&s.event.source.feed, call(s)))
                .or_insert_with(|| Bound { first: *s, last: *s });
            bound.last = *s;
        }
        let late = bounds.values().find(|b| {
            let at = b.last.said_at();
            value(&b.first) != value(&b.last)
                && (departed.is_some_and(|departed| at > departed)
                    || arrived.is_some_and(|arrived| {
                        at > arrived.plus_millis(-settings.before_arrival_hours * HOUR_MS)
                    }))
        });
        if let Some(Bound { first, last }) = late {
            let sentence =
                format!("{what} changed from {} to {} while under way.", value(first), value(last));
            findings.add("MO-13d", &settings.d, sentence, vec![*first, *last]);
            return;
        }
    }
}

const DISCHARGED: Kinds = Kinds::of(&[EventKind::Discharged]);

/// MO-13f: when it is loaded at last, or when it is known to be there for another ship and none has taken it.
fn waited(view: &View<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.route;
    if !view.has_any(DISCHARGED) {
        return;
    }
    let crossings: Vec<_> = view.golden.crossings().collect();
    for (i, off) in crossings.iter().enumerate().filter(|(_, k)| *k.kind() == EventKind::Discharged) {
        let on = crossings.get(i + 1);
        if on.is_some_and(|on| *on.kind() != EventKind::Loaded)
            || (on.is_none() && !is_for_ship(view, &off.seen))
        {
            continue;
        }
        let Some((here, most_ms)) = longest_wait(view, &off.seen, findings) else { continue };
        match on.map(|on| &on.seen) {
            Some(on) => {
                let stood_ms = on.at().millis_since(off.at());
                if stood_ms > most_ms && port(on).is_none_or(|there| there == here) {
                    let sentence =
                        format!("Stood for {} days in {here} between two ships.", stood_ms / DAY_MS);
                    findings.add("MO-13f", &settings.f, sentence, vec![off.seen, *on]);
                }
            }
            None => {
                let late_ms = late_word(findings, &EventKind::Loaded, &off.seen).most_ms;
                let by = off.at().plus_millis(most_ms + late_ms);
                if findings.passed(by) {
                    let days = most_ms / DAY_MS;
                    let sentence = format!("Stands for more than {days} days in {here} between two ships.");
                    let expected = Some(Expected { event: EventKind::Loaded, by });
                    let severity = settings.f.severity;
                    findings.add_as("MO-13f", &settings.f, severity, sentence, vec![off.seen], expected);
                }
            }
        }
    }
}

fn port<'a>(s: &Seen<'a>) -> Option<&'a str> {
    s.event.place.as_deref()?.un_locode.as_deref()
}

/// Whether what came off a ship is said to go on by another, as last said before anything else happened to it.
fn is_for_ship(view: &View<'_>, off: &Seen<'_>) -> bool {
    let known = view.stay_of(off.visit).iter().rev().find_map(Seen::status);
    known == Some(EquipmentStatus::Transshipment)
}

/// The port, when it or the cargo is watched, and for how long containers wait there at most, ms.
fn longest_wait<'a>(view: &View<'a>, off: &Seen<'a>, findings: &Findings<'_>) -> Option<(&'a str, i64)> {
    let rules = findings.rules;
    let settings = &rules.rule.route;
    let here = port(off)?;
    let is_watched = settings.watched_ports.iter().any(|known| known == here)
        || rules.risk.is_watched(here)
        || view.is_from_watched_origin(off.visit, rules);
    if !is_watched {
        return None;
    }
    let group = Group {
        terminal: off.event.terminal().map(str::to_owned),
        trade: Some(EquipmentStatus::Transshipment),
        size: view.iso_type().and_then(Group::size_of),
    };
    let usual =
        findings.baselines.quantiles(Measure::TransshipmentDwellMinutes, &group, rules.baseline.min_count);
    let usual_ms = usual.map_or(0, |q| q.q99 as i64 * MINUTE_MS);
    Some((here, usual_ms.max(settings.transshipment_days * DAY_MS)))
}

/// MO-13a: tells the containers of a bill that arrived days apart from most of it.
pub(crate) fn tell(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<(Fact, bool)> {
    let settings = &rules.rule.route;
    let mut arrived: BTreeMap<&str, &Sighting> = BTreeMap::new();
    for s in sightings.iter().filter(|s| !s.retracted) {
        if let Some(container) = s.container.as_deref() {
            arrived.entry(container).or_insert(s);
        }
    }
    let split_ms = settings.split_days * DAY_MS;
    let near = |a: &Sighting, b: &Sighting| a.occurred_at.millis_since(b.occurred_at).abs() <= split_ms;
    let same_ship = |a: &Sighting, b: &Sighting| !a.relations.is_empty() && a.relations == b.relations;
    // The arrival that most of the bill is near to, the earliest of equals.
    let main = arrived.values().max_by_key(|s| {
        let count = arrived.values().filter(|o| near(s, o)).count();
        (count, std::cmp::Reverse((s.occurred_at, &s.fact_id)))
    });
    let Some(main) = main else { return Vec::new() };
    let apart = arrived.iter().filter(|(_, s)| !near(s, main) && !same_ship(s, main));
    apart
        .filter_map(|(container, s)| {
            let days = s.occurred_at.millis_since(main.occurred_at) / DAY_MS;
            let (severity, when) =
                if days < 0 { (settings.a.severity, "before") } else { (settings.severity_a_late, "after") };
            let told = Told {
                origin,
                code: CODE_A,
                severity,
                action: settings.a.action,
                sentence: format!("Arrived {} days {when} the rest of its bill of lading.", days.abs()),
                sightings: vec![s, main],
            };
            let at: Timestamp = s.occurred_at;
            Some((indicator_fact(container, told.indicator(rules)?, at), settings.a.shadow))
        })
        .collect()
}
