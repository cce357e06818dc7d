//! Misuse of the release right (`MO-01a`, `b`, `e`, `g`).
//!
//! **Pattern.** A release code leaks through one corrupt person and a hired driver collects the container as "the
//! client". Sources: Europol, *Criminal networks in EU ports*,
//! <https://europol.europa.eu/publications-events/publications/criminal-networks-in-eu-ports-risks-and-challenges-for-law-enforcement>;
//! <https://splash247.com/europol-details-how-criminal-networks-have-infiltrated-leading-european-ports/>.
//!
//! **Inputs.** The life of release rights (issued, transferred, accepted, declined, revoked, blocked), pre-notifications
//! and their cancellations, gate-outs, system outages; for `b` the ledger of the consignee.
//!
//! **False positives.** Names of one haulier that differ (keys of one scheme are compared, nothing else). A subcontractor
//! that the right names as haulier. A pre-notification sent before the right has come (taken back when it comes), under
//! an offer not yet answered, or cancelled. Another truck of the same haulier. A right handed on between two
//! pre-notifications. An old right revoked after a new one was issued. Manual work during a system outage. A consignee
//! with a short history, whose every partner is new.

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Fact, Subject, Timestamp};
use serde::Deserialize;

use crate::loops::{Told, indicator_fact};
use crate::party::MAX_SIGHTINGS_PER_PARTNER;
use crate::settings::{HOUR_MS, MINUTE_MS, SubRule};
use crate::view::{Findings, Key, Seen, View, keys_of, same_party};
use crate::{Rules, Sighting};

/// Table `[release_right]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) quick_announcement_minutes: i64,
    pub(crate) min_other_containers: usize,
    pub(crate) batch_hours: i64,
    pub(crate) several_window_hours: i64,
    pub(crate) outage_max_hours: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) e: SubRule,
    pub(crate) g: SubRule,
}

/// Code of the auxiliary indicator "first relation of this consignee", read by `b` alone and never shown.
pub(crate) const FIRST_RELATION: &str = "MO-01b-first";

/// One release right and who holds it.
struct Right<'a> {
    id: Option<&'a str>,
    holder: Vec<Key<'a>>,
    held_since: Seen<'a>,
    offered: Option<(Vec<Key<'a>>, Seen<'a>)>,
    /// Hauliers that the right itself names.
    appointed: Vec<Key<'a>>,
    /// Revocation or block in force.
    stopped: Option<Seen<'a>>,
}

/// A standing pre-notification.
struct Announcement<'a> {
    seen: Seen<'a>,
    haulier: Vec<Key<'a>>,
    cancelled: bool,
    /// Whether the haulier held the right at that time.
    held: bool,
    /// The sighting that shows another holder.
    mismatch: Option<Seen<'a>>,
}

#[derive(Default)]
struct Chain<'a> {
    rights: Vec<Right<'a>>,
    announcements: Vec<Announcement<'a>>,
    /// Gate-outs by a haulier that did not hold the right, with what shows the holder.
    taken: Vec<(Seen<'a>, Seen<'a>)>,
    /// Gate-outs under a stopped right, with the stop.
    stopped: Vec<(Seen<'a>, Seen<'a>)>,
    /// Whether acceptance is reported at all; where it is not, a transfer takes effect at once.
    is_accepted_by_message: bool,
}

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = &findings.rules.rule.release_right;
    for (visit, stay) in view.stays().enumerate() {
        if !stay.iter().any(|s| is_about_release(&s.event.kind)) {
            continue;
        }
        let outages = outages(stay, rules);
        let chain = Chain::read(stay, &outages);
        chain.other_haulier(findings);
        chain.several(findings, &outages);
        // A gate-out that two systems tell of is one.
        let mut told: Vec<&str> = Vec::new();
        for (gate_out, stop) in &chain.stopped {
            if told.contains(&stop.fact.fact_id.as_str()) {
                continue;
            }
            told.push(&stop.fact.fact_id);
            let what = if stop.event.kind == EventKind::ReleaseBlocked { "blocked" } else { "revoked" };
            let sentence = format!("Left the terminal after its release was {what}.");
            findings.add("MO-01g", &rules.g, sentence, vec![*stop, *gate_out]);
        }
        stranger(view, visit, &chain, findings);
    }
}

const fn is_about_release(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ReleaseIssued
            | EventKind::ReleaseTransferred
            | EventKind::ReleaseAccepted
            | EventKind::ReleaseRevoked
            | EventKind::ReleaseBlocked
            | EventKind::PickupAnnounced
    )
}

