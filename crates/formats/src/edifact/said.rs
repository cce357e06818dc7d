//! What segments say, in the header for all containers or in a group for one.

use quaywatch_domain::event::{
    Cargo, Customs, Documents, Mode, Party, PartyRole, Place, PortEvent, Reefer, Route, Seal, SealSource,
    Transport, Weight, WeightKind, note,
};
use quaywatch_domain::identifiers::normalise_imo;
use quaywatch_domain::pseudonym::Kind;

use super::tokens::Segment;
use super::{codes, times};
use crate::Context;
use crate::finish::flag;
use crate::local_time::Noted;

/// Kilograms in an avoirdupois pound.
const KG_PER_POUND: f64 = 0.453_592_37;
/// Most entries of one list of a group.
const MAX_LIST: usize = 256;

/// What a group says.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) transport: Transport,
    pub(super) route: Route,
    pub(super) place: Place,
    pub(super) documents: Documents,
    pub(super) parties: Vec<Party>,
    pub(super) seals: Vec<Seal>,
    pub(super) weights: Vec<Weight>,
    pub(super) reefer: Reefer,
    pub(super) cargo: Cargo,
    pub(super) customs: Customs,
    /// Containers by reference (RFF+EQ) or by goods placement (SGP).
    pub(super) containers: Vec<String>,
    /// Processing indicators (7365) of GIS and GEI.
    pub(super) indicators: Vec<String>,
    pub(super) times: Vec<(String, Noted)>,
    pub(super) notes: Vec<&'static str>,
}

impl Said {
    /// The first time under a qualifier.
    pub(super) fn time(&self, qualifier: &str) -> Option<&Noted> {
        self.times.iter().find(|(q, _)| q == qualifier).map(|(_, noted)| noted)
    }

