//! The timeline of a container: takes facts in, folds history, runs the rules, publishes the difference.

use quaywatch_domain::indicator::CONTROL;
use quaywatch_domain::{EventKind, Fact, Timestamp};

use crate::alerts::Look;
use crate::golden::{self, Whereabouts};
use crate::quiet::{News, Quiet, Told};
use crate::rules::reefer_anomaly;
use crate::settings::DAY_MS;
use crate::timeline::{self, MAX_FACTS};
use crate::view::{Findings, Kinds, Seen, View, fetch};
use crate::{
    Changes, Engine, Inspected, Outcome, TimelineState, alerts, contagion, control, loops, people, rules,
};

/// When so many rules rest, the others read too little for it to be fetched beforehand.
const MOST_REST: u32 = 12;

pub(crate) fn apply(engine: &Engine, state: &mut TimelineState, mut fact: Fact, now: Timestamp) -> Changes {
    if fact.event.is_some() && state.floor.is_some_and(|floor| fact.occurred_at <= floor) {
        return Changes::none(Outcome::TooLate);
    }
    if !people::may_keep(&engine.rules, &mut fact) {
        return Changes::none(Outcome::OutOfScope);
    }
    // It says why this look is taken, not what happened.
    let is_due = state.deadline_at.is_some_and(|deadline| deadline <= now);
    let is_for_newer = std::mem::take(&mut fact.in_hindsight) && !is_due;
    let before = state.facts.len();
    let full = before >= MAX_FACTS;
    let wait_ms =
        if is_due || full { None } else { reefer_anomaly::may_wait_ms(&engine.rules, &state.facts, &fact) };
    let id = fact.fact_id.clone();
    let news = fact.event.as_ref().filter(|_| !fact.retracted).map(|event| event.glance());
    let outcome = timeline::put(&mut state.facts, fact);
    if outcome != Outcome::New {
        return Changes::none(outcome);
    }
    if full && fold(engine, state, &id) {
        return Changes::none(Outcome::TooLate);
    }
    state.expires_at = Some(now.plus_millis(engine.rules.history.container_days * DAY_MS));
    let mut changes = Changes::none(Outcome::New);
    let is_added = state.facts.len() > before;
    if before == 0 {
        state.quiet = Quiet::all(engine.mark);
    }
    if let Some(wait_ms) = wait_ms.filter(|_| is_added) {
        state.quiet = news.map(|glance| state.quiet.before(glance)).unwrap_or_default();
        let by = now.plus_millis(wait_ms);
        state.deadline_at = Some(state.deadline_at.map_or(by, |deadline| deadline.min(by)));
        return changes;
    }
    let news = match news.filter(|_| is_added && !full) {
        Some(glance) => News::Event(Told { fact_id: id, glance }),
        None => News::Anything,
    };
    evaluate(engine, state, Look { now, is_for_newer }, news, &mut changes);
    changes
}

/// Folds facts away until the bound holds; whether the fact `id` was among them.
fn fold(engine: &Engine, state: &mut TimelineState, id: &str) -> bool {
    let mut folded_it = false;
    let before = count_visits(engine, state);
    while state.facts.len() > MAX_FACTS {
        let Some(gone) = timeline::fold_one(&mut state.facts) else { break };
        folded_it |= gone.fact_id == id;
    }
    if !folded_it {
        state.visits_before += (before - count_visits(engine, state)).max(0);
    }
    folded_it
}

fn count_visits(engine: &Engine, state: &TimelineState) -> i32 {
    let Some(subject) = &state.subject else { return 0 };
    let view = View::new(state, subject, &engine.rules);
    if view.events.is_empty() { 0 } else { i32::try_from(view.visits.len()).unwrap_or(i32::MAX) }
}

/// Visits in all, those whose history is gone included.
pub(crate) fn visits(engine: &Engine, state: &TimelineState) -> u32 {
    u32::try_from(state.visits_before + count_visits(engine, state)).unwrap_or(0)
}

/// Runs the rules over the timeline and puts into `changes` what differs from what was published. `news` is all that has
/// come since the last look.
pub(crate) fn evaluate(
    engine: &Engine,
    state: &mut TimelineState,
    look: Look,
    news: News,
    changes: &mut Changes,
) {
    let now = look.now;
    let quiet = std::mem::take(&mut state.quiet);
    let has_dropped = drop_old_visits(engine, state);
    let Some(subject) = state.subject.clone() else { return };
    let view = View::of(engine, state, &subject);
    let news = if has_dropped { News::Anything } else { news };
    let resting = quiet.despite(&news, &view, engine);
    if resting.len() < MOST_REST {
        fetch(&state.facts);
    }
    let mut findings = Findings::new(engine, now);
    let quiet = rules::run(&view, &mut findings, resting);
    let Findings { found, ended, deadline, .. } = findings;
    let (shadow, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|f| f.shadow);
    let mut held: Vec<String> =
        shadow.iter().map(|f| format!("{} {}", view.number(f.visit), f.indicator.code)).collect();
    let mut standing = alerts::standing(engine, &view, found, ended, now);
    let drawn = control::draw(engine, &view, &mut standing, now);
    held.extend(drawn.uneventful.into_iter().map(|visit| format!("{} {CONTROL}", view.number(visit))));
    held.sort_unstable();
    held.dedup();
    let finds = contagion::sources(engine, &view);
    let stays = contagion::stays(&view, state, &finds);
    changes.shadowed = held
        .iter()
        .filter(|s| !state.shadowed.contains(s))
        .filter_map(|s| s.split_once(' ').map(|(_, code)| code.to_owned()))
        .collect();
    state.shadowed = held;
    let counted = |(visit, _): &(i32, Inspected)| state.inspected.contains(visit);
    changes.inspected =
        drawn.inspected.iter().filter(|i| !counted(i)).map(|(_, inspected)| *inspected).collect();
    state.inspected = drawn.inspected.into_iter().map(|(visit, _)| visit).collect();
    state.deadline_at = deadline;
    state.quiet = Quiet::of(quiet, engine.mark);
    alerts::publish(engine, state, &subject, standing, look, &mut changes.alerts);
    loops::emit_watches(state, &stays, finds, &mut changes.facts);
}

