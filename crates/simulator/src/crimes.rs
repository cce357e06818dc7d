//! The crimes, each written from published cases (Europol's report on criminal networks in EU ports, court reports from
//! Antwerp and Rotterdam, WCO's TIN CAN operation, the GDV container handbook on seals): who does what to the
//! container, and what of it the ordinary messages betray.

use quaywatch_domain::Timestamp;

use crate::cast::{Consignee, Haulier, Terminal, new_haulier};
use crate::chance::{HOUR_MS, MINUTE_MS};
use crate::goods::{SealTag, Sealer, Unit};
use crate::import::{Announcement, Exit, Handover, Import};
use crate::letter::{EXPORT, QuayMove, Teller};
use crate::list::Row;
use crate::ordinary::earlier_collection;
use crate::{Options, Truth};

/// Where stories are set: the port, the list, and what must come of it.
pub(crate) struct Stage<'a, 'b> {
    pub(crate) options: &'a Options,
    pub(crate) teller: &'a mut Teller<'b>,
    pub(crate) rows: Vec<Row>,
    pub(crate) truth: Vec<Truth>,
}

/// How long after the end of the day an alert still counts, in hours.
const GRACE_HOURS: i64 = 1;
/// Earlier collections of every consignee in a story, beside those of its relations.
const KNOWN_FOR: usize = 4;

impl Stage<'_, '_> {
    /// The moment at this percentage of the day, on a whole minute.
    pub(crate) fn time(&self, percent: i64) -> Timestamp {
        let minutes = i64::from(self.options.hours) * 60 * percent / 100;
        self.options.start.plus_millis(minutes * MINUTE_MS)
    }

    /// An ordinary import, well known on all sides, that leaves at this percentage of the day, and its haulier.
    pub(crate) fn import(&mut self, percent: i64) -> Option<(Import, Haulier)> {
        let cast = self.teller.cast;
        let consignee = self.consignee()?;
        let haulier = cast.hauliers.get(*consignee.hauliers.first()?)?;
        let plan = Import::leaving(self.teller, &consignee, self.time(percent))?;
        Some((plan.plain(haulier), haulier.clone()))
    }

    /// A consignee whose usual haulier the gate knows by its code.
    fn consignee(&mut self) -> Option<Consignee> {
        let cast = self.teller.cast;
        let coded = |n: &usize| cast.hauliers.get(*n).is_some_and(|h| !h.nameless_code);
        let known: Vec<&Consignee> =
            cast.consignees.iter().filter(|c| c.hauliers.first().is_some_and(coded)).collect();
        let consignee = (*self.teller.chance.pick(&known)?).clone();
        for _ in 0..KNOWN_FOR {
            let usual = Consignee {
                firm: consignee.firm.clone(),
                forwarders: consignee.forwarders.clone(),
                hauliers: consignee.hauliers.iter().take(1).copied().collect(),
            };
            earlier_collection(self.options, self.teller, &usual);
        }
        Some(consignee)
    }

    /// A haulier of the port that does not work with this container and is known by its code.
    pub(crate) fn other_haulier(&mut self, plan: &Import) -> Option<Haulier> {
        let cast = self.teller.cast;
        let others: Vec<&Haulier> = cast
            .hauliers
            .iter()
            .enumerate()
            .filter(|(n, h)| !h.nameless_code && !plan.consignee.hauliers.contains(n))
            .map(|(_, h)| h)
            .collect();
        self.teller.chance.pick(&others).map(|h| (*h).clone())
    }

    /// An export container that enters at this percentage of the day and is loaded later.
    fn export(&mut self, percent: i64, unit: Option<Unit>) -> Option<Unit> {
        let in_at = self.time(percent);
        let cast = self.teller.cast;
        let calls = cast.calls_between(in_at.plus_millis(24 * HOUR_MS), in_at.plus_millis(72 * HOUR_MS));
        let call = *self.teller.chance.pick(&calls)?;
        let at = cast.calls.get(call)?.arrival.plus_millis(14 * HOUR_MS);
        let carrier = cast.calls.get(call)?.carrier;
        let unit = unit.unwrap_or_else(|| self.teller.store.laden(carrier));
        let haulier = self.teller.chance.pick(&cast.hauliers)?;
        let plate = haulier.plates.first()?.clone();
        let gate = self.teller.passage(true, in_at, &unit, haulier, &plate);
        self.teller.gate(gate);
        let seals = unit.seals.clone();
        self.teller.quay(QuayMove {
            call,
            load: true,
            at,
            unit: unit.clone(),
            seals,
            status: EXPORT,
            far_port: "USNYC",
        });
        Some(unit)
    }

    fn must_find(&mut self, number: &str, codes: &[&str], from: Timestamp, story: &str) {
        self.truth.push(Truth {
            subject: format!("container/{number}"),
            codes: codes.iter().map(|&c| c.to_owned()).collect(),
            from,
            to: self.options.end().plus_millis(GRACE_HOURS * HOUR_MS),
            story: story.to_owned(),
        });
    }
}

