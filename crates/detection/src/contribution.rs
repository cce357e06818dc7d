//! What one visit adds to the baselines: the builder counts it, and it is taken off again when that visit is judged.

use std::collections::BTreeSet;

use quaywatch_domain::Timestamp;
use quaywatch_domain::event::{Route, SealSource};

use crate::Baselines;
use crate::baselines::is_recorded;
use crate::timeline::known_at;
use crate::view::Seen;

/// The events of a visit that these baselines rest on.
pub(crate) fn own_part<'a>(baselines: &Baselines, stay: &[Seen<'a>]) -> Vec<Seen<'a>> {
    let period = baselines.from.zip(baselines.to);
    period.map(|(from, to)| recorded(stay, from, to)).unwrap_or_default()
}

/// What a period holds of a visit: nothing when it had begun before; of one that goes on after it, what had come in by then.
pub(crate) fn recorded<'a>(stay: &[Seen<'a>], from: Timestamp, to: Timestamp) -> Vec<Seen<'a>> {
    if stay.iter().any(|s| known_at(s.fact) < from) {
        return Vec::new();
    }
    stay.iter().filter(|s| is_recorded(s.fact, from, to)).copied().collect()
}

/// The way of the cargo, and its port of loading and of discharge: the whole way, not the last leg that a discharge list
/// tells of.
pub(crate) fn way<'a>(stay: &[Seen<'a>]) -> Option<(&'a Route, &'a str, &'a str)> {
    let mut routes = stay.iter().rev().filter_map(|s| {
        let route = s.event.route.as_deref()?;
        Some((route, route.port_of_loading.as_deref()?, route.port_of_discharge.as_deref()?))
    });
    routes.clone().find(|(route, ..)| !route.transshipment_ports.is_empty()).or_else(|| routes.next())
}

/// Headings of goods (first four digits of the HS code) with countries of origin.
pub(crate) fn headings(stay: &[Seen<'_>]) -> BTreeSet<(String, String)> {
    let mut seen = BTreeSet::new();
    for s in stay {
        let by_route = s.event.route.as_deref().and_then(|r| r.origin_country.as_deref());
        for cargo in &s.event.cargo {
            let heading = cargo.hs_code.as_deref().and_then(|code| code.get(..4));
            if let Some((heading, origin)) = heading.zip(cargo.origin_country.as_deref().or(by_route)) {
                seen.insert((heading.to_owned(), origin.to_owned()));
            }
        }
    }
    seen
}

/// Carriers with the normalised numbers of their own seals.
pub(crate) fn carrier_seals<'a>(stay: &[Seen<'a>]) -> BTreeSet<(&'a str, &'a str)> {
    let mut seen = BTreeSet::new();
    for s in stay {
        let Some(carrier) = s.event.transport.as_deref().and_then(|t| t.carrier.as_deref()) else { continue };
        let own = s.event.seals.iter().filter(|seal| seal.source == SealSource::Carrier);
        seen.extend(own.filter_map(|seal| Some((carrier, seal.normalised.as_deref()?))));
    }
    seen
}
