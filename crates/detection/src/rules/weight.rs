//! Weights that do not agree (`MO-12a` to `e`).
//!
//! **Pattern.** What is hidden in a container weighs something: it weighs more than its papers say, an empty weighs as
//! if it were not, and a rip-off makes it lighter between the ship and the gate. Sources: SOLAS VI/2 and the tolerances
//! that states enforce,
//! <http://delviso-avocats.com/1-july-2016-new-requirements-verify-gross-mass-packed-container-enter-force-international-convention-safety-life-sea-solas/>,
//! <http://www.worldshipping.org/industry-issues/safety/faqs/how-accurate-does-the-vgm-need-to-be-is-there-a-percentage-plus-minus-or-is-there-plus-minus-mass>.
//!
//! **Sub-rules.** `a` two calibrated weights differ. `b` they differ much. `c` independent scales agree to the kilogram,
//! so that one copied the other. `d` an empty is much heavier than its tare. `e` lighter at the gate than off the ship.
//!
//! **Inputs.** Verified gross masses, scale readings and tares from orders, bay plans, cranes and weighbridges, over one
//! trip of the cargo: from stuffing or the gate until it is stripped, empty, or came in anew.
//!
//! **False positives.** Sums of method 2 and declared weights (not calibrated: not compared). Units taken for another, and
//! net taken for gross (the ratio or the difference betrays it, unless the bill, or the ticket of a scale, names goods that
//! are lighter by the container: then nobody forgot it, and it is a load that weighs as much as a container). Moisture and
//! scales of ordinary accuracy (a share of the weight, or what the baseline knows of the weights, and of the scales, of that
//! port; two scales that agree do not err). Gensets that hang on reefers at the gate. Default tares, also in what the shipper
//! declares. Goods taken out between the two readings by stripping, or by customs or another authority, as their inspection
//! or a seal of theirs tells; a seal that somebody took off explains nothing (`e`). Two reports of one weighing, and one
//! system that tells again what it knows (two scales are of two feeds or terminals, or the crane's and another).

use quaywatch_domain::event::{EquipmentStatus, Seal, SealSource, Weight, WeightKind};
use quaywatch_domain::{EventKind, Timestamp};
use serde::Deserialize;

use crate::baselines::{Group, Measure, Quantiles};
use crate::golden::{Whereabouts, independent, other_terminal};
use crate::people::role;
use crate::quiet::Trigger;
use crate::settings::{MINUTE_MS, SubRule};
use crate::view::{Findings, Seen, View, is_reefer_type};

/// Table `[weight]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) difference_kg: f64,
    known_difference_kg: f64,
    pub(crate) difference_percent: f64,
    pub(crate) great_difference_kg: f64,
    pub(crate) great_difference_percent: f64,
    pub(crate) empty_excess_kg: f64,
    pub(crate) drop_least_kg: f64,
    pub(crate) drop_most_kg: f64,
    pub(crate) scale_accuracy_percent: f64,
    beyond_usual: f64,
    agreed_beyond_usual: f64,
    pub(crate) genset_kg: f64,
    pub(crate) genset_most_kg: f64,
    pub(crate) bridge_minutes: i64,
    pub(crate) default_tares_kg: Vec<f64>,
    pub(crate) same_weighing_minutes: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
    pub(crate) e: SubRule,
}

/// Two weights that differ by a tare differ by it within what two scales do.
const TARE_TOLERANCE_KG: f64 = 150.0;

/// A default tare is not lighter than the true one by more.
const MOST_BELOW_KG: f64 = 1_000.0;

/// Pounds in a kilogram, kilograms in a tonne: weights that differ by these were written in another unit.
const UNIT_RATIOS: [f64; 2] = [2.204_62, 1_000.0];

/// Plausible gross weights, kg.
const PLAUSIBLE_KG: std::ops::RangeInclusive<f64> = 1_500.0..=45_000.0;

/// A gross weight that a scale or a verified mass gave.
#[derive(Clone, Copy)]
struct Reading<'a> {
    seen: Seen<'a>,
    kg: f64,
    /// Whether a scale of ours gave it, and not the shipper.
    is_scale: bool,
}

/// The weights of one trip of the cargo.
#[derive(Default)]
struct Trip<'a> {
    readings: Vec<Reading<'a>>,
    tare_kg: Option<f64>,
    empty: bool,
    left_by_gate: Option<Timestamp>,
    /// When an authority may have taken goods out last, by report.
    opened: Option<Timestamp>,
    /// Seals of authorities that were told so far.
    authority_seals: Vec<&'a str>,
    told: bool,
}

