//! What is read of the release rights of one stay: who held each, who announced a pick-up, who took the container.

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Timestamp};

use crate::outages::within;
use crate::view::{Key, Seen, keys_of, same_party};

/// One release right and who holds it.
pub(super) struct Right<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) holder: Vec<Key<'a>>,
    pub(super) held_since: Seen<'a>,
    pub(super) offered: Option<(Vec<Key<'a>>, Seen<'a>)>,
    /// Who held it before and holds it, since it was last issued, and what shows each.
    pub(super) holders: Vec<(Vec<Key<'a>>, Seen<'a>)>,
    /// Hauliers that the right itself names.
    pub(super) appointed: Vec<Key<'a>>,
    /// Revocation or block in force.
    pub(super) stopped: Option<Seen<'a>>,
}

/// A standing pre-notification.
pub(super) struct Announcement<'a> {
    pub(super) seen: Seen<'a>,
    pub(super) haulier: Vec<Key<'a>>,
    pub(super) cancelled: bool,
    /// Whether the haulier held the right at that time.
    pub(super) held: bool,
    /// The sighting that shows another holder.
    pub(super) mismatch: Option<Seen<'a>>,
}

#[derive(Default)]
pub(super) struct Chain<'a> {
    pub(super) rights: Vec<Right<'a>>,
    pub(super) announcements: Vec<Announcement<'a>>,
    /// Gate-outs by a haulier that did not hold the right, with what shows the holder.
    pub(super) taken: Vec<(Seen<'a>, Seen<'a>)>,
    /// Gate-outs under a stopped right, with the stop.
    pub(super) stopped: Vec<(Seen<'a>, Seen<'a>)>,
    /// Whether acceptance is reported at all; where it is not, a transfer takes effect at once.
    pub(super) is_accepted_by_message: bool,
}

pub(super) fn release_id(event: &PortEvent) -> Option<&str> {
    event.documents.as_deref()?.release.as_deref()
}

impl<'a> Right<'a> {
    fn pass(&mut self, to: Vec<Key<'a>>, s: &Seen<'a>) {
        // Parties of different registers, such as a forwarder and a haulier, are two unless the party registry says no.
        let stays = self.holders.last().is_some_and(|(holder, _)| {
            same_party(holder, &to) == Some(true) || holder.is_empty() || to.is_empty()
        });
        if !stays {
            self.holders.push((to.clone(), *s));
        }
        self.holder = to;
        self.held_since = *s;
    }

    /// Whether this haulier may act on it; `None` when keys cannot be compared.
    pub(super) fn allows(&self, haulier: &[Key<'a>]) -> Option<bool> {
        let offered = self.offered.as_ref().and_then(|(to, _)| same_party(to, haulier)) == Some(true);
        if offered || same_party(&self.appointed, haulier) == Some(true) {
            return Some(true);
        }
        same_party(&self.holder, haulier)
    }
}

impl<'a> Chain<'a> {
    pub(super) fn read(stay: &[Seen<'a>], outages: &[(Timestamp, Timestamp)]) -> Self {
        let is_accepted_by_message =
            stay.iter().any(|s| matches!(s.kind(), EventKind::ReleaseAccepted | EventKind::ReleaseDeclined));
        let mut chain = Self { is_accepted_by_message, ..Self::default() };
        for s in stay {
            match s.kind() {
                EventKind::ReleaseIssued
                | EventKind::ReleaseTransferred
                | EventKind::ReleaseAccepted
                | EventKind::ReleaseDeclined
                | EventKind::ReleaseRevoked
                | EventKind::ReleaseBlocked => chain.change(s),
                EventKind::PickupAnnounced => chain.announce(s, outages),
                EventKind::PickupCancelled => chain.cancel(s),
                EventKind::GateOut if s.is_actual() => chain.leave(s, outages),
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
                holders: Vec::new(),
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
        match s.kind() {
            EventKind::ReleaseIssued => {
                right.holders.clear();
                right.pass(to, s);
                right.offered = None;
                right.stopped = None;
            }
            EventKind::ReleaseTransferred if takes_effect_at_once => right.pass(to, s),
            EventKind::ReleaseTransferred => right.offered = Some((to, *s)),
            EventKind::ReleaseAccepted => {
                let offered = right.offered.take();
                let known = std::mem::take(&mut right.holder);
                let to = if to.is_empty() { offered.map_or(known, |(offered, _)| offered) } else { to };
                right.pass(to, s);
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
            s.kind(),
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
}
