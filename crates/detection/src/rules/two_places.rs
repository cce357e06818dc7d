//! Two places at once, or two containers under one number (`MO-08a` to `f`).
//!
//! **Pattern.** The switch with a cloned box: another container dressed with the same number and check digit leaves, or
//! enters, in place of the real one. Sources: <https://nltimes.nl/node/66091>,
//! <https://www.eaglespeak.us/2005/03/shipping-container-switcheroo.html>.
//!
//! **Sub-rules.** `a` a gate-in while elsewhere. `b` two gate-outs without a gate-in. `c` travel that no truck can make.
//! `d` another length, build, tare or owner than before. `e` at the gate another number was read than was announced, or
//! one that cannot be. `f` any other contradiction of the golden state, such as a discharge while beyond the gate, or a
//! second gate-in: LOW, since messages that are missing look the same.
//!
//! **Inputs.** Actual gate-ins, gate-outs, loadings, discharges, positions; discharge orders and import manifest lines.
//! Places by SMDG terminal, distances by coordinates. The whole timeline counts, not one visit.
//!
//! **False positives.** A typing error in the number (wrong check digit: not looked at). A happening that two systems
//! report (same kind and place within minutes is one). A gate-out or discharge that is reported late (nothing is said
//! before a grace period after receipt, unless a later report from the first place shows the box still there). Missing
//! messages: old loadings and gate-outs far apart prove nothing; a gate-in at another terminal without a sign that the
//! first still has it, and a gate-out of another terminal, are LOW, since one lost message explains them. One system
//! contradicting itself about one terminal: sightings must come from different feeds or different terminals. A
//! container that comes back empty has been out, reported or not. Unknown places and clocks that differ. A number sold
//! with the container (owners far apart in time). A type written in the code of another edition, or by a feed that says
//! both. A number misread by one character, which its check digit shows.

use quaywatch_domain::event::{EquipmentStatus, PartyRole};
use quaywatch_domain::identifiers::container::check_digit_ok;
use quaywatch_domain::identifiers::seal::one_typing_error_apart;
use quaywatch_domain::identifiers::size_type::{Build, SizeType};
use quaywatch_domain::{EventKind, Severity, Timestamp};
use serde::Deserialize;

use crate::Rules;
use crate::golden::{Contradiction, Step, Whereabouts, crosses, independent, other_terminal};
use crate::quiet::Trigger;
use crate::rules::weight::tare;
use crate::settings::{DAY_MS, HOUR_MS, MINUTE_MS, SubRule};
use crate::view::{Absence, Findings, Kinds, Seen, View, keys_of, same_party};

/// Table `[two_places]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) same_happening_minutes: i64,
    pub(crate) late_message_grace_minutes: i64,
    pub(crate) yard_days: i64,
    pub(crate) on_vessel_days: i64,
    pub(crate) gate_out_pair_days: i64,
    pub(crate) min_distance_km: f64,
    pub(crate) max_speed_kmh: f64,
    pub(crate) road_detour: f64,
    pub(crate) clock_tolerance_minutes: i64,
    pub(crate) tare_difference_kg: f64,
    pub(crate) sale_days: i64,
    pub(crate) severity_a_unproven: Severity,
    pub(crate) severity_b_elsewhere: Severity,
    pub(crate) severity_e_alone: Severity,
    pub(crate) contradiction_hours: i64,
    pub(crate) a: SubRule,
    pub(crate) b: SubRule,
    pub(crate) c: SubRule,
    pub(crate) d: SubRule,
    pub(crate) e: SubRule,
    pub(crate) f: SubRule,
}

/// Mean radius of the earth, kilometres (IUGG).
const EARTH_RADIUS_KM: f64 = 6_371.0;

pub(crate) const TRIGGER: Trigger = Trigger::any(CROSSINGS);

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    if !view.has_any(CROSSINGS) {
        return;
    }
    let steps = view.golden.steps.as_slice();
    gate_in_elsewhere(view, steps, findings);
    two_gate_outs(view, steps, findings);
    impossible_travel(steps, findings);
    other_build(view, findings);
    other_number(view, findings);
    out_of_order(view, steps, findings);
}

/// What puts a container at a place.
const CROSSINGS: Kinds = Kinds::of(&[
    EventKind::GateIn,
    EventKind::GateOut,
    EventKind::Loaded,
    EventKind::Discharged,
    EventKind::YardMove,
    EventKind::PositionReported,
]);

