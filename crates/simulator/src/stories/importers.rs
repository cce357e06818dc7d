//! MO-17 and MO-18, importers that do not exist, and importers that know of nothing: shelf companies "import-export,
//! textiles, food" for 35.5 tonnes (Germany); a genuine name with another telephone and another forwarder (Australia).

use super::{Scene, Story};
use crate::chance::HOUR_MS;
use crate::trades::import::Import;
use crate::trades::sea::MANIFEST_HOURS;
use crate::world::wares::WARES;
use crate::world::{Consignee, Firm, Haulier, Site, founded, new_haulier, registered, taken_over};

/// The stories.
pub(super) const ALL: &[Story] =
    &[shelf_companies, bought_company, forwarder_in_front, test_shipment, borrowed_name, other_door];

/// Days since a company was founded for the purpose: weeks to months.
const NEW_DAYS: (i64, i64) = (14, 170);

/// Days since one that was founded to be sold lies on the shelf: years, for the look of them.
const SHELF_DAYS: (i64, i64) = (380, 6 * 365);

/// Days since a company was sold: weeks.
const SOLD_DAYS: (i64, i64) = (10, 80);

/// The same of one that has tried the way since.
const SOLD_BEFORE_THE_TEST_DAYS: (i64, i64) = (42, 70);

/// A company for the purpose: founded for it, or bought from the shelf and given other officers so many days ago.
fn shell(scene: &mut Scene<'_, '_>, name: String, sold: Option<(i64, i64)>) -> Firm {
    let firm = registered("SI", name, &mut scene.teller.chance);
    let (least, most) = if sold.is_some() { SHELF_DAYS } else { NEW_DAYS };
    let firm = founded(firm, scene.teller.chance.between(least, most), scene.options.start);
    match sold {
        Some((least, most)) => {
            taken_over(firm, scene.teller.chance.between(least, most), scene.options.start)
        }
        None => firm,
    }
}

/// Whether it is bought from the shelf, every other time; when.
fn from_the_shelf(scene: &mut Scene<'_, '_>, sold: (i64, i64)) -> Option<(i64, i64)> {
    scene.teller.chance.percent(50).then_some(sold)
}

/// What its age or its new officers tell.
const fn told_by_register(sold: Option<(i64, i64)>) -> &'static str {
    if sold.is_some() { "MO-17c" } else { "MO-17b" }
}

/// An import of a company that nobody knows, by people whom nobody knows.
fn import_by(scene: &mut Scene<'_, '_>, firm: &Firm, percent: i64) -> Option<(Import, Haulier)> {
    let bananas = WARES.iter().find(|w| w.hs == "080390")?;
    let world = scene.teller.world;
    let template = world.consignees.iter().find(|c| c.home == Site::Koper)?;
    let forwarder = scene.teller.chance.index(world.forwarders.len());
    let consignee = Consignee {
        firm: firm.clone(),
        forwarders: vec![forwarder],
        ware: *bananas,
        origin: ("ECGYE", "EC"),
        town: "SILJU",
        ..template.clone()
    };
    let haulier = world.hauliers.iter().find(|h| !h.nameless_code)?.clone();
    let plan = Import::leaving(scene.teller, &consignee, scene.time(percent))?.plain(&haulier);
    Some((plan, haulier))
}

fn shelf_companies(scene: &mut Scene<'_, '_>) -> Option<()> {
    let sold = from_the_shelf(scene, SOLD_DAYS);
    let first = shell(scene, "Alba Import Export Tekstil Hrana d.o.o.".to_owned(), sold);
    let names = ["Berta", "Cita", "Dana"];
    let mut firms = vec![first.clone()];
    for name in names {
        let name = format!("{name} Import Export Hrana d.o.o.");
        let firm = shell(scene, name, sold);
        firms.push(Firm { address: first.address.clone(), contact: first.contact.clone(), ..firm });
    }
    for (n, firm) in (0..).zip(&firms) {
        let (plan, _) = import_by(scene, firm, 60 + 8 * n)?;
        plan.tell(scene.teller);
        let story = "Four companies that nobody has heard of, under one address and one telephone, import bananas from Ecuador.";
        scene.must_find_once_here(&plan, &["MO-17a", told_by_register(sold), "MO-17e", "MO-17h"], story);
    }
    Some(())
}

