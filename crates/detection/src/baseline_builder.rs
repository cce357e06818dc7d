//! Builds [`Baselines`] from recorded traffic, one container after the other, in any order.

use std::collections::{BTreeMap, BTreeSet};

use quaywatch_domain::event::{EquipmentStatus, SealSource, WeightKind, note};
use quaywatch_domain::{EventKind, Fact, Sha256, Timestamp};

use crate::baselines::{Baselines, Goods, Group, Lane, Measure, Quantiles, SealFormat};
use crate::completeness::Completeness;
use crate::settings::MINUTE_MS;
use crate::trust::{FeedFigures, Lateness};
use crate::view::{Seen, View};
use crate::{Rules, TimelineState, timeline};

/// Most values kept of one measure and group, of one feed and kind: enough for a 99th percentile. Beyond it the values
/// with the least hash stay, a sample that does not depend on order.
const MAX_VALUES: usize = 20_000;

/// A bounded sample of values.
#[derive(Debug, Default)]
struct Values {
    count: u32,
    kept: BTreeMap<u64, f64>,
}

impl Values {
    fn add(&mut self, id: &str, value: f64) {
        self.count = self.count.saturating_add(1);
        let hash = Sha256::of(id.as_bytes()).0.iter().take(8).fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        self.kept.insert(hash, value);
        if self.kept.len() > MAX_VALUES {
            self.kept.pop_last();
        }
    }

    /// The value that this share of all does not exceed (nearest rank).
    fn quantiles<const N: usize>(&self, shares: [f64; N]) -> [f64; N] {
        let mut sorted: Vec<f64> = self.kept.values().copied().collect();
        sorted.sort_by(f64::total_cmp);
        shares.map(|share| {
            let rank = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
        })
    }
}

/// Gathers what is usual. Only visits that ended within the period count, so that what is judged later is not in it.
#[derive(Debug)]
pub struct BaselineBuilder<'r> {
    rules: &'r Rules,
    from: Timestamp,
    to: Timestamp,
    measures: BTreeMap<(Measure, Group), Values>,
    lanes: BTreeMap<String, (u32, BTreeMap<String, u32>)>,
    goods: BTreeMap<String, Goods>,
    seals: BTreeMap<String, BTreeMap<String, SealFormat>>,
    feeds: BTreeMap<String, FeedFigures>,
    completeness: Completeness,
    late: BTreeMap<(String, String), Values>,
}

impl<'r> BaselineBuilder<'r> {
    /// A builder for visits with every event in `from..to`, cut and timed as these rules do.
    #[must_use]
    pub fn new(rules: &'r Rules, from: Timestamp, to: Timestamp) -> Self {
        Self {
            rules,
            from,
            to,
            measures: BTreeMap::new(),
            lanes: BTreeMap::new(),
            goods: BTreeMap::new(),
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
            let stay = view.stay(range);
            if !stay.is_empty() && stay.iter().all(|s| self.is_within(s.fact)) {
                self.visit(&view, stay);
            }
        }
        let (from, to) = (self.from, self.to);
        self.completeness.count(&view, self.rules, |fact| is_between(fact, from, to));
        self.lateness(&view);
    }

    fn is_within(&self, fact: &Fact) -> bool {
        is_between(fact, self.from, self.to)
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
                s.at() > out.at() && s.is_empty() && s.is_actual() && *s.kind() == EventKind::GateIn
            });
            if let Some(back) = back {
                let away = back.at().millis_since(out.at()) / MINUTE_MS;
                self.measure(Measure::EmptyReturnMinutes, &group, &out.fact.fact_id, away as f64);
            }
        }
        if let Some((off, on)) = off.zip(on).filter(|(off, on)| on.at() > off.at()) {
            let group = group(off.event.terminal(), EquipmentStatus::Transshipment, size.as_deref());
            let stood = on.at().millis_since(off.at()) / MINUTE_MS;
            self.measure(Measure::TransshipmentDwellMinutes, &group, &off.fact.fact_id, stood as f64);
        }
        self.weights(stay, size.as_deref());
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

    fn lane(&mut self, stay: &[Seen<'_>]) {
        let mut routes = stay.iter().rev().filter_map(|s| {
            let route = s.event.route.as_deref()?;
            Some((route, route.port_of_loading.as_deref()?, route.port_of_discharge.as_deref()?))
        });
        // The whole way, not the last leg that a discharge list tells of.
        let whole = routes
            .clone()
            .find(|(route, ..)| !route.transshipment_ports.is_empty())
            .or_else(|| routes.next());
        let Some((route, loading, discharge)) = whole else { return };
        let (count, via) = self.lanes.entry(Baselines::lane_key(loading, discharge)).or_default();
        *count += 1;
        for port in route.transshipment_ports.iter().collect::<BTreeSet<_>>() {
            *via.entry(port.clone()).or_default() += 1;
        }
    }

    fn cargo(&mut self, stay: &[Seen<'_>]) {
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        for s in stay {
            let by_route = s.event.route.as_deref().and_then(|r| r.origin_country.as_deref());
            for cargo in &s.event.cargo {
                let heading = cargo.hs_code.as_deref().and_then(|code| code.get(..4));
                if let Some((heading, origin)) = heading.zip(cargo.origin_country.as_deref().or(by_route)) {
                    seen.insert((heading.to_owned(), origin.to_owned()));
                }
            }
        }
        for (heading, origin) in seen {
            let goods = self.goods.entry(heading).or_default();
            goods.count += 1;
            *goods.origins.entry(origin).or_default() += 1;
        }
    }

    fn seals(&mut self, stay: &[Seen<'_>]) {
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for s in stay {
            let Some(carrier) = s.event.transport.as_deref().and_then(|t| t.carrier.as_deref()) else {
                continue;
            };
            let own = s.event.seals.iter().filter(|seal| seal.source == SealSource::Carrier);
            seen.extend(own.filter_map(|seal| Some((carrier, seal.normalised.as_deref()?))));
        }
        for (carrier, number) in seen {
            let (form, value) = Baselines::seal_form(number);
            let format = self.seals.entry(carrier.to_owned()).or_default().entry(form).or_default();
            format.least = if format.count == 0 { value } else { format.least.min(value) };
            format.greatest = format.greatest.max(value);
            format.count += 1;
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
        self.completeness.finish(&mut self.feeds);
        let mut built = Baselines {
            ports,
            goods: self.goods,
            seals: self.seals,
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
            let median_km = built.distance_km(legs).unwrap_or(0.0);
            built.lanes.insert(key, Lane { count, via, median_km });
        }
        for ((feed, kind), values) in self.late {
            let [q50_minutes, q95_minutes] = values.quantiles([0.5, 0.95]);
            let lateness = Lateness { count: values.count, q50_minutes, q95_minutes };
            built.feeds.entry(feed).or_default().kinds.insert(kind, lateness);
        }
        let content = serde_json::to_vec(&built).unwrap_or_default();
        built.version = Sha256::of(&content).to_string().chars().take(12).collect();
        built
    }
}

/// Whether a fact was known within a period.
fn is_between(fact: &Fact, from: Timestamp, to: Timestamp) -> bool {
    (from..to).contains(&timeline::known_at(fact))
}

fn group(terminal: Option<&str>, trade: EquipmentStatus, size: Option<&str>) -> Group {
    Group { terminal: terminal.map(str::to_owned), trade: Some(trade), size: size.map(str::to_owned) }
}

fn is_error(text: &str) -> bool {
    text == note::CHECK_DIGIT_WRONG || text == note::COUNT_MISMATCH || text == note::UNKNOWN_CODE
}