/// MO-08f: what else cannot be, told soon after what it contradicts by an independent source.
fn out_of_order(view: &View<'_>, steps: &[Step<'_>], findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.two_places;
    for step in steps {
        let Some((contradiction, known)) = step.contradiction.zip(step.before.seen()) else { continue };
        let is_told_elsewhere = matches!(
            contradiction,
            Contradiction::InWhileInOtherYard | Contradiction::InWhileOnVessel | Contradiction::OutTwice
        );
        let hours = step.at().millis_since(known.at()) / HOUR_MS;
        if is_told_elsewhere
            || (contradiction == Contradiction::InTwice && went_out(view, known, &step.seen))
            || hours > settings.contradiction_hours
            || !independent(known, &step.seen)
        {
            continue;
        }
        if let Some(by) = late_enough(&step.seen, findings) {
            let sentence = contradiction.sentence().to_owned();
            let (within, at) = ((known.at(), step.at()), &step.seen);
            let absence = Absence { event: contradiction.untold(), within, by, at };
            let (sub, evidence) = (&settings.f, vec![*known, step.seen]);
            findings.add_absent("MO-08f", sub, sub.severity, sentence, evidence, absence);
            return;
        }
    }
}

/// MO-08d: two independent sources saw containers of different build under this number.
fn other_build<'a>(view: &View<'a>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.two_places;
    let code = |s: &Seen<'a>| s.event.equipment.as_deref()?.iso_type.as_deref();
    let build = |s: &Seen<'a>| SizeType::parse(code(s)?);
    let crossing =
        || view.events.iter().filter(|s| s.is_actual() && !s.number_is_doubtful() && crosses(s.kind()));
    let mut codes = crossing().filter_map(code);
    let first = codes.next();
    let is_one = codes.all(|other| Some(other) == first);
    let seen: Vec<(Seen<'_>, SizeType)> = crossing()
        .filter(|_| !is_one)
        .copied()
        .filter_map(|s| Some((s, build(&s)?)))
        .filter(|(_, size)| size.length_ft > 0)
        .collect();
    // A feed that says both has mistyped one of them.
    let says_both = |feed: &str| {
        let mut of_feed = seen.iter().filter(|(s, _)| *s.event.source.feed == *feed);
        let first = of_feed.next().map(|(_, size)| size);
        of_feed.any(|(_, size)| first.is_some_and(|first| are_different(first, size)))
    };
    let sure: Vec<_> = seen.iter().filter(|(s, _)| !says_both(&s.event.source.feed)).collect();
    let pair = sure
        .iter()
        .zip(sure.iter().skip(1))
        .find(|((a, x), (b, y))| a.event.source.feed != b.event.source.feed && are_different(x, y));
    if let Some(((a, _), (b, _))) = pair {
        let sentence = "Seen with another length or build than before: another container under this number.";
        findings.add("MO-08d", &settings.d, sentence.to_owned(), vec![*a, *b]);
        return;
    }
    let tares: Vec<(Seen<'_>, f64)> =
        view.golden.crossings().filter_map(|k| Some((k.seen, tare(&k.seen, findings)?))).collect();
    let pair = tares.iter().zip(tares.iter().skip(1)).find(|((a, x), (b, y))| {
        a.event.source.feed != b.event.source.feed && (x - y).abs() > settings.tare_difference_kg
    });
    if let Some(((a, x), (b, y))) = pair {
        let sentence =
            format!("Its tare was {x:.0} kg and is {y:.0} kg: another container under this number.");
        findings.add("MO-08d", &settings.d, sentence, vec![*a, *b]);
        return;
    }
    let owners = |s: &Seen<'_>| keys_of(s.event, PartyRole::Owner).len();
    let owned: Vec<Seen<'_>> = view.golden.crossings().map(|k| k.seen).filter(|s| owners(s) > 0).collect();
    let pair = owned.iter().zip(owned.iter().skip(1)).find(|(a, b)| {
        a.event.source.feed != b.event.source.feed
            && b.at().millis_since(a.at()) <= settings.sale_days * DAY_MS
            && same_party(&keys_of(a.event, PartyRole::Owner), &keys_of(b.event, PartyRole::Owner))
                == Some(false)
    });
    if let Some((a, b)) = pair {
        let sentence = "Two sources name different owners of it.".to_owned();
        findings.add("MO-08d", &settings.d, sentence, vec![*a, *b]);
    }
}

fn are_different(a: &SizeType, b: &SizeType) -> bool {
    let is_reefer = |size: &SizeType| size.build == Build::Reefer;
    let is_tank = |size: &SizeType| size.build == Build::Tank;
    a.length_ft != b.length_ft || is_reefer(a) != is_reefer(b) || is_tank(a) != is_tank(b)
}

/// MO-08e: at the gate, another number was read than was announced, or one that cannot be.
fn other_number(view: &View<'_>, findings: &mut Findings<'_>) {
    let settings = &findings.rules.rule.two_places;
    let at_gate = |s: &&Seen<'_>| s.is_actual() && matches!(s.kind(), EventKind::GateIn | EventKind::GateOut);
    for s in view.events.iter().filter(at_gate) {
        let Some(equipment) = s.event.equipment.as_deref() else { continue };
        let declared = equipment.declared_number.as_deref().filter(|declared| *declared != equipment.number);
        let (sentence, severity) = match declared {
            // One character apart, and one of the two cannot be: misread or mistyped.
            Some(declared)
                if one_typing_error_apart(declared, &equipment.number)
                    && check_digit_ok(declared) == s.number_is_doubtful() =>
            {
                continue;
            }
            Some(declared) => (
                format!("The gate read {} where {declared} was announced.", equipment.number),
                settings.e.severity,
            ),
            None if equipment.read_by_camera == Some(true) && s.number_is_doubtful() => (
                "A camera at the gate read this number, which fails its check digit.".to_owned(),
                settings.severity_e_alone,
            ),
            None => continue,
        };
        findings.add_as("MO-08e", &settings.e, severity, sentence, vec![*s], None);
        return;
    }
}

fn gate_in_elsewhere<'a>(view: &View<'a>, steps: &[Step<'a>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    for (i, step) in steps.iter().enumerate().filter(|(_, k)| *k.kind() == EventKind::GateIn) {
        let (s, later) = (&step.seen, steps.get(i + 1..).unwrap_or_default());
        let contradiction = match &step.before {
            Whereabouts::Yard(known) => in_other_yard(view, known, s, later, findings),
            Whereabouts::Vessel(known) => on_vessel(known, s, later, findings),
            Whereabouts::Outside(_) if s.is_empty() => None,
            Whereabouts::Outside(_) | Whereabouts::Unknown => {
                not_yet_discharged(view, steps, s, later, findings)
            }
        };
        if let Some((sentence, evidence, absence)) = contradiction {
            let settings = &rules.rule.two_places;
            // Without a further sign that it is still there, a gate-out that was lost explains as much.
            let is_proven = evidence.len() > 2 || !matches!(step.before, Whereabouts::Yard(_));
            let severity = if is_proven { settings.a.severity } else { settings.severity_a_unproven };
            match absence {
                Some(absence) => {
                    findings.add_absent("MO-08a", &settings.a, severity, sentence, evidence, absence);
                }
                None => findings.add_as("MO-08a", &settings.a, severity, sentence, evidence, None),
            }
        }
    }
}

