//! Builds [`Baselines`] from recorded traffic, one container after the other, in any order.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{EquipmentStatus, WeightKind, note};
use quaywatch_domain::{EventKind, Fact, Sha256, Timestamp};

use crate::baselines::{
    Baselines, Goods, Group, Lane, Measure, Moves, Quantiles, SealFormat, SealRange, is_recorded,
};
use crate::completeness::Completeness;
use crate::contribution::{carrier_seals, headings, recorded, way};
use crate::rules::scan_gap::decides;
use crate::rules::unordered_move;
use crate::settings::MINUTE_MS;
use crate::trust::{FeedFigures, Lateness};
use crate::view::{Seen, View};
use crate::{Rules, TimelineState, timeline};

/// Most values kept of one measure and group, of one feed and kind: enough for a 99th percentile. Beyond it the values
/// with the least hash stay, a sample that does not depend on order.
const MAX_VALUES: usize = 20_000;
/// So many times the usual distance between two numbers of seals is a gap: by chance one in 500 million is so wide.
const WIDE_GAP: u64 = 20;
/// Numbers closer than this are of one roll or one delivery, however close the others are.
const SEAL_GAP: u64 = 1_000;
/// Fewer numbers are no range.
const SEALS_OF_A_RANGE: f64 = 3.0;
/// Most ranges of one form; those with the most numbers stay.
const MAX_RANGES: usize = 32;

/// A bounded sample of values.
#[derive(Debug)]
struct Values<T = f64> {
    count: u32,
    kept: BTreeMap<u64, T>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { count: 0, kept: BTreeMap::new() }
    }
}

impl<T> Values<T> {
    fn add(&mut self, id: &str, value: T) {
        self.count = self.count.saturating_add(1);
        let hash = Sha256::of(id.as_bytes()).0.iter().take(8).fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        self.kept.insert(hash, value);
        if self.kept.len() > MAX_VALUES {
            self.kept.pop_last();
        }
    }
}

impl Values {
    /// The value that this share of all does not exceed (nearest rank), but neither the least nor the greatest: what one
    /// visit alone says is no limit for others, and would be one for itself.
    fn quantiles<const N: usize>(&self, shares: [f64; N]) -> [f64; N] {
        let mut sorted: Vec<f64> = self.kept.values().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        shares.map(|share| {
            let rank = ((share * sorted.len() as f64).ceil() as usize).saturating_sub(1);
            let inner = if last < 2 { rank } else { rank.clamp(1, last - 1) };
            sorted.get(inner).copied().unwrap_or(0.0)
        })
    }
}

impl Values<u64> {
    /// Where the numbers lie: cut where the gap is far wider than gaps usually are, without what lies alone. One forged
    /// number is no range, and does not widen one.
    fn seals(&self, rare_percent: f64) -> SealFormat {
        let mut sorted: Vec<u64> = self.kept.values().copied().collect();
        sorted.sort_unstable();
        let tail = sorted.len() / 20;
        let inner = sorted.get(tail..sorted.len() - tail).unwrap_or_default();
        let (least, greatest) = inner.first().zip(inner.last()).map_or((0, 0), |(a, b)| (*a, *b));
        let usual_gap = (greatest - least) / (inner.len() as u64).max(1);
        let widest = usual_gap.saturating_mul(WIDE_GAP).max(SEAL_GAP);
        let enough = (sorted.len() as f64 * rare_percent / 100.0).max(SEALS_OF_A_RANGE);
        let runs = sorted.chunk_by(|a, b| b - a <= widest).filter(|run| run.len() as f64 >= enough);
        let mut ranges: Vec<SealRange> = runs
            .filter_map(|run| {
                let (least, greatest) = (*run.first()?, *run.last()?);
                Some(SealRange { count: u32::try_from(run.len()).unwrap_or(u32::MAX), least, greatest })
            })
            .collect();
        ranges.sort_by_key(|r| std::cmp::Reverse(r.count));
        ranges.truncate(MAX_RANGES);
        ranges.sort_by_key(|r| r.least);
        if ranges.is_empty() {
            return SealFormat { count: self.count, least, greatest, ranges };
        }
        let least = ranges.first().map_or(least, |r| r.least);
        let greatest = ranges.last().map_or(greatest, |r| r.greatest);
        SealFormat { count: self.count, least, greatest, ranges }
    }
}

