//! When a new version of a view is told: when what the agency sees has changed, and never otherwise.

use quaywatch_domain::alert::{Keys, Versions, Visit};
use quaywatch_domain::indicator::{adds_codes, standing_codes};
use quaywatch_domain::{
    Action, AgencyAlert, Alert, AlertState, Handling, Severity, Sha256, Subject, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::agencies::{Agencies, Agency};
use crate::view::{rests_on_ended, view_of};

/// What the agencies were told of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DisclosureState {
    /// What the alert is about.
    pub subject: Option<Subject>,
    /// The views that were told, by agency.
    pub views: Vec<ViewState>,
}

/// What one agency was told of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewState {
    /// Agency.
    pub agency: String,
    /// Versions told so far.
    pub revision: i32,
    /// Digest of the last one, without its version.
    pub digest: Sha256,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// What was known up to then is settled by feedback.
    pub settled_until: Option<Timestamp>,
    /// Label last told.
    pub handling: Handling,
    /// When it happened, as last told.
    pub event_time: Timestamp,
    /// When it could first be known, as last told.
    pub detected_at: Timestamp,
    /// When the agency must erase it.
    pub retention_until: Timestamp,
    /// Codes of the indicators last told, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
}

impl DisclosureState {
    /// Whether any agency was told.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// What this agency was told.
    #[must_use]
    pub fn view(&self, agency: &str) -> Option<&ViewState> {
        self.views.iter().find(|view| view.agency == agency)
    }
}

/// The new versions of the agencies' views that follow from this version of an alert, by agency. `state` is that of the
/// alert. A view of which nothing is left is withdrawn; one that lapses (`valid_until`) is not told again, because the
/// time of such a word would depend on indicators that the agency may not see.
pub fn disclose(
    agencies: &Agencies,
    alert: &Alert,
    state: &mut DisclosureState,
    now: Timestamp,
) -> Vec<AgencyAlert> {
    if state.subject.is_none() {
        state.subject = Some(alert.subject.clone());
    }
    let mut told = Vec::new();
    for agency in agencies.iter() {
        let known = state.views.iter().position(|view| view.agency == agency.id);
        let before = known.and_then(|at| state.views.get(at));
        let Some((view, after)) = next(agency, alert, before, now) else { continue };
        match known.and_then(|at| state.views.get_mut(at)) {
            Some(slot) => *slot = after,
            None => state.views.push(after),
        }
        told.extend(view);
    }
    state.views.sort_by(|a, b| a.agency.cmp(&b.agency));
    told
}

/// The next version of one view, if it differs, and what is then known of it; `None` when nothing changes.
fn next(
    agency: &Agency,
    alert: &Alert,
    before: Option<&ViewState>,
    now: Timestamp,
) -> Option<(Option<AgencyAlert>, ViewState)> {
    let standing = if alert.state == AlertState::Retracted { None } else { view_of(agency, alert) };
    let Some(mut view) = standing else {
        let before = before.filter(|before| !before.withdrawn)?;
        let withdrawal = withdrawal(agency, alert, before, now);
        let after = ViewState {
            revision: withdrawal.revision,
            digest: Sha256::default(),
            withdrawn: true,
            ..before.clone()
        };
        return Some((Some(withdrawal), after));
    };
    // An alert is also closed when it lapses, which may come later than the view does: only an answer closes a view, or
    // the end of a watch that it shows.
    let is_over = view.state == AlertState::Closed;
    let answered =
        alert.state == AlertState::Closed && !is_over && !rests_on_ended(alert) && view.valid_until > now;
    let settled_before = before.and_then(|before| before.settled_until);
    let still_settled = settled_before.is_some_and(|until| view.detected_at <= until);
    let closed = answered || still_settled || is_over;
    let lapsed = view.valid_until <= now;
    if before.is_none() && (closed || lapsed) {
        return None;
    }
    let settled_until = if answered && !still_settled { Some(now) } else { settled_before };
    let stood = before.is_some_and(|before| !before.withdrawn);
    view.state = match (closed, stood) {
        (true, _) => AlertState::Closed,
        (false, true) => AlertState::Updated,
        (false, false) => AlertState::Raised,
    };
    let codes = standing_codes(&view.indicators);
    if let Some(before) = before.filter(|_| stood) {
        // What is new may be what this agency does not see.
        view.in_hindsight &= adds_codes(&codes, &before.codes);
    }
    let digest = digest(&view);
    let after = |revision| ViewState {
        agency: agency.id.clone(),
        revision,
        digest,
        withdrawn: false,
        settled_until,
        handling: view.handling.clone(),
        event_time: view.event_time,
        detected_at: view.detected_at,
        retention_until: view.retention_until,
        codes: codes.clone(),
    };
    if let Some(before) = before.filter(|before| !before.withdrawn && before.digest == digest) {
        return (before.settled_until != settled_until).then(|| (None, after(before.revision)));
    }
    view.revision = before.map_or(1, |before| before.revision.saturating_add(1));
    view.produced_at = now;
    let after = after(view.revision);
    Some((Some(view), after))
}

/// Says that nothing stands any more, and nothing else.
fn withdrawal(agency: &Agency, alert: &Alert, before: &ViewState, now: Timestamp) -> AgencyAlert {
    AgencyAlert {
        alert_id: alert.alert_id,
        revision: before.revision.saturating_add(1),
        state: AlertState::Retracted,
        agency: agency.id.clone(),
        withdrawn: true,
        subject: alert.subject.clone(),
        visit: Visit { number: alert.visit.number, terminal: None, started_at: None, call: None },
        severity: Severity::Low,
        score: 0.0,
        score_parts: Vec::new(),
        title: format!("{}: what was reported no longer stands.", alert.subject.id),
        indicators: Vec::new(),
        keys: Keys::default(),
        recommended_action: Action::Inform,
        valid_until: now,
        handling: before.handling.clone(),
        releasable_to: Vec::new(),
        legal_basis: Vec::new(),
        evidence: Vec::new(),
        detected_at: before.detected_at,
        event_time: before.event_time,
        produced_at: now,
        in_hindsight: false,
        versions: Versions {
            rules: alert.versions.rules.clone(),
            lists: Vec::new(),
            binary: alert.versions.binary.clone(),
        },
        retention_until: before.retention_until,
    }
}

/// Digest of what the agency would notice. Versions of rules and program do not count: a view must not be told anew
/// because something hidden was.
fn digest(view: &AgencyAlert) -> Sha256 {
    let content = (
        (view.state == AlertState::Closed, &view.visit, view.severity, view.score, &view.score_parts),
        (&view.title, &view.indicators, &view.keys, view.recommended_action, view.valid_until),
        (&view.handling, &view.releasable_to, &view.legal_basis, &view.evidence),
        (view.detected_at, view.event_time, &view.versions.lists),
    );
    // Plain data: writing it cannot fail; an empty digest would tell the view once more and lose nothing.
    serde_json::to_vec(&content).map_or_else(|_| Sha256::default(), |bytes| Sha256::of(&bytes))
}
