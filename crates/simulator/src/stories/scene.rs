//! Where stories are set: a day of the port, the list, and what must come of it.

use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{Feedback, Subject, Timestamp, Verdict};

use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::feeds::list::Row;
use crate::letter::Teller;
use crate::numbers::{SealTag, Sealer, Unit};
use crate::trades::export::Export;
use crate::trades::import::Import;
use crate::trades::{USUAL_DAYS, earlier_collection};
use crate::world::{Consignee, Haulier, Site};
use crate::{Crimes, Options, Truth};

/// Who answers.
const AGENCY: &str = "customs-koper";
/// How long after the end an alert still counts, in hours.
const GRACE_HOURS: i64 = 1;
/// Earlier collections of every consignee in a story, beside those of its relations.
const KNOWN_FOR: usize = 4;
/// Hours that the day of a story has.
const DAY_HOURS: i64 = 30;

/// A story being told.
pub(crate) struct Scene<'a, 'b> {
    pub(crate) options: &'a Options,
    pub(crate) teller: &'a mut Teller<'b>,
    pub(crate) rows: Vec<Row>,
    pub(crate) truth: Vec<Truth>,
    /// What agencies answer.
    pub(crate) answers: Vec<Feedback>,
    /// The day of the story.
    from: Timestamp,
    hours: i64,
}

impl<'a, 'b> Scene<'a, 'b> {
    /// A scene on a day of its own: in a showcase, and when there is but one, the whole.
    pub(crate) fn new(options: &'a Options, teller: &'a mut Teller<'b>) -> Self {
        let all = i64::from(options.hours);
        let hours = if options.crimes == Crimes::Showcase { all } else { all.min(DAY_HOURS) };
        let later = teller.chance.between(0, all - hours);
        let from = options.start.plus_millis(later * HOUR_MS);
        Self { options, teller, rows: Vec::new(), truth: Vec::new(), answers: Vec::new(), from, hours }
    }

    pub(crate) fn is_showcase(&self) -> bool {
        self.options.crimes == Crimes::Showcase
    }

    /// Moves the day of the story so that so many days after it are still told, where there are as many.
    pub(crate) fn leave_room(&mut self, days: i64) {
        let latest = self.options.end().plus_millis(-(days * 24 + self.hours) * HOUR_MS);
        self.from = self.from.min(latest).max(self.options.start);
    }

    /// The moment at this percentage of the day, on a whole minute.
    pub(crate) fn time(&self, percent: i64) -> Timestamp {
        self.from.plus_millis(self.hours * 60 * percent / 100 * MINUTE_MS)
    }

    /// A moment in the small hours near this percentage of the day, if the day has any after its beginning.
    pub(crate) fn night(&mut self, percent: i64) -> Timestamp {
        let at = self.time(percent);
        let day = at.as_millis().div_euclid(DAY_MS) * DAY_MS;
        let hour = self.teller.chance.minutes(30, 150);
        let tonight = Timestamp::from_millis(day + hour);
        let earliest = self.from.plus_millis(30 * MINUTE_MS);
        let next = tonight.plus_millis(DAY_MS);
        if tonight >= earliest {
            tonight
        } else if next <= self.options.end().plus_millis(-HOUR_MS) {
            next
        } else {
            earliest
        }
    }

    /// An ordinary import, well known on all sides, that leaves at this percentage of the day, and its haulier.
    pub(crate) fn import(&mut self, percent: i64) -> Option<(Import, Haulier)> {
        self.import_of(percent, |c| c.home == Site::Koper)
    }

    /// The same of a consignee of some sort.
    pub(crate) fn import_of(
        &mut self,
        percent: i64,
        sort: impl Fn(&Consignee) -> bool,
    ) -> Option<(Import, Haulier)> {
        self.import_at(self.time(percent), sort)
    }

    /// The same, leaving at a moment.
    pub(crate) fn import_at(
        &mut self,
        out_at: Timestamp,
        sort: impl Fn(&Consignee) -> bool,
    ) -> Option<(Import, Haulier)> {
        let world = self.teller.world;
        let consignee = self.consignee(sort)?;
        let haulier = world.hauliers.get(*consignee.hauliers.first()?)?;
        let plan = Import::leaving(self.teller, &consignee, out_at)?;
        Some((plan.plain(haulier), haulier.clone()))
    }

    /// An import from a country that cocaine is shipped from, leaving at this percentage of the day.
    pub(crate) fn risky_import(&mut self, percent: i64) -> Option<(Import, Haulier)> {
        let risky = |c: &Consignee| c.home == Site::Koper && is_source(c.origin.1);
        match self.import_of(percent, risky) {
            // A small world may have no such importer: then one of them buys there for once.
            None => {
                let (mut plan, haulier) = self.import(percent)?;
                plan.origin = ("ECGYE", "EC");
                plan.via = Some("ESALG");
                Some((plan, haulier))
            }
            found => found,
        }
    }

