//! First-time or shell importer (`MO-17a` to `h`).
//!
//! **Pattern.** Shelf companies "import-export, textiles, food", founded in numbers by one man, each good for a few
//! containers: 35.5 t through Hamburg. Source:
//! <https://germanydaily.net/how-35-tons-of-cocaine-are-seized-in-germanys-biggest-drug-bust>.
//!
//! **Inputs.** The ledger of the consignee: origins, goods, containers; what the company register says of it, as far as
//! messages carry it (age, officers, capital); the ledgers of contacts and addresses; goods and origin of the container.
//!
//! **False positives.** Real start-ups and groups that trade under a new company: each trait is LOW and makes no alert
//! alone, its first officers are none, nor is the address of its group; only a first import of perishables from a watched origin together with two others is MEDIUM (`h`), and a test
//! shipment of a company that was just founded, or taken over and brings goods from a watched origin (`f`; of an old one it is none).
//! Consolidators, which are consignees of many bills (`g`). Addresses of service providers, where everybody has a desk
//! (beyond 48 companies: silent). Established companies at a shared address (only young ones count, and old ones that were
//! taken over lately, as companies from the shelf are). A branching out of a
//! long-known importer (`d` needs goods of a source country's kind). A second order like the first (`f`), and a haulier,
//! which trades in nothing. Importers that were there before us: `a` and `f` need `history.recorded_since`.

use std::collections::BTreeSet;

use quaywatch_domain::event::{PartyRole, PortEvent};
use quaywatch_domain::{EventKind, Fact, Id, Severity, Subject, Text, Timestamp};
use serde::Deserialize;

use crate::Sighting;
use crate::aging::is_mark;
use crate::haulage::is_only_hauled;
use crate::ledger::{Ledger, Values, containers, value_of};
use crate::loops::{Told, indicator_fact};
use crate::quiet::Trigger;
use crate::settings::{DAY_MS, Rules, SubRule};
use crate::view::{Findings, Seen, View};

/// Table `[shell_importer]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    young_days: i64,
    officers_days: i64,
    min_capital_eur: i64,
    min_other_containers: usize,
    min_young_companies: usize,
    batch_days: i64,
    test_containers: usize,
    test_min_days: i64,
    test_max_days: i64,
    volume_containers: usize,
    min_traits: usize,
    severity_f_young: Severity,
    recorded_days: i64,
    a: SubRule,
    b: SubRule,
    c: SubRule,
    d: SubRule,
    e: SubRule,
    f: SubRule,
    g: SubRule,
    h: SubRule,
}

/// Code of the auxiliary indicator "first import that we know of", read by `h` alone and never shown.
pub(crate) const FIRST_KNOWN: &str = "MO-17a-known";

/// Officers who came this soon after it was founded are its first.
const FIRST_OFFICERS_DAYS: i64 = 30;

/// Where the goods of an event come from: the country named, else that of the port of loading.
pub(crate) fn origin(event: &PortEvent) -> Option<&str> {
    let route = event.route.as_deref();
    let of_goods = event.cargo.iter().find_map(|c| c.origin_country.as_deref());
    let of_route = route.and_then(|r| r.origin_country.as_deref());
    let of_port = route.and_then(|r| r.port_of_loading.as_deref()).and_then(|p| p.get(..2));
    of_goods.or(of_route).or(of_port)
}

/// What one ledger tells.
struct Teller<'a> {
    rules: &'a Rules,
    subject: &'a Subject,
    wanted: &'a mut Vec<(Fact, bool)>,
}