/// Gathers what is usual. Only visits that began within the period count, with what had come in of them by its end; what is
/// measured of a whole visit, such as its dwell, is that of those that ended.
#[derive(Debug)]
pub struct BaselineBuilder<'r> {
    rules: &'r Rules,
    from: Timestamp,
    to: Timestamp,
    /// When the first of what was taken in was known, and when the first and the last had come in.
    first: Option<Timestamp>,
    received: Option<(Timestamp, Timestamp)>,
    measures: BTreeMap<(Measure, Group), Values>,
    lanes: BTreeMap<String, (u32, BTreeMap<String, u32>)>,
    goods: BTreeMap<String, Goods>,
    moves: BTreeMap<String, Moves>,
    seals: BTreeMap<String, BTreeMap<String, Values<u64>>>,
    feeds: BTreeMap<String, FeedFigures>,
    completeness: Completeness,
    late: BTreeMap<(String, String), Values>,
}

impl<'r> BaselineBuilder<'r> {
    /// A builder for what was known from `from` on and had come in before `to`, cut and timed as these rules do.
    #[must_use]
    pub fn new(rules: &'r Rules, from: Timestamp, to: Timestamp) -> Self {
        Self {
            rules,
            from,
            to,
            first: None,
            received: None,
            measures: BTreeMap::new(),
            lanes: BTreeMap::new(),
            goods: BTreeMap::new(),
            moves: BTreeMap::new(),
            seals: BTreeMap::new(),
            feeds: BTreeMap::new(),
            completeness: Completeness::default(),
            late: BTreeMap::new(),
        }
    }

    /// Takes the facts of one container in, every version of them.
    pub fn container(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let mut state = TimelineState::default();
        for fact in facts {
            state.subject.get_or_insert_with(|| fact.subject.clone());
            if let Some(event) = fact.event.as_deref().filter(|_| self.is_within(&fact)) {
                let (known, at) = (timeline::known_at(&fact), fact.received_at);
                self.first = Some(self.first.map_or(known, |first| first.min(known)));
                self.received = Some(self.received.map_or((at, at), |(a, b)| (a.min(at), b.max(at))));
                let feed = self.feeds.entry(event.source.feed.to_string()).or_default();
                feed.events += 1;
                feed.corrections += u32::from(fact.retracted || event.retracted);
                feed.errors += u32::from(event.notes.iter().any(|n| is_error(n)));
            }
            timeline::put(&mut state.facts, fact);
        }
        let Some(subject) = state.subject.clone() else { return };
        let view = View::new(&state, &subject, self.rules);
        for range in &view.visits {
            let stay = recorded(view.stay(range), self.from, self.to);
            if !stay.is_empty() {
                self.visit(&view, &stay);
            }
        }
        let (from, to) = (self.from, self.to);
        self.completeness.count(&view, self.rules, |fact| is_recorded(fact, from, to));
        self.lateness(&view);
        self.moves(&view);
    }

    fn is_within(&self, fact: &Fact) -> bool {
        is_recorded(fact, self.from, self.to)
    }

