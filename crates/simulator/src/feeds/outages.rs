//! Hours in which the port community system is down: announced by itself before and after; meanwhile nobody can announce
//! a truck, and what the platform has to say comes when it is up again.

use quaywatch_domain::Timestamp;
use serde_json::json;

use crate::Options;
use crate::chance::{Chance, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::{Body, Letter, RELEASE_FEED, STATUS_FEED, Teller};
use crate::world::Site;
use crate::write::json::extend;

/// Days in which there is one outage.
const ONE_IN_DAYS: i64 = 8;

/// An outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// The outages of the days of the options; none when they are few.
pub(crate) fn draw(options: &Options, chance: &mut Chance) -> Vec<Outage> {
    let days = i64::from(options.hours) / 24;
    (0..days / ONE_IN_DAYS)
        .map(|n| {
            let first = options.start.plus_millis(n * ONE_IN_DAYS * DAY_MS);
            let from =
                chance.moment(first.plus_millis(DAY_MS), first.plus_millis((ONE_IN_DAYS - 1) * DAY_MS));
            Outage { from, to: from.plus_millis(chance.minutes(90, 5 * 60)) }
        })
        .collect()
}

/// What the system says of an outage.
pub(crate) fn tell(teller: &mut Teller<'_>, outage: &Outage) {
    for (kind, at) in [("system_outage_started", outage.from), ("system_outage_ended", outage.to)] {
        let mut line = teller.bare_line(STATUS_FEED, kind, at, Site::Koper);
        let terminal = json!({"role": "TERMINAL", "id": Site::Koper.code(), "id_scheme": "SMDG"});
        extend(&mut line, json!({"parties": [terminal]}));
        teller.tell(at.plus_millis(2 * MINUTE_MS), Body::Line(STATUS_FEED, line));
    }
}

/// Holds back what cannot be said during an outage. Announcements that nobody could make are never made, and the truck comes
/// without; but the one with which a crime is done is made when it can be.
pub(crate) fn silence(outages: &[Outage], letters: &mut Vec<Letter>, is_crime: bool, chance: &mut Chance) {
    letters.retain_mut(|letter| {
        let Body::Line(RELEASE_FEED, line) = &letter.body else { return true };
        let Some(outage) = outages.iter().find(|o| letter.told >= o.from && letter.told < o.to) else {
            return true;
        };
        let is_announcement = line.get("kind").is_some_and(|kind| kind == "pickup_announced");
        if is_announcement && chance.percent(60) && !is_crime {
            return false;
        }
        letter.told = outage.to.plus_millis(chance.minutes(1, 40)).min(outage.to.plus_millis(HOUR_MS));
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_with_which_a_crime_is_done_is_made_after_the_outage_and_others_mostly_never() {
        let at = |hours: i64| Timestamp::from_millis(hours * HOUR_MS);
        let outages = [Outage { from: at(10), to: at(14) }];
        let told = |is_crime: bool| {
            let line = json!({"kind": "pickup_announced"});
            let announced = Letter { told: at(11), solid: false, body: Body::Line(RELEASE_FEED, line) };
            let mut letters = vec![announced; 200];
            silence(&outages, &mut letters, is_crime, &mut Chance::new(3, 3));
            assert!(letters.iter().all(|l| l.told > at(14) && l.told <= at(15)));
            letters.len()
        };
        assert_eq!(told(true), 200);
        assert!((50..110).contains(&told(false)));
    }
}
