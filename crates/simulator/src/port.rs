//! The port as a whole: every visit is drawn by its own number and can be drawn again at any time, so that weeks of traffic
//! are told day after day without being kept.

use quaywatch_domain::{Feedback, Timestamp, Verdict};

use crate::chance::{Chance, DAY_MS, MINUTE_MS};
use crate::feeds::errors;
use crate::feeds::garbage;
use crate::feeds::list::{self, Row};
use crate::feeds::outages::{self, Outage};
use crate::kin::{Finds, Kin, Kinship};
use crate::letter::{Body, Letter, Teller};
use crate::numbers::Numbers;
use crate::stories::{self, Scene};
use crate::world::World;
use crate::write::feeds;
use crate::write::post::{Batching, Post};
use crate::write::sheets::Sheet;
use crate::{Crimes, Message, Options, Truth, background, trades};

/// Streams of chance, one for each concern, so that one may change without the others.
mod stream {
    pub(super) const WORLD: u64 = 1;
    pub(super) const OUTAGES: u64 = 2;
    pub(super) const POST: u64 = 3;
    pub(super) const MESSAGES: u64 = 4;
    /// From here on two for each visit: what happens, and what goes wrong in telling it.
    pub(super) const VISITS: u64 = 16;
}

/// Visits that are told together at most: bounds the memory.
const VISITS_IN_WINDOW: i64 = 8_000;
/// Most windows: one bit each in a visit's calendar.
const MAX_WINDOWS: i64 = 128;
/// Days before the start from which the feeds' backlog reaches back.
const BACKLOG_DAYS: i64 = 45;
/// One crime in so many is answered by an agency.
const ANSWERED_ONE_IN: i64 = 3;
/// What the agencies' answers are called where feeds are left out.
pub const AGENCIES: &str = "agencies";
/// Units of numbers of a visit that is not an ordinary container.
const SPECIAL_UNITS: u64 = 16;

/// What a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    Vessel(usize),
    History(usize),
    Habits(usize),
    Outage(usize),
    LookAlike(usize),
    Story(usize),
    Container,
}

/// How many visits of a sort there are, and how one of them is called.
type Part = (usize, fn(usize) -> Visit);

/// Everything that a visit gives.
pub(crate) struct Visited {
    pub(crate) letters: Vec<Letter>,
    pub(crate) rows: Vec<Row>,
    pub(crate) truth: Vec<Truth>,
    pub(crate) answers: Vec<Feedback>,
}

/// A synthetic port.
pub struct Port {
    options: Options,
    world: World,
    outages: Vec<Outage>,
}

/// Longest time before the end that an ordinary truck may still be inside at it.
const INSIDE_MS: i64 = 70 * MINUTE_MS;

/// Lets trucks that are still inside at the end leave just before it: afterwards nobody tells of anything.
fn out_before(end: Timestamp, letter: &mut Letter) {
    if let Body::Row(Sheet::Trucks, site, row) = &mut letter.body
        && (0..INSIDE_MS).contains(&letter.told.millis_since(end))
    {
        let at = end.plus_millis(-MINUTE_MS);
        Sheet::at(row, *site, at);
        letter.told = at;
    }
}

/// What a port tells beside its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The crimes; and, without a code, the containers that travelled with a find.
    pub truth: Vec<Truth>,
    /// The agency's list: the time from which each version holds, and the whole list as CSV.
    pub lists: Vec<(Timestamp, String)>,
    /// What agencies answer, in order of time.
    pub answers: Vec<Feedback>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Messages.
    pub messages: usize,
    /// Messages that must be dead-lettered, in whole or in part.
    pub garbage: usize,
}

