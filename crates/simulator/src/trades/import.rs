//! An import container: loaded far away, announced, discharged, stacked, released down the chain, through customs, out of
//! the gate, and back empty. Drawn first as a plan, which a story may bend, then told.

mod tell;

use quaywatch_domain::Timestamp;

use super::SCALE_ERROR_KG;
use super::yard::{IMPORT_BLOCKS, LookUp, Ordered, REEFER_BLOCKS, Slot, YardMove, number_of};
use crate::chance::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::letter::{IMPORT, Teller};
use crate::numbers::{SealTag, Sealer, Unit};
use crate::world::vessels::STAY_HOURS;
use crate::world::wares::usual_hub;
use crate::world::{Consignee, Firm, Haulier, Origin, Site, Ware, badge_at, origin_of};

/// A right to collect, handed on.
#[derive(Debug, Clone)]
pub(crate) struct Handover {
    pub(crate) to: Firm,
    pub(crate) at: Timestamp,
    pub(crate) accepted_at: Timestamp,
}

/// A truck announced for the container.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    pub(crate) haulier: Firm,
    pub(crate) plate: String,
    pub(crate) at: Timestamp,
    pub(crate) cancelled_at: Option<Timestamp>,
    /// A later correction of the same announcement: when, and the new plate.
    pub(crate) truck_changed: Option<(Timestamp, String)>,
}

/// A truck that leaves with the container.
#[derive(Debug, Clone)]
pub(crate) struct Exit {
    pub(crate) haulier: Haulier,
    pub(crate) plate: String,
    /// Badge of the driver.
    pub(crate) driver: String,
    pub(crate) at: Timestamp,
    pub(crate) seals: Vec<SealTag>,
    /// Weight of the container at the weighbridge, when it goes over it.
    pub(crate) scale_kg: Option<i64>,
}

/// What the manifest says of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manifest {
    Listed,
    Missing,
    Twice,
}

/// The plan of an import container.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) site: Site,
    pub(crate) unit: Unit,
    pub(crate) call: usize,
    pub(crate) ware: Ware,
    pub(crate) origin: Origin,
    /// Where it changed ships.
    pub(crate) via: Option<&'static str>,
    pub(crate) loaded_at: Timestamp,
    pub(crate) discharged_at: Timestamp,
    pub(crate) discharged: bool,
    /// UN/EDIFACT 8249 on the discharge list.
    pub(crate) crane_status: &'static str,
    /// Seals as read at the crane.
    pub(crate) crane_seals: Vec<SealTag>,
    pub(crate) cell: String,
    pub(crate) manifest: Manifest,
    /// Weights as declared, and as the crane weighs it, kg.
    pub(crate) declared_kg: i64,
    pub(crate) crane_kg: i64,
    /// What the scale in the crane's spreader shows, where it is read out.
    pub(crate) spreader_kg: Option<i64>,
    pub(crate) consignee: Consignee,
    pub(crate) notify: Firm,
    pub(crate) forwarder: Firm,
    pub(crate) secret: String,
    /// From the carrier to a forwarder and on to a haulier.
    pub(crate) chain: Vec<Handover>,
    pub(crate) revoked_at: Option<Timestamp>,
    /// Customs office that decides.
    pub(crate) office: &'static str,
    /// Steps at customs, in order: kind and time.
    pub(crate) customs: Vec<(&'static str, Timestamp)>,
    pub(crate) announcements: Vec<Announcement>,
    /// In the yard, in order.
    pub(crate) moves: Vec<YardMove>,
    pub(crate) look_ups: Vec<LookUp>,
    pub(crate) exits: Vec<Exit>,
    /// Whether it leaves by rail.
    pub(crate) rail: bool,
    /// Half-hourly readings on the rack.
    pub(crate) monitored: bool,
    /// Reports its position by a device of its own.
    pub(crate) tracked: bool,
    /// When it comes back empty, if it does, and where.
    pub(crate) returned_at: Option<Timestamp>,
    pub(crate) returned_to: Site,
    /// When it enters the neighbouring terminal laden, if it does.
    pub(crate) trieste_at: Option<Timestamp>,
    /// User who issued the right to collect, where it is none of the usual ones.
    pub(crate) issued_by: Option<String>,
    /// Who transmitted it to the platform, where it is not the carrier's own system.
    pub(crate) sent_by: Option<String>,
    /// Whether the terminal calls its truck forward, where it does so at all.
    pub(crate) called_forward: bool,
    /// Whether the carrier hauls it to the door and says when, and whether it arrives.
    pub(crate) to_the_door: bool,
    pub(crate) delivered: bool,
}

