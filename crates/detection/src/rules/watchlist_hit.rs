//! Watchlist hit: on an identifier (`WL-identifier`), on the name of a party or vessel (`WL-name`), on a container number
//! that is one digit off the listed one (`WL-near`), on a blinded entry (`WL-blinded`), which only its owner sees.
//!
//! **Pattern.** The owner of a list (police, customs, a sanctions authority) looks for a container, seal, vessel, bill,
//! booking, party or truck. Source: SIS II discreet and specific checks, Council Decision 2007/533/JHA Art. 36; OFAC SDN.
//!
//! **Inputs.** Hit facts of the screener; the events that mention the identifier.
//!
//! **False positives.** An identifier that a correction took away (the screener takes the hit back); an entry that is no
//! longer in force (likewise); a hit from a stay that is over (it belongs to the visits whose events mention the
//! identifier, and goes with them). The sentence says no more than the container's own messages hold.

use quaywatch_domain::blinding;
use quaywatch_domain::event::PortEvent;
use quaywatch_domain::watchlist::EntryAction;
use quaywatch_domain::{Action, Fact, Hit, Indicator, Text};
use serde::Deserialize;

use crate::quiet::Trigger;
use crate::rules::is_folded;
use crate::view::{Findings, Found, Seen, View};

/// Table `[watchlist_hit]` of the rule file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) identifier: Shadow,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shadow {
    pub(crate) shadow: bool,
}

/// Longest name that a hit holds, characters; longer ones are cut.
const MAX_NAME_CHARACTERS: usize = 100;

fn code(hit: &Hit) -> &'static str {
    match hit.scheme.as_str() {
        "NAME" | "VESSEL_NAME" => "WL-name",
        "CONTAINER_NEAR" => "WL-near",
        blinding::SCHEME => blinding::CODE,
        _ => "WL-identifier",
    }
}

pub(crate) const TRIGGER: Trigger = Trigger::ANYTHING;

pub(crate) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    for (fact, hit) in &view.hits {
        let mut found_any = false;
        for (visit, stay) in view.stays().enumerate() {
            // A stay that was over before the entry was in force is none of its business.
            if stay.last().is_none_or(|last| last.fact.received_at.max(last.at()) < fact.occurred_at) {
                continue;
            }
            if let Some(seen) = stay.iter().find(|s| mentions(s.event, &hit.scheme, &hit.value)) {
                push(findings, visit, fact, hit, Some(seen));
                found_any = true;
            }
        }
        let at = hit.evidence.occurred_at;
        if !found_any && !is_folded(view, at) {
            push(findings, view.visit_at(at), fact, hit, None);
        }
    }
}

fn push(findings: &mut Findings<'_>, visit: usize, fact: &Fact, hit: &Hit, seen: Option<&Seen<'_>>) {
    let mut evidence: Vec<_> = seen.map(|s| (s.at(), s.fact.fact_id.clone())).into_iter().collect();
    evidence.push((fact.occurred_at, fact.fact_id.clone()));
    evidence.sort_unstable();
    let first_held_at = evidence.last().map_or(fact.occurred_at, |(at, _)| *at);
    let blinded = hit.scheme == blinding::SCHEME;
    let discreet = blinded || hit.action == EntryAction::Discreet;
    findings.found.push(Found {
        visit,
        hidden: None,
        shadow: findings.rules.rule.watchlist_hit.identifier.shadow,
        indicator: Indicator {
            rule: "WL".to_owned(),
            code: code(hit).to_owned(),
            version: 1,
            severity: hit.severity,
            weight: findings.rules.alert.weights.of(hit.severity),
            sentence: sentence(hit),
            action: action(hit.action),
            evidence: evidence.into_iter().map(|(_, id)| id).collect(),
            first_held_at,
            ended_at: None,
            expected: None,
            handling: seen
                .map_or_else(|| fact.handling.clone(), |s| fact.handling.strictest(&s.fact.handling)),
            discreet,
            owner: hit.owner.clone(),
            legal_basis: hit.legal_basis.clone(),
            list: Some(format!("{}@{}", hit.list_id, hit.list_version)),
            origin: None,
            carried: Vec::new(),
        },
    });
}

const fn action(wanted: EntryAction) -> Action {
    match wanted {
        EntryAction::Discreet => Action::Observe,
        EntryAction::Inquiry => Action::VerifyByPhone,
        EntryAction::Specific => Action::Inspect,
        EntryAction::Stop => Action::HoldRequest,
        EntryAction::Inform => Action::Inform,
    }
}

fn sentence(hit: &Hit) -> String {
    // Read by the owner alone, who knows what the entry stands for.
    if hit.scheme == blinding::SCHEME {
        return format!("Blinded entry {} of list {} is met.", hit.entry_id, hit.list_id);
    }
    let what = match hit.scheme.as_str() {
        "CONTAINER" => "The container".to_owned(),
        "CONTAINER_NEAR" => {
            return "The container's number is one digit off a number on a watchlist.".to_owned();
        }
        "NAME" => return format!("Party '{}' bears a name on a watchlist.", hit.value),
        "VESSEL_NAME" => return format!("Vessel '{}' bears a name on a watchlist.", hit.value),
        // A pseudonym tells a person nothing.
        "TRUCK" => "The truck".to_owned(),
        "SEAL" => format!("Seal {}", hit.value),
        "IMO" => format!("Vessel IMO {}", hit.value),
        "BILL_OF_LADING" => format!("Bill of lading {}", hit.value),
        "BOOKING" => format!("Booking {}", hit.value),
        "EORI" => format!("Party EORI {}", hit.value),
        scheme => format!("{scheme} {}", hit.value),
    };
    format!("{what} is on a watchlist.")
}

fn is_name(written: &str, value: &str) -> bool {
    written.trim().chars().take(MAX_NAME_CHARACTERS).eq(value.chars())
}

/// Whether an event holds the identifier or name.
fn mentions(event: &PortEvent, scheme: &str, value: &str) -> bool {
    let is = |field: Option<&Text>| field.is_some_and(|f| f == value);
    let documents = event.documents.as_deref();
    let transport = event.transport.as_deref();
    match scheme {
        "CONTAINER" | "CONTAINER_NEAR" => event.container() == Some(value),
        "NAME" => {
            event.parties.iter().any(|party| party.name.as_deref().is_some_and(|name| is_name(name, value)))
        }
        "VESSEL_NAME" => {
            transport.and_then(|t| t.vessel_name.as_deref()).is_some_and(|name| is_name(name, value))
        }
        "SEAL" => event.seals.iter().any(|s| is(s.normalised.as_ref())),
        "IMO" => is(transport.and_then(|t| t.vessel_imo.as_ref())),
        "TRUCK" => transport.is_some_and(|t| is(t.truck.as_ref()) || is(t.trailer.as_ref())),
        "BILL_OF_LADING" => {
            documents.is_some_and(|d| is(d.bill_of_lading.as_ref()) || is(d.transport_document.as_ref()))
        }
        "BOOKING" => is(documents.and_then(|d| d.booking.as_ref())),
        scheme => event.parties.iter().any(|p| p.id_scheme.as_deref() == Some(scheme) && is(p.id.as_ref())),
    }
}
