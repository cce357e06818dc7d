//! Feed trust: how much the silence of a feed says.
//!
//! From recorded traffic the baselines know of each feed how complete it is, by terminal and kind of event
//! (`completeness.rs` says what is counted), how late it tells what, and how often it is wrong. An indicator that rests
//! on an absence ([`Indicator::absent_since`]) weighs as much as the feeds that tell of such events there: at the
//! terminal of which the absence speaks, else in its port, else anywhere. Where they are known to lag the sentence says
//! so; an absence in which nobody trusts, or that a system's announced outage hides, raises no alert alone. An outage
//! hides nothing of a gate, quay or yard that is heard while it lasts, and only delays word of what was done before it
//! began. A feed that nobody has measured is believed.

use std::collections::BTreeMap;

use quaywatch_domain::event::PortEvent;
use quaywatch_domain::{EventKind, Indicator, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::completeness::port_of;
use crate::outages::{merged, spans, within as is_within};
use crate::settings::{HOUR_MS, MINUTE_MS};
use crate::view::{Findings, Found, Hidden, Kinds, Seen, View};
use crate::{Baselines, Rules};

/// Table `[trust]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// A feed is not known for what happened less often, or, where only its lateness is measured, what it told less often.
    min_count: u32,
    /// Later than this for one event in twenty: the status may lag.
    lag_minutes: i64,
    /// Late word is waited for so many times as long as the latest hundredth takes, where nothing speaks for haste.
    late_word_factor: f64,
    /// And never longer.
    pub(crate) late_word_most_hours: i64,
    /// Below this trust the sentence says so.
    doubt_below_percent: f64,
    /// Below this trust the absence counts one grade less.
    downgrade_below_percent: f64,
    /// What an absence during an announced outage still weighs.
    outage_weight_percent: f64,
    /// An outage whose end nobody told has lasted this long.
    pub(crate) outage_max_hours: i64,
    /// One that took this share of the time in which something was awaited explains that it was never told.
    outage_share_percent: f64,
    /// What could not be told during a shorter one is told this soon after it.
    pub(crate) outage_catch_up_hours: i64,
}

/// What is known of one feed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedFigures {
    /// Events of it.
    pub events: u32,
    /// Those with a wrong check digit, a wrong count or an unknown code.
    pub errors: u32,
    /// Those that were taken back or overridden.
    pub corrections: u32,
    /// What it told of, over all terminals and kinds.
    pub told: u32,
    /// What happened of the kinds of which it tells, where it tells of them.
    pub happened: u32,
    /// The same by place and kind. Files that were built before this was counted have none.
    pub places: Places,
    /// Lateness by kind of event.
    pub kinds: BTreeMap<String, Lateness>,
}

/// What was told by place (SMDG terminal code or UN/LOCODE; nothing for what names no terminal) and kind of event.
pub type Places = BTreeMap<String, BTreeMap<String, Share>>;

/// How much of what happened was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// What the feed told of.
    pub told: u32,
    /// What happened, by whatever shows it.
    pub happened: u32,
}

impl Share {
    /// Between 0 and 1; 1 where nothing happened.
    #[must_use]
    pub fn ratio(self) -> f64 {
        if self.happened == 0 { 1.0 } else { f64::from(self.told) / f64::from(self.happened) }
    }
}

/// How late a feed tells of one kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    /// Events.
    pub count: u32,
    /// Minutes from the happening to the receipt that half of them take at most.
    pub q50_minutes: f64,
    /// Minutes that 95 in 100 take at most.
    pub q95_minutes: f64,
    /// Minutes that 99 in 100 take at most; 0 in files that were built before this was counted.
    #[serde(default)]
    pub q99_minutes: f64,
}

impl FeedFigures {
    /// Share of happenings that it tells of, over all terminals and kinds.
    #[must_use]
    pub fn completeness(&self) -> f64 {
        Share { told: self.told, happened: self.happened }.ratio()
    }

    /// How much of the events of a kind it tells of at a place; `None` where it tells of none.
    #[must_use]
    pub fn share(&self, place: &str, kind: &EventKind) -> Option<Share> {
        self.places.get(place)?.get(kind.as_str()).copied()
    }