pub(crate) const TRIGGER: Trigger =
    Trigger::kinds(&[EventKind::GateOut, EventKind::Discharged, EventKind::Weighed, EventKind::ManifestLine])
        .or(|g| g.has_scale() || g.has_vgm());

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !is_weighed(view) {
        return;
    }
    let mut trip = Trip::default();
    for s in view.events.iter().filter(|s| !s.number_is_doubtful()) {
        if trip.ends_with(s) {
            trip = Trip { tare_kg: trip.tare_kg, ..Trip::default() };
        }
        trip.tare_kg = tare(s, findings).or(trip.tare_kg);
        if *s.kind() == EventKind::GateOut && s.is_actual() {
            trip.left_by_gate = Some(s.at());
        }
        trip.note_opening(s, findings);
        if s.is_empty() {
            trip.empty = true;
            heavy_empty(view, s, trip.tare_kg, findings);
        } else if trip.empty && *s.kind() == EventKind::Weighed && stands_in_yard(view, s) {
            heavy_empty(view, s, trip.tare_kg, findings);
        } else if let Some(reading) = reading(s).filter(|_| !trip.is_over(s.at(), findings)) {
            trip.compare(view, reading, findings);
            trip.readings.push(reading);
        }
    }
}

/// Whether a scale was read, or there are two weights to compare.
fn is_weighed(view: &View<'_>) -> bool {
    let verified = view.events.iter().filter(|s| s.glance.has_vgm()).flat_map(|s| &s.event.weights);
    view.events.iter().any(|s| s.glance.has_scale())
        || verified.filter(|w| w.kind == WeightKind::Vgm).nth(1).is_some()
}

impl<'a> Trip<'a> {
    fn ends_with(&self, s: &Seen<'_>) -> bool {
        s.is_actual()
            && (matches!(s.kind(), EventKind::Stuffed | EventKind::Stripped)
                || (*s.kind() == EventKind::GateIn && self.left_by_gate.is_some())
                || s.is_empty())
    }

    /// Goods are taken out by customs' inspection, or by whom a new seal of an authority, or customs' own work on one, shows to
    /// have been there. Anybody else can take a seal off.
    fn note_opening(&mut self, s: &Seen<'a>, findings: &Findings<'_>) {
        if !s.is_actual() {
            return;
        }
        let is_work =
            matches!(s.kind(), EventKind::SealRemoved | EventKind::SealReplaced | EventKind::SealAffixed);
        let by_customs = is_work
            && s.event.actor.as_deref().is_some_and(|actor| findings.rules.customs.is_customs(role(actor)));
        let mut was_opened = by_customs || *s.kind() == EventKind::CustomsInspected;
        let seals: &[Seal] = if s.glance.has_seals() { &s.event.seals } else { &[] };
        let seals = seals.iter().filter(|seal| is_authoritys(seal.source));
        for number in seals.filter_map(|seal| seal.normalised.as_deref()) {
            if !self.authority_seals.contains(&number) {
                self.authority_seals.push(number);
                was_opened |=
                    matches!(s.kind(), EventKind::SealReplaced | EventKind::SealAffixed | EventKind::GateOut);
            }
        }
        if was_opened {
            self.opened = Some(s.at());
        }
    }

    /// Whether it left by gate before: who weighs it afterwards weighs what is left, or the empty on its way back in.
    fn is_over(&self, at: Timestamp, findings: &Findings<'_>) -> bool {
        let same_ms = findings.rules.rule.weight.same_weighing_minutes * MINUTE_MS;
        self.left_by_gate.is_some_and(|left| at.millis_since(left) > same_ms)
    }

