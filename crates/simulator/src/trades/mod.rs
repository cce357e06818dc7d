//! Ordinary traffic: imports, exports, transhipment, empties.
//!
//! Shares are working values for a gateway port of the northern Adriatic (imports ahead of exports, a tenth of
//! transhipment, many empties returning): they shape variety, and nothing is measured on them.

pub(crate) mod empties;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod sea;
pub(crate) mod transhipment;
pub(crate) mod yard;

use quaywatch_domain::Timestamp;

use crate::Options;
use crate::chance::{DAY_MS, HOUR_MS};
use crate::letter::{EXPORT, IMPORT, Teller};
use crate::numbers::Unit;
use crate::world::vessels::STAY_HOURS;
use crate::world::{CARRIERS, Consignee, Site, badge_at};
use export::Export;
use import::Import;

/// Percentage of containers that are imports, exports, transhipped; the rest moves empty.
const IMPORT_PERCENT: i64 = 48;
const EXPORT_PERCENT: i64 = 28;
const TRANSHIPMENT_PERCENT: i64 = 8;
/// Most that a scale errs by, kg.
pub(crate) const SCALE_ERROR_KG: i64 = 60;
/// Water that goods take up on the way, parts in a thousand of the weight.
pub(crate) const WATER_PER_MILLE: (i64, i64) = (8, 15);
/// What people leave behind in an empty, kg.
pub(crate) const LEFT_IN_KG: (i64, i64) = (60, 170);
/// Percentage of imports that leave by rail.
const RAIL_PERCENT: u32 = 12;
/// Days before the start from which the release platform's memory reaches back.
const HISTORY_DAYS: i64 = 75;

/// Tells an ordinary container.
pub(crate) fn container(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let share = teller.chance.between(1, 100);
    if share <= IMPORT_PERCENT {
        import(options, teller)
    } else if share <= IMPORT_PERCENT + EXPORT_PERCENT {
        export(options, teller)
    } else if share <= IMPORT_PERCENT + EXPORT_PERCENT + TRANSHIPMENT_PERCENT {
        transhipment::container(options, teller)
    } else {
        empties::container(options, teller)
    }
}

fn import(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let world = teller.world;
    let consignee = teller.chance.pick(&world.consignees)?;
    let mut plan = if teller.chance.percent(55) {
        let out_at = teller.chance.moment(options.start, options.end());
        let out_at = teller.by_day(out_at, options.end());
        Import::leaving(teller, consignee, out_at)?
    } else {
        let at = during_a_call(options, teller, consignee.home, 0)?;
        Import::arriving(teller, consignee, at)?
    };
    if plan.ware.setpoint_c.is_none() && plan.trieste_at.is_none() && teller.chance.percent(RAIL_PERCENT) {
        plan.rail = true;
        plan.look_ups.retain(|look| look.organisation == plan.forwarder.id);
    }
    plan.tell(teller);
    Some(())
}

fn export(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let plan = if teller.chance.percent(55) {
        let in_at = teller.chance.moment(options.start, options.end());
        let in_at = teller.by_day(in_at, options.end());
        Export::entering(teller, in_at)?
    } else {
        let site = terminal(teller);
        let (call, loaded_at) = during_a_call(options, teller, site, 1)?;
        let in_at = loaded_at.plus_millis(-teller.chance.minutes(20 * 60, 96 * 60));
        Export::loaded(teller, call, loaded_at, in_at)?
    };
    plan.tell(teller);
    Some(())
}

/// One of the terminals with a quay, by their size.
pub(crate) fn terminal(teller: &mut Teller<'_>) -> Site {
    if teller.chance.percent(75) { Site::Koper } else { Site::Trieste }
}

/// A moment at which a vessel alongside is worked: in the first half of its stay (discharge) or the second.
pub(crate) fn during_a_call(
    options: &Options,
    teller: &mut Teller<'_>,
    site: Site,
    half: i64,
) -> Option<(usize, Timestamp)> {
    let at = teller.chance.moment(options.start, options.end());
    let half_stay = STAY_HOURS / 2 * HOUR_MS;
    let from = at.plus_millis(-half_stay * (half + 1) + HOUR_MS);
    let calls = teller.world.calls_between(site, from, at.plus_millis(-half_stay * half - HOUR_MS / 2));
    Some((*teller.chance.pick(&calls)?, at))
}

/// Tells of a vessel: expected, arrived, departed.
pub(crate) fn vessel(teller: &mut Teller<'_>, call: usize) {
    let world = teller.world;
    let Some(call) = world.calls.get(call) else { return };
    let expected_at = call.arrival.plus_millis(-DAY_MS);
    teller.vessel("ARRI", "EST", call.arrival.plus_millis(HOUR_MS), expected_at, call);
    let told = call.arrival.plus_millis(teller.chance.minutes(5, 40));
    teller.vessel("ARRI", "ACT", call.arrival, told, call);
    let told = call.departure.plus_millis(teller.chance.minutes(5, 40));
    teller.vessel("DEPA", "ACT", call.departure, told, call);
}

