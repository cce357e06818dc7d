//! Insider look-ups (`MO-16a` to `h`). About people: off unless switched on, and for a restricted audience.
//!
//! **Pattern.** A terminal clerk is paid to look containers up, to plug a stick in, to print the yard map; staff are
//! approached for what the systems know. Sources:
//! <https://www.technadu.com/dutch-hacker-sentenced-to-seven-years-for-rotterdam-antwerp-port-cyberattacks/618157>,
//! <https://www.crimesite.nl/corruptie-bij-logistieke-bedrijven-in-havens-kans-voor-cocainehandel/>.
//!
//! **Inputs.** The access logs of port and terminal systems (user and device as pseudonyms, organisation, role, action);
//! who has business with the container; for `d`, `e`, `f` the timeline of the user; customs selections (`h`).
//!
//! **False positives.** Customer service desks, track-and-trace programs, customs (roles in the settings). Organisations
//! with business with the container, or of which nothing is known. A look-up for a trouble ticket (names an order).
//! `a`: one or two look-ups in error, of a container about which nothing else is known. `b`: after the discharge, or long before the one that is planned. `d`: a
//! new device in daily use, a user with a short history, a container that the user has business with. `e`: a list,
//! numbers without order, numbers that are no container here. `f`: other exports.

use std::collections::BTreeSet;

use quaywatch_domain::event::Actor;
use quaywatch_domain::{EventKind, Fact, Indicator, Severity, Subject};
use serde::Deserialize;

use crate::Sighting;
use crate::actor::value;
use crate::loops::{Told, indicator_fact};
use crate::people::{has_business, is_exempt, is_look_up, looked_by};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, HOUR_MS, MINUTE_MS, Rules, SubRule};
use crate::view::{Findings, Kinds, Seen, View};

/// Table `[look_ups]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) exempt_roles: Vec<String>,
    window_hours: i64,
    unrelated_views: usize,
    severity_a_alerted: Severity,
    before_discharge_hours: i64,
    views_before_discharge: usize,
    unrelated_organisations: usize,
    history_views: usize,
    history_days: i64,
    max_containers: usize,
    overlap_minutes: i64,
    enumerated_containers: usize,
    enumeration_minutes: i64,
    sensitive_exports: Vec<String>,
    export_hours: i64,
    honeytokens: Vec<String>,
    pub(crate) leak_minutes: i64,
    a: SubRule,
    b: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
    f: SubRule,
    g: SubRule,
    h: SubRule,
}

/// Code of the auxiliary indicator "looked up in an unusual way", read by `d` alone and never shown.
pub(crate) const UNUSUAL: &str = "MO-16d-unusual";

/// Code of the auxiliary indicator "looked up number after number", read by `e` alone and never shown.
pub(crate) const IN_A_ROW: &str = "MO-16e-row";

const LOOK_UPS: Kinds =
    Kinds::of(&[EventKind::RecordViewed, EventKind::RecordListed, EventKind::RecordExported]);

pub(crate) const TRIGGER: Trigger = Trigger::ANYTHING;

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !findings.rules.people.enabled || !view.has_any(LOOK_UPS) {
        return;
    }
    for stay in view.stays() {
        let looked: Vec<Look<'_, '_>> = stay.iter().filter_map(|s| look(stay, s, findings.rules)).collect();
        if looked.is_empty() {
            continue;
        }
        before_discharge(stay, &looked, findings);
        organisations(&looked, findings);
        unusual(view, &looked, findings);
        enumerated(view, stay, &looked, findings);
        honeytoken(view, &looked, findings);
        leak(stay, &looked, findings);
    }
}

/// A look-up that counts.
struct Look<'s, 'a> {
    seen: &'s Seen<'a>,
    actor: &'a Actor,
    /// Whether the organisation is known to have no business with the container.
    is_stranger: bool,
}

fn look<'s, 'a>(stay: &[Seen<'a>], s: &'s Seen<'a>, rules: &Rules) -> Option<Look<'s, 'a>> {
    let actor = looked_by(s, rules)?;
    let business = has_business(stay, actor);
    (business != Some(true)).then_some(Look { seen: s, actor, is_stranger: business == Some(false) })
}

/// The first `count` of these within the window that are not the same by `key`.
fn cluster<'l, 's, 'a, K: Ord>(
    looked: &[&'l Look<'s, 'a>],
    window_ms: i64,
    count: usize,
    key: impl Fn(&Look<'s, 'a>) -> K,
) -> Option<Vec<Seen<'a>>> {
    looked.iter().enumerate().find_map(|(n, first)| {
        let mut known = BTreeSet::new();
        let within = looked
            .iter()
            .skip(n)
            .take_while(|l| l.seen.at().millis_since(first.seen.at()) <= window_ms)
            .filter(|l| known.insert(key(l)));
        let some: Vec<Seen<'a>> = within.take(count).map(|l| *l.seen).collect();
        (some.len() >= count).then_some(some)
    })
}

