//! The settings of the feeds, `feeds.toml`, and the registry of parties, `parties.csv`.

use super::sheets::Sheet;
use crate::letter::{
    COPINO_FEED, CUSRES_FEED, CUSTOMS_FEED, MANIFEST_FEED, REEFER_FEED, RELEASE_FEED, RIGHTS_FEED,
    SECURITY_FEED, SMART_FEED, STATUS_FEED, TOS_FEED, VGM_FEED,
};
use crate::world::{CARRIERS, Site, World};

/// A feed: id, format, where it stands, and how its files end.
struct Feed {
    id: &'static str,
    format: &'static str,
    /// Zone of times without one, and default terminal.
    zone: &'static str,
    site: Option<Site>,
    extension: &'static str,
    profile: Option<&'static str>,
    /// What the feed maps itself.
    fields: &'static str,
}

/// Who drove the machine, and what the yard says of a container that it does not find.
const YARD_FIELDS: &str = r#""transport.driver_badge" = "Machine driver"
kind = { values = { "not found" = "not_in_position" } }
"#;

/// What was printed or taken out.
const ACCESS_FIELDS: &str = "\"actor.action\" = \"Report\"\n";

/// Every row is of a truck without container.
const TRUCK_FIELDS: &str = r#""transport.without_container" = { from = "Transaction", values = { BOBTAIL = "yes" } }
"#;

const fn plain(id: &'static str, format: &'static str, extension: &'static str) -> Feed {
    Feed { id, format, zone: "UTC", site: None, extension, profile: None, fields: "" }
}

const fn local(id: &'static str, format: &'static str, site: Site, extension: &'static str) -> Feed {
    Feed { id, format, zone: site.zone(), site: Some(site), extension, profile: None, fields: "" }
}

const fn table(sheet: Sheet, site: Site) -> Feed {
    let profile = Some(sheet.profile());
    Feed {
        id: sheet.feed(site),
        format: "csv",
        zone: site.zone(),
        site: Some(site),
        extension: "csv",
        profile,
        fields: match sheet {
            Sheet::Yard => YARD_FIELDS,
            Sheet::Access => ACCESS_FIELDS,
            Sheet::Trucks => TRUCK_FIELDS,
            _ => "",
        },
    }
}

fn all() -> Vec<Feed> {
    let (koper, trieste) = (Site::Koper, Site::Trieste);
    let mut feeds: Vec<Feed> = CARRIERS.iter().map(|c| plain(c.feed, "dcsa", "json")).collect();
    feeds.extend([
        plain(SMART_FEED, "dcsa", "json"),
        local(koper.quay_feed(), "edifact", koper, "edi"),
        local(trieste.quay_feed(), "edifact", trieste, "edi"),
        local(koper.gate_feed(), "edifact", koper, "edi"),
        local(trieste.gate_feed(), "edifact", trieste, "edi"),
        local(COPINO_FEED, "edifact", trieste, "edi"),
        plain(koper.orders_feed(), "edifact", "edi"),
        plain(trieste.orders_feed(), "edifact", "edi"),
        plain(MANIFEST_FEED, "edifact", "edi"),
        plain(VGM_FEED, "edifact", "edi"),
        plain(CUSRES_FEED, "edifact", "edi"),
        local(RELEASE_FEED, "jsonl", koper, "ndjson"),
        local(CUSTOMS_FEED, "jsonl", koper, "ndjson"),
        local(STATUS_FEED, "jsonl", koper, "ndjson"),
        local(TOS_FEED, "jsonl", koper, "ndjson"),
        local(SECURITY_FEED, "jsonl", koper, "ndjson"),
        plain(REEFER_FEED, "jsonl", "ndjson"),
        Feed { profile: Some("release-rights"), ..local(RIGHTS_FEED, "json", trieste, "json") },
        table(Sheet::Yard, koper),
        table(Sheet::Yard, trieste),
        table(Sheet::Yard, Site::Depot),
        table(Sheet::Scale, koper),
        table(Sheet::Scale, trieste),
        table(Sheet::Scale, Site::Depot),
        table(Sheet::GateLog, Site::Depot),
        table(Sheet::GateLog, Site::Inland),
        table(Sheet::Trucks, koper),
        table(Sheet::Access, koper),
        table(Sheet::Customs, trieste),
        table(Sheet::PreNotice, koper),
    ]);
    feeds
}

/// Ids of all feeds.
pub(crate) fn ids() -> Vec<&'static str> {
    all().into_iter().map(|feed| feed.id).collect()
}

/// `feeds.toml`, without the feeds that are left out.
pub(crate) fn toml(without: &[String]) -> String {
    let mut text = String::from("# Feeds of the simulated port.\n");
    for feed in all().iter().filter(|feed| !without.iter().any(|id| id == feed.id)) {
        let (id, extension) = (feed.id, feed.extension);
        text += &format!("\n[feeds.{id}]\nformat = \"{}\"\ntime_zone = \"{}\"\n", feed.format, feed.zone);
        if let Some(profile) = feed.profile {
            text += &format!("profile = \"{profile}\"\n");
        }
        if let Some(site) = feed.site {
            text += &format!("terminal = \"{}\"\nport = \"{}\"\n", site.code(), site.un_locode());
        }
        text += &format!("files = [\"{id}-*.{extension}\"]\n");
        if !feed.fields.is_empty() {
            text += &format!("[feeds.{id}.mapping.fields]\n{}", feed.fields);
        }
    }
    text
}

/// `parties.csv`: the hauliers under every code and name that the port knows them by.
pub(crate) fn parties(world: &World) -> String {
    let mut text = String::from("canonical,scheme,id,name,valid_from,valid_to\n");
    for haulier in &world.hauliers {
        let canonical = format!("haulier-{}", haulier.firm.id);
        text += &format!("{canonical},LOCAL,{},\"{}\",,\n", haulier.firm.id, haulier.firm.name);
        text += &format!("{canonical},EAN,{},,,\n", haulier.ean);
    }
    text
}