impl Teller<'_> {
    /// Tells each container of `about` once, with its first sighting and `ground`.
    fn tell<'s>(
        &mut self,
        (code, sub): (&str, &SubRule),
        sentence: &str,
        about: impl IntoIterator<Item = &'s Sighting>,
        ground: Option<&'s Sighting>,
    ) {
        let mut told = BTreeSet::new();
        for own in about {
            let Some(container) = own.container.as_deref().filter(|c| told.insert(*c)) else { continue };
            let indicator = Told {
                origin: self.subject,
                code,
                severity: sub.severity,
                action: sub.action,
                sentence: sentence.to_owned(),
                sightings: [Some(own), ground].into_iter().flatten().collect(),
            };
            let fact = indicator.indicator(self.rules).map(|i| indicator_fact(container, i, own.occurred_at));
            self.wanted.extend(fact.map(|fact| (fact, sub.shadow && code != FIRST_KNOWN)));
        }
    }
}

/// What the ledger of a consignee (`a` to `d`, `f`), or of a contact or address (`e`), tells containers.
pub(crate) fn tell(rules: &Rules, ledger: &Ledger<'_>, wanted: &mut Vec<(Fact, bool)>) {
    let mut teller = Teller { rules, subject: ledger.origin, wanted };
    shared(&mut teller, ledger);
    first_import(&mut teller, ledger);
    registered(&mut teller, ledger);
    odd_trade(&mut teller, ledger);
    test_shipments(&mut teller, ledger);
}

/// Whether a new sighting, the last one, may be told, or be a ground: it brings or comes soon after an entry in the register,
/// or is among the first of its kind.
pub(crate) fn may_tell(rules: &Rules, earlier: &[Sighting], new: &Sighting) -> bool {
    let settings = &rules.rule.shell_importer;
    let standing = || earlier.iter().filter(|s| !s.retracted && !is_mark(s));
    let is_early = |first: Option<&Sighting>| {
        let ends = first.map(|s| s.occurred_at.plus_millis(settings.batch_days * DAY_MS));
        ends.is_none_or(|ends| new.occurred_at <= ends)
    };
    let is_perishable =
        |r: &Id| value_of(r, "GOODS").is_some_and(|chapter| rules.risk.is_perishable(chapter));
    let brings_perishables = |s: &Sighting| s.relations.iter().any(is_perishable);
    let entered = |r: &Id| ["REGISTERED", "OFFICERS", "CAPITAL"].iter().any(|c| value_of(r, c).is_some());
    let is_told_by = |r: &Id| {
        let since = |class: &str, days: i64| {
            let at = value_of(r, class).and_then(|at| at.parse().ok()).map(Timestamp::from_millis);
            at.is_some_and(|at| (0..=days * DAY_MS).contains(&new.occurred_at.millis_since(at)))
        };
        let capital = value_of(r, "CAPITAL").and_then(|eur| eur.parse::<i64>().ok());
        since("REGISTERED", settings.young_days)
            || since("OFFICERS", settings.officers_days)
            || capital.is_some_and(|eur| eur < settings.min_capital_eur)
    };
    let trades = |s: &&Sighting| s.container.is_some() && !is_only_hauled(s);
    let mut trade = standing().filter(trades);
    (is_from_watched_origin(new, rules) && is_early(trade.clone().find(|s| is_from_watched_origin(s, rules))))
        || (brings_perishables(new) && is_early(standing().find(|s| brings_perishables(s))))
        || new.relations.iter().filter(|r| entered(r)).any(|r| !standing().any(|s| s.relations.contains(r)))
        || standing().flat_map(|s| &s.relations).any(is_told_by)
        || trade.next().is_none_or(|first| may_be_test(rules, first, standing().filter(trades)))
}

/// Whether those that came soon after the first are so few that they may be test shipments.
fn may_be_test<'a>(rules: &Rules, first: &Sighting, trade: impl Iterator<Item = &'a Sighting>) -> bool {
    let settings = &rules.rule.shell_importer;
    let ends = first.occurred_at.plus_millis(settings.test_min_days * DAY_MS);
    rules.history.is_recorded(first.occurred_at, settings.recorded_days)
        && containers(trade.take_while(|s| s.occurred_at < ends)).len() <= settings.test_containers
}

fn is_from_watched_origin(s: &Sighting, rules: &Rules) -> bool {
    s.relations.iter().any(|r| r.strip_prefix("ORIGIN=").is_some_and(|o| rules.risk.is_watched(o)))
}