/// MO-16a, after all other rules: one look-up is enough for a container about which something grave stands.
pub(crate) fn unrelated(view: &View<'_>, findings: &mut Findings<'_>) {
    if !findings.rules.people.enabled || !view.has_any(LOOK_UPS) {
        return;
    }
    for (visit, stay) in view.stays().enumerate() {
        let looked = stay.iter().filter_map(|s| look(stay, s, findings.rules));
        let strangers: Vec<Look<'_, '_>> = looked.filter(|l| l.is_stranger).collect();
        if let Some(first) = strangers.first()
            && !of_alerted(visit, first, &strangers, findings)
        {
            several(&strangers, findings);
        }
    }
}

/// MO-16a of an alerted container. What rules say because of the look-ups themselves is no other ground.
fn of_alerted(
    visit: usize,
    first: &Look<'_, '_>,
    strangers: &[Look<'_, '_>],
    findings: &mut Findings<'_>,
) -> bool {
    let settings = &findings.rules.rule.look_ups;
    let rests_on_them = |i: &Indicator| {
        i.rule.starts_with("MO-") && strangers.iter().any(|l| i.evidence.contains(&l.seen.fact.fact_id))
    };
    // What is said of an alerted container is for those alone who may see what it is alerted for.
    let grave = findings.shown(visit).filter(|i| i.severity >= Severity::High && !rests_on_them(i));
    let Some(label) = grave.map(|i| i.handling.clone()).reduce(|a, b| a.strictest(&b)) else { return false };
    let sentence =
        "Looked up by an organisation that has no business with it, while other indicators stand.".to_owned();
    let before = findings.found.len();
    findings.add_restricted("MO-16a", &settings.a, settings.severity_a_alerted, sentence, vec![*first.seen]);
    for found in findings.found.iter_mut().skip(before) {
        found.indicator.handling = found.indicator.handling.strictest(&label);
    }
    true
}

/// MO-16a of any container.
fn several(strangers: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.look_ups;
    let strangers: Vec<&Look<'_, '_>> = strangers.iter().collect();
    let window_ms = settings.window_hours * HOUR_MS;
    let many =
        cluster(&strangers, window_ms, settings.unrelated_views.max(1), |l| l.seen.fact.fact_id.clone());
    if let Some(many) = many {
        let sentence = format!(
            "Looked up {} times within {} h by organisations that have no business with it.",
            many.len(),
            settings.window_hours
        );
        findings.add_restricted("MO-16a", &settings.a, settings.a.severity, sentence, many);
    }
}

/// MO-16b.
fn before_discharge(stay: &[Seen<'_>], looked: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.look_ups;
    let arrives = |kind: &EventKind| matches!(kind, EventKind::Discharged | EventKind::VesselArrived);
    let discharged = stay.iter().find(|s| s.is_actual() && *s.kind() == EventKind::Discharged);
    // Until it is there, what was last said of when it comes: the sooner it is known the better.
    let planned = || {
        let plans = stay.iter().filter(|s| !s.is_actual() && arrives(s.kind()));
        plans.max_by_key(|s| (s.said_at(), s.fact.received_at, &s.fact.fact_id))
    };
    let Some(discharged) = discharged.or_else(planned) else { return };
    let from = discharged.at().plus_millis(-settings.before_discharge_hours * HOUR_MS);
    let views: Vec<Seen<'_>> =
        looked.iter().map(|l| *l.seen).filter(|s| s.at() >= from && s.at() < discharged.at()).collect();
    if views.len() >= settings.views_before_discharge.max(1) {
        let sentence = format!(
            "Looked up {} times in the {} h before its {}discharge.",
            views.len(),
            settings.before_discharge_hours,
            if discharged.is_actual() { "" } else { "planned " }
        );
        let evidence = views.into_iter().chain([*discharged]).collect();
        findings.add_restricted("MO-16b", &settings.b, settings.b.severity, sentence, evidence);
    }
}

/// MO-16c.
fn organisations(looked: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.look_ups;
    let strangers: Vec<&Look<'_, '_>> = looked.iter().filter(|l| l.is_stranger).collect();
    let count = settings.unrelated_organisations.max(1);
    let found = cluster(&strangers, settings.window_hours * HOUR_MS, count, |l| l.actor.organisation.clone());
    if let Some(evidence) = found {
        let sentence = format!(
            "Looked up by {} organisations that have no business with it within {} h.",
            evidence.len(),
            settings.window_hours
        );
        findings.add_restricted("MO-16c", &settings.c, settings.c.severity, sentence, evidence);
    }
}

/// MO-16d.
fn unusual(view: &View<'_>, looked: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.look_ups;
    let told: Vec<_> = view.indicators.iter().filter(|(_, i)| i.code == UNUSUAL).collect();
    let found = looked.iter().find_map(|l| {
        let of = told.iter().find(|(_, i)| i.evidence.contains(&l.seen.fact.fact_id))?;
        Some((l.seen, of.1.sentence.clone()))
    });
    if let Some((seen, sentence)) = found {
        findings.add_restricted("MO-16d", &settings.d, settings.d.severity, sentence, vec![*seen]);
    }
}

/// MO-16e. A number of which nothing but look-ups is known is no container here.
fn enumerated(view: &View<'_>, stay: &[Seen<'_>], looked: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    if stay.iter().all(|s| is_look_up(s.kind())) {
        return;
    }
    let settings = &findings.rules.rule.look_ups;
    let told: Vec<_> = view.indicators.iter().filter(|(_, i)| i.code == IN_A_ROW).collect();
    let found = looked.iter().find_map(|l| {
        let of = told.iter().find(|(_, i)| i.evidence.contains(&l.seen.fact.fact_id))?;
        Some((l.seen, of.1.sentence.clone()))
    });
    if let Some((seen, sentence)) = found {
        findings.add_restricted("MO-16e", &settings.e, settings.e.severity, sentence, vec![*seen]);
    }
}