    /// MO-12a, b, c, e: against the earlier readings of the trip. One indicator a trip.
    fn compare(&mut self, view: &View<'_>, new: Reading<'a>, findings: &mut Findings<'_>) {
        let settings = &findings.rules.rule.weight;
        if self.told {
            return;
        }
        // What scales say comes first: between them more can be told than against the papers.
        let scales = self.readings.iter().filter(|old| old.is_scale && new.is_scale);
        let others = self.readings.iter().filter(|old| !(old.is_scale && new.is_scale));
        let mut is_copied = false;
        for old in scales.chain(others) {
            let drop = old.kg - new.kg;
            if same_weighing(old, &new, settings)
                || self.is_mistaken(view, old, &new)
                || self.was_emptied(old, &new)
                || self.has_default_tare(old, &new, settings)
                || bears_genset(view, &new.seen, (new.kg, drop), settings)
            {
                continue;
            }
            let percent = drop.abs() / old.kg.max(new.kg) * 100.0;
            let known_percent = known(view, Measure::WeightDifferencePercent, &new.seen, findings);
            let usual = known_percent.map_or(0.0, |q| q.q99).max(settings.scale_accuracy_percent);
            let agreeing = self.agreeing(view, old, &new, findings);
            // What ordinary containers differ by there tells more than a limit for all ports, and when two scales agree
            // neither errs.
            let (least_kg, most_percent) = match (known_percent, agreeing) {
                (Some(_), Some(_)) => (settings.known_difference_kg, usual * settings.agreed_beyond_usual),
                (Some(_), None) => (settings.known_difference_kg, usual * settings.beyond_usual),
                (None, _) => (settings.difference_kg, settings.difference_percent.max(usual)),
            };
            let evidence = || [Some(old.seen), Some(new.seen), agreeing].into_iter().flatten().collect();
            let off_the_ship =
                *old.seen.kind() == EventKind::Discharged || *old.seen.kind() == EventKind::Weighed;
            let is_drop = old.is_scale
                && new.is_scale
                && off_the_ship
                && at_the_gate(view, &new.seen, settings)
                && match known(view, Measure::ScaleDifferenceKg, &new.seen, findings) {
                    Some(usual) => {
                        drop > usual.q99 * settings.beyond_usual && drop <= settings.drop_most_kg + usual.q99
                    }
                    None => {
                        drop >= settings.drop_least_kg
                            && drop <= settings.drop_most_kg
                            && percent > settings.scale_accuracy_percent
                    }
                };
            let (code, sub, sentence) = if is_drop {
                if self.opened.is_some_and(|opened| opened >= old.seen.at()) {
                    continue;
                }
                ("MO-12e", &settings.e, format!("{drop:.0} kg lighter at the gate than off the ship."))
            } else if drop.abs() > settings.great_difference_kg.max(usual / 100.0 * old.kg)
                || percent > settings.great_difference_percent.max(usual)
            {
                ("MO-12b", &settings.b, differ(old.kg, new.kg))
            } else if drop.abs() > least_kg.max(most_percent / 100.0 * old.kg) {
                ("MO-12a", &settings.a, differ(old.kg, new.kg))
            } else if old.is_scale
                && new.is_scale
                && drop.abs() < 0.5
                && new.kg % 100.0 != 0.0
                && are_two_scales(view, old, &new, settings)
            {
                if !is_copied {
                    let sentence =
                        format!("Two independent scales both say {:.0} kg to the kilogram.", new.kg);
                    findings.add("MO-12c", &settings.c, sentence, evidence());
                }
                // What the papers say is still to be compared.
                is_copied = true;
                continue;
            } else {
                continue;
            };
            findings.add(code, sub, sentence, evidence());
            self.told = true;
            return;
        }
    }

    /// Where one of two weights is from the papers: another weighing that says what the scale says, as well as scales agree
    /// there.
    fn agreeing(
        &self,
        view: &View<'_>,
        old: &Reading<'a>,
        new: &Reading<'a>,
        findings: &Findings<'_>,
    ) -> Option<Seen<'a>> {
        let settings = &findings.rules.rule.weight;
        let scale = if old.is_scale { old } else { new };
        if old.is_scale == new.is_scale {
            return None;
        }
        let accuracy_kg = settings.scale_accuracy_percent / 100.0 * scale.kg;
        let usual = known(view, Measure::ScaleDifferenceKg, &scale.seen, findings).map(|q| q.q99);
        let agrees = |r: &&Reading<'_>| {
            r.is_scale
                && !same_weighing(r, scale, settings)
                && (r.kg - scale.kg).abs() <= usual.unwrap_or(accuracy_kg)
        };
        self.readings.iter().find(agrees).map(|r| r.seen)
    }

    /// Whether another terminal weighed the empty box: it left in between, reported or not, and nobody steals all of it.
    fn was_emptied(&self, old: &Reading<'_>, new: &Reading<'_>) -> bool {
        let is_bare = |tare: f64| (new.kg - tare).abs() <= TARE_TOLERANCE_KG;
        other_terminal(&old.seen, &new.seen) && self.tare_kg.is_some_and(is_bare)
    }

    /// Whether one of two weights is in another unit, or without the container.
    fn is_mistaken(&self, view: &View<'_>, a: &Reading<'_>, b: &Reading<'_>) -> bool {
        let (less, more) = if a.kg < b.kg { (a, b) } else { (b, a) };
        let other_unit = UNIT_RATIOS.iter().any(|ratio| (more.kg / less.kg / ratio - 1.0).abs() < 0.01);
        let without_tare = self.tare_kg.is_some_and(|tare| {
            (more.kg - less.kg - tare).abs() <= TARE_TOLERANCE_KG && !is_goods_and_tare(view, less, tare)
        });
        other_unit || without_tare
    }

    /// Whether the shipper added the goods to a tare that was made up, against a scale.
    fn has_default_tare(&self, a: &Reading<'_>, b: &Reading<'_>, settings: &Settings) -> bool {
        let (declared, scale) = match (a.is_scale, b.is_scale) {
            (false, true) => (a.kg, b.kg),
            (true, false) => (b.kg, a.kg),
            _ => return false,
        };
        self.tare_kg.is_some_and(|tare| {
            let wrong = settings.default_tares_kg.iter().map(|default| default - tare);
            // The tare of a small container is not what anybody writes for a large one.
            let mut wrong = wrong.filter(|wrong| *wrong >= -MOST_BELOW_KG);
            wrong.any(|wrong| (declared - scale - wrong).abs() <= TARE_TOLERANCE_KG)
        })
    }
}