    /// A consignee whose usual haulier the gate knows by its code.
    pub(crate) fn consignee(&mut self, sort: impl Fn(&Consignee) -> bool) -> Option<Consignee> {
        let world = self.teller.world;
        let coded = |n: &usize| world.hauliers.get(*n).is_some_and(|h| !h.nameless_code);
        let known: Vec<&Consignee> =
            world.consignees.iter().filter(|c| c.hauliers.first().is_some_and(coded) && sort(c)).collect();
        let consignee = (*self.teller.chance.pick(&known)?).clone();
        for _ in 0..KNOWN_FOR {
            let usual = Consignee {
                hauliers: consignee.hauliers.iter().take(1).copied().collect(),
                ..consignee.clone()
            };
            earlier_collection(self.options, self.teller, &usual, USUAL_DAYS);
        }
        Some(consignee)
    }

    /// A haulier of the port that does not work with this container and is known by its code.
    pub(crate) fn other_haulier(&mut self, plan: &Import) -> Option<Haulier> {
        let world = self.teller.world;
        let others: Vec<&Haulier> = world
            .hauliers
            .iter()
            .enumerate()
            .filter(|(n, h)| !h.nameless_code && !plan.consignee.hauliers.contains(n))
            .map(|(_, h)| h)
            .collect();
        self.teller.chance.pick(&others).map(|h| (*h).clone())
    }

    /// An export plan of a container that enters the port at this percentage of the day.
    pub(crate) fn export_plan(&mut self, percent: i64) -> Option<Export> {
        let plan = Export::entering_at(self.teller, Site::Koper, self.time(percent))?;
        plan.plain(self.teller)
    }

    /// An export container that enters at this percentage of the day and is loaded later.
    pub(crate) fn export(&mut self, percent: i64, seal: Option<SealTag>) -> Option<Unit> {
        let mut plan = self.export_plan(percent)?;
        if let Some(seal) = seal {
            *plan.unit.seals.first_mut()? = seal;
            plan.gate_seals.clone_from(&plan.unit.seals);
            plan.crane_seals.clone_from(&plan.unit.seals);
        }
        plan.tell(self.teller);
        Some(plan.unit)
    }

    /// Gives the container one seal of the carrier and one of the shipper, read by everybody so far.
    pub(crate) fn with_both_seals(&mut self, plan: &mut Import) {
        let carrier = plan.unit.carrier;
        let seals = [Sealer::Carrier, Sealer::Shipper]
            .map(|sealer| self.teller.numbers.seal(sealer, carrier))
            .to_vec();
        plan.crane_seals.clone_from(&seals);
        for exit in &mut plan.exits {
            exit.seals.clone_from(&seals);
        }
        plan.unit.seals = seals;
    }

    /// Tells of an import whose doors are opened in the yard, between so many hours before it leaves, and closed so many
    /// minutes later; returns when.
    pub(crate) fn opened_in_the_yard(
        &mut self,
        plan: &Import,
        (least, most): (i64, i64),
        minutes: i64,
    ) -> Option<Timestamp> {
        let at = plan.out_at()?.plus_millis(-self.teller.chance.minutes(least * 60, most * 60));
        plan.tell(self.teller);
        self.teller.door(plan.site, "DOOR_OPENED", at, &plan.unit);
        self.teller.door(plan.site, "DOOR_CLOSED", at.plus_millis(minutes * MINUTE_MS), &plan.unit);
        Some(at)
    }

    /// Lets customs answer about a container; with the kilograms that were seized.
    pub(crate) fn answer(&mut self, number: &str, at: Timestamp, verdict: Verdict, kg: Option<i64>) {
        self.answers.push(answer(number, at, verdict, kg));
    }

    /// Says what must be found about an import from its discharge on, if that is told.
    pub(crate) fn must_find_once_here(&mut self, plan: &Import, codes: &[&str], story: &str) {
        let from = plan.discharged_at.max(self.options.start);
        self.must_find(&plan.unit.number, codes, from, story);
    }

    /// Says what must be found about a container.
    pub(crate) fn must_find(&mut self, number: &str, codes: &[&str], from: Timestamp, story: &str) {
        self.truth.push(Truth {
            subject: format!("container/{number}"),
            codes: codes.iter().map(|&c| c.to_owned()).collect(),
            from,
            to: self.options.end().plus_millis(GRACE_HOURS * HOUR_MS),
            story: story.to_owned(),
        });
    }
}

/// An agency's answer about a container.
pub(crate) fn answer(number: &str, at: Timestamp, verdict: Verdict, kg: Option<i64>) -> Feedback {
    Feedback {
        alert_id: None,
        subject: Some(Subject::new(SubjectKind::Container, number.to_owned())),
        agency: AGENCY.to_owned(),
        verdict,
        quantity: kg.and_then(|kg| i32::try_from(kg).ok()).map(f64::from),
        unit: kg.map(|_| "kg".to_owned()),
        note: None,
        by: None,
        at,
        alert_revision: None,
    }
}

/// Whether cocaine is shipped from there.
pub(crate) fn is_source(country: &str) -> bool {
    matches!(country, "EC" | "CO" | "BR")
}