    /// How late it is with events of a kind, or what stands for them: the latest.
    fn lateness(&self, kind: &EventKind, min_count: u32) -> Option<Lateness> {
        let known = alike(kind).iter().filter_map(|kind| self.kinds.get(kind.as_str()));
        known.filter(|l| l.count >= min_count).copied().max_by(|a, b| a.q95_minutes.total_cmp(&b.q95_minutes))
    }

    /// A completeness less what is wrong.
    fn right(&self, completeness: f64) -> f64 {
        let wrong = if self.events == 0 { 0.0 } else { f64::from(self.errors) / f64::from(self.events) };
        (completeness * (1.0 - wrong)).clamp(0.0, 1.0)
    }
}

/// The kinds of events that answer an expectation as well as this one does, itself included.
pub(crate) fn alike(kind: &EventKind) -> &'static [EventKind] {
    const RELEASES: &[EventKind] = &[
        EventKind::ReleaseIssued,
        EventKind::ReleaseOrder,
        EventKind::ReleaseTransferred,
        EventKind::ReleaseAccepted,
    ];
    const PICK_UPS: &[EventKind] = &[EventKind::PickupAnnounced, EventKind::PickupAccepted];
    const BOOKINGS: &[EventKind] = &[EventKind::BookingConfirmed, EventKind::LoadOrdered];
    const NEW_SEALS: &[EventKind] = &[EventKind::SealAffixed, EventKind::SealReplaced];
    let place = kind.ordinal();
    match kind {
        EventKind::ReleaseIssued => RELEASES,
        EventKind::PickupAnnounced => PICK_UPS,
        EventKind::BookingConfirmed => BOOKINGS,
        EventKind::SealAffixed => NEW_SEALS,
        _ => EventKind::KNOWN.get(place..=place).unwrap_or_default(),
    }
}

/// Scales what rests on absences.
pub(crate) fn weigh(view: &View<'_>, findings: &mut Findings<'_>) {
    let (rules, baselines) = (findings.rules, findings.baselines);
    let settings = &rules.trust;
    let mut all = std::mem::take(&mut findings.found);
    for found in all.iter_mut().filter(|f| f.indicator.absent_since().is_some()) {
        let Some(expected) = &found.indicator.expected else { continue };
        let (kind, by) = (expected.event.clone(), expected.by);
        let is_excused = match excuse(view, found, by, rules) {
            Excuse::None => false,
            Excuse::Until(caught_up) if findings.passed(caught_up) => {
                wait_until(&mut found.indicator, by.max(caught_up));
                false
            }
            Excuse::Until(_) | Excuse::ForGood => true,
        };
        if is_excused {
            found.indicator.weight *= settings.outage_weight_percent / 100.0;
            found.indicator.severity = found.indicator.severity.min(Severity::Low);
            found.indicator.sentence.push_str(" A system was out at that time.");
            continue;
        }
        if baselines.feeds.is_empty() {
            continue;
        }
        let there = places(view, found);
        let Some((trust, late_minutes)) = trust_in(baselines, &kind, &there, settings.min_count) else {
            continue;
        };
        found.indicator.weight *= trust;
        if trust * 100.0 < settings.downgrade_below_percent {
            found.indicator.severity = lower(found.indicator.severity);
        }
        if trust * 100.0 < settings.doubt_below_percent || late_minutes > settings.lag_minutes as f64 {
            found.indicator.sentence.push_str(" Status lag likely.");
        }
        found.indicator.weight = (found.indicator.weight * 10.0).round() / 10.0;
    }
    findings.found = all;
}

/// Lets an indicator count from later on: the outage is over, and its word could still have come until then.
fn wait_until(indicator: &mut Indicator, until: Timestamp) {
    if let Some(expected) = &mut indicator.expected {
        if indicator.first_held_at >= expected.by {
            indicator.first_held_at = indicator.first_held_at.max(until);
        }
        expected.by = until;
    }
}