/// Drops whole visits that ended longer before the latest event than history is kept; whether there were any.
fn drop_old_visits(engine: &Engine, state: &mut TimelineState) -> bool {
    let keep_ms = engine.rules.history.container_days * DAY_MS;
    let events = || state.facts.iter().filter(|f| f.event.is_some());
    let (Some(first), Some(last)) = (events().next().map(timeline::known_at), state.facts.last()) else {
        return false;
    };
    // Nothing is known later than it happens.
    if first >= last.occurred_at.plus_millis(-keep_ms) {
        return false;
    }
    let Some(latest) = events().map(timeline::known_at).max() else { return false };
    let horizon = latest.plus_millis(-keep_ms);
    if first >= horizon {
        return false;
    }
    let Some(subject) = &state.subject else { return false };
    let view = View::new(state, subject, &engine.rules);
    let mut gone = 0;
    let mut floor = None;
    for stay in view.stays().take(view.visits.len().saturating_sub(1)) {
        if stay.iter().map(|s| timeline::known_at(s.fact)).max().is_some_and(|end| end >= horizon) {
            break;
        }
        gone += 1;
        floor = stay.last().map(Seen::at);
    }
    if gone == 0 {
        return false;
    }
    state.visits_before += gone;
    state.floor = floor.max(state.floor);
    state.facts.retain(|f| Some(f.occurred_at) > floor || (f.event.is_none() && !f.retracted));
    forget_published(state);
    true
}

/// Forgets what was published about visits that are gone, but not for how long their ids must not be used again.
fn forget_published(state: &mut TimelineState) {
    let before = state.visits_before;
    for gone in state.published.iter().filter(|p| p.visit <= before) {
        state.keep_until = state.keep_until.max(Some(gone.retention_until));
    }
    state.published.retain(|p| p.visit > before);
}

/// What is done with a container that is in the port or about to come, beside its crossing the border of a terminal.
const IN_PORT: Kinds = Kinds::of(&[
    EventKind::Overlanded,
    EventKind::YardMove,
    EventKind::CustomsSelectedForScan,
    EventKind::CustomsSelectedForInspection,
    EventKind::CustomsHeld,
    EventKind::CustomsReleased,
    EventKind::ReleaseIssued,
    EventKind::ReleaseTransferred,
    EventKind::ReleaseAccepted,
    EventKind::ReleaseOrder,
]);

/// Whether the container is in a yard, or its visit has begun, otherwise than on a list, and it has not left.
fn is_in_port(view: &View<'_>) -> bool {
    let Some(stay) = view.stays().last() else { return false };
    let has_crossed =
        stay.iter().any(|s| s.is_actual() && !s.number_is_doubtful() && golden::crosses(s.kind()));
    if has_crossed {
        let last = stay.last().map(Seen::at).unwrap_or_default();
        return matches!(view.golden.at(last), Whereabouts::Yard(_));
    }
    stay.iter().any(|s| IN_PORT.have_any(Kinds::of(std::slice::from_ref(s.kind()))))
}

/// Until when the history of a container that is in the port is kept, whoever reports on it.
fn open_until(engine: &Engine, state: &TimelineState) -> Option<Timestamp> {
    let last = state.facts.iter().map(timeline::known_at).max()?;
    let until = last.plus_millis(engine.rules.history.open_days * DAY_MS);
    is_in_port(&View::new(state, state.subject.as_ref()?, &engine.rules)).then_some(until)
}

/// When history is over: erases it, and keeps only the count of visits as long as an alert of them is kept anywhere. That
/// of a container in the port is not over for long.
pub(crate) fn expire(engine: &Engine, state: &mut TimelineState, now: Timestamp) {
    if state.expires_at.is_none_or(|at| at > now) || state.facts.is_empty() {
        return;
    }
    if let Some(until) = open_until(engine, state).filter(|until| *until > now) {
        state.expires_at = Some(until);
        return;
    }
    state.visits_before += count_visits(engine, state);
    if let Some(highest) = state.published.iter().map(|p| p.visit).max() {
        state.visits_before = state.visits_before.max(highest);
    }
    forget_published(state);
    state.facts.clear();
    state.watched.clear();
    state.shadowed.clear();
    state.deadline_at = None;
    state.closes_at = None;
    if let Some(until) = state.keep_until.filter(|until| *until > now) {
        state.expires_at = Some(until);
    }
}