/// A sentence, its evidence, and what was not told where nothing else proves it.
type Shown<'s, 'a> = Option<(String, Vec<Seen<'a>>, Option<Absence<'s, 'a>>)>;

/// A gate-in at one terminal while in the yard of another.
fn in_other_yard<'s, 'a>(
    view: &View<'a>,
    known: &'s Seen<'a>,
    gate_in: &'s Seen<'a>,
    later: &[Step<'a>],
    findings: &mut Findings<'_>,
) -> Shown<'s, 'a> {
    let settings = &findings.rules.rule.two_places;
    let too_old = gate_in.at().millis_since(known.at()) > settings.yard_days * DAY_MS;
    if !other_terminal(known, gate_in) || too_old || went_out(view, known, gate_in) {
        return None;
    }
    let clocks_agree_from = gate_in.at().plus_millis(settings.clock_tolerance_minutes * MINUTE_MS);
    let sentence = format!(
        "Gate-in at {} while in the yard of {}.",
        gate_in.event.terminal().unwrap_or("?"),
        known.event.terminal().unwrap_or("?")
    );
    let mut evidence = vec![*known, *gate_in];
    // The first terminal still has it, or lets it go later: no late message can explain that.
    let still_there = later
        .iter()
        .map(|k| &k.seen)
        .take_while(|s| *s.kind() != EventKind::GateIn && *s.kind() != EventKind::Discharged)
        .find(|s| s.event.terminal().is_some() && s.event.terminal() == known.event.terminal());
    match still_there {
        // Only the clocks of neighbours differ: it left for the second terminal.
        Some(left) if *left.kind() == EventKind::GateOut && left.at() < clocks_agree_from => None,
        Some(proof) => {
            evidence.push(*proof);
            Some((sentence, evidence, None))
        }
        None => {
            let (by, within) = (late_enough(gate_in, findings)?, (known.at(), gate_in.at()));
            Some((sentence, evidence, Some(Absence { event: EventKind::GateOut, within, by, at: known })))
        }
    }
}

/// Whether something other than a gate-out shows that it left the first yard in between.
fn went_out(view: &View<'_>, known: &Seen<'_>, gate_in: &Seen<'_>) -> bool {
    let between = || view.events.iter().filter(|s| s.at() > known.at() && s.at() <= gate_in.at());
    (gate_in.is_empty() && !known.is_empty())
        || between().any(|s| {
            s.is_actual()
                && matches!(
                    s.kind(),
                    EventKind::PickedUp
                        | EventKind::DroppedOff
                        | EventKind::Stripped
                        | EventKind::ReleaseUsed
                )
        })
}

/// A gate-in while on board.
fn on_vessel<'s, 'a>(
    known: &'s Seen<'a>,
    gate_in: &'s Seen<'a>,
    later: &[Step<'a>],
    findings: &mut Findings<'_>,
) -> Shown<'s, 'a> {
    if !independent(known, gate_in) {
        return None;
    }
    let sentence =
        format!("Gate-in at {} while on a vessel.", gate_in.event.terminal().unwrap_or("a terminal"));
    if let Some(proof) = discharged_later(later) {
        return Some((sentence, vec![*known, *gate_in, proof], None));
    }
    let recent =
        gate_in.at().millis_since(known.at()) <= findings.rules.rule.two_places.on_vessel_days * DAY_MS;
    if !recent {
        return None;
    }
    let by = late_enough(gate_in, findings)?;
    Some((sentence, vec![*known, *gate_in], Some(undischarged(gate_in, by))))
}

/// A discharge shortly before the gate-in would explain it.
fn undischarged<'s, 'a>(gate_in: &'s Seen<'a>, by: Timestamp) -> Absence<'s, 'a> {
    Absence { event: EventKind::Discharged, within: (gate_in.at(), gate_in.at()), by, at: gate_in }
}

/// A gate-in of a container that a vessel is yet to discharge.
fn not_yet_discharged<'s, 'a>(
    view: &View<'a>,
    steps: &[Step<'a>],
    gate_in: &'s Seen<'a>,
    later: &[Step<'a>],
    findings: &mut Findings<'_>,
) -> Shown<'s, 'a> {
    let since = steps.iter().rev().map(Step::at).find(|at| *at < gate_in.at());
    let before = view
        .events
        .iter()
        .filter(|s| s.visit == gate_in.visit && s.at() <= gate_in.at() && since.is_none_or(|t| s.at() > t));
    let mut ordered: Option<Seen<'a>> = None;
    for s in before {
        match s.kind() {
            EventKind::DischargeOrdered => ordered = Some(*s),
            EventKind::ManifestLine if s.status() == Some(EquipmentStatus::Import) => ordered = Some(*s),
            EventKind::Shortlanded => ordered = None,
            _ => {}
        }
    }
    let ordered = ordered.filter(|o| independent(o, gate_in) && !o.number_is_doubtful())?;
    let sentence = format!(
        "Gate-in at {} before its vessel discharged it.",
        gate_in.event.terminal().unwrap_or("a terminal")
    );
    if let Some(proof) = discharged_later(later) {
        return Some((sentence, vec![ordered, *gate_in, proof], None));
    }
    let by = late_enough(gate_in, findings)?;
    Some((sentence, vec![ordered, *gate_in], Some(undischarged(gate_in, by))))
}

/// A discharge that no loading precedes: the real container was on board all the time.
fn discharged_later<'a>(later: &[Step<'a>]) -> Option<Seen<'a>> {
    later
        .iter()
        .map(|k| &k.seen)
        .find(|s| matches!(s.kind(), EventKind::Loaded | EventKind::Discharged))
        .filter(|s| *s.kind() == EventKind::Discharged)
        .copied()
}

/// Until when late messages were waited for, once that is over.
fn late_enough(s: &Seen<'_>, findings: &mut Findings<'_>) -> Option<Timestamp> {
    let grace_ms = findings.rules.rule.two_places.late_message_grace_minutes * MINUTE_MS;
    let by = s.fact.received_at.plus_millis(grace_ms);
    findings.passed(by).then_some(by)
}

fn two_gate_outs<'a>(view: &View<'a>, steps: &[Step<'a>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.two_places;
    let mut out: Option<Seen<'a>> = None;
    for s in steps.iter().map(|k| &k.seen) {
        match s.kind() {
            EventKind::GateOut => {
                let before = out
                    .filter(|first| s.at().millis_since(first.at()) <= settings.gate_out_pair_days * DAY_MS);
                if let Some((first, second)) =
                    before.and_then(|first| independent_reports(view, &first, s, rules))
                {
                    // One system may still owe the gate-in between; two systems would not both be wrong.
                    let same_feed = first.event.source.feed == second.event.source.feed;
                    let by = if same_feed { late_enough(&second, findings) } else { Some(second.at()) };
                    if let Some(by) = by {
                        let sentence = "Left by gate twice without coming in between.".to_owned();
                        // At another terminal, a gate-in that was lost explains as much.
                        let elsewhere = other_terminal(&first, &second);
                        let severity =
                            if elsewhere { settings.severity_b_elsewhere } else { settings.b.severity };
                        let (event, within) = (EventKind::GateIn, (first.at(), second.at()));
                        let absence = Absence { event, within, by, at: &second };
                        let evidence = vec![first, second];
                        findings.add_absent("MO-08b", &settings.b, severity, sentence, evidence, absence);
                    }
                }
                out = Some(*s);
            }
            EventKind::GateIn | EventKind::Discharged | EventKind::Loaded => out = None,
            _ => {}
        }
    }
}

/// A report of each of two happenings that do not come from one source: whoever else told of them counts too, those
/// from different feeds first.
fn independent_reports<'a>(
    view: &View<'a>,
    a: &Seen<'a>,
    b: &Seen<'a>,
    rules: &Rules,
) -> Option<(Seen<'a>, Seen<'a>)> {
    let (of_a, of_b) = (view.reports_of(a, rules), view.reports_of(b, rules));
    let pairs = || of_a.iter().flat_map(|x| of_b.iter().map(move |y| (*x, *y)));
    pairs()
        .find(|(x, y)| x.event.source.feed != y.event.source.feed)
        .or_else(|| pairs().find(|(x, y)| independent(x, y)))
}

fn impossible_travel<'a>(steps: &[Step<'a>], findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.two_places;
    let port = |k: &Step<'a>| k.seen.event.place.as_deref().and_then(|p| p.un_locode.as_deref());
    let first = steps.first().and_then(port);
    if steps.iter().all(|k| port(k) == first && coordinates(&k.seen).is_none()) {
        return;
    }
    // Gates seldom say where on earth they are; their ports are known.
    let of_port =
        |s: &Seen<'_>| findings.baselines.ports.get(s.event.place.as_deref()?.un_locode.as_deref()?).copied();
    let placed: Vec<(Seen<'_>, (f64, f64))> = steps
        .iter()
        .filter_map(|k| Some((k.seen, coordinates(&k.seen).or_else(|| of_port(&k.seen))?)))
        .collect();
    for ((a, from), (b, to)) in placed.iter().zip(placed.iter().skip(1)) {
        let km = distance_km(*from, *to);
        if km < settings.min_distance_km || !independent(a, b) {
            continue;
        }
        let needed_ms = km * settings.road_detour / settings.max_speed_kmh * 3_600_000.0;
        let had_ms = journey_ms(a.at(), b.at(), settings);
        if needed_ms > had_ms {
            let sentence = format!(
                "Seen at two places {km:.0} km apart within {:.0} min.",
                minutes_between(a.at(), b.at())
            );
            findings.add("MO-08c", &settings.c, sentence, vec![*a, *b]);
        }
    }
}