/// Percentage of imports that customs selects for a scan.
pub(crate) const SELECTED_PERCENT: u32 = 6;
/// Percentage of imports whose weight at the crane is read out.
const SPREADER_PERCENT: u32 = 20;
/// Percentage of imports that the carrier hauls to the door.
const TO_THE_DOOR_PERCENT: u32 = 8;
/// Percentage of imports collected by a haulier that is new to the consignee.
const NEW_RELATION_PERCENT: u32 = 2;

impl Import {
    /// Draws a container that leaves through the gate at `out_at`.
    pub(crate) fn leaving(teller: &mut Teller<'_>, consignee: &Consignee, out_at: Timestamp) -> Option<Self> {
        let calls = teller.world.calls_between(
            consignee.home,
            out_at.plus_millis(-6 * DAY_MS),
            out_at.plus_millis(-40 * HOUR_MS),
        );
        let call = *teller.chance.pick(&calls)?;
        let arrival = teller.world.calls.get(call)?.arrival;
        let discharged_at =
            teller.chance.moment(arrival.plus_millis(HOUR_MS), arrival.plus_millis(STAY_HOURS / 2 * HOUR_MS));
        Self::draw(teller, consignee, (call, discharged_at), out_at)
    }

    /// Draws a container that is discharged at a call at `discharged_at` and leaves hours or days later.
    pub(crate) fn arriving(
        teller: &mut Teller<'_>,
        consignee: &Consignee,
        (call, discharged_at): (usize, Timestamp),
    ) -> Option<Self> {
        let out_at = discharged_at.plus_millis(teller.chance.minutes(20 * 60, 110 * 60));
        let out_at = teller.by_day(out_at, out_at.plus_millis(DAY_MS));
        Self::draw(teller, consignee, (call, discharged_at), out_at)
    }