/// Where it should have been told, the narrowest first: the terminal and the port of which the absence speaks, else those
/// of the last evidence that names one, else those of the visit.
fn places(view: &View<'_>, found: &Found) -> Vec<String> {
    let named = |event: &PortEvent| -> Vec<String> {
        event.terminal().into_iter().chain(port_of(event)).map(str::to_owned).collect()
    };
    let hidden = found.hidden.as_ref().map(|hidden| hidden.places.clone()).unwrap_or_default();
    let evidence = || found.indicator.evidence.iter().rev().filter_map(|id| view.find(id));
    let stay = || view.stay_of(found.visit).iter().filter(|s| s.is_actual());
    std::iter::once(hidden)
        .chain(evidence().map(|s| named(s.event)))
        .chain(stay().map(|s| named(s.event)))
        .find(|places| !places.is_empty())
        .unwrap_or_default()
}

/// What is told of one kind of event at the first of these places of which enough is known, else anywhere: by all feeds
/// together, and by the one that tells the most.
fn told_at<'b>(
    baselines: &'b Baselines,
    kind: &EventKind,
    places: &[String],
    min_count: u32,
) -> Option<(Share, Option<&'b FeedFigures>)> {
    let known = alike(kind).first()?;
    let enough = |share: &Share| share.happened >= min_count;
    let told_at = |place: &String| baselines.places.get(place)?.get(known.as_str()).copied();
    let there = places.iter().find_map(|place| Some((Some(place), told_at(place).filter(enough)?)));
    let anywhere = || sum(baselines.places.values(), known).filter(enough).map(|share| (None, share));
    let (place, share) = there.or_else(anywhere)?;
    let told = |feed: &FeedFigures| match place {
        Some(place) => feed.share(place, known),
        None => sum(feed.places.values(), known),
    };
    let most = baselines.feeds.values().filter_map(|feed| Some((told(feed)?.told, feed)));
    Some((share, most.max_by_key(|(told, _)| *told).map(|(_, feed)| feed)))
}

/// How much the silence about this kind of event says, less what is wrong with the feed that tells the most, and how late
/// its word is.
fn trust_in(
    baselines: &Baselines,
    kind: &EventKind,
    places: &[String],
    min_count: u32,
) -> Option<(f64, f64)> {
    if let Some((share, most)) = told_at(baselines, kind, places, min_count) {
        let late = most.and_then(|feed| feed.lateness(kind, min_count)).map_or(0.0, |l| l.q95_minutes);
        return Some((most.map_or(share.ratio(), |feed| feed.right(share.ratio())), late));
    }
    // Nobody has counted what was not told, or nobody can; how late the rest is, is known.
    let whole = |feed: &FeedFigures| if feed.places.is_empty() { feed.completeness() } else { 1.0 };
    let late = |feed: &FeedFigures| feed.lateness(kind, min_count).map(|l| l.q95_minutes);
    let feeds = baselines.feeds.values().filter_map(|feed| Some((feed.right(whole(feed)), late(feed)?)));
    feeds.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)))
}

/// Until when word of what happened at a time may still come, by what is known of the feed that tells the most of it where
/// `at` was.
pub(crate) struct LateWord {
    /// That of nineteen in twenty has come, ms.
    pub(crate) usual_ms: i64,
    /// What has not come by then is hardly late, ms.
    pub(crate) most_ms: i64,
}

/// How late word of a kind of event comes: by what is told of it there, else by the feed of `at` itself; no wait where
/// nobody has measured it.
pub(crate) fn late_word(findings: &Findings<'_>, kind: &EventKind, at: &Seen<'_>) -> LateWord {
    let settings = &findings.rules.trust;
    let places: Vec<String> =
        at.event.terminal().into_iter().chain(port_of(at.event)).map(str::to_owned).collect();
    let told = told_at(findings.baselines, kind, &places, settings.min_count);
    let most = told.and_then(|(_, most)| most);
    let feed = most.or_else(|| findings.baselines.feeds.get(at.event.source.feed.as_ref()));
    let late = feed.and_then(|feed| feed.lateness(kind, settings.min_count)).unwrap_or_default();
    let ms =
        |minutes: f64| ((minutes * MINUTE_MS as f64) as i64).min(settings.late_word_most_hours * HOUR_MS);
    let most = late.q99_minutes.max(late.q95_minutes) * settings.late_word_factor;
    LateWord { usual_ms: ms(late.q95_minutes), most_ms: ms(most) }
}