fn bought_company(scene: &mut Scene<'_, '_>) -> Option<()> {
    let firm = registered("SI", "Merkur Tekstil Uvoz Izvoz d.o.o.".to_owned(), &mut scene.teller.chance);
    let days = scene.teller.chance.between(SOLD_DAYS.0, SOLD_DAYS.1);
    let firm = Firm { capital_eur: Some(1_000), ..taken_over(firm, days, scene.options.start) };
    let (plan, _) = import_by(scene, &firm, 72)?;
    plan.tell(scene.teller);
    let story = "A company that has slept for years and owns nothing is sold; weeks later its new managers import bananas from Ecuador.";
    scene.must_find_once_here(&plan, &["MO-17a", "MO-17c", "MO-17d", "MO-17h"], story);
    Some(())
}

fn forwarder_in_front(scene: &mut Scene<'_, '_>) -> Option<()> {
    let sold = from_the_shelf(scene, SOLD_DAYS);
    let firm = shell(scene, "Adria Logistika Plus d.o.o.".to_owned(), sold);
    let (mut plan, _) = import_by(scene, &firm, 66)?;
    plan.forwarder = firm.clone();
    plan.notify = firm.clone();
    plan.chain.first_mut()?.to = firm;
    plan.tell(scene.teller);
    let story = "A forwarder with a few weeks behind it, since it was founded or bought, is the only receiver of bananas from Ecuador; for whom they are nobody says.";
    scene.must_find_once_here(&plan, &["MO-17a", told_by_register(sold), "MO-17g", "MO-17h"], story);
    Some(())
}

fn test_shipment(scene: &mut Scene<'_, '_>) -> Option<()> {
    let sold = from_the_shelf(scene, SOLD_BEFORE_THE_TEST_DAYS);
    let firm = shell(scene, "Zora Sadje Import d.o.o.".to_owned(), sold);
    let (template, haulier) = import_by(scene, &firm, 12)?;
    // Weeks before.
    let tried_at = scene.options.start.plus_millis(-scene.teller.chance.minutes(14 * 24 * 60, 40 * 24 * 60));
    let first = Import::earlier(scene.teller, &template.consignee, tried_at)?.plain(&haulier);
    first.tell_history(scene.teller);
    for n in 0..5 {
        let (plan, _) = import_by(scene, &firm, 70 + 5 * n)?;
        plan.tell(scene.teller);
        let story = "A new company, or an old one in new hands, has one container sent, and when that went well, weeks later, five at once.";
        scene.must_find_once_here(&plan, &[told_by_register(sold), "MO-17f"], story);
    }
    Some(())
}

fn borrowed_name(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(79)?;
    let world = scene.teller.world;
    let usual = &plan.consignee.forwarders;
    let others: Vec<usize> = (0..world.forwarders.len()).filter(|n| !usual.contains(n)).collect();
    let forwarder = world.forwarders.get(*scene.teller.chance.pick(&others)?)?.clone();
    plan.forwarder = forwarder.clone();
    plan.chain.first_mut()?.to = forwarder;
    plan.notify = Firm {
        contact: format!("orders{}@freemail.example", scene.teller.chance.between(100, 999)),
        address: "Poste restante 4".to_owned(),
        ..plan.consignee.firm.clone()
    };
    plan.consignee.firm.contact.clone_from(&plan.notify.contact);
    let newcomer = new_haulier("Brza Vleka", &mut scene.teller.chance);
    plan.collected_by(&newcomer);
    plan.look_ups.clear();
    let from = plan.chain.last()?.at;
    plan.tell(scene.teller);
    let story = "In the name of a known importer, but with another mail address, another forwarder and another haulier, a container is fetched of which the importer knows nothing.";
    scene.must_find(&plan.unit.number, &["MO-18a"], from, story);
    Some(())
}

fn other_door(scene: &mut Scene<'_, '_>) -> Option<()> {
    let (mut plan, _) = scene.import(85)?;
    let world = scene.teller.world;
    let call = world.calls.get(plan.call)?;
    plan.tell(scene.teller);
    let told = plan.out_at()?.plus_millis(-scene.teller.chance.minutes(5 * 60, 20 * 60));
    let told = told.max(call.arrival.plus_millis(-MANIFEST_HOURS * HOUR_MS + HOUR_MS));
    plan.consignee.town = "HRZAG";
    scene.teller.manifest(told, true, &plan.unit, call, plan.leg(), &plan.manifested());
    let story = "The night before it is fetched the container is to go to another town than its importer's.";
    scene.must_find(&plan.unit.number, &["MO-18b"], told, story);
    Some(())
}