/// Tells every crime. `None` when the cast is too small for one, which the limits of [`Options`] exclude.
pub(crate) fn all(stage: &mut Stage<'_, '_>) -> Option<()> {
    listed_container(stage)?;
    listed_seal(stage)?;
    listed_truck(stage)?;
    listed_in_port(stage)?;
    collected_by_a_stranger(stage)?;
    handed_to_a_newcomer(stage)?;
    announced_twice(stage)?;
    collected_after_revocation(stage)?;
    seal_gone(stage)?;
    seal_tampered(stage)?;
    twin_seals(stage)?;
    cloned_at_the_neighbour(stage)?;
    left_twice(stage)?;
    left_before_the_scan(stage)
}

fn listed_container(stage: &mut Stage<'_, '_>) -> Option<()> {
    let unit = stage.export(18, None)?;
    let reason = "Container of a shell company under investigation";
    stage.rows.push(Row::standing("CONTAINER", "CONTAINER", &unit.number, reason));
    let from = stage.time(18);
    let story = "A container on the police's list arrives at the gate for export.";
    stage.must_find(&unit.number, &["WL-identifier"], from, story);
    Some(())
}

fn listed_seal(stage: &mut Stage<'_, '_>) -> Option<()> {
    let unit = stage.export(27, None)?;
    let seal = unit.seals.first()?.number.clone();
    stage.rows.push(Row::standing("SEAL", "SEAL", &seal, "Seal from a batch stolen at a depot"));
    let from = stage.time(27);
    let story = "A container is closed with a seal from a batch that was reported stolen.";
    stage.must_find(&unit.number, &["WL-identifier"], from, story);
    Some(())
}

fn listed_truck(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(55)?;
    let plate = format!("LJZZ{}", stage.teller.chance.between(100, 999));
    for announcement in &mut plan.announcements {
        announcement.plate.clone_from(&plate);
    }
    for exit in &mut plan.exits {
        exit.plate.clone_from(&plate);
    }
    stage.rows.push(Row::standing("TRUCK", "PLATE", &plate, "Truck seen at an earlier extraction"));
    plan.tell(stage.teller);
    let from = plan.announcements.first()?.at;
    let story =
        "A truck that took part in an earlier extraction is announced for a container and collects it.";
    stage.must_find(&plan.unit.number, &["WL-identifier"], from, story);
    Some(())
}

fn listed_in_port(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (plan, _) = stage.import(80)?;
    plan.tell(stage.teller);
    let added_at = stage.time(50);
    let row = Row::standing("CONTAINER", "CONTAINER", &plan.unit.number, "Tip from a partner service");
    stage.rows.push(Row { added_at: Some(added_at), ..row });
    let story =
        "A tip comes in when the container already stands in the yard; it is listed before it is collected.";
    stage.must_find(&plan.unit.number, &["WL-identifier"], added_at, story);
    Some(())
}

fn collected_by_a_stranger(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(38)?;
    let thief = stage.other_haulier(&plan)?;
    let plate = thief.plates.first()?.clone();
    let announcement = plan.announcements.first_mut()?;
    (announcement.haulier, announcement.plate) = (thief.firm.clone(), plate.clone());
    let from = announcement.at;
    let exit = plan.exits.first_mut()?;
    (exit.haulier, exit.plate) = (thief, plate);
    plan.tell(stage.teller);
    let story = "A leaked release code: the haulier that announces and collects the container never held its release.";
    stage.must_find(&plan.unit.number, &["MO-01a"], from, story);
    Some(())
}

fn handed_to_a_newcomer(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(62)?;
    let newcomer = new_haulier("Hitri Transport Plus", &mut stage.teller.chance);
    plan.collected_by(&newcomer);
    let out_at = plan.exits.first()?.at;
    let last = plan.chain.last_mut()?;
    last.at = out_at.plus_millis(-80 * MINUTE_MS);
    last.accepted_at = out_at.plus_millis(-76 * MINUTE_MS);
    let from = out_at.plus_millis(-58 * MINUTE_MS);
    plan.announcements.first_mut()?.at = from;
    plan.tell(stage.teller);
    let story = "The release is handed to a haulier nobody has worked with, and its truck is announced 22 minutes later.";
    stage.must_find(&plan.unit.number, &["MO-01b"], from, story);
    Some(())
}

fn announced_twice(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(70)?;
    let rival = stage.other_haulier(&plan)?;
    let out_at = plan.exits.first()?.at;
    plan.announcements.first_mut()?.at = out_at.plus_millis(-150 * MINUTE_MS);
    let from = out_at.plus_millis(-70 * MINUTE_MS);
    plan.announcements.push(Announcement {
        plate: rival.plates.first()?.clone(),
        haulier: rival.firm,
        at: from,
        cancelled_at: None,
        truck_changed: None,
    });
    plan.tell(stage.teller);
    let story = "Two hauliers announce trucks for the same container within two hours: one of them has a copied code.";
    stage.must_find(&plan.unit.number, &["MO-01e"], from, story);
    Some(())
}