/// What was told of one kind over all places.
fn sum<'p>(places: impl Iterator<Item = &'p BTreeMap<String, Share>>, kind: &EventKind) -> Option<Share> {
    let shares = places.filter_map(|kinds| kinds.get(kind.as_str()));
    shares.copied().reduce(|a, b| Share {
        told: a.told.saturating_add(b.told),
        happened: a.happened.saturating_add(b.happened),
    })
}

/// How an outage explains a silence.
enum Excuse {
    None,
    /// Word of it may be on its way until then.
    Until(Timestamp),
    /// It may have been done by hand, and nobody told.
    ForGood,
}

/// The kinds that the one system of a gate, of a quay, or of a yard, tells, where `kind` is one of them.
const fn told_alongside(kind: &EventKind) -> Kinds {
    const GATE: Kinds = Kinds::of(&[EventKind::GateIn, EventKind::GateOut]);
    const QUAY: Kinds = Kinds::of(&[EventKind::Discharged, EventKind::Loaded]);
    const YARD: Kinds = Kinds::of(&[EventKind::WorkOrdered, EventKind::YardMove, EventKind::NotInPosition]);
    match kind {
        EventKind::GateIn | EventKind::GateOut => GATE,
        EventKind::Discharged | EventKind::Loaded => QUAY,
        EventKind::WorkOrdered => YARD,
        _ => Kinds::of(&[]),
    }
}

/// Whether the gate, quay or yard that should have told of something was heard during an outage: then it is another system that
/// was out. No announcement names its system, but what comes in shows which one speaks.
fn was_heard(
    view: &View<'_>,
    kind: &EventKind,
    places: &[String],
    (start, end): (Timestamp, Timestamp),
) -> bool {
    let alongside = told_alongside(kind);
    let is_there = |event: &PortEvent| {
        let mut named = event.terminal().into_iter().chain(port_of(event));
        places.first().is_none_or(|place| named.any(|name| name == place))
    };
    view.has_any(alongside)
        && view.events.iter().any(|s| {
            s.is_actual()
                && alongside.have_any(Kinds::of(std::slice::from_ref(s.kind())))
                && (start..=end).contains(&s.fact.received_at)
                && (start..=end).contains(&s.at())
                && is_there(s.event)
        })
}

/// What the outages that concern this container explain of a silence. Where it is known when what was not told would have
/// happened: an outage at the end of that time, or for much of it, when things are done by hand, and for a while after it
/// one that began later. Else one for much of the time from the evidence to the deadline, and for a while after it one for
/// a little of it.
fn excuse(view: &View<'_>, found: &Found, by: Timestamp, rules: &Rules) -> Excuse {
    if view.outages().is_empty() {
        return Excuse::None;
    }
    let evidence = || found.indicator.evidence.iter().filter_map(|id| view.find(id)).map(|s| s.at()).max();
    let mut outages = spans(view.outages(), rules.trust.outage_max_hours);
    if let Some(expected) = &found.indicator.expected {
        let there = places(view, found);
        outages.retain(|span| !was_heard(view, &expected.event, &there, *span));
    }
    let outages = merged(outages);
    let takes_much = |from: Timestamp, to: Timestamp| {
        let within = outages.iter().filter(|(start, end)| *start <= to && *end >= from);
        let out_ms: i64 = within.map(|(start, end)| to.min(*end).millis_since(from.max(*start))).sum();
        out_ms as f64 * 100.0 >= to.millis_since(from) as f64 * rules.trust.outage_share_percent
    };
    if let Some(Hidden { from, to, .. }) = &found.hidden
        && (is_within(&outages, *to) || (to > from && takes_much(*from, *to)))
    {
        return Excuse::ForGood;
    }
    let from = found.hidden.as_ref().map(|hidden| hidden.to).or_else(evidence).unwrap_or(by).min(by);
    let within = outages.iter().filter(|(start, end)| *start <= by && *end >= from);
    let Some(last) = within.map(|(_, end)| *end).max() else { return Excuse::None };
    // What was done before the outage began was not done by hand: word of it is late.
    if found.hidden.is_none() && takes_much(from, by) {
        return Excuse::ForGood;
    }
    Excuse::Until(last.plus_millis(rules.trust.outage_catch_up_hours * HOUR_MS))
}

const fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
    }
}