/// Times in which the release system was down.
pub(crate) fn outages(stay: &[Seen<'_>], rules: &Settings) -> Vec<(Timestamp, Timestamp)> {
    let longest_ms = rules.outage_max_hours * HOUR_MS;
    let starts = stay.iter().filter(|s| s.event.kind == EventKind::SystemOutageStarted);
    starts
        .map(|start| {
            let last = start.at().plus_millis(longest_ms);
            let end =
                stay.iter().find(|s| s.event.kind == EventKind::SystemOutageEnded && s.at() >= start.at());
            (start.at(), end.map_or(last, |e| e.at().min(last)))
        })
        .collect()
}

pub(crate) fn within(outages: &[(Timestamp, Timestamp)], at: Timestamp) -> bool {
    outages.iter().any(|(from, to)| (*from..=*to).contains(&at))
}

fn release_id(event: &PortEvent) -> Option<&str> {
    event.documents.as_deref()?.release.as_deref()
}

impl<'a> Right<'a> {
    /// Whether this haulier may act on it; `None` when keys cannot be compared.
    fn allows(&self, haulier: &[Key<'a>]) -> Option<bool> {
        let offered = self.offered.as_ref().and_then(|(to, _)| same_party(to, haulier)) == Some(true);
        if offered || same_party(&self.appointed, haulier) == Some(true) {
            return Some(true);
        }
        same_party(&self.holder, haulier)
    }
}

impl<'a> Chain<'a> {
    fn read(stay: &[Seen<'a>], outages: &[(Timestamp, Timestamp)]) -> Self {
        let is_accepted_by_message = stay
            .iter()
            .any(|s| matches!(s.event.kind, EventKind::ReleaseAccepted | EventKind::ReleaseDeclined));
        let mut chain = Self { is_accepted_by_message, ..Self::default() };
        for s in stay {
            match s.event.kind {
                EventKind::ReleaseIssued
                | EventKind::ReleaseTransferred
                | EventKind::ReleaseAccepted
                | EventKind::ReleaseDeclined
                | EventKind::ReleaseRevoked
                | EventKind::ReleaseBlocked => chain.change(s),
                EventKind::PickupAnnounced => chain.announce(s, outages),
                EventKind::PickupCancelled => chain.cancel(s),
                EventKind::GateOut if s.event.is_actual() => chain.leave(s, outages),
                _ => {}
            }
        }
        chain
    }

    /// The right that an event is about; one that names none is about the latest.
    fn right(&mut self, s: &Seen<'a>) -> &mut Right<'a> {
        let id = release_id(s.event);
        let at = match id {
            Some(id) => self.rights.iter().position(|r| r.id.is_none_or(|known| known == id)),
            None => self.rights.len().checked_sub(1),
        };
        let at = at.unwrap_or(self.rights.len());
        if at == self.rights.len() {
            self.rights.push(Right {
                id,
                holder: Vec::new(),
                held_since: *s,
                offered: None,
                appointed: Vec::new(),
                stopped: None,
            });
        }
        #[expect(clippy::indexing_slicing, reason = "the position was found or made above")]
        let right = &mut self.rights[at];
        right.id = right.id.or(id);
        right
    }

    fn change(&mut self, s: &Seen<'a>) {
        let takes_effect_at_once = !self.is_accepted_by_message;
        let to = keys_of(s.event, PartyRole::ReleaseTo);
        let right = self.right(s);
        match s.event.kind {
            EventKind::ReleaseIssued => {
                right.holder = to;
                right.held_since = *s;
                right.offered = None;
                right.stopped = None;
            }
            EventKind::ReleaseTransferred if takes_effect_at_once => {
                right.holder = to;
                right.held_since = *s;
            }
            EventKind::ReleaseTransferred => right.offered = Some((to, *s)),
            EventKind::ReleaseAccepted => {
                let offered = right.offered.take();
                if !to.is_empty() {
                    right.holder = to;
                } else if let Some((offered, _)) = offered {
                    right.holder = offered;
                }
                right.held_since = *s;
                right.stopped = None;
            }
            EventKind::ReleaseDeclined => {
                if right.offered.take().is_none() {
                    right.holder.clear();
                }
            }
            _ => right.stopped = Some(*s),
        }
        if !matches!(
            s.event.kind,
            EventKind::ReleaseRevoked | EventKind::ReleaseBlocked | EventKind::ReleaseDeclined
        ) {
            right.appointed.extend(keys_of(s.event, PartyRole::Haulier));
        }
    }

    /// The rights that an event may rest on: the one that it names, else all.
    fn rights_of(&self, s: &Seen<'a>) -> impl Iterator<Item = &Right<'a>> {
        let named = release_id(s.event).filter(|id| self.rights.iter().any(|r| r.id == Some(*id)));
        self.rights.iter().filter(move |r| named.is_none() || r.id == named)
    }

    /// What shows that another than `haulier` holds the right; `None` when it may act or nobody can tell.
    fn mismatch(&self, s: &Seen<'a>, haulier: &[Key<'a>]) -> Option<Seen<'a>> {
        let mut shown = None;
        for right in self.rights_of(s).filter(|r| r.stopped.is_none()) {
            if right.allows(haulier) != Some(false) {
                return None;
            }
            shown = Some(right.held_since);
        }
        shown
    }

    fn announce(&mut self, s: &Seen<'a>, outages: &[(Timestamp, Timestamp)]) {
        let haulier = keys_of(s.event, PartyRole::Haulier);
        let held = self.rights_of(s).any(|r| r.stopped.is_none() && r.allows(&haulier) == Some(true));
        // What was announced before the right came, or before it was accepted, is explained by the right.
        if held {
            for earlier in &mut self.announcements {
                if same_party(&earlier.haulier, &haulier) == Some(true) {
                    earlier.mismatch = None;
                }
            }
        }
        let mismatch = if within(outages, s.said_at()) { None } else { self.mismatch(s, &haulier) };
        self.announcements.push(Announcement { seen: *s, haulier, cancelled: false, held, mismatch });
    }

    fn cancel(&mut self, s: &Seen<'a>) {
        let appointment = |e: &'a PortEvent| e.documents.as_deref().and_then(|d| d.appointment.as_deref());
        let haulier = keys_of(s.event, PartyRole::Haulier);
        let wanted = appointment(s.event);
        let matches = |a: &Announcement<'a>| {
            if let Some((wanted, has)) = wanted.zip(appointment(a.seen.event)) {
                return wanted == has;
            }
            if let Some(same) = same_party(&a.haulier, &haulier) {
                return same;
            }
            match (a.seen.truck(), s.truck()) {
                (Some(has), Some(cancelled)) => has == cancelled,
                _ => true,
            }
        };
        if let Some(found) = self.announcements.iter_mut().rev().find(|a| !a.cancelled && matches(a)) {
            found.cancelled = true;
        }
    }

    fn leave(&mut self, s: &Seen<'a>, outages: &[(Timestamp, Timestamp)]) {
        let stop = self.rights_of(s).filter_map(|r| r.stopped).max_by_key(|s| (s.at(), &s.fact.fact_id));
        if self.rights_of(s).all(|r| r.stopped.is_some()) {
            self.stopped.extend(stop.map(|stop| (*s, stop)));
        }
        let haulier = keys_of(s.event, PartyRole::Haulier);
        let came_to_hold = self.rights_of(s).any(|r| r.allows(&haulier) == Some(true));
        for earlier in &mut self.announcements {
            if came_to_hold && same_party(&earlier.haulier, &haulier) == Some(true) {
                earlier.mismatch = None;
            }
        }
        if !within(outages, s.at())
            && let Some(shown) = self.mismatch(s, &haulier)
        {
            self.taken.push((*s, shown));
        }
    }

    /// MO-01a.
    fn other_haulier(&self, findings: &mut Findings<'_>) {
        let rules = &findings.rules.rule.release_right;
        let mut evidence = Vec::new();
        for announcement in self.announcements.iter().filter(|a| !a.cancelled) {
            let came_to_hold = self
                .rights
                .iter()
                .any(|r| r.stopped.is_none() && r.allows(&announcement.haulier) == Some(true));
            if let Some(shown) = announcement.mismatch.filter(|_| !came_to_hold) {
                evidence.extend([shown, announcement.seen]);
            }
        }
        let announced = !evidence.is_empty();
        for (gate_out, shown) in &self.taken {
            evidence.extend([*shown, *gate_out]);
        }
        let sentence = if !self.taken.is_empty() {
            "Picked up by a haulier that does not hold the release."
        } else if announced {
            "Pick-up announced by a haulier that does not hold the release."
        } else {
            return;
        };
        findings.add("MO-01a", &rules.a, sentence.to_owned(), evidence);
    }

    /// MO-01e.
    fn several(&self, findings: &mut Findings<'_>, outages: &[(Timestamp, Timestamp)]) {
        let rules = &findings.rules.rule.release_right;
        let window_ms = rules.several_window_hours * HOUR_MS;
        let standing: Vec<&Announcement<'a>> = self
            .announcements
            .iter()
            .filter(|a| !a.cancelled && !within(outages, a.seen.said_at()))
            .collect();
        for (i, b) in standing.iter().enumerate() {
            let before = standing.iter().take(i);
            let rival = before
                .filter(|a| b.seen.said_at().millis_since(a.seen.said_at()).abs() <= window_ms)
                .find(|a| rivals(a, b));
            if let Some(a) = rival {
                let sentence = "Several hauliers or trucks announced its pick-up within a day.";
                findings.add("MO-01e", &rules.e, sentence.to_owned(), vec![a.seen, b.seen]);
                return;
            }
        }
    }
}

/// Whether two pre-notifications cannot both be meant.
fn rivals(a: &Announcement<'_>, b: &Announcement<'_>) -> bool {
    match same_party(&a.haulier, &b.haulier) {
        Some(true) => false,
        // The right was handed on in between, and the first forgot to cancel.
        Some(false) => !(a.held && b.held),
        None => a.seen.truck().zip(b.seen.truck()).is_some_and(|(a, b)| a != b),
    }
}

/// MO-01b: the ledger of the consignee says that the new holder is a stranger, and a pre-notification follows quickly.
fn stranger(view: &View<'_>, visit: usize, chain: &Chain<'_>, findings: &mut Findings<'_>) {
    let rules = &findings.rules.rule.release_right;
    let quick_ms = rules.quick_announcement_minutes * MINUTE_MS;
    let first_relations = view.indicators.iter().filter(|(_, i)| i.code == FIRST_RELATION);
    for (_, indicator) in first_relations {
        let transfers = indicator.evidence.iter().filter_map(|id| view.find(id));
        for transfer in
            transfers.filter(|s| s.visit == visit && s.event.kind == EventKind::ReleaseTransferred)
        {
            let quick = chain
                .announcements
                .iter()
                .filter(|a| !a.cancelled)
                .find(|a| (0..=quick_ms).contains(&a.seen.said_at().millis_since(transfer.at())));
            if let Some(quick) = quick {
                let sentence = format!(
                    "Release transferred to a party never seen with this consignee, pick-up announced within {} min.",
                    rules.quick_announcement_minutes
                );
                findings.add("MO-01b", &rules.b, sentence, vec![*transfer, quick.seen]);
                return;
            }
        }
    }
}

/// Tells containers that their release went to a party which this consignee never let handle another container.
pub(crate) fn tell_new_relations(rules: &Rules, origin: &Subject, sightings: &[Sighting]) -> Vec<Fact> {
    let settings = &rules.rule.release_right;
    let standing: Vec<&Sighting> =
        sightings.iter().filter(|s| !s.retracted && s.container.is_some()).collect();
    let mut partners: Vec<&str> = standing.iter().flat_map(|s| &s.partners).map(String::as_str).collect();
    partners.sort_unstable();
    partners.dedup();
    let mut wanted: Vec<Fact> = Vec::new();
    for partner in partners {
        let mut with = standing
            .iter()
            .filter(|s| s.partners.iter().any(|p| p == partner))
            .take(MAX_SIGHTINGS_PER_PARTNER);
        let Some(first) = with.clone().next() else { continue };
        let batch_ends = first.occurred_at.plus_millis(settings.batch_hours * HOUR_MS);
        let mut others: Vec<&str> = standing
            .iter()
            .filter(|s| s.occurred_at < first.occurred_at)
            .filter_map(|s| s.container.as_deref())
            .collect();
        others.sort_unstable();
        others.dedup();
        let transfers =
            with.by_ref().filter(|s| s.occurred_at <= batch_ends && s.kind == EventKind::ReleaseTransferred);
        for transfer in transfers {
            let Some(container) = transfer.container.as_deref() else { continue };
            let known = others.iter().filter(|o| **o != container).count();
            let told = Told {
                origin,
                code: FIRST_RELATION,
                severity: settings.b.severity,
                action: settings.b.action,
                sentence: "First relation of this consignee with the new holder.".to_owned(),
                sightings: vec![transfer],
            };
            let is_told = wanted.iter().any(|f| f.subject.id == container);
            if known >= settings.min_other_containers
                && !is_told
                && let Some(indicator) = told.indicator(rules)
            {
                wanted.push(indicator_fact(container, indicator, transfer.occurred_at));
            }
        }
    }
    wanted
}
