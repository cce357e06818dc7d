//! From indicators to alerts: evidence, score, state; and what to publish of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use quaywatch_domain::alert::{AlertState, Evidence, Keys, ScorePart, Versions, Visit};
use quaywatch_domain::indicator::{adds_codes, standing_codes};
use quaywatch_domain::summary::Summary;
use quaywatch_domain::{Action, Alert, Feedback, Indicator, Severity, Sha256, Subject, Timestamp};

use crate::settings::{DAY_MS, HOUR_MS};
use crate::timeline::known_at;
use crate::view::{Found, Seen, View, evidence_of};
use crate::visits::is_arrival;
use crate::{Engine, Published, TimelineState};

/// Most bills and seals among the look-up keys of an alert.
const MAX_KEYS: usize = 32;

/// Most indicators of one alert; the gravest stay.
const MAX_INDICATORS: usize = 64;

/// The alerts that stand on a timeline, and those of which only what has ended is left, in order of visit; their revision is
/// yet to be set.
pub(crate) fn standing(
    engine: &Engine,
    view: &View<'_>,
    found: Vec<Found>,
    ended: Vec<Found>,
    now: Timestamp,
) -> Vec<Alert> {
    let mut visits: BTreeMap<usize, Vec<Indicator>> = BTreeMap::new();
    for one in found.into_iter().chain(ended) {
        visits.entry(one.visit).or_default().push(one.indicator);
    }
    let stands = |s: &Summary, of: &[Indicator]| s.stands(of, engine.rules.alert.threshold);
    let alerts = visits.into_iter();
    alerts.filter_map(|(visit, indicators)| alert(engine, view, visit, indicators, now, stands)).collect()
}

/// The alert of a visit that was drawn for control: it stands without any suspicion.
pub(crate) fn of_control(
    engine: &Engine,
    view: &View<'_>,
    visit: usize,
    drawn: Indicator,
    now: Timestamp,
) -> Option<Alert> {
    alert(engine, view, visit, vec![drawn], now, |_, _| true)
}

fn alert(
    engine: &Engine,
    view: &View<'_>,
    visit: usize,
    mut indicators: Vec<Indicator>,
    now: Timestamp,
    stands: impl Fn(&Summary, &[Indicator]) -> bool,
) -> Option<Alert> {
    indicators.sort_by(|a, b| {
        let key = |i: &Indicator| (i.ended_at.is_some(), Reverse(i.severity));
        (key(a), &a.code, &a.sentence, &a.list).cmp(&(key(b), &b.code, &b.sentence, &b.list))
    });
    indicators.truncate(MAX_INDICATORS);
    let stay = view.visits.get(visit).map(|range| view.stay(range)).unwrap_or_default();
    let evidence = evidence(view, &indicators);
    let score_parts = score_parts(engine, stay, &indicators);
    let summary = Summary::of_standing(view.subject, &indicators, &score_parts, &evidence, stands)?;
    let number = view.number(visit);
    let alert_id = Alert::id_for(view.subject, number);
    // What is told late is news all the same: an alert is not born expired.
    let known = summary.event_time.max(summary.detected_at);
    let valid_until = known.plus_millis(engine.rules.alert.valid_hours * HOUR_MS);
    let settled = last_settlement(view, visit, alert_id).is_some_and(|at| at >= summary.detected_at);
    let is_closed = settled || summary.is_over || valid_until <= now;
    let state = if is_closed { AlertState::Closed } else { AlertState::Raised };
    Some(Alert {
        alert_id,
        revision: 0,
        state,
        subject: view.subject.clone(),
        visit: visit_of(number, stay),
        severity: summary.severity,
        score: summary.score,
        score_parts,
        title: summary.title,
        keys: keys(view.subject, stay),
        recommended_action: summary.action,
        valid_until,
        handling: summary.handling,
        releasable_to: Vec::new(),
        legal_basis: summary.legal_basis,
        detected_at: summary.detected_at,
        event_time: summary.event_time,
        produced_at: now,
        in_hindsight: false,
        versions: Versions {
            rules: engine.rules.version().to_owned(),
            lists: summary.lists,
            binary: engine.binary_version.clone(),
        },
        retention_until: known.plus_millis(engine.rules.alert.retention_days * DAY_MS),
        indicators,
        evidence,
    })
}