/// MO-16g.
fn honeytoken(view: &View<'_>, looked: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.look_ups;
    if settings.honeytokens.iter().any(|number| **number == *view.subject.id)
        && let Some(first) = looked.first()
    {
        let sentence = "A number that stands for no container was looked up.";
        findings.add_restricted(
            "MO-16g",
            &settings.g,
            settings.g.severity,
            sentence.to_owned(),
            vec![*first.seen],
        );
    }
}

/// MO-16h.
fn leak(stay: &[Seen<'_>], looked: &[Look<'_, '_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.look_ups;
    let leak_ms = settings.leak_minutes * MINUTE_MS;
    let selected = stay.iter().filter(|s| {
        s.is_actual()
            && matches!(s.kind(), EventKind::CustomsSelectedForScan | EventKind::CustomsSelectedForInspection)
    });
    for selection in selected {
        let soon = looked
            .iter()
            .find(|l| l.is_stranger && (0..=leak_ms).contains(&l.seen.at().millis_since(selection.at())));
        if let Some(l) = soon {
            let sentence = format!(
                "Looked up within {} min after customs selected it, by an organisation that has no business with it.",
                settings.leak_minutes
            );
            let evidence = vec![*selection, *l.seen];
            findings.add_restricted("MO-16h", &settings.h, settings.h.severity, sentence, evidence);
            return;
        }
    }
}

/// What the timeline of a user tells the containers that it looked up (`f`, and the grounds of `d` and `e`).
pub(crate) fn tell(rules: &Rules, origin: &Subject, standing: &[&Sighting], wanted: &mut Vec<(Fact, bool)>) {
    let is_view =
        |s: &&&Sighting| is_look_up(&s.kind) && !value(s, "ROLE").is_some_and(|r| is_exempt(rules, r));
    let views: Vec<&Sighting> = standing.iter().filter(is_view).copied().collect();
    if views.is_empty() {
        return;
    }
    let mut teller = Teller { rules, origin, wanted };
    odd_views(&mut teller, &views);
    enumeration(&mut teller, &views);
    exports(&mut teller, &views);
}

struct Teller<'a> {
    rules: &'a Rules,
    origin: &'a Subject,
    wanted: &'a mut Vec<(Fact, bool)>,
}

impl Teller<'_> {
    /// Tells each container of `about` once.
    fn tell(
        &mut self,
        code: &str,
        sub: &SubRule,
        sentence: &str,
        about: &[&Sighting],
        ground: Option<&Sighting>,
    ) {
        let mut told = BTreeSet::new();
        for own in about {
            let Some(container) = own.container.as_deref().filter(|c| told.insert(*c)) else { continue };
            let subject = Subject::container(container);
            if self
                .wanted
                .iter()
                .any(|(f, _)| f.subject == subject && f.indicator.as_ref().is_some_and(|i| i.code == code))
            {
                continue;
            }
            let indicator = Told {
                origin: self.origin,
                code,
                severity: sub.severity,
                action: sub.action,
                sentence: sentence.to_owned(),
                sightings: [Some(*own), ground].into_iter().flatten().collect(),
            };
            let fact = indicator.indicator(self.rules).map(|i| indicator_fact(container, i, own.occurred_at));
            let is_ground = matches!(code, UNUSUAL | IN_A_ROW);
            self.wanted.extend(fact.map(|fact| (fact, sub.shadow && !is_ground)));
        }
    }
}