/// MO-17a.
fn first_import(teller: &mut Teller<'_>, ledger: &Ledger<'_>) {
    let rules = teller.rules;
    let settings = &rules.rule.shell_importer;
    let mut watched =
        ledger.sightings.iter().copied().filter(|s| is_from_watched_origin(s, rules)).peekable();
    let Some(first) = watched.peek().map(|s| s.occurred_at) else { return };
    let ends = first.plus_millis(settings.batch_days * DAY_MS);
    let is_recorded = rules.history.is_recorded(first, settings.recorded_days);
    let code = if is_recorded { "MO-17a" } else { FIRST_KNOWN };
    let sentence = "First import of this consignee from a watched origin.";
    teller.tell((code, &settings.a), sentence, watched.take_while(|s| s.occurred_at <= ends), None);
}

/// The moments that a class of register entries names, with where they are told.
fn moments<'a>(ledger: &Ledger<'a>, class: &str) -> Vec<(Timestamp, &'a Sighting)> {
    let told = ledger.class(class);
    told.iter()
        .filter_map(|(value, with)| {
            Some((Timestamp::from_millis(value.parse().ok()?), with.first().copied()?))
        })
        .collect()
}

/// MO-17b, c.
fn registered(teller: &mut Teller<'_>, ledger: &Ledger<'_>) {
    let settings = &teller.rules.rule.shell_importer;
    let within = |s: &&Sighting, since: Timestamp, days: i64| {
        (0..=days * DAY_MS).contains(&s.occurred_at.millis_since(since))
    };
    // Of several dates the oldest counts: registers differ, and an old company has an old one.
    let registered = moments(ledger, "REGISTERED").into_iter().min_by_key(|(at, _)| *at);
    let founded = registered.map(|(at, _)| at);
    if let Some((at, ground)) = registered {
        let young = ledger.sightings.iter().copied().filter(|s| within(s, at, settings.young_days));
        let sentence = format!("Its consignee was founded less than {} days before.", settings.young_days);
        teller.tell(("MO-17b", &settings.b), &sentence, young, Some(ground));
    }
    let changes = moments(ledger, "OFFICERS").into_iter();
    // Registers date the first officers, too.
    let are_others =
        |at: Timestamp| founded.is_none_or(|founded| at.millis_since(founded) > FIRST_OFFICERS_DAYS * DAY_MS);
    if let Some((at, ground)) = changes.filter(|(at, _)| are_others(*at)).max_by_key(|(at, _)| *at) {
        let fresh = ledger.sightings.iter().copied().filter(|s| within(s, at, settings.officers_days));
        let sentence =
            format!("Its consignee changed its officers less than {} days before.", settings.officers_days);
        teller.tell(("MO-17c", &settings.c), &sentence, fresh, Some(ground));
    }
}

/// MO-17d: too little capital for the trade, or perishables by a company that never dealt in any.
fn odd_trade(teller: &mut Teller<'_>, ledger: &Ledger<'_>) {
    let rules = teller.rules;
    let settings = &rules.rule.shell_importer;
    let capital = ledger.class("CAPITAL");
    let capital =
        capital.iter().filter_map(|(value, with)| Some((value.parse::<i64>().ok()?, with.first().copied()?)));
    if let Some((_, ground)) =
        capital.max_by_key(|(eur, _)| *eur).filter(|(eur, _)| *eur < settings.min_capital_eur)
    {
        let sentence = format!("Its consignee has a capital of less than {} EUR.", settings.min_capital_eur);
        teller.tell(("MO-17d", &settings.d), &sentence, ledger.sightings.iter().copied(), Some(ground));
        return;
    }
    let goods = ledger.class("GOODS");
    let perishable = |chapter: &str| rules.risk.is_perishable(chapter);
    let of_kind = |wanted: bool| {
        goods
            .iter()
            .filter(move |(chapter, _)| perishable(chapter) == wanted)
            .flat_map(|(_, with)| with.iter().copied())
    };
    let Some(first) = of_kind(true).map(|s| s.occurred_at).min() else { return };
    let before = containers(of_kind(false).filter(|s| s.occurred_at < first));
    if before.len() < settings.min_other_containers {
        return;
    }
    let ends = first.plus_millis(settings.batch_days * DAY_MS);
    let sentence = "Perishable goods for a consignee that has never traded in any.";
    let about: Vec<&Sighting> = of_kind(true).filter(|s| s.occurred_at <= ends).collect();
    teller.tell(("MO-17d", &settings.d), sentence, about, None);
}