/// When an agency last settled this alert. An answer that names no alert is about the visit that was going on.
fn last_settlement(view: &View<'_>, visit: usize, alert_id: uuid::Uuid) -> Option<Timestamp> {
    let about = |f: &&&Feedback| match f.alert_id {
        Some(id) => id == alert_id,
        None => view.visit_at(f.at) == visit,
    };
    view.feedback.iter().filter(|f| f.verdict.settles()).filter(about).map(|f| f.at).max()
}

/// Evidence of all indicators, each fact once, by event time.
fn evidence(view: &View<'_>, indicators: &[Indicator]) -> Vec<Evidence> {
    let mut all: BTreeMap<&str, Evidence> = BTreeMap::new();
    for indicator in indicators {
        for id in &indicator.evidence {
            if all.contains_key(id.as_str()) {
                continue;
            }
            let own = view.find(id).map(|s| *evidence_of(s.fact, s.event));
            let hit = || {
                view.hits.iter().find(|(fact, _)| fact.fact_id == *id).map(|(fact, hit)| Evidence {
                    fact_id: fact.fact_id.clone(),
                    occurred_at: fact.occurred_at,
                    received_at: fact.received_at,
                    ..hit.evidence.clone()
                })
            };
            let carried = || indicator.carried.iter().find(|e| e.fact_id == *id).cloned();
            if let Some(found) = own.or_else(hit).or_else(carried) {
                all.insert(id, found);
            }
        }
    }
    let mut sorted: Vec<Evidence> = all.into_values().collect();
    sorted.sort_by(|a, b| (a.occurred_at, &a.fact_id).cmp(&(b.occurred_at, &b.fact_id)));
    sorted
}