    fn visit(&mut self, view: &View<'_>, stay: &[Seen<'_>]) {
        let first = |kind: EventKind| stay.iter().find(move |s| s.is_actual() && *s.kind() == kind);
        let size = view.iso_type().and_then(Group::size_of);
        let (off, out, on) =
            (first(EventKind::Discharged), first(EventKind::GateOut), first(EventKind::Loaded));
        if let Some((off, out)) = off.zip(out).filter(|(off, out)| out.at() > off.at() && !out.is_empty()) {
            let terminal = off.event.terminal();
            let working =
                |from: Timestamp| self.rules.calendar.working_ms(terminal, from, out.at()) / MINUTE_MS;
            let stood = working(off.at());
            let green = stay
                .iter()
                .filter(|s| s.is_actual() && s.at() <= out.at())
                .filter(|s| {
                    matches!(
                        s.kind(),
                        EventKind::CustomsReleased | EventKind::ReleaseIssued | EventKind::ReleaseAccepted
                    )
                })
                .map(Seen::at)
                .max();
            let group = group(terminal, EquipmentStatus::Import, size.as_deref());
            // A stay that was weekend for the most part says nothing of working time.
            if stood * 2 * MINUTE_MS >= out.at().millis_since(off.at()) {
                self.measure(Measure::DwellMinutes, &group, &off.fact.fact_id, stood as f64);
            }
            if let Some(green) = green {
                let waited = out.at().millis_since(green) / MINUTE_MS;
                self.measure(Measure::ReleaseToGateOutMinutes, &group, &off.fact.fact_id, waited as f64);
            }
            let back = view.events.iter().find(|s| {
                s.at() > out.at()
                    && s.is_empty()
                    && s.is_actual()
                    && *s.kind() == EventKind::GateIn
                    && self.is_within(s.fact)
            });
            if let Some(back) = back {
                let away = back.at().millis_since(out.at()) / MINUTE_MS;
                self.measure(Measure::EmptyReturnMinutes, &group, &out.fact.fact_id, away as f64);
            }
        }
        let decides = |s: &&Seen<'_>| s.is_actual() && decides(s.kind());
        let decided = |scan: &Seen<'_>| stay.iter().filter(decides).find(|s| s.at() >= scan.at());
        if let Some((scan, decision)) = first(EventKind::CustomsScanned).and_then(|s| Some((s, decided(s)?)))
        {
            let group = group(scan.event.terminal(), EquipmentStatus::Import, size.as_deref());
            let waited = decision.at().millis_since(scan.at()) / MINUTE_MS;
            self.measure(Measure::ScanToDecisionMinutes, &group, &scan.fact.fact_id, waited as f64);
        }
        if let Some((off, on)) = off.zip(on).filter(|(off, on)| on.at() > off.at()) {
            let group = group(off.event.terminal(), EquipmentStatus::Transshipment, size.as_deref());
            let stood = on.at().millis_since(off.at()) / MINUTE_MS;
            self.measure(Measure::TransshipmentDwellMinutes, &group, &off.fact.fact_id, stood as f64);
        }
        self.weights(stay, size.as_deref());
        self.scales(stay, size.as_deref());
        self.lane(stay);
        self.cargo(stay);
        self.seals(stay);
    }

    /// One value, in its own group and in each wider one.
    fn measure(&mut self, measure: Measure, group: &Group, id: &str, value: f64) {
        let wider = |terminal: bool, size: bool| Group {
            terminal: group.terminal.clone().filter(|_| terminal),
            trade: group.trade,
            size: group.size.clone().filter(|_| size),
        };
        let groups: BTreeSet<Group> =
            [wider(true, true), wider(true, false), wider(false, true), wider(false, false)].into();
        for group in groups {
            self.measures.entry((measure, group)).or_default().add(id, value);
        }
    }

    /// The difference between each weight and the next from another source.
    fn weights(&mut self, stay: &[Seen<'_>], size: Option<&str>) {
        let readings: Vec<(&Seen<'_>, f64)> = stay
            .iter()
            .filter(|s| !s.is_empty() && !s.number_is_doubtful())
            .filter_map(|s| {
                let gross = |w: &&quaywatch_domain::event::Weight| {
                    matches!(w.kind, WeightKind::Vgm | WeightKind::Gross | WeightKind::Scale) && w.kg > 0.0
                };
                Some((s, s.event.weights.iter().find(gross)?.kg))
            })
            .collect();
        for ((a, less), (b, more)) in readings.iter().zip(readings.iter().skip(1)) {
            // What comes back after it left is weighed without its load.
            let left = |s: &Seen<'_>| {
                s.is_actual() && *s.kind() == EventKind::GateOut && s.at() >= a.at() && s.at() < b.at()
            };
            if a.event.source.feed == b.event.source.feed || stay.iter().any(left) {
                continue;
            }
            let status = b.status().or(a.status()).unwrap_or(EquipmentStatus::Import);
            let group = group(b.event.terminal(), status, size);
            let percent = (less - more).abs() / less.max(*more) * 100.0;
            self.measure(Measure::WeightDifferencePercent, &group, &b.fact.fact_id, percent);
        }
    }

    /// The difference between the first scale that weighed it and each that did later on.
    fn scales(&mut self, stay: &[Seen<'_>], size: Option<&str>) {
        let out = stay.iter().find(|s| s.is_actual() && *s.kind() == EventKind::GateOut);
        let same_ms = self.rules.rule.weight.same_weighing_minutes * MINUTE_MS;
        let mut readings = stay
            .iter()
            .filter(|s| s.is_actual() && !s.is_empty() && !s.number_is_doubtful())
            .filter(|s| out.is_none_or(|out| s.at().millis_since(out.at()) <= same_ms))
            .filter_map(|s| Some((s, s.event.weights.iter().find(|w| w.kind == WeightKind::Scale)?.kg)));
        let Some((first, kg)) = readings.next() else { return };
        for (later, other_kg) in readings.filter(|(s, _)| s.at().millis_since(first.at()) > same_ms) {
            let status = stay.iter().find_map(Seen::status).unwrap_or(EquipmentStatus::Import);
            let group = group(later.event.terminal(), status, size);
            let difference = (kg - other_kg).abs();
            self.measure(Measure::ScaleDifferenceKg, &group, &later.fact.fact_id, difference);
        }
    }

    fn lane(&mut self, stay: &[Seen<'_>]) {
        let Some((route, loading, discharge)) = way(stay) else { return };
        let (count, via) = self.lanes.entry(Baselines::lane_key(loading, discharge)).or_default();
        *count += 1;
        for port in route.transshipment_ports.iter().collect::<BTreeSet<_>>() {
            *via.entry(port.to_string()).or_default() += 1;
        }
    }

    fn cargo(&mut self, stay: &[Seen<'_>]) {
        for (heading, origin) in headings(stay) {
            let goods = self.goods.entry(heading).or_default();
            goods.count += 1;
            *goods.origins.entry(origin).or_default() += 1;
        }
    }

    fn seals(&mut self, stay: &[Seen<'_>]) {
        for (carrier, number) in carrier_seals(stay) {
            let (form, value) = Baselines::seal_form(number);
            self.seals.entry(carrier.to_owned()).or_default().entry(form).or_default().add(number, value);
        }
    }

    /// What the drivers of yard machines move, with an order and without.
    fn moves(&mut self, view: &View<'_>) {
        let moved = view.events.iter().filter(|s| s.is_actual() && *s.kind() == EventKind::YardMove);
        for s in moved.filter(|s| self.is_within(s.fact)).collect::<Vec<_>>() {
            let has_driver = s.event.transport.as_deref().is_some_and(|t| t.driver.is_some());
            if let Some(terminal) = s.event.terminal().filter(|_| has_driver) {
                self.moves.entry(terminal.to_owned()).or_default().add(unordered_move::has_order(s));
            }
        }
    }

    /// How late each feed tells.
    fn lateness(&mut self, view: &View<'_>) {
        for s in view.events.iter().filter(|s| s.is_actual()) {
            if !self.is_within(s.fact) {
                continue;
            }
            let minutes = s.fact.received_at.millis_since(s.at()).max(0) as f64 / MINUTE_MS as f64;
            let key = (s.event.source.feed.to_string(), s.kind().as_str().to_owned());
            self.late.entry(key).or_default().add(&s.fact.fact_id, minutes);
        }
    }

    /// The baselines of everything taken in. `ports` are places by UN/LOCODE, degrees, from which the ways of lanes follow.
    #[must_use]
    pub fn finish(mut self, ports: BTreeMap<String, (f64, f64)>) -> Baselines {
        let places = self.completeness.finish(&mut self.feeds);
        let rare = self.rules.rule.duplicate_seal.rare_percent;
        let ranges = |(form, numbers): (String, Values<u64>)| (form, numbers.seals(rare));
        let of_carrier = |forms: BTreeMap<_, _>| forms.into_iter().map(ranges).collect();
        let mut built = Baselines {
            from: self.first,
            to: self.received.map(|(_, last)| last.plus_millis(1)),
            recorded_from: self.received.map(|(first, _)| first),
            ports,
            places,
            goods: self.goods,
            moves: self.moves,
            seals: self.seals.into_iter().map(|(carrier, forms)| (carrier, of_carrier(forms))).collect(),
            feeds: self.feeds,
            ..Baselines::default()
        };
        for ((measure, group), values) in self.measures {
            let [q01, q05, q50, q95, q99] = values.quantiles([0.01, 0.05, 0.5, 0.95, 0.99]);
            let quantiles = Quantiles { count: values.count, q01, q05, q50, q95, q99 };
            built.quantiles.entry(measure).or_default().push((group, quantiles));
        }
        for (key, (count, via)) in self.lanes {
            let most = via
                .iter()
                .max_by_key(|(port, n)| (**n, std::cmp::Reverse(*port)))
                .map(|(port, _)| port.clone());
            let (loading, discharge) = key.split_once('-').unwrap_or((&key, ""));
            let direct = via.values().sum::<u32>() * 2 < count;
            let by_way = most.as_deref().filter(|_| !direct);
            let legs = std::iter::once(loading).chain(by_way).chain([discharge]);
            let usual_km = built.distance_km(legs).unwrap_or(0.0);
            built.lanes.insert(key, Lane { count, via, usual_km });
        }
        for ((feed, kind), values) in self.late {
            let [q50_minutes, q95_minutes, q99_minutes] = values.quantiles([0.5, 0.95, 0.99]);
            let lateness = Lateness { count: values.count, q50_minutes, q95_minutes, q99_minutes };
            built.feeds.entry(feed).or_default().kinds.insert(kind, lateness);
        }
        let content = serde_json::to_vec(&built).unwrap_or_default();
        built.version = Sha256::of(&content).to_string().chars().take(12).collect();
        built
    }
}

fn group(terminal: Option<&str>, trade: EquipmentStatus, size: Option<&str>) -> Group {
    Group { terminal: terminal.map(str::to_owned), trade: Some(trade), size: size.map(str::to_owned) }
}

fn is_error(text: &str) -> bool {
    text == note::CHECK_DIGIT_WRONG || text == note::COUNT_MISMATCH || text == note::UNKNOWN_CODE
}