/// A new device, an hour at which the user never worked, two devices at two terminals at once.
fn odd_views(teller: &mut Teller<'_>, views: &[&Sighting]) {
    let settings = &teller.rules.rule.look_ups;
    for (class, sentence) in [
        ("CLIENT", "Looked up from a device that this user never used, without business with it."),
        ("HOUR", "Looked up at an hour at which this user never worked, without business with it."),
    ] {
        let values: BTreeSet<&str> = views.iter().filter_map(|s| value(s, class)).collect();
        for odd in values {
            let with: Vec<&Sighting> =
                views.iter().copied().filter(|s| value(s, class) == Some(odd)).collect();
            let Some(first) = with.first() else { continue };
            let before: Vec<&&Sighting> = views
                .iter()
                .filter(|s| s.occurred_at < first.occurred_at && value(s, class).is_some())
                .collect();
            let is_known_long = before.first().is_some_and(|b| {
                first.occurred_at.millis_since(b.occurred_at) >= settings.history_days * DAY_MS
            });
            let ends = first.occurred_at.plus_millis(settings.window_hours * HOUR_MS);
            let batch: Vec<&Sighting> = with.iter().copied().filter(|s| s.occurred_at <= ends).collect();
            let containers: BTreeSet<&str> = batch.iter().filter_map(|s| s.container.as_deref()).collect();
            // More than a few containers from a new device: it is the new device at work.
            if before.len() >= settings.history_views
                && is_known_long
                && containers.len() <= settings.max_containers
            {
                teller.tell(UNUSUAL, &settings.d, sentence, &batch, None);
            }
        }
    }
    let overlap_ms = settings.overlap_minutes * MINUTE_MS;
    for pair in views.windows(3) {
        let [a, b, c] = pair else { continue };
        let at = |s: &Sighting| {
            value(s, "CLIENT").zip(value(s, "TERMINAL")).map(|(c, t)| (c.to_owned(), t.to_owned()))
        };
        let (Some(x), Some(y), Some(z)) = (at(a), at(b), at(c)) else { continue };
        let differ = x.0 != y.0 && x.1 != y.1;
        if differ && x == z && c.occurred_at.millis_since(a.occurred_at) <= overlap_ms {
            let sentence =
                "Looked up by a user who worked at two terminals at once, without business with it.";
            teller.tell(UNUSUAL, &settings.d, sentence, pair, None);
        }
    }
}

/// MO-16e: many containers in a row, number after number.
fn enumeration(teller: &mut Teller<'_>, views: &[&Sighting]) {
    let settings = &teller.rules.rule.look_ups;
    let window_ms = settings.enumeration_minutes * MINUTE_MS;
    let single: Vec<&Sighting> = views
        .iter()
        .copied()
        .filter(|s| s.kind == EventKind::RecordViewed && s.container.is_some())
        .collect();
    let mut start = 0;
    for (n, s) in single.iter().enumerate() {
        let follows = |prev: &&Sighting| {
            prev.container < s.container && s.occurred_at.millis_since(prev.occurred_at) <= window_ms
        };
        if n > 0 && !single.get(n - 1).is_some_and(follows) {
            start = n;
        }
        let run = single.get(start..=n).unwrap_or_default();
        let in_window: Vec<&Sighting> =
            run.iter().copied().filter(|r| s.occurred_at.millis_since(r.occurred_at) <= window_ms).collect();
        if in_window.len() >= settings.enumerated_containers.max(2) {
            let sentence = format!(
                "Looked up in a row of more than {} numbers within {} min.",
                settings.enumerated_containers.saturating_sub(1),
                settings.enumeration_minutes
            );
            teller.tell(IN_A_ROW, &settings.e, &sentence, &in_window, None);
        }
    }
}

/// MO-16f.
fn exports(teller: &mut Teller<'_>, views: &[&Sighting]) {
    let settings = &teller.rules.rule.look_ups;
    let export_ms = settings.export_hours * HOUR_MS;
    let sensitive = views.iter().filter(|s| {
        value(s, "EXPORT").is_some_and(|what| {
            settings.sensitive_exports.iter().any(|known| known.eq_ignore_ascii_case(what))
        })
    });
    for export in sensitive {
        let about: Vec<&Sighting> = views
            .iter()
            .copied()
            .filter(|s| s.occurred_at.millis_since(export.occurred_at).abs() <= export_ms)
            .collect();
        let sentence = format!(
            "Looked up by a user who took out a yard map, camera or staff list within {} h.",
            settings.export_hours
        );
        teller.tell("MO-16f", &settings.f, &sentence, &about, Some(export));
    }
}