/// Tells of earlier collections of a consignee, so that its usual relations are known.
pub(crate) fn history(options: &Options, teller: &mut Teller<'_>, consignee: usize) -> Option<()> {
    let world = teller.world;
    let consignee = world.consignees.get(consignee)?;
    let rounds = consignee.forwarders.len().max(consignee.hauliers.len());
    for round in 0..rounds {
        let narrowed = Consignee {
            forwarders: nth_or_first(&consignee.forwarders, round),
            hauliers: nth_or_first(&consignee.hauliers, round),
            ..consignee.clone()
        };
        let days = (HISTORY_DAYS * 3 / 5, HISTORY_DAYS);
        earlier_collection(options, teller, &narrowed, days);
    }
    long_ago(options, teller, consignee)
}

/// Days before the start in which importers that are older had a container too: they did not begin with the partners of
/// today.
const LONG_AGO_DAYS: (i64, i64) = (130, 260);

/// Tells of one container of an older importer from before all else that is remembered: manifest and discharge are left.
fn long_ago(options: &Options, teller: &mut Teller<'_>, consignee: &Consignee) -> Option<()> {
    let (least, most) = LONG_AGO_DAYS;
    let before = options.start.plus_millis(-(most + 10) * DAY_MS);
    if consignee.firm.registered_at.is_none_or(|at| at > before) {
        return Some(());
    }
    let out_at = options.start.plus_millis(-teller.chance.minutes(least * 24 * 60, most * 24 * 60));
    let mut plan = Import::earlier(teller, consignee, out_at)?;
    plan.chain.clear();
    plan.announcements.clear();
    plan.exits.clear();
    plan.returned_at = None;
    plan.tell_history(teller);
    Some(())
}

/// Days before the start in which every driver was at every gate that he goes to: before any other truck is remembered, and
/// once more lately.
const HABIT_DAYS: [(i64, i64); 2] = [(HISTORY_DAYS + 1, HISTORY_DAYS + 9), (8, 32)];

/// Tells that the drivers of a haulier have been at the gates before: they bring an empty that those of another haulier
/// take, and so on; their passes are older still.
pub(crate) fn habits(options: &Options, teller: &mut Teller<'_>, haulier: usize) -> Option<()> {
    let world = teller.world;
    if haulier % 2 == 1 {
        return Some(());
    }
    let brings = world.hauliers.get(haulier)?;
    let takes = world.hauliers.get(haulier + 1).or_else(|| world.hauliers.first())?;
    let rounds = brings.plates.len().max(takes.plates.len());
    for site in [Site::Koper, Site::Trieste, Site::Depot, Site::Inland] {
        let carrier = teller.chance.index(CARRIERS.len());
        let unit = teller.numbers.empty(carrier, &mut teller.chance);
        for (n, round) in (0..).zip((0..rounds).cycle().take(HABIT_DAYS.len() * rounds)) {
            let (last, first) = HABIT_DAYS.get(n / rounds.max(1)).copied()?;
            let step_ms = (first - last) * DAY_MS / i64::try_from(rounds).unwrap_or(1).max(1);
            let later = i64::try_from(round).unwrap_or(0) * step_ms;
            let day = options.start.plus_millis(-first * DAY_MS + later);
            for (haulier, inbound) in [(brings, true), (takes, false)] {
                let plate = haulier.plates.get(round % haulier.plates.len().max(1))?;
                let at = day.plus_millis(teller.chance.minutes(6 * 60, 9 * 60));
                let at = if inbound { at } else { at.plus_millis(8 * HOUR_MS) };
                if site == Site::Koper && n < rounds {
                    teller.pass(day.plus_millis(-2 * DAY_MS), &badge_at(plate, site));
                }
                let mut gate = teller.passage_at(site, inbound, at, &unit, haulier, plate);
                (gate.laden, gate.kg) = (false, unit.tare_kg());
                gate.status = if inbound { IMPORT } else { EXPORT };
                teller.gate(gate);
            }
        }
    }
    Some(())
}

/// Days before the start in which an importer had its usual collections: after it had met all its partners.
pub(crate) const USUAL_DAYS: (i64, i64) = (9, HISTORY_DAYS / 2);

/// Tells of one earlier collection for the consignee, by those it works with, so many days before the start; returns its
/// container.
pub(crate) fn earlier_collection(
    options: &Options,
    teller: &mut Teller<'_>,
    consignee: &Consignee,
    (least, most): (i64, i64),
) -> Option<Unit> {
    let out_at = options.start.plus_millis(-teller.chance.minutes(least * 24 * 60, most * 24 * 60));
    let plan = Import::earlier(teller, consignee, out_at)?;
    plan.tell_history(teller);
    Some(plan.unit)
}

fn nth_or_first(list: &[usize], n: usize) -> Vec<usize> {
    list.get(n).or_else(|| list.first()).copied().into_iter().collect()
}
