//! The timeline of a port of loading: the empties that come from there, so that the next ones can be told when something
//! was found in a container that was loaded there.
//!
//! **Pattern.** Drugs travel in the walls and cooling units of reefers, empty ones too; where one was loaded, others may
//! have been. Empties have no bill and no shipper; what they have in common is the port of loading, as bay plans, discharge
//! orders and discharge lists name it. Sources: <https://nieuwsopbeeld.nl/2024/01/11/in-achterwand-van-lege-koelcontainer-67-kilogram-cocaine-aangetroffen>,
//! <https://www.blikopnieuws.nl/nieuws/269303/koelmotor-container-bevat-65-kilo-cocaine.html>.
//!
//! **Next** are the empties that come after the container of the find, or shortly before it: those are of the same ship.
//! Whether they came before the find itself does not matter, for they may still be in the port. The events of a container
//! that was emptied inland name no port of loading any more: it is watched at the depot (`MO-20`).

use std::collections::BTreeMap;

use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Subject, Timestamp};

use crate::settings::DAY_MS;
use crate::view::Seen;
use crate::visits::is_arrival;
use crate::{Kin, Outcome, timeline};

/// Most events remembered of one day, as many as are watched, and in all. The first of a day stay, so that a busy lane does
/// not push those out that are being watched.
const MAX_OF_DAY: usize = 24;
const MAX_IN_ALL: usize = 1_024;

/// The ports where the container was loaded, each with the event that says so, rather its arrival than a plan. What stands
/// emptied in a depot came on an earlier visit than `visit`.
pub(crate) fn edges<'a>(events: &[Seen<'a>], visit: usize) -> BTreeMap<Subject, Seen<'a>> {
    let told = || {
        let upto = events.iter().filter(move |s| s.visit <= visit && !s.number_is_doubtful());
        upto.filter_map(|s| Some((s.event.came_from()?, *s)))
    };
    let last = told().map(|(_, s)| s.visit).max();
    let mut edges: BTreeMap<Subject, Seen<'a>> = BTreeMap::new();
    for (port, seen) in told().filter(|(_, s)| Some(s.visit) == last) {
        let known = edges.entry(Subject::new(SubjectKind::Origin, port)).or_insert(seen);
        if is_arrival(&seen.event.kind) && !is_arrival(&known.event.kind) {
            *known = seen;
        }
    }
    edges
}

/// Puts an empty among those from its port; up to when something was let go for it.
pub(crate) fn put(all: &mut Vec<Kin>, kin: Kin, keep_days: i64) -> (Outcome, Option<Timestamp>) {
    let day = |kin: &Kin| kin.occurred_at.as_millis().div_euclid(DAY_MS);
    let of = day(&kin);
    let outcome = timeline::put(all, kin);
    let (begin, end) = (all.partition_point(|k| day(k) < of), all.partition_point(|k| day(k) <= of));
    let surplus = (end - begin > MAX_OF_DAY).then(|| timeline::known_at(&all.remove(end - 1)));
    let gone = timeline::keep_latest(all, keep_days, MAX_IN_ALL);
    (outcome, gone.max(surplus))
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::Timestamp;

    use super::*;

    #[test]
    fn a_busy_lane_is_remembered_by_the_first_of_each_day_and_within_bounds() {
        let kin = |day: i64, n: i64| {
            let at = Timestamp::from_millis(day * DAY_MS + n * 1_000);
            Kin {
                fact_id: format!("{day}/{n}").into(),
                revision: 1,
                retracted: false,
                occurred_at: at,
                received_at: at,
                container: Some(n.to_string().into()),
                cell: None,
                known_since: None,
            }
        };
        let mut all = Vec::new();
        for day in 0..100 {
            (0..40).rev().for_each(|n| assert_eq!(put(&mut all, kin(day, n), 1_000).0, Outcome::New));
        }
        assert_eq!(all.len(), MAX_IN_ALL);
        let of_last: Vec<&Kin> = all.iter().filter(|k| k.fact_id.starts_with("99/")).collect();
        assert_eq!(of_last.len(), MAX_OF_DAY);
        assert_eq!(of_last.last().map(|k| k.fact_id.as_str()), Some("99/23"));
        let (_, gone) = put(&mut all, kin(2_000, 0), 1_000);
        assert_eq!((all.len(), gone.map(|at| at.as_millis() / DAY_MS)), (1, Some(99)));
    }
}