    fn draw(
        teller: &mut Teller<'_>,
        consignee: &Consignee,
        (call, discharged_at): (usize, Timestamp),
        out_at: Timestamp,
    ) -> Option<Self> {
        let (carrier, arrival, site) =
            teller.world.calls.get(call).map(|c| (c.carrier, c.arrival, c.site))?;
        let ware = consignee.ware;
        let unit = teller.numbers.laden(carrier, &ware, &mut teller.chance);
        let back = |teller: &mut Teller<'_>, low, high| out_at.plus_millis(-teller.chance.minutes(low, high));
        let forwarder = teller.world.forwarders.get(*teller.chance.pick(&consignee.forwarders)?)?.clone();
        let usual = !teller.chance.percent(NEW_RELATION_PERCENT);
        let haulier = if usual {
            *teller.chance.pick(&consignee.hauliers)?
        } else {
            teller.chance.index(teller.world.hauliers.len())
        };
        let haulier = teller.world.hauliers.get(haulier)?.clone();
        let plate = teller.chance.pick(&haulier.plates)?.clone();
        // A new relation is handed over in good time: nobody hurries with a stranger.
        let (handed_on, announced_at) = if usual {
            let handed_on = back(teller, 4 * 60, 10 * 60);
            (handed_on, back(teller, 45, 3 * 60))
        } else {
            (back(teller, 9 * 60, 14 * 60), back(teller, 60, 4 * 60))
        };
        let issued_at = discharged_at
            .plus_millis(-teller.chance.minutes(60, 40 * 60))
            .min(handed_on.plus_millis(-HOUR_MS));
        let first_accepted = issued_at.plus_millis(teller.chance.minutes(5, 40));
        let accepted_at = handed_on.plus_millis(teller.chance.minutes(3, 35));
        let chain = vec![
            Handover { to: forwarder.clone(), at: issued_at, accepted_at: first_accepted },
            Handover { to: known_as(&haulier, site), at: handed_on, accepted_at },
        ];
        let customs = Self::customs_steps(teller, discharged_at, out_at);
        let crane_seals = if teller.chance.percent(5) { Vec::new() } else { unit.seals.clone() };
        let opened = customs.iter().any(|(kind, _)| *kind == "customs_inspected");
        let seals =
            if opened { vec![teller.numbers.seal(Sealer::Customs, carrier)] } else { unit.seals.clone() };
        let scale_kg = teller
            .chance
            .percent(30)
            .then(|| unit.gross_kg + teller.chance.between(-SCALE_ERROR_KG / 10, SCALE_ERROR_KG / 10) * 10);
        let exit = Exit {
            plate: plate.clone(),
            driver: badge_at(&plate, site),
            at: out_at,
            seals,
            haulier: haulier.clone(),
            scale_kg,
        };
        let to_trieste = site == Site::Koper && teller.chance.percent(1);
        let later = teller.chance.minutes(9 * 60, 90 * 60);
        let origin = if consignee.origin.0.is_empty() {
            origin_of(&ware, &mut teller.chance)
        } else {
            consignee.origin
        };
        let tracked = ware.setpoint_c.is_none() && teller.chance.percent(2);
        let mut plan = Self {
            site,
            via: usual_hub(origin.1),
            origin,
            loaded_at: arrival.plus_millis(-teller.chance.minutes(14 * 24 * 60, 28 * 24 * 60)),
            call,
            discharged_at,
            discharged: true,
            crane_status: IMPORT,
            crane_seals,
            cell: cell(teller),
            manifest: Manifest::Listed,
            declared_kg: unit.gross_kg + teller.chance.between(-12, 12) * 10,
            crane_kg: unit.gross_kg + teller.chance.between(-15, 15) * 10,
            spreader_kg: teller.chance.percent(SPREADER_PERCENT).then(|| {
                unit.gross_kg + teller.chance.between(-SCALE_ERROR_KG / 10, SCALE_ERROR_KG / 10) * 10
            }),
            notify: consignee.firm.clone(),
            forwarder,
            consignee: consignee.clone(),
            secret: teller.numbers.secret(),
            chain,
            revoked_at: None,
            office: site.customs_office(),
            customs,
            announcements: vec![Announcement {
                haulier: known_as(&haulier, site),
                plate,
                at: announced_at,
                cancelled_at: None,
                truck_changed: None,
            }],
            moves: Vec::new(),
            look_ups: Vec::new(),
            exits: vec![exit],
            rail: false,
            monitored: ware.setpoint_c.is_some() && teller.chance.one_in(6),
            tracked,
            returned_at: (!to_trieste).then(|| out_at.plus_millis(later)),
            returned_to: if teller.chance.percent(65) { Site::Depot } else { site },
            trieste_at: to_trieste.then(|| out_at.plus_millis(later / 12)),
            issued_by: None,
            sent_by: None,
            called_forward: true,
            to_the_door: !to_trieste && number_of(&unit.number) % 100 < TO_THE_DOOR_PERCENT,
            delivered: true,
            ware,
            unit,
        };
        plan.stack(teller);
        plan.usual_look_ups(teller);
        Some(plan)
    }

    /// Draws a collection of long ago.
    pub(crate) fn earlier(teller: &mut Teller<'_>, consignee: &Consignee, out_at: Timestamp) -> Option<Self> {
        let calls = teller.world.calls_between(consignee.home, Timestamp::from_millis(0), FOREVER);
        let plan = Self::draw(teller, consignee, (*calls.first()?, out_at.plus_millis(-3 * DAY_MS)), out_at)?;
        let haulier = teller.world.hauliers.get(*teller.chance.pick(&consignee.hauliers)?)?;
        Some(plan.plain(haulier))
    }

