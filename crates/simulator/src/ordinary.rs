//! Ordinary traffic: imports, exports, transhipment, empties, the vessels themselves, and the months before.
//!
//! Shares are working values for a gateway port of the northern Adriatic (imports ahead of exports, a tenth of
//! transhipment, many empties returning): they shape variety, and nothing is measured on them.

use quaywatch_domain::Timestamp;

use crate::Options;
use crate::cast::{Consignee, STAY_HOURS, origin};
use crate::chance::{DAY_MS, HOUR_MS};
use crate::import::Import;
use crate::letter::{DcsaPlace, EXPORT, IMPORT, QuayMove, TRANSHIPMENT, Teller};

/// Percentage of containers that are imports, exports, transhipped; the rest moves empty.
const IMPORT_PERCENT: i64 = 48;
const EXPORT_PERCENT: i64 = 28;
const TRANSHIPMENT_PERCENT: i64 = 8;

/// Tells the ordinary containers of the day.
pub(crate) fn containers(options: &Options, teller: &mut Teller<'_>) {
    for _ in 0..options.containers {
        let share = teller.chance.between(1, 100);
        let told = if share <= IMPORT_PERCENT {
            import(options, teller)
        } else if share <= IMPORT_PERCENT + EXPORT_PERCENT {
            export(options, teller)
        } else if share <= IMPORT_PERCENT + EXPORT_PERCENT + TRANSHIPMENT_PERCENT {
            transhipment(options, teller)
        } else {
            empty(options, teller)
        };
        debug_assert!(told.is_some(), "a call is within reach of every moment of the day");
    }
}

/// Tells of the vessels: expected, arrived, departed.
pub(crate) fn vessels(teller: &mut Teller<'_>) {
    let cast = teller.cast;
    for call in &cast.calls {
        teller.vessel(
            "ARRI",
            "EST",
            call.arrival.plus_millis(HOUR_MS),
            call.arrival.plus_millis(-DAY_MS),
            call,
        );
        let told = call.arrival.plus_millis(teller.chance.minutes(5, 40));
        teller.vessel("ARRI", "ACT", call.arrival, told, call);
        let told = call.departure.plus_millis(teller.chance.minutes(5, 40));
        teller.vessel("DEPA", "ACT", call.departure, told, call);
    }
}

/// Days before the start from which the release platform's memory reaches back.
const HISTORY_DAYS: i64 = 75;

/// Tells of earlier collections, so that the usual relations of every consignee are known.
pub(crate) fn history(options: &Options, teller: &mut Teller<'_>) {
    let cast = teller.cast;
    for consignee in &cast.consignees {
        let rounds = consignee.forwarders.len().max(consignee.hauliers.len());
        for round in 0..rounds {
            let narrowed = Consignee {
                firm: consignee.firm.clone(),
                forwarders: nth_or_first(&consignee.forwarders, round),
                hauliers: nth_or_first(&consignee.hauliers, round),
            };
            earlier_collection(options, teller, &narrowed);
        }
    }
}

/// Tells of one earlier collection for the consignee, by those it works with.
pub(crate) fn earlier_collection(options: &Options, teller: &mut Teller<'_>, consignee: &Consignee) {
    let out_at = options.start.plus_millis(-teller.chance.minutes(9 * 24 * 60, HISTORY_DAYS * 24 * 60));
    let Some(plan) = Import::earlier(teller, consignee, out_at) else { return };
    plan.tell_release(teller);
    plan.tell_gate(teller);
}

fn nth_or_first(list: &[usize], n: usize) -> Vec<usize> {
    list.get(n).or_else(|| list.first()).copied().into_iter().collect()
}

fn import(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let cast = teller.cast;
    let consignee = teller.chance.pick(&cast.consignees)?;
    let plan = if teller.chance.percent(55) {
        let out_at = teller.chance.moment(options.start, options.end());
        let out_at = teller.by_day(out_at, options.end());
        Import::leaving(teller, consignee, out_at)?
    } else {
        let at = during_a_call(options, teller, 0)?;
        Import::arriving(teller, consignee, at)?
    };
    plan.tell(teller);
    Some(())
}