/// Whether a weight is that of the goods, by their bill or by the ticket of the scale itself, and of the container: then
/// nobody forgot it.
fn is_goods_and_tare(view: &View<'_>, reading: &Reading<'_>, tare_kg: f64) -> bool {
    let is_of_goods =
        |w: &Weight| (reading.kg - tare_kg - w.kg).abs() <= TARE_TOLERANCE_KG && w.kind != WeightKind::Scale;
    let tells = |s: &Seen<'_>| s.event.weights.iter().any(is_of_goods);
    if reading.is_scale {
        return tells(&reading.seen);
    }
    view.stay_of(reading.seen.visit).iter().any(|s| *s.kind() == EventKind::ManifestLine && tells(s))
}

const fn is_authoritys(source: SealSource) -> bool {
    matches!(source, SealSource::Customs | SealSource::Veterinary | SealSource::Phytosanitary)
}

/// Whether a reefer is heavier at the gate by the generator that the truck hung on it; under the crane none hangs on it.
fn bears_genset(view: &View<'_>, s: &Seen<'_>, (kg, drop): (f64, f64), settings: &Settings) -> bool {
    if under_the_crane(view, s, settings) {
        return false;
    }
    let is_reefer = view.iso_type().is_some_and(is_reefer_type);
    // Two scales differ by themselves as well.
    let accuracy_kg = settings.scale_accuracy_percent / 100.0 * kg;
    is_reefer && (TARE_TOLERANCE_KG..=settings.genset_most_kg + accuracy_kg).contains(&-drop)
}

/// Whether two instruments gave the readings: of two systems or terminals, or that of the crane and another.
fn are_two_scales(view: &View<'_>, a: &Reading<'_>, b: &Reading<'_>, settings: &Settings) -> bool {
    let by_crane = |r: &Reading<'_>| under_the_crane(view, &r.seen, settings);
    independent(&a.seen, &b.seen) || by_crane(a) != by_crane(b)
}

/// Whether it was weighed as it came off the ship.
fn under_the_crane(view: &View<'_>, s: &Seen<'_>, settings: &Settings) -> bool {
    let same_ms = settings.same_weighing_minutes * MINUTE_MS;
    view.events.iter().any(|k| {
        *k.kind() == EventKind::Discharged && k.is_actual() && s.at().millis_since(k.at()).abs() <= same_ms
    })
}

/// Whether it is weighed on its way out: by the gate, or on the bridge before it.
fn at_the_gate(view: &View<'_>, s: &Seen<'_>, settings: &Settings) -> bool {
    let leaves = |k: &Seen<'_>| {
        *k.kind() == EventKind::GateOut
            && k.is_actual()
            && (0..=settings.bridge_minutes * MINUTE_MS).contains(&k.at().millis_since(s.at()))
    };
    *s.kind() == EventKind::GateOut || view.events.iter().any(leaves)
}

fn differ(a: f64, b: f64) -> String {
    format!("Two calibrated weights differ: {a:.0} kg and {b:.0} kg.")
}

/// What ordinary containers of this group differ by, where it is known.
fn known<'f>(
    view: &View<'_>,
    measure: Measure,
    s: &Seen<'_>,
    findings: &Findings<'f>,
) -> Option<&'f Quantiles> {
    let group = Group {
        terminal: s.event.terminal().map(str::to_owned),
        trade: view.stay_of(s.visit).iter().find_map(Seen::status).or(Some(EquipmentStatus::Import)),
        size: view.iso_type().and_then(Group::size_of),
    };
    findings.baselines.quantiles(measure, &group, findings.rules.baseline.min_count)
}