    /// Released in time; sometimes scanned before, and then now and then held and inspected.
    fn customs_steps(
        teller: &mut Teller<'_>,
        discharged_at: Timestamp,
        out_at: Timestamp,
    ) -> Vec<(&'static str, Timestamp)> {
        let room = out_at.millis_since(discharged_at) / MINUTE_MS;
        let part = |percent: i64| discharged_at.plus_millis(room * percent / 100 * MINUTE_MS);
        if !teller.chance.percent(SELECTED_PERCENT) {
            return vec![("customs_released", part(teller.chance.between(10, 75)))];
        }
        let mut steps = vec![("customs_selected_for_scan", part(8)), ("customs_scanned", part(30))];
        if teller.chance.percent(15) {
            steps.extend([("customs_held", part(34)), ("customs_inspected", part(55))]);
        }
        steps.push(("customs_released", part(70)));
        steps
    }

    /// Puts it into the yard: to its slot, to the scan and back when it is scanned, now and then aside for another.
    pub(crate) fn stack(&mut self, teller: &mut Teller<'_>) {
        let blocks = if self.ware.setpoint_c.is_some() { REEFER_BLOCKS } else { IMPORT_BLOCKS };
        let slot = Slot::draw(blocks, &mut teller.chance);
        let before = |teller: &mut Teller<'_>| Ordered::Before(teller.chance.between(4, 22));
        let ordered = before(teller);
        let at = self.discharged_at.plus_millis(teller.chance.minutes(6, 45));
        self.moves = vec![YardMove { at, to: slot.clone(), ordered }];
        let time_of = |kind: &str| self.customs.iter().find(|(k, _)| *k == kind).map(|(_, at)| *at);
        for seen_at in [time_of("customs_scanned"), time_of("customs_inspected")].into_iter().flatten() {
            let there = seen_at.plus_millis(-teller.chance.minutes(10, 30));
            let back = seen_at.plus_millis(teller.chance.minutes(15, 40));
            let (first, second) = (before(teller), before(teller));
            self.moves.push(YardMove { at: there, to: Slot::customs(), ordered: first });
            self.moves.push(YardMove { at: back, to: slot.clone(), ordered: second });
        }
        let Some(out_at) = self.exits.first().map(|e| e.at) else { return };
        if teller.chance.percent(12) && self.customs.len() == 1 {
            let at = teller
                .chance
                .moment(self.discharged_at.plus_millis(2 * HOUR_MS), out_at.plus_millis(-2 * HOUR_MS));
            // Orders for housekeeping are sometimes given by voice and written down a few minutes later.
            let ordered = if teller.chance.percent(8) {
                Ordered::After(teller.chance.between(1, 7))
            } else {
                before(teller)
            };
            self.moves.push(YardMove { at, to: Slot::draw(blocks, &mut teller.chance), ordered });
        }
        let at = out_at.plus_millis(-teller.chance.minutes(8, 22));
        let ordered = before(teller);
        self.moves.push(YardMove { at, to: Slot::lane(&mut teller.chance), ordered });
        self.moves.sort_by_key(|step| step.at);
    }

    /// Who has to do with it looks it up: the forwarder, the haulier, the desk of the terminal.
    fn usual_look_ups(&mut self, teller: &mut Teller<'_>) {
        let Some(exit) = self.exits.first() else { return };
        let (from, to) = (self.discharged_at.plus_millis(-DAY_MS), exit.at.plus_millis(-20 * MINUTE_MS));
        let haulier = exit.haulier.firm.clone();
        let forwarder = self.forwarder.clone();
        for firm in [&forwarder, &haulier] {
            if teller.chance.percent(55) {
                let at = working_hour(teller, from, to);
                let desk = teller.chance.between(1, 4);
                self.look_ups.push(LookUp::by_clerk(firm, desk, "CLERK", at));
            }
        }
        if teller.chance.percent(10) {
            let terminal = Firm::new(self.site.code().to_owned(), "SMDG", String::new());
            let at = working_hour(teller, from, to);
            let desk = teller.chance.between(1, 8);
            self.look_ups.push(LookUp::by_clerk(&terminal, desk, "CUSTOMER_SERVICE", at));
        }
    }