    /// The first of several qualifiers, with the one that it was.
    pub(super) fn first_time<'q>(&self, qualifiers: &[&'q str]) -> Option<(&'q str, &Noted)> {
        qualifiers.iter().find_map(|qualifier| Some((*qualifier, self.time(qualifier)?)))
    }

    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes in a segment; `zone` is that of times without one.
    pub(super) fn hear(&mut self, segment: &Segment<'_>, context: &Context<'_>, zone: Option<&str>) {
        match segment.tag().as_bytes() {
            b"DTM" => self.dtm(segment, zone),
            b"TDT" => self.tdt(segment, context),
            b"LOC" => self.loc(segment),
            b"NAD" => self.nad(segment),
            b"COM" => self.com(segment, context),
            b"RFF" => self.rff(segment, context),
            b"SEL" => self.sel(segment),
            b"MEA" => self.mea(segment),
            b"TMP" => self.tmp(segment),
            b"GIS" | b"GEI" => self.indicator(segment),
            b"GID" => self.cargo.packages = segment.get(2, 0).parse().ok(),
            b"FTX" => self.ftx(segment),
            b"DGS" => self.cargo.dangerous_goods = segment.some(3, 0).map(|number| format!("UN{number}")),
            b"PIA" | b"CST" => self.hs_code(segment),
            b"SGP" => self.containers.extend(segment.some(1, 0).map(str::to_owned)),
            b"DOC" => self.weighing_method(segment),
            _ => {}
        }
    }

    fn dtm(&mut self, segment: &Segment<'_>, zone: Option<&str>) {
        let Some(value) = segment.some(1, 1) else { return };
        match times::read(value, segment.get(1, 2), zone) {
            Some(noted) if self.times.len() < MAX_LIST => {
                self.times.push((segment.get(1, 0).to_owned(), noted));
            }
            Some(_) => {}
            None => self.note(note::VALUE_REPAIRED),
        }
    }

    /// TDT: means of transport. Plates and drivers stand in the transport identification (C222) of the road leg.
    fn tdt(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        let road = segment.get(3, 0) == "3" || (segment.get(1, 0) == "1" && segment.get(4, 0) == "31");
        let (id, qualifier) = (segment.some(8, 0), segment.get(8, 1));
        let t = &mut self.transport;
        if road {
            t.mode = Some(Mode::Road);
            t.truck = id.map(|plate| context.key.pseudonym(Kind::Plate, plate));
            t.driver = segment.some(8, 3).map(|name| context.key.pseudonym(Kind::Badge, name));
            let (code, name) = (segment.some(5, 0), segment.some(5, 3));
            if code.is_some() || name.is_some() {
                self.parties.push(Party {
                    id: code.map(str::to_owned),
                    id_scheme: code.map(|code| codes::scheme(segment.get(5, 2), code).to_owned()),
                    name: name.map(str::to_owned),
                    ..Party::new(PartyRole::Haulier)
                });
            }
            return;
        }
        if segment.get(1, 0) != "20" {
            // Legs before and after the main one only tell how the container goes on.
            t.mode = t.mode.or_else(|| mode(segment.get(3, 0)));
            return;
        }
        t.mode = mode(segment.get(3, 0)).or(Some(Mode::Sea));
        t.voyage = segment.some(2, 0).map(str::to_owned);
        t.carrier = segment.some(5, 0).map(str::to_owned);
        t.vessel_name = segment.some(8, 3).map(str::to_owned);
        match id {
            Some(imo) if normalise_imo(imo).is_some() && qualifier != "103" => {
                t.vessel_imo = Some(imo.to_owned());
            }
            Some(mmsi) if mmsi.len() == 9 && mmsi.bytes().all(|b| b.is_ascii_digit()) => {
                t.vessel_mmsi = Some(mmsi.to_owned());
            }
            Some(sign) if qualifier == "103" => t.call_sign = Some(sign.to_owned()),
            Some(name) if t.vessel_name.is_none() => t.vessel_name = Some(name.to_owned()),
            _ => {}
        }
    }

    /// LOC: ports of the route, the terminal, the cell on board, the customs office.
    fn loc(&mut self, segment: &Segment<'_>) {
        let code = segment.some(2, 0).map(str::to_owned);
        // Some name the country there (code lists 162, 163).
        let terminal = segment.some(3, 0).filter(|_| !matches!(segment.get(3, 1), "162" | "163" | "5"));
        let terminal = terminal.map(str::to_owned);
        let r = &mut self.route;
        match segment.get(1, 0) {
            "9" | "6" => r.port_of_loading.clone_from(&code),
            "76" if r.port_of_loading.is_none() => r.port_of_loading.clone_from(&code),
            "11" | "12" => r.port_of_discharge.clone_from(&code),
            "7" | "83" => r.place_of_delivery.clone_from(&code),
            "13" if r.transshipment_ports.len() < MAX_LIST => r.transshipment_ports.extend(code.clone()),
            "27" => self.cargo.origin_country = code.as_deref().and_then(|c| c.get(..2)).map(str::to_owned),
            "22" | "41" | "43" => {
                self.customs.office = code;
                return;
            }
            "147" => {
                self.transport.stow_cell = code;
                return;
            }
            "165" | "164" | "175" => {
                (self.place.un_locode, self.place.terminal) = (code, terminal);
                return;
            }
            // The port that a bay plan is drawn up at.
            "5" if self.place.un_locode.is_none() => self.place.un_locode.clone_from(&code),
            _ => return,
        }
        // The port that is named with its terminal is the one where it happens.
        if terminal.is_some() && self.place.terminal.is_none() {
            (self.place.un_locode, self.place.terminal) = (code, terminal);
        }
    }

    fn nad(&mut self, segment: &Segment<'_>) {
        let Some(role) = codes::role(segment.get(1, 0)) else { return };
        let (code, name) = (segment.some(2, 0), segment.some(4, 0).or_else(|| segment.some(3, 0)));
        if (code.is_none() && name.is_none()) || self.parties.len() >= MAX_LIST {
            return;
        }
        let lines = [segment.get(5, 0), segment.get(5, 1), segment.get(8, 0), segment.get(6, 0)];
        let address: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        self.parties.push(Party {
            id: code.map(str::to_owned),
            id_scheme: code.map(|code| codes::scheme(segment.get(2, 2), code).to_owned()),
            name: name.map(str::to_owned),
            address: (!address.is_empty()).then(|| address.join(", ")),
            country: segment.some(9, 0).map(str::to_owned),
            ..Party::new(role)
        });
    }

    /// COM: telephone or mail of the party before it, as a pseudonym.
    fn com(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        if let (Some(party), Some(contact)) = (self.parties.last_mut(), segment.some(1, 0)) {
            party.contact.get_or_insert_with(|| context.key.pseudonym(Kind::Contact, contact));
        }
    }

    /// RFF. The authorisation to get a container released (TF) is the PIN: a pseudonym takes its place at once.
    fn rff(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        for (qualifier, value) in segment.pairs(1).filter(|(_, value)| !value.is_empty()) {
            self.reference(qualifier, value, context);
        }
    }

    fn reference(&mut self, qualifier: &str, value: &str, context: &Context<'_>) {
        let d = &mut self.documents;
        match qualifier {
            "BN" => d.booking = Some(value.to_owned()),
            // Bay plans write 1 for "there is one".
            "BM" | "MB" if value.len() > 1 => d.bill_of_lading = Some(value.to_owned()),
            "TF" => d.release = Some(context.key.pseudonym(Kind::Release, value)),
            "REO" | "RE" => {
                // A release order's number may serve as the right itself, so it is kept as a pseudonym too.
                d.release.get_or_insert_with(|| context.key.pseudonym(Kind::Release, value));
            }
            "ABT" | "MRN" | "ABE" => d.customs_declaration = Some(value.to_owned()),
            "AAS" => d.order = Some(value.to_owned()),
            "ACA" | "ATX" => d.appointment = Some(value.to_owned()),
            "VON" => self.transport.voyage = Some(value.to_owned()),
            "ATZ" => self.transport.call_id = Some(value.to_owned()),
            "EQ" | "AAQ" if self.containers.len() < MAX_LIST => self.containers.push(value.to_owned()),
            _ => {}
        }
    }

    /// SEL, with the issuer as an element or, in some dialects, as a component of the number.
    fn sel(&mut self, segment: &Segment<'_>) {
        let Some(number) = segment.some(1, 0) else { return };
        let issuer = segment.some(2, 0).or_else(|| segment.some(1, 1)).unwrap_or_default();
        if self.seals.len() < MAX_LIST {
            self.seals.push(Seal {
                number: number.to_owned(),
                normalised: None,
                source: codes::sealer(issuer).unwrap_or(SealSource::Unknown),
                condition: codes::condition(segment.get(3, 0)),
                seal_type: None,
            });
        }
    }

    /// MEA: weights in kilograms. Other measurements are not ours.
    fn mea(&mut self, segment: &Segment<'_>) {
        let kind = match (segment.get(1, 0), segment.get(2, 0)) {
            ("VGM", _) | (_, "VGM") => WeightKind::Vgm,
            (_, "T") => WeightKind::Tare,
            (_, "G" | "EGW" | "AET" | "AAD" | "AAB") | ("WT", "") => WeightKind::Gross,
            (_, "AAL" | "N") => WeightKind::Net,
            _ => return,
        };
        let value = segment.get(3, 1);
        let Some(value) = number(value) else {
            self.note(note::VALUE_REPAIRED);
            return;
        };
        let kg = match segment.get(3, 0) {
            "KGM" => value,
            "LBR" => value * KG_PER_POUND,
            "TNE" => value * 1000.0,
            // AAM and KGS are written for KGM.
            _ => {
                self.note(note::VALUE_REPAIRED);
                value
            }
        };
        if kg.is_finite() && kg >= 0.0 && self.weights.len() < MAX_LIST {
            self.weights.push(Weight { kind, kg, method: None });
        } else {
            self.note(note::VALUE_REPAIRED);
        }
    }

    /// TMP: the temperature to be kept, in Celsius.
    fn tmp(&mut self, segment: &Segment<'_>) {
        let Some(value) = number(segment.get(2, 0)) else { return };
        self.reefer.setpoint_c = Some(match segment.get(2, 1) {
            "FAH" => (value - 32.0) / 1.8,
            _ => value,
        });
    }

    /// GIS carries the indicator first, GEI (later directories) behind its qualifier.
    fn indicator(&mut self, segment: &Segment<'_>) {
        let code = if segment.tag() == "GIS" { segment.get(1, 0) } else { segment.get(2, 0) };
        if !code.is_empty() && self.indicators.len() < MAX_LIST {
            self.indicators.push(code.to_owned());
        }
    }

    /// FTX: the description of goods. Other free text may name people and is left alone.
    fn ftx(&mut self, segment: &Segment<'_>) {
        if segment.get(1, 0) != "AAA" {
            return;
        }
        let lines: Vec<&str> = (0..5).map(|at| segment.get(4, at)).filter(|text| !text.is_empty()).collect();
        if !lines.is_empty() {
            self.cargo.description.get_or_insert_with(|| lines.join(" "));
        }
    }

    /// Commodity codes: `PIA+5+080390:HS`, `CST+1+08039010`.
    fn hs_code(&mut self, segment: &Segment<'_>) {
        let is_hs = segment.tag() == "CST" || matches!(segment.get(2, 1), "HS" | "TSN" | "CC" | "");
        let code = segment.some(2, 0).filter(|_| is_hs);
        self.cargo.hs_code = self.cargo.hs_code.take().or_else(|| code.map(str::to_owned));
    }

    /// DOC+SM1, DOC+SM2: how the gross mass was verified (SOLAS VI/2).
    fn weighing_method(&mut self, segment: &Segment<'_>) {
        if let method @ ("SM1" | "SM2") = segment.get(1, 0)
            && let Some(weight) = self.weights.iter_mut().find(|w| w.kind == WeightKind::Vgm)
        {
            weight.method = Some(method.to_owned());
        }
    }
}