/// The companies of a class of register entries (`COMPANY@when`) that are first seen so few days after, with their sightings.
fn lately<'v, 'a>(values: &'v Values<'a>, days: i64) -> impl Iterator<Item = (&'a str, &'v [&'a Sighting])> {
    values.iter().filter_map(move |(value, with)| {
        let (company, at) = value.rsplit_once('@')?;
        let at = Timestamp::from_millis(at.parse().ok()?);
        let first = with.first()?;
        (first.occurred_at.millis_since(at) <= days * DAY_MS).then_some((company, with.as_slice()))
    })
}

/// MO-17e: founded lately, or years ago and taken off the shelf lately.
fn shared(teller: &mut Teller<'_>, ledger: &Ledger<'_>) {
    let settings = &teller.rules.rule.shell_importer;
    let (companies, taken_over) = (ledger.class("COMPANY"), ledger.class("TAKEN_OVER"));
    let new: Vec<_> =
        lately(&companies, settings.young_days).chain(lately(&taken_over, settings.officers_days)).collect();
    let distinct: BTreeSet<&str> = new.iter().map(|(company, _)| *company).collect();
    if distinct.len() < settings.min_young_companies {
        return;
    }
    let sentence = format!(
        "Its consignee shares telephone, mail or address with {} companies founded or taken over lately.",
        distinct.len() - 1
    );
    let about: Vec<&Sighting> = new.iter().flat_map(|(_, with)| with.iter().copied()).collect();
    teller.tell(("MO-17e", &settings.e), &sentence, about, None);
}

/// MO-17f: one or two containers, and weeks later many at once.
fn test_shipments(teller: &mut Teller<'_>, ledger: &Ledger<'_>) {
    let settings = &teller.rules.rule.shell_importer;
    let Some(first) = ledger.sightings.iter().copied().next() else { return };
    if !teller.rules.history.is_recorded(first.occurred_at, settings.recorded_days) {
        return;
    }
    let since_first = |s: &Sighting| s.occurred_at.millis_since(first.occurred_at);
    let tests = containers(
        ledger.sightings.iter().copied().filter(|s| since_first(s) < settings.test_min_days * DAY_MS),
    );
    if tests.len() > settings.test_containers {
        return;
    }
    let mut later = ledger
        .sightings
        .iter()
        .copied()
        .filter(|s| s.container.as_deref().is_some_and(|c| !tests.contains(c)))
        .peekable();
    let Some(volume) = later.peek().map(|s| s.occurred_at) else { return };
    let gap_ms = volume.millis_since(first.occurred_at);
    let ends = volume.plus_millis(settings.batch_days * DAY_MS);
    let batch: Vec<&Sighting> = later.take_while(|s| s.occurred_at <= ends).collect();
    if gap_ms <= settings.test_max_days * DAY_MS
        && containers(batch.iter().copied()).len() >= settings.volume_containers
    {
        let sentence = "One of many containers of a consignee that had tried the way with one or two.";
        let founded = moments(ledger, "REGISTERED").into_iter().map(|(at, _)| at).min();
        let since = |at: Timestamp| first.occurred_at.millis_since(at);
        let is_young = founded.map(|at| since(at) <= settings.young_days * DAY_MS);
        // One from the shelf is as old as its buyer wanted it, and begins with him; others change officers too.
        let is_taken_over = moments(ledger, "OFFICERS")
            .into_iter()
            .any(|(at, _)| (0..=settings.officers_days * DAY_MS).contains(&since(at)))
            && batch.iter().any(|s| is_from_watched_origin(s, teller.rules));
        let severity = match is_young {
            _ if is_taken_over => settings.severity_f_young,
            Some(true) => settings.severity_f_young,
            // An old company tries nothing: it starts anew, or was on holiday.
            Some(false) => return,
            None => settings.f.severity,
        };
        let sub = SubRule { severity, ..settings.f.clone() };
        teller.tell(("MO-17f", &sub), sentence, batch, Some(first));
    }
}

fn is_first(code: &str) -> bool {
    matches!(code, "MO-17a" | FIRST_KNOWN)
}

pub(crate) const TRIGGER: Trigger =
    Trigger::kinds(&[EventKind::ManifestLine]).or(|g| g.has_route() || g.has_cargo());

/// MO-17g and h.
pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let rules = findings.rules;
    let settings = &rules.rule.shell_importer;
    for (visit, stay) in view.stays().enumerate() {
        let own = forwarder_only(stay);
        if let Some(line) = own {
            let sentence = "Its only consignee is a forwarder.";
            findings.add("MO-17g", &settings.g, sentence.to_owned(), vec![line]);
        }
        // What is in shadow is no ground for what is shown; others tell nothing that is.
        let own = own.filter(|_| !settings.g.shadow);
        let told = view.indicators.iter().filter(|(_, i)| i.rule == "MO-17");
        let told: Vec<(&str, &Seen<'_>)> = told
            .filter_map(|(_, i)| {
                let seen = i.evidence.iter().filter_map(|id| view.find(id)).find(|s| s.visit == visit)?;
                Some((i.code.as_str(), seen))
            })
            .collect();
        let Some((code, first)) = told.iter().find(|(code, _)| is_first(code)) else { continue };
        let mut traits: Vec<&str> =
            told.iter().map(|(code, _)| *code).filter(|code| !is_first(code)).collect();
        traits.extend(own.map(|_| "MO-17g"));
        traits.sort_unstable();
        traits.dedup();
        let perishable = stay.iter().find(|s| {
            let is_perishable = |hs: &Text| rules.risk.is_perishable(hs);
            s.event.cargo.iter().filter_map(|c| c.hs_code.as_ref()).any(is_perishable)
                && origin(s.event).is_some_and(|o| rules.risk.is_watched(o))
        });
        if let Some(goods) = perishable.filter(|_| traits.len() >= settings.min_traits) {
            let sentence = if *code == FIRST_KNOWN {
                "Perishables from a watched origin, among the first on record for an importer that looks like a shell."
            } else {
                "Perishables from a watched origin for a first-time importer that looks like a shell."
            };
            let evidence = told.iter().map(|(_, s)| **s).chain([*goods, **first]).chain(own).collect();
            findings.add("MO-17h", &settings.h, sentence.to_owned(), evidence);
        }
    }
}

/// The manifest line of a stay whose consignee is its forwarder, with nobody behind it.
fn forwarder_only<'a>(stay: &[Seen<'a>]) -> Option<Seen<'a>> {
    let lines = || stay.iter().filter(|s| *s.kind() == EventKind::ManifestLine);
    let mut bills = lines().filter_map(|s| s.event.documents.as_deref()?.bill_of_lading.as_deref());
    let first = bills.next();
    if bills.any(|other| Some(other) != first) {
        return None;
    }
    let is_forwarder = |s: &&Seen<'a>| {
        let key = |role| s.event.party(role).and_then(|p| p.id_scheme.as_deref().zip(p.id.as_deref()));
        let consignee = key(PartyRole::Consignee);
        consignee.is_some()
            && consignee == key(PartyRole::Forwarder)
            && key(PartyRole::Notify).is_none_or(|notify| Some(notify) == consignee)
    };
    lines().find(is_forwarder).copied()
}