    /// Replaces whoever collects: the last handover, the announcement and the exit.
    pub(crate) fn collected_by(&mut self, haulier: &Haulier) {
        let plate = haulier.plates.first().cloned().unwrap_or_default();
        let firm = known_as(haulier, self.site);
        if let Some(last) = self.chain.last_mut() {
            last.to = firm.clone();
        }
        for announcement in &mut self.announcements {
            announcement.haulier = firm.clone();
            announcement.plate.clone_from(&plate);
        }
        for exit in &mut self.exits {
            exit.haulier = haulier.clone();
            exit.plate.clone_from(&plate);
            exit.driver = badge_at(&plate, self.site);
        }
        self.look_ups.retain(|look| look.role != "CLERK" || look.organisation == self.forwarder.id);
    }

    /// Makes everything ordinary that chance might have made special, for a story to start from.
    pub(crate) fn plain(mut self, haulier: &Haulier) -> Self {
        self.collected_by(haulier);
        let released = self.customs.last().copied();
        self.customs = released.into_iter().collect();
        self.crane_seals.clone_from(&self.unit.seals);
        for exit in &mut self.exits {
            exit.seals.clone_from(&self.unit.seals);
        }
        self.moves.retain(|step| step.to.block != "CUSTOMS");
        for step in &mut self.moves {
            if !matches!(step.ordered, Ordered::Before(_)) {
                step.ordered = Ordered::Before(9);
            }
        }
        self.trieste_at = None;
        self.rail = false;
        self.to_the_door = false;
        if self.returned_at.is_none() {
            self.returned_at = self.out_at().map(|at| at.plus_millis(30 * HOUR_MS));
        }
        self
    }

    /// Leaves at another time: announcement, handover, way to the lane and exit move along.
    pub(crate) fn leaving_at(&mut self, at: Timestamp) {
        let Some(before) = self.exits.first().map(|e| e.at) else { return };
        let by = at.millis_since(before);
        for exit in &mut self.exits {
            exit.at = exit.at.plus_millis(by);
        }
        for announcement in &mut self.announcements {
            announcement.at = announcement.at.plus_millis(by);
        }
        if let Some(last) = self.moves.last_mut() {
            last.at = last.at.plus_millis(by);
        }
        // What was to be moved aside later stands there no more.
        self.moves.retain(|step| step.at < at);
        if let Some(last) = self.chain.last_mut() {
            (last.at, last.accepted_at) = (last.at.plus_millis(by), last.accepted_at.plus_millis(by));
        }
    }

    /// Where it stands at a moment.
    pub(crate) fn slot_at(&self, at: Timestamp) -> Option<&Slot> {
        self.moves.iter().rfind(|step| step.at < at).map(|step| &step.to)
    }

    /// When it leaves first.
    pub(crate) fn out_at(&self) -> Option<Timestamp> {
        self.exits.first().map(|exit| exit.at)
    }
}

/// The latest moment that anything may be at.
pub(crate) const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The firm as the release platform of a terminal writes it.
pub(crate) fn known_as(haulier: &Haulier, site: Site) -> Firm {
    if site == Site::Trieste { haulier.by_ean() } else { haulier.firm.clone() }
}

/// A cell on board: bay, row and tier.
pub(crate) fn cell(teller: &mut Teller<'_>) -> String {
    let chance = &mut teller.chance;
    let (bay, row) = (chance.between(0, 31) * 2 + 1, chance.between(0, 17));
    let tier = if chance.percent(50) { chance.between(1, 8) * 2 } else { 80 + chance.between(1, 7) * 2 };
    format!("{bay:03}{row:02}{tier:02}")
}

/// A moment in office hours between two moments, where there is one.
pub(crate) fn working_hour(teller: &mut Teller<'_>, from: Timestamp, to: Timestamp) -> Timestamp {
    let mut at = teller.chance.moment(from, to);
    for _ in 0..6 {
        let hour = at.as_millis().div_euclid(HOUR_MS).rem_euclid(24);
        if (5..16).contains(&hour) {
            break;
        }
        at = teller.chance.moment(from, to);
    }
    at
}