/// Time for the journey, clock differences granted, milliseconds.
fn journey_ms(a: Timestamp, b: Timestamp, settings: &Settings) -> f64 {
    (b.millis_since(a) + settings.clock_tolerance_minutes * MINUTE_MS) as f64
}

fn minutes_between(a: Timestamp, b: Timestamp) -> f64 {
    b.millis_since(a) as f64 / MINUTE_MS as f64
}

pub(crate) fn coordinates(s: &Seen<'_>) -> Option<(f64, f64)> {
    let place = if s.glance.has_coordinates() { s.event.place.as_deref() } else { None }?;
    let (latitude, longitude) = place.latitude.zip(place.longitude)?;
    let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    // Null Island is where receivers without a fix are.
    (valid && (latitude, longitude) != (0.0, 0.0)).then_some((latitude, longitude))
}

/// Great-circle distance (haversine), kilometres.
pub(crate) fn distance_km((lat_a, lon_a): (f64, f64), (lat_b, lon_b): (f64, f64)) -> f64 {
    let (phi_a, phi_b) = (lat_a.to_radians(), lat_b.to_radians());
    let half_phi = ((phi_b - phi_a) / 2.0).sin();
    let half_lambda = ((lon_b - lon_a).to_radians() / 2.0).sin();
    let h = half_phi.mul_add(half_phi, phi_a.cos() * phi_b.cos() * half_lambda * half_lambda);
    2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
}