/// A number with a decimal point or comma.
fn number(text: &str) -> Option<f64> {
    let read = if text.contains(',') { text.replace(',', ".").parse() } else { text.parse::<f64>() };
    read.ok().filter(|value| value.is_finite())
}

fn mode(code: &str) -> Option<Mode> {
    match code {
        "1" => Some(Mode::Sea),
        "2" => Some(Mode::Rail),
        "3" => Some(Mode::Road),
        "8" => Some(Mode::InlandWater),
        _ => None,
    }
}

/// Fills what is unknown here with what is known there.
macro_rules! fill {
    ($own:expr, $base:expr, [$($field:ident),+]) => {
        $(if $own.$field.is_none() { $own.$field.clone_from(&$base.$field); })+
    };
}

impl Said {
    /// What this group says, and where it is silent the group around it. Seals, weights, goods and times are a group's own.
    pub(super) fn over(mut self, base: &Self) -> Self {
        fill!(
            self.transport,
            base.transport,
            [
                mode,
                vessel_imo,
                vessel_mmsi,
                vessel_name,
                call_sign,
                voyage,
                carrier,
                call_id,
                stow_cell,
                truck,
                driver
            ]
        );
        fill!(self.route, base.route, [port_of_loading, port_of_discharge, place_of_delivery]);
        if self.route.transshipment_ports.is_empty() {
            self.route.transshipment_ports.clone_from(&base.route.transshipment_ports);
        }
        fill!(
            self.documents,
            base.documents,
            [booking, bill_of_lading, release, customs_declaration, order, appointment]
        );
        fill!(self.customs, base.customs, [office, decision, procedure, reference]);
        if self.place == Place::default() {
            self.place.clone_from(&base.place);
        }
        for party in &base.parties {
            if !self.parties.iter().any(|own| own.role == party.role) {
                self.parties.push(party.clone());
            }
        }
        base.notes.iter().for_each(|n| self.note(n));
        self
    }

    /// Puts everything into an event.
    pub(super) fn put(self, event: &mut PortEvent) {
        fn some<T: Default + PartialEq>(value: T) -> Option<Box<T>> {
            (value != T::default()).then(|| Box::new(value))
        }
        if let Some(tare) = self.weights.iter().find(|w| w.kind == WeightKind::Tare)
            && let Some(equipment) = event.equipment.as_deref_mut()
        {
            equipment.tare_kg = Some(tare.kg);
        }
        event.transport = some(self.transport);
        event.route = some(self.route);
        event.place = some(self.place);
        event.documents = some(self.documents);
        event.customs = some(self.customs);
        event.reefer = some(self.reefer);
        event.parties = self.parties;
        event.seals = self.seals;
        event.weights = self.weights;
        if self.cargo != Cargo::default() {
            event.cargo.push(self.cargo);
        }
        self.notes.iter().for_each(|n| flag(event, n));
    }
}