/// A moment in the day at which a vessel alongside is worked: in the first half of its stay (discharge) or the second.
fn during_a_call(options: &Options, teller: &mut Teller<'_>, half: i64) -> Option<(usize, Timestamp)> {
    let at = teller.chance.moment(options.start, options.end());
    let half_stay = STAY_HOURS / 2 * HOUR_MS;
    let from = at.plus_millis(-half_stay * (half + 1) + HOUR_MS);
    let calls = teller.cast.calls_between(from, at.plus_millis(-half_stay * half - HOUR_MS / 2));
    Some((*teller.chance.pick(&calls)?, at))
}

fn export(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let (call, loaded_at, in_at) = if teller.chance.percent(55) {
        let in_at = teller.chance.moment(options.start, options.end());
        let in_at = teller.by_day(in_at, options.end());
        let calls = teller.cast.calls_between(in_at, in_at.plus_millis(5 * DAY_MS));
        let call = *teller.chance.pick(&calls)?;
        let arrival = teller.cast.calls.get(call)?.arrival;
        (call, loading_time(teller, arrival), in_at)
    } else {
        let (call, loaded_at) = during_a_call(options, teller, 1)?;
        (call, loaded_at, loaded_at.plus_millis(-teller.chance.minutes(20 * 60, 96 * 60)))
    };
    let carrier = teller.cast.calls.get(call)?.carrier;
    let unit = teller.store.laden(carrier);
    let cast = teller.cast;
    let haulier = teller.chance.pick(&cast.hauliers)?;
    let plate = teller.chance.pick(&haulier.plates)?.clone();
    teller.shipment("CONF", ("BKG", &unit.booking), in_at.plus_millis(-6 * DAY_MS), &unit);
    let gate = teller.passage(true, in_at, &unit, haulier, &plate);
    teller.gate(gate);
    let seals = unit.seals.clone();
    let far_port = origin(&mut teller.chance).0;
    teller.quay(QuayMove { call, load: true, at: loaded_at, unit, seals, status: EXPORT, far_port });
    Some(())
}

fn loading_time(teller: &mut Teller<'_>, arrival: Timestamp) -> Timestamp {
    let half = STAY_HOURS / 2;
    teller.chance.moment(arrival.plus_millis(half * HOUR_MS), arrival.plus_millis((STAY_HOURS - 1) * HOUR_MS))
}

fn transhipment(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let (call, at) = during_a_call(options, teller, 0)?;
    let first = teller.cast.calls.get(call)?;
    let unit = teller.store.laden(first.carrier);
    let next = teller.cast.calls_between(at.plus_millis(12 * HOUR_MS), at.plus_millis(4 * DAY_MS));
    let next = *teller.chance.pick(&next)?;
    let (from, to) = (origin(&mut teller.chance).0, origin(&mut teller.chance).0);
    let loaded_at = first.arrival.plus_millis(-teller.chance.minutes(14 * 24 * 60, 26 * 24 * 60));
    let place = DcsaPlace { un_locode: from, terminal: None, call: Some(first) };
    teller.equipment("LOAD", loaded_at, &unit, place, &unit.seals);
    let mut quay = QuayMove {
        call,
        load: false,
        at,
        seals: unit.seals.clone(),
        unit,
        status: TRANSHIPMENT,
        far_port: from,
    };
    teller.quay(quay.clone());
    let arrival = teller.cast.calls.get(next)?.arrival;
    (quay.call, quay.load, quay.at, quay.far_port) = (next, true, loading_time(teller, arrival), to);
    teller.quay(quay);
    Some(())
}

fn empty(options: &Options, teller: &mut Teller<'_>) -> Option<()> {
    let cast = teller.cast;
    let haulier = teller.chance.pick(&cast.hauliers)?;
    let plate = teller.chance.pick(&haulier.plates)?.clone();
    let carrier = teller.chance.pick(&cast.calls)?.carrier;
    let unit = teller.store.empty(carrier);
    let at = teller.chance.moment(options.start, options.end());
    let at = teller.by_day(at, options.end());
    // Either it comes back from a consignee, or it goes out to a shipper to be stuffed.
    let inbound = teller.chance.percent(60);
    let mut gate = teller.passage(inbound, at, &unit, haulier, &plate);
    gate.status = if inbound { IMPORT } else { EXPORT };
    teller.gate(gate);
    Some(())
}