impl Port {
    /// The port of these options; see [`Options::limited`] for what becomes of wishes out of range.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let options = options.clone().limited();
        let world = World::draw(&options, &mut Chance::new(options.seed, stream::WORLD));
        let outages = match options.crimes {
            Crimes::Showcase => Vec::new(),
            _ => outages::draw(&options, &mut Chance::new(options.seed, stream::OUTAGES)),
        };
        Self { options, world, outages }
    }

    /// Settings of the feeds, `feeds.toml`.
    #[must_use]
    pub fn feeds_toml(&self) -> String {
        feeds::toml(&self.options.without)
    }

    /// The registry of parties, `parties.csv`.
    #[must_use]
    pub fn parties_csv(&self) -> String {
        feeds::parties(&self.world)
    }

    /// The crimes, and what travelled with a find; the agency's list: the time from which each version holds, and the whole
    /// list as CSV; and what agencies answer, in order of time.
    #[must_use]
    pub fn truth(&self) -> Told {
        let (mut truth, mut rows) = (Vec::new(), Vec::new());
        let mut answers = Vec::new();
        for visit in self.special_visits() {
            truth.extend(visit.truth);
            rows.extend(visit.rows);
            answers.extend(visit.answers);
        }
        answers.retain(|answer| answer.at <= self.options.end());
        answers.sort_by(|a, b| (a.at, &a.subject).cmp(&(b.at, &b.subject)));
        truth.extend(self.travelled(&Finds::of(&answers), &truth));
        if self.options.without.iter().any(|id| id == AGENCIES) {
            answers.clear();
        }
        rows.extend(background::strangers_on_the_list(self.units_of(self.visits()).0));
        Told { truth, lists: list::versions(&rows, self.options.start), answers }
    }

    /// The visits that are stories or look like one.
    fn special_visits(&self) -> impl Iterator<Item = Visited> + '_ {
        let special = |number: &u64| matches!(self.visit(*number), Visit::Story(_) | Visit::LookAlike(_));
        (0..self.visits()).filter(special).map(|number| self.tell(number))
    }

    /// What travelled with the finds, as far as nothing is told of it yet.
    fn travelled(&self, finds: &Finds, told: &[Truth]) -> Vec<Truth> {
        if finds.is_empty() {
            return Vec::new();
        }
        let (mut kinship, mut kin) = (Kinship::default(), Kin::default());
        self.special_visits().for_each(|visit| finds.kinship(&visit.letters, &mut kinship));
        for number in 0..self.visits() {
            kin.add(&kinship, &self.tell(number).letters, &self.world);
        }
        finds.truth(kin, told, &self.options)
    }

    /// Every message as its sender posts it, in order of arrival.
    pub(crate) fn live(&self) -> Vec<Message> {
        let letters = (0..self.visits()).flat_map(|n| self.tell(n).letters).collect();
        let chance = Chance::new(self.options.seed, stream::POST);
        let parcels =
            Post::new(&self.options, &self.world, Batching::Live, chance).deliver(self.heard(letters));
        let mut disturbing = Chance::new(self.options.seed, stream::MESSAGES);
        let mut messages = garbage::parcels(&self.options, parcels, &mut disturbing);
        for (n, message) in messages.iter_mut().enumerate() {
            let extension = message.file_name.rsplit('.').next().unwrap_or_default();
            message.file_name = format!("{}-{n:06}.{extension}", message.feed);
        }
        messages
    }

    /// Hands every message on, a file for each feed and day, a few days at a time.
    ///
    /// # Errors
    /// What `write` fails with.
    pub fn write<E>(&self, mut write: impl FnMut(Message) -> Result<(), E>) -> Result<Written, E> {
        let window_ms = self.window_days() * DAY_MS;
        let first = (self.options.start.as_millis().div_euclid(DAY_MS) - BACKLOG_DAYS) * DAY_MS;
        let window_of = |told: Timestamp| {
            // Whatever was said before the backlog is in the first.
            (told.as_millis() - first).div_euclid(window_ms).clamp(0, MAX_WINDOWS - 1)
        };
        let calendar: Vec<u128> = (0..self.visits())
            .map(|n| {
                let letters = self.tell(n).letters;
                let told = letters.iter().filter(|l| l.told <= self.options.end());
                told.fold(0, |bits, letter| bits | 1_u128 << window_of(letter.told))
            })
            .collect();
        let windows = window_of(self.options.end()) + 1;
        let mut post = Post::new(
            &self.options,
            &self.world,
            Batching::Daily,
            Chance::new(self.options.seed, stream::POST),
        );
        let mut disturbing = Chance::new(self.options.seed, stream::MESSAGES);
        let mut written = Written::default();
        for window in 0..windows {
            let mut letters = Vec::new();
            for (n, _) in (0_u64..).zip(&calendar).filter(|(_, bits)| *bits & (1_u128 << window) != 0) {
                letters.extend(self.tell(n).letters.into_iter().filter(|l| window_of(l.told) == window));
            }
            let parcels = post.deliver(self.heard(letters));
            let mut messages = garbage::in_order(parcels.into_iter().map(|p| (p.told, p.message)).collect());
            if (window + 1) * window_ms + first > self.options.start.as_millis() {
                garbage::among(&mut messages, &self.options, &mut disturbing);
            }
            for mut message in messages {
                let extension = message.file_name.rsplit('.').next().unwrap_or_default();
                let at = message.at.to_string();
                let day = at.get(..10).unwrap_or_default();
                message.file_name = format!("{}-{day}-{:06}.{extension}", message.feed, written.messages);
                written.messages += 1;
                written.garbage += usize::from(message.garbage);
                write(message)?;
            }
        }
        Ok(written)
    }

    /// Days that are told together.
    fn window_days(&self) -> i64 {
        let days = i64::from(self.options.hours).div_euclid(24).max(1);
        let a_day = (i64::from(self.options.containers) / days).max(1);
        (VISITS_IN_WINDOW / a_day).clamp(1, days).max((days + BACKLOG_DAYS) / (MAX_WINDOWS - 2) + 1)
    }

    /// Letters that are told before the end, by feeds that are there.
    fn heard(&self, mut letters: Vec<Letter>) -> Vec<Letter> {
        let without = &self.options.without;
        letters.retain(|letter| {
            letter.told <= self.options.end()
                && (without.is_empty() || {
                    let feed = letter.body.feed(&self.world);
                    !without.iter().any(|id| id == feed)
                })
        });
        letters
    }

    fn look_alikes(&self) -> usize {
        match self.options.crimes {
            Crimes::Showcase => background::SHOWCASE,
            _ => self.options.containers.checked_div(self.options.look_alikes).unwrap_or(0) as usize,
        }
    }

    fn stories(&self) -> usize {
        match self.options.crimes {
            Crimes::Showcase => stories::SHOWCASE,
            Crimes::OneIn(n) => (self.options.containers / n.max(1)).max(1) as usize,
            Crimes::None => 0,
        }
    }

    /// Visits beside the ordinary containers.
    fn special(&self) -> u64 {
        let special = self.world.calls.len()
            + self.world.consignees.len()
            + self.world.hauliers.len()
            + self.outages.len()
            + self.look_alikes()
            + self.stories();
        u64::try_from(special).unwrap_or(0)
    }

    /// How many visits there are.
    fn visits(&self) -> u64 {
        self.special() + u64::from(self.options.containers)
    }

    /// The first unit of numbers that is a visit's own, and how many are: more where many containers take part.
    fn units_of(&self, visit: u64) -> (u64, u64) {
        let special = self.special();
        if visit < special {
            (visit * SPECIAL_UNITS, SPECIAL_UNITS)
        } else {
            (special * SPECIAL_UNITS + visit - special, 1)
        }
    }

    fn visit(&self, number: u64) -> Visit {
        let mut n = usize::try_from(number).unwrap_or(usize::MAX);
        let parts: [Part; 6] = [
            (self.world.calls.len(), Visit::Vessel),
            (self.world.consignees.len(), Visit::History),
            (self.world.hauliers.len(), Visit::Habits),
            (self.outages.len(), Visit::Outage),
            (self.look_alikes(), Visit::LookAlike),
            (self.stories(), Visit::Story),
        ];
        for (count, of) in parts {
            if n < count {
                return of(n);
            }
            n -= count;
        }
        Visit::Container
    }

    /// Draws a visit and what of it is told.
    fn tell(&self, number: u64) -> Visited {
        let options = &self.options;
        let chance = |concern| Chance::new(options.seed, stream::VISITS + 2 * number + concern);
        let visit = self.visit(number);
        let (first, units) = self.units_of(number);
        let mut teller = Teller::new(&self.world, Numbers::new(first, units), chance(0));
        let (mut rows, mut truth, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let told = match visit {
            Visit::Vessel(call) => {
                trades::vessel(&mut teller, call);
                Some(())
            }
            Visit::History(consignee) => trades::history(options, &mut teller, consignee),
            Visit::Habits(haulier) => trades::habits(options, &mut teller, haulier),
            Visit::Outage(n) => self.outages.get(n).map(|outage| outages::tell(&mut teller, outage)),
            Visit::Container => trades::container(options, &mut teller),
            Visit::LookAlike(n) | Visit::Story(n) => {
                teller.solid = matches!(visit, Visit::Story(_)) || options.crimes == Crimes::Showcase;
                let mut scene = Scene::new(options, &mut teller);
                let told = if matches!(visit, Visit::Story(_)) {
                    stories::tell(&mut scene, n)
                } else {
                    background::tell(&mut scene, n)
                };
                (rows, truth, answers) = (scene.rows, scene.truth, scene.answers);
                if matches!(visit, Visit::Story(_)) && answers.is_empty() {
                    answers.extend(self.answered(&truth, &mut teller.chance));
                }
                told
            }
        };
        debug_assert!(told.is_some(), "the world is large enough for {visit:?} of seed {}", options.seed);
        let Teller { mut letters, mut numbers, .. } = teller;
        // What criminals do is told by the same feeds as all else, and goes wrong as often.
        let is_shown = options.crimes == Crimes::Showcase;
        letters.iter_mut().for_each(|letter| letter.solid &= is_shown);
        let mut disturbing = chance(1);
        letters.iter_mut().for_each(|letter| out_before(options.end(), letter));
        let mut letters = errors::disturb(options, letters, &mut numbers, &mut disturbing);
        if !is_shown {
            let is_crime = matches!(visit, Visit::Story(_));
            outages::silence(&self.outages, &mut letters, is_crime, &mut disturbing);
        }
        Visited { letters, rows, truth, answers }
    }

    /// What an agency says of some crimes, a day or two later.
    fn answered(&self, truth: &[Truth], chance: &mut Chance) -> Option<Feedback> {
        if self.options.crimes == Crimes::Showcase || !chance.one_in(ANSWERED_ONE_IN) {
            return None;
        }
        let crime = truth.first()?;
        let at = crime.from.plus_millis(chance.minutes(24 * 60, 60 * 60));
        let kg = chance.between(20, 1_200);
        let (verdict, kg) =
            if chance.percent(50) { (Verdict::Seizure, Some(kg)) } else { (Verdict::Confirmed, None) };
        Some(stories::answer(crime.subject.strip_prefix("container/")?, at, verdict, kg))
    }
}