fn collected_after_revocation(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(47)?;
    let out_at = plan.exits.first()?.at;
    plan.announcements.first_mut()?.at = out_at.plus_millis(-170 * MINUTE_MS);
    plan.revoked_at = Some(out_at.plus_millis(-95 * MINUTE_MS));
    plan.tell(stage.teller);
    let story = "The carrier revokes the release; the truck that was already announced takes the container all the same.";
    stage.must_find(&plan.unit.number, &["MO-01g"], out_at, story);
    Some(())
}

fn seal_gone(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(52)?;
    with_both_seals(stage, &mut plan);
    let exit = plan.exits.first_mut()?;
    exit.seals.retain(|seal| seal.sealer != Sealer::Carrier);
    let from = exit.at;
    plan.tell(stage.teller);
    let story = "Rip-off: somebody opened the container in the yard; the carrier's seal of the ship is no longer on it.";
    stage.must_find(&plan.unit.number, &["MO-03a"], from, story);
    Some(())
}

fn seal_tampered(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(66)?;
    with_both_seals(stage, &mut plan);
    let extra = stage.teller.store.seal(Sealer::Unsaid, plan.unit.carrier);
    let exit = plan.exits.first_mut()?;
    if let Some(seal) = exit.seals.first_mut() {
        seal.condition = "2";
    }
    exit.seals.push(extra);
    let from = exit.at;
    plan.tell(stage.teller);
    let story = "The doors were opened: the carrier's seal is damaged and one more seal, which nobody announced, hangs beside it.";
    stage.must_find(&plan.unit.number, &["MO-03b", "MO-03c"], from, story);
    Some(())
}

/// Gives the container one seal of the carrier and one of the shipper, read by everybody so far.
pub(crate) fn with_both_seals(stage: &mut Stage<'_, '_>, plan: &mut Import) {
    let carrier = plan.unit.carrier;
    let seals =
        [Sealer::Carrier, Sealer::Shipper].map(|sealer| stage.teller.store.seal(sealer, carrier)).to_vec();
    plan.crane_seals.clone_from(&seals);
    for exit in &mut plan.exits {
        exit.seals.clone_from(&seals);
    }
    plan.unit.seals = seals;
}

fn twin_seals(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (plan, _) = stage.import(84)?;
    plan.tell(stage.teller);
    let copied: SealTag = plan.unit.seals.first()?.clone();
    let mut unit = stage.teller.store.laden(plan.unit.carrier);
    *unit.seals.first_mut()? = copied;
    let unit = stage.export(34, Some(unit))?;
    let from = stage.time(34);
    let story = "Twin seals: a carrier's seal that closes one container turns up on another.";
    stage.must_find(&plan.unit.number, &["MO-04a"], from, story);
    stage.must_find(&unit.number, &["MO-04a"], from, story);
    Some(())
}

fn cloned_at_the_neighbour(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (plan, _) = stage.import(88)?;
    plan.tell(stage.teller);
    let driver = stage.other_haulier(&plan)?;
    let at = stage.time(42);
    let document = stage.teller.gate_document(Terminal::Trieste);
    let mut gate = stage.teller.passage(true, at, &plan.unit, &driver, driver.plates.first()?);
    (gate.terminal, gate.document) = (Terminal::Trieste, document);
    stage.teller.gate(gate);
    let story =
        "A cloned container enters the neighbouring terminal while the true one still stands in the yard.";
    stage.must_find(&plan.unit.number, &["MO-08a"], at, story);
    Some(())
}

fn left_twice(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, haulier) = stage.import(43)?;
    let at = stage.time(74);
    let again = Exit { plate: haulier.plates.last()?.clone(), at, ..plan.exits.first()?.clone() };
    plan.exits.push(again);
    plan.tell(stage.teller);
    let story =
        "A container leaves through the gate, and hours later a second one with the same number does.";
    stage.must_find(&plan.unit.number, &["MO-08b"], at, story);
    Some(())
}

fn left_before_the_scan(stage: &mut Stage<'_, '_>) -> Option<()> {
    let (mut plan, _) = stage.import(58)?;
    let out_at = plan.exits.first()?.at;
    plan.customs = vec![("customs_selected_for_scan", out_at.plus_millis(-5 * HOUR_MS))];
    plan.tell(stage.teller);
    let story = "Customs selected the container for a scan; it leaves before the scan took place.";
    stage.must_find(&plan.unit.number, &["MO-25a"], out_at, story);
    Some(())
}

/// A further handover at the end of the chain.
pub(crate) fn hand_on(plan: &mut Import, to: &Haulier, at: Timestamp) {
    plan.chain.push(Handover { to: to.firm.clone(), at, accepted_at: at.plus_millis(9 * MINUTE_MS) });
}