/// Points of each indicator, in their order: its weight, halved again and again beyond the age of full weight. Age is
/// measured against the latest event of the visit, in whole days. What several subjects say alike (an importer under each of
/// its names) counts once, and further LOW traits by one rule count less: one importer has many, and they are one suspicion.
fn score_parts(engine: &Engine, stay: &[Seen<'_>], indicators: &[Indicator]) -> Vec<ScorePart> {
    let rules = &engine.rules.alert;
    let latest = stay.iter().map(|s| known_at(s.fact)).max();
    indicators
        .iter()
        .enumerate()
        .map(|(n, i)| {
            if indicators.iter().take(n).any(|other| other.code == i.code) {
                return ScorePart { code: i.code.clone(), points: 0.0 };
            }
            let age_days = latest.map_or(0, |latest| latest.millis_since(i.first_held_at) / DAY_MS);
            let fading_days = age_days.saturating_sub(rules.full_weight_days).max(0);
            let is_further = i.severity == Severity::Low
                && indicators.iter().take(n).any(|other| other.rule == i.rule)
                && !i.rule.starts_with("PROFILE");
            let share = if is_further { rules.further_low_percent / 100.0 } else { 1.0 };
            let points = i.weight * share * 0.5_f64.powf(fading_days as f64 / rules.half_life_days);
            ScorePart { code: i.code.clone(), points: (points * 10.0).round() / 10.0 }
        })
        .collect()
}

fn visit_of(number: i32, stay: &[Seen<'_>]) -> Visit {
    Visit { number, terminal: terminal(stay), started_at: stay.first().map(Seen::at), call: call(stay) }
}

pub(crate) fn terminal(stay: &[Seen<'_>]) -> Option<String> {
    let arrival = stay.iter().filter(|s| s.is_actual() && is_arrival(s.kind()));
    arrival.chain(stay).find_map(|s| s.event.terminal()).map(str::to_owned)
}

pub(crate) fn call(stay: &[Seen<'_>]) -> Option<String> {
    stay.iter().find_map(|s| s.event.transport.as_deref()?.call_id.as_deref()).map(str::to_owned)
}

fn keys(subject: &Subject, stay: &[Seen<'_>]) -> Keys {
    let documents = || stay.iter().filter_map(|s| s.event.documents.as_deref());
    let transports = || stay.iter().filter_map(|s| s.event.transport.as_deref());
    let bounded = |items: &mut dyn Iterator<Item = &str>| {
        let mut all: Vec<String> = items.map(str::to_owned).collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(MAX_KEYS);
        all
    };
    Keys {
        container: Some(subject.id.to_string()),
        release: documents().filter_map(|d| d.release.as_deref()).next_back().map(str::to_owned),
        bills: bounded(&mut documents().filter_map(|d| d.bill_of_lading.as_deref())),
        seals: bounded(
            &mut stay.iter().flat_map(|s| &s.event.seals).filter_map(|seal| seal.normalised.as_deref()),
        ),
        vessel: transports().find_map(|t| t.vessel_imo.as_deref()).map(str::to_owned),
        call: call(stay),
        terminal: terminal(stay),
    }
}

/// A look at a timeline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) now: Timestamp,
    /// Whether it is taken because rules, baselines or outages may be newer, and for nothing else.
    pub(crate) is_for_newer: bool,
}

/// Publishes the difference between the alerts that stand now and those that were published.
pub(crate) fn publish(
    engine: &Engine,
    state: &mut TimelineState,
    subject: &Subject,
    standing: Vec<Alert>,
    look: Look,
    out: &mut Vec<Alert>,
) {
    for published in &mut state.published {
        let gone = !standing.iter().any(|a| a.visit.number == published.visit);
        if gone && published.state != AlertState::Retracted {
            published.revision = published.revision.saturating_add(1);
            published.state = AlertState::Retracted;
            published.digest = Sha256::default();
            out.push(retraction(engine, subject, published, look.now));
        }
    }
    for mut alert in standing {
        let digest = digest(&alert);
        let before = state.published.iter_mut().find(|p| p.visit == alert.visit.number);
        if before.as_ref().is_some_and(|p| p.digest == digest) {
            continue;
        }
        alert.revision = before.as_ref().map_or(1, |p| p.revision.saturating_add(1));
        let is_known = before.as_ref().is_some_and(|p| p.state != AlertState::Retracted);
        if is_known && alert.state == AlertState::Raised {
            alert.state = AlertState::Updated;
        }
        let codes = standing_codes(&alert.indicators);
        let is_news = match alert.state {
            AlertState::Raised => true,
            AlertState::Updated => before.as_ref().is_some_and(|p| adds_codes(&codes, &p.codes)),
            AlertState::Retracted | AlertState::Closed => false,
        };
        alert.in_hindsight = look.is_for_newer && is_news;
        let published = Published {
            visit: alert.visit.number,
            revision: alert.revision,
            state: alert.state,
            digest,
            severity: alert.severity,
            handling: alert.handling.clone(),
            valid_until: alert.valid_until,
            retention_until: alert.retention_until,
            event_time: alert.event_time,
            detected_at: alert.detected_at,
            codes,
        };
        match before {
            Some(slot) => *slot = published,
            None => state.published.push(published),
        }
        out.push(alert);
    }
    state.published.sort_by_key(|p| p.visit);
    state.closes_at = state
        .published
        .iter()
        .filter(|p| matches!(p.state, AlertState::Raised | AlertState::Updated))
        .map(|p| p.valid_until)
        .min();
}

/// Digest of what a reader would notice: neither time of writing nor the versions of rules and program.
fn digest(alert: &Alert) -> Sha256 {
    let content = (
        alert.state == AlertState::Closed,
        (&alert.visit, alert.severity, alert.score, &alert.score_parts, &alert.title),
        (&alert.indicators, &alert.keys, alert.recommended_action, alert.valid_until, &alert.handling),
        (&alert.legal_basis, &alert.evidence, alert.detected_at, alert.event_time, &alert.versions.lists),
    );
    Sha256::of(&serde_json::to_vec(&content).unwrap_or_default())
}

/// The last word on an alert of which nothing holds any more; its label stays that of what it takes back.
fn retraction(engine: &Engine, subject: &Subject, published: &Published, now: Timestamp) -> Alert {
    Alert {
        alert_id: Alert::id_for(subject, published.visit),
        revision: published.revision,
        state: AlertState::Retracted,
        subject: subject.clone(),
        visit: Visit { number: published.visit, terminal: None, started_at: None, call: None },
        severity: Severity::Low,
        score: 0.0,
        score_parts: Vec::new(),
        title: format!("{}: what was reported no longer holds.", subject.id),
        indicators: Vec::new(),
        keys: Keys::default(),
        recommended_action: Action::Inform,
        valid_until: published.valid_until,
        handling: published.handling.clone(),
        releasable_to: Vec::new(),
        legal_basis: Vec::new(),
        evidence: Vec::new(),
        detected_at: published.detected_at,
        event_time: published.event_time,
        produced_at: now,
        in_hindsight: false,
        versions: Versions {
            rules: engine.rules.version().to_owned(),
            lists: Vec::new(),
            binary: engine.binary_version.clone(),
        },
        retention_until: published.retention_until,
    }
}