/// One weighing that two systems tell of, or that one tells of twice.
fn same_weighing(a: &Reading<'_>, b: &Reading<'_>, settings: &Settings) -> bool {
    let close = b.seen.at().millis_since(a.seen.at()).abs() <= settings.same_weighing_minutes * MINUTE_MS;
    let tells_again = a.seen.event.source.feed == b.seen.event.source.feed && a.seen.kind() == b.seen.kind();
    close || (tells_again && !(a.is_scale && b.is_scale))
}

/// The calibrated gross weight of an event.
fn reading<'a>(s: &Seen<'a>) -> Option<Reading<'a>> {
    let by_sum = |method: &str| method.contains('2');
    let weights: &[Weight] = if s.glance.has_scale() || s.glance.has_vgm() { &s.event.weights } else { &[] };
    weights
        .iter()
        .filter(|w| match w.kind {
            WeightKind::Scale => s.is_actual(),
            WeightKind::Vgm => !w.method.as_deref().is_some_and(by_sum),
            WeightKind::Gross | WeightKind::Net | WeightKind::Tare => false,
        })
        .filter(|w| PLAUSIBLE_KG.contains(&w.kg))
        .max_by_key(|w| w.kind == WeightKind::Scale)
        .map(|w| Reading { seen: *s, kg: w.kg, is_scale: w.kind == WeightKind::Scale })
}

/// The tare that an event gives, unless it is a default.
pub(crate) fn tare(s: &Seen<'_>, findings: &Findings<'_>) -> Option<f64> {
    if !s.glance.has_tare() {
        return None;
    }
    let weights = s.event.weights.iter().filter(|w| w.kind == WeightKind::Tare).map(|w| w.kg);
    let equipment = s.event.equipment.as_deref().and_then(|e| e.tare_kg);
    let settings = &findings.rules.rule.weight;
    let is_default = |kg: &f64| settings.default_tares_kg.iter().any(|d| (d - kg).abs() < 0.5);
    equipment.into_iter().chain(weights).find(|kg| PLAUSIBLE_KG.contains(kg) && !is_default(kg))
}

/// By how much an empty is heavier than its tare and what may be mounted on it, kg.
pub(crate) fn excess_kg(
    s: &Seen<'_>,
    tare_kg: f64,
    view_type: Option<&str>,
    findings: &Findings<'_>,
) -> Option<f64> {
    let scale = s.event.weights.iter().find(|w| w.kind == WeightKind::Scale && w.kg > 0.0)?;
    let is_reefer = view_type.is_some_and(is_reefer_type);
    let mounted = if is_reefer { findings.rules.rule.weight.genset_kg } else { 0.0 };
    Some(scale.kg - tare_kg - mounted)
}

/// Whether it stands in a yard; an empty that was fetched for an export comes to the scale laden.
fn stands_in_yard(view: &View<'_>, s: &Seen<'_>) -> bool {
    matches!(view.golden.at(s.at()), Whereabouts::Yard(arrival) if arrival.is_empty())
}

/// MO-12d. What comes in by gate as an empty is the business of `MO-09a`, up to its limit.
fn heavy_empty(view: &View<'_>, s: &Seen<'_>, tare_kg: Option<f64>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.weight;
    let iso_type =
        s.event.equipment.as_deref().and_then(|e| e.iso_type.as_deref()).or_else(|| view.iso_type());
    // No truck has hung a generator on what comes off the ship.
    let iso_type = iso_type.filter(|_| !under_the_crane(view, s, settings));
    let Some(excess) = tare_kg.and_then(|tare| excess_kg(s, tare, iso_type, findings)) else { return };
    let trojan = &findings.rules.rule.trojan_box;
    let comes_in = |k: &Seen<'_>| {
        *k.kind() == EventKind::GateIn
            && k.is_actual()
            && (0..=trojan.scale_minutes * MINUTE_MS).contains(&k.at().millis_since(s.at()))
    };
    let told_elsewhere = excess <= trojan.excess_most_kg && view.events.iter().any(comes_in);
    if s.is_actual() && excess > settings.empty_excess_kg && !told_elsewhere {
        let sentence = format!("Said to be empty and {excess:.0} kg heavier than its tare.");
        findings.add("MO-12d", &settings.d, sentence, vec![*s]);
    }
}
