//! What segments say, in the header for all containers or in a group for one.

use quaywatch_domain::Text;
use quaywatch_domain::event::{
    Cargo, Customs, Documents, Mode, Party, PartyRole, Place, Reefer, Route, Seal, SealSource, Transport,
    Weight, WeightKind, note,
};
use quaywatch_domain::identifiers::normalise_imo;
use quaywatch_domain::pseudonym::Kind;
use thin_vec::ThinVec;

use super::measures::{kilograms, number, rounded};
use super::names::{lines, name_and_rest};
use super::tokens::Segment;
use super::{codes, times};
use crate::Context;
use crate::local_time::Noted;

/// Most entries of one list of a group.
const MAX_LIST: usize = 256;

/// What segments are read by.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) context: &'a Context<'a>,
    /// Zone of times without one.
    pub(super) zone: Option<&'a str>,
    /// Whether the directory is D.00A or later.
    pub(super) is_d00: bool,
}

/// What a group says.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) transport: Transport,
    pub(super) route: Route,
    pub(super) place: Place,
    pub(super) documents: Documents,
    pub(super) parties: ThinVec<Party>,
    pub(super) seals: ThinVec<Seal>,
    pub(super) weights: ThinVec<Weight>,
    pub(super) reefer: Reefer,
    pub(super) cargo: Cargo,
    /// Dangerous goods beside the first.
    pub(super) dangers: Vec<String>,
    pub(super) customs: Customs,
    /// Containers by reference (RFF+EQ) or by goods placement (SGP).
    pub(super) containers: Vec<String>,
    /// Processing indicators (7365) of GIS and GEI.
    pub(super) indicators: Vec<String>,
    /// Mode of a leg before or after the one that the message is about.
    pub(super) onward: Option<Mode>,
    /// Whether the last party named is among `parties`, so that contacts are its.
    in_party: bool,
    /// By qualifier (2005).
    pub(super) times: Vec<([u8; 3], Noted)>,
    pub(super) notes: Vec<&'static str>,
}

impl Said {
    /// The first time under a qualifier.
    pub(super) fn time(&self, qualifier: &str) -> Option<&Noted> {
        let qualifier = padded(qualifier)?;
        self.times.iter().find(|(q, _)| *q == qualifier).map(|(_, noted)| noted)
    }

    /// The first of several qualifiers, with the one that it was.
    pub(super) fn first_time<'q>(&self, qualifiers: &[&'q str]) -> Option<(&'q str, &Noted)> {
        qualifiers.iter().find_map(|qualifier| Some((*qualifier, self.time(qualifier)?)))
    }

    pub(super) fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes in a segment.
    pub(super) fn hear(&mut self, segment: &Segment<'_>, frame: Frame<'_>) {
        let Frame { context, zone, is_d00 } = frame;
        match segment.code() {
            b"DTM" => self.dtm(segment, zone),
            b"TDT" => self.tdt(segment, context),
            b"LOC" => self.loc(segment),
            b"NAD" => self.nad(segment, context),
            b"COM" => self.com(segment, context),
            b"RFF" => self.rff(segment, context, is_d00),
            b"EQA" => self.attached(segment, context),
            b"SEL" => self.sel(segment),
            b"MEA" => self.mea(segment),
            b"TMP" => self.tmp(segment),
            b"GIS" | b"GEI" => self.indicator(segment),
            b"GID" => self.cargo.packages = segment.get(2, 0).parse().ok().filter(|packages| *packages >= 0),
            b"FTX" => self.ftx(segment),
            b"DGS" => self.dgs(segment),
            b"PIA" | b"CST" => self.hs_code(segment),
            b"SGP" => self.containers.extend(segment.some(1, 0).map(str::to_owned)),
            b"DOC" => self.doc(segment),
            _ => {}
        }
    }

    fn dtm(&mut self, segment: &Segment<'_>, zone: Option<&str>) {
        // No qualifier is longer.
        let (Some(qualifier), Some(value)) = (padded(segment.get(1, 0)), segment.some(1, 1)) else { return };
        match times::read(value, segment.get(1, 2), zone) {
            Some(noted) if self.times.len() < MAX_LIST => {
                self.times.push((qualifier, noted));
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
            self.road(segment, context);
            return;
        }
        if !matches!(segment.get(1, 0), "20" | "11") {
            // Legs before and after the main one only tell how the container goes on.
            self.onward = self.onward.or_else(|| mode(segment.get(3, 0)));
            return;
        }
        // At the gate the truck counts, whatever ship the container is for.
        if t.mode != Some(Mode::Road) {
            t.mode = mode(segment.get(3, 0)).or(Some(Mode::Sea));
        }
        t.voyage = segment.some(2, 0).map(Text::from);
        t.carrier = segment.some(5, 0).map(Text::from);
        t.vessel_name = segment.some(8, 3).map(Text::from);
        match id {
            Some(imo) if normalise_imo(imo).is_some() && qualifier != "103" => {
                t.vessel_imo = Some(imo.into());
            }
            // Lloyd's register gives no other numbers: a wrong one is flagged.
            Some(imo) if qualifier == "146" && segment.get(8, 2) == "11" => {
                t.vessel_imo = Some(imo.into());
            }
            Some(mmsi) if mmsi.len() == 9 && mmsi.bytes().all(|b| b.is_ascii_digit()) => {
                t.vessel_mmsi = Some(mmsi.into());
            }
            Some(sign) if qualifier == "103" => t.call_sign = Some(sign.into()),
            Some(name) if t.vessel_name.is_none() => t.vessel_name = Some(name.into()),
            _ => {}
        }
    }

    /// The road leg: truck, driver and haulier.
    fn road(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        let t = &mut self.transport;
        if matches!(segment.get(1, 0), "10" | "30") {
            self.onward = Some(Mode::Road);
        } else {
            t.mode = Some(Mode::Road);
        }
        let plate = segment.some(8, 0).map(|plate| context.key.pseudonym(Kind::Plate, plate));
        let driver = segment.some(8, 3).map(|name| context.key.pseudonym(Kind::Badge, name));
        t.truck = plate.or(t.truck.take());
        t.driver = driver.or(t.driver.take());
        let (code, name) = (segment.some(5, 0), segment.some(5, 3));
        if code.is_some() || name.is_some() {
            self.parties.push(Party {
                id: code.map(Text::from),
                id_scheme: code.map(|code| codes::scheme(segment.get(5, 2), code).into()),
                name: name.map(Text::from),
                ..Party::new(PartyRole::Haulier)
            });
            self.in_party = true;
        }
    }

    /// EQA: the chassis or trailer that the container stands on.
    fn attached(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        if let ("CH" | "TE", Some(plate)) = (segment.get(1, 0), segment.some(2, 0)) {
            self.transport.trailer = Some(context.key.pseudonym(Kind::Plate, plate));
        }
    }

    /// DGS: UN number, else the class of the IMDG Code.
    fn dgs(&mut self, segment: &Segment<'_>) {
        let number = segment.some(3, 0).map(|number| format!("UN{}", number.trim_start_matches("UN")));
        let Some(danger) = number.or_else(|| segment.some(2, 0).map(|class| format!("CLASS {class}"))) else {
            return;
        };
        if self.cargo.dangerous_goods.is_none() {
            self.cargo.dangerous_goods = Some(danger.into());
        } else if self.dangers.len() < MAX_LIST {
            self.dangers.push(danger);
        }
    }

    /// LOC: ports of the route, the terminal, the cell on board, the customs office.
    fn loc(&mut self, segment: &Segment<'_>) {
        let code = || segment.some(2, 0).map(Text::from);
        // Some name the country there (code lists 162, 163).
        let terminal = segment.some(3, 0).filter(|_| !matches!(segment.get(3, 1), "162" | "163" | "5"));
        let terminal = || terminal.map(Text::from);
        let r = &mut self.route;
        match segment.get(1, 0) {
            "9" | "6" => r.port_of_loading = code(),
            "76" if r.port_of_loading.is_none() => r.port_of_loading = code(),
            "11" | "12" => r.port_of_discharge = code(),
            "7" | "83" => r.place_of_delivery = code(),
            // The place of destination is where it is delivered, unless that is said too.
            "8" if r.place_of_delivery.is_none() => r.place_of_delivery = code(),
            "13" if r.transshipment_ports.len() < MAX_LIST => r.transshipment_ports.extend(code()),
            "27" => {
                let country = segment.get(2, 0).get(..2).map(Text::from);
                (r.origin_country, self.cargo.origin_country) = (country.clone(), country);
            }
            "22" | "41" | "43" => {
                self.customs.office = code();
                return;
            }
            "147" => {
                self.transport.stow_cell = code();
                return;
            }
            "165" | "164" | "175" => {
                (self.place.un_locode, self.place.terminal) = (code(), terminal());
                return;
            }
            // The port that a bay plan is drawn up at.
            "5" if self.place.un_locode.is_none() => self.place.un_locode = code(),
            _ => return,
        }
        // The port that is named with its terminal is the one where it happens.
        if self.place.terminal.is_none()
            && let Some(terminal) = terminal()
        {
            (self.place.un_locode, self.place.terminal) = (code(), Some(terminal));
        }
    }

    /// NAD: a party, named in one field (C058) or in several (C080 to 3207). A driver is a person: a pseudonym.
    fn nad(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        self.in_party = false;
        let code = segment.some(2, 0);
        let named = if segment.some(4, 0).is_some() { 4 } else { 3 };
        if segment.get(1, 0) == "DR" {
            let name = lines(segment, named).collect::<Vec<_>>().join(" ");
            let person = code.or_else(|| Some(name.as_str()).filter(|name| !name.is_empty()));
            let driver = person.map(|person| context.key.pseudonym(Kind::Badge, person));
            self.transport.driver = driver.or(self.transport.driver.take());
            return;
        }
        let Some(role) = codes::role(segment.get(1, 0)) else { return };
        let (name, rest) = name_and_rest(lines(segment, named));
        if (code.is_none() && name.is_none()) || self.parties.len() >= MAX_LIST {
            return;
        }
        let place = [segment.get(8, 0), segment.get(6, 0)].into_iter().filter(|line| !line.is_empty());
        let address: Vec<&str> = rest.into_iter().chain(lines(segment, 5)).chain(place).collect();
        self.parties.push(Party {
            id: code.map(Text::from),
            id_scheme: code.map(|code| codes::scheme(segment.get(2, 2), code).into()),
            name: name.map(Text::from),
            address: (!address.is_empty()).then(|| address.join(", ").into()),
            country: segment.some(9, 0).map(Text::from),
            ..Party::new(role)
        });
        self.in_party = true;
    }

    /// COM: telephone or mail of the party before it, as a pseudonym.
    fn com(&mut self, segment: &Segment<'_>, context: &Context<'_>) {
        if let (true, Some(party), Some(contact)) =
            (self.in_party, self.parties.last_mut(), segment.some(1, 0))
        {
            party.contact.get_or_insert_with(|| context.key.pseudonym(Kind::Contact, contact));
        }
    }

    /// RFF. The authorisation to get a container released (TF) is the PIN: a pseudonym takes its place at once.
    fn rff(&mut self, segment: &Segment<'_>, context: &Context<'_>, is_d00: bool) {
        for (qualifier, value) in segment.pairs(1).filter(|(_, value)| !value.is_empty()) {
            self.reference(qualifier, value, context, is_d00);
        }
    }

    fn reference(&mut self, qualifier: &str, value: &str, context: &Context<'_>, is_d00: bool) {
        let d = &mut self.documents;
        match qualifier {
            "BN" => d.booking = Some(value.into()),
            // Bay plans write 1 for "there is one".
            "BM" if value.len() > 1 => d.bill_of_lading = Some(value.into()),
            "MB" | "BH" if value.len() > 1 => _ = d.bill_of_lading.get_or_insert_with(|| value.into()),
            "TF" => d.release = Some(context.key.pseudonym(Kind::Release, value)),
            "RE" if is_d00 => {}
            "REO" | "RE" => {
                // A release order's number may serve as the right itself, so it is kept as a pseudonym too.
                d.release.get_or_insert_with(|| context.key.pseudonym(Kind::Release, value));
            }
            "ABT" | "MRN" => d.customs_declaration = Some(value.into()),
            // The declarant's own number for it, where the office has given none.
            "AAE" | "ABE" => _ = d.customs_declaration.get_or_insert_with(|| value.into()),
            "AAS" => d.transport_document = Some(value.into()),
            "AAJ" => d.order = Some(value.into()),
            "ACA" | "ATX" => d.appointment = Some(value.into()),
            "ABZ" => {
                let truck = &mut self.transport.truck;
                truck.get_or_insert_with(|| context.key.pseudonym(Kind::Plate, value));
            }
            "VON" => self.transport.voyage = Some(value.into()),
            "ATZ" => self.transport.call_id = Some(value.into()),
            "EQ" | "AAQ" if self.containers.len() < MAX_LIST => self.containers.push(value.to_owned()),
            _ => {}
        }
    }

    /// SEL, with the issuer as an element or, in some dialects, as a component of the number; or a range of numbers (C208).
    fn sel(&mut self, segment: &Segment<'_>) {
        let issuer = segment.some(2, 0).or_else(|| segment.some(1, 1)).unwrap_or_default();
        let (source, condition) = (codes::sealer(issuer), codes::condition(segment.get(3, 0)));
        if (source.is_none() && !issuer.is_empty()) || (condition.is_none() && segment.some(3, 0).is_some()) {
            self.note(note::UNKNOWN_CODE);
        }
        let (number, range) = (segment.some(1, 0), [segment.some(4, 0), segment.some(4, 1)]);
        let numbers = number.into_iter().chain(range.into_iter().flatten().filter(|_| number.is_none()));
        let room = MAX_LIST - self.seals.len().min(MAX_LIST);
        // Events are many, and most have one seal.
        self.seals.reserve_exact(1);
        self.seals.extend(numbers.take(room).map(|number| Seal {
            number: number.into(),
            normalised: None,
            source: source.unwrap_or(SealSource::Unknown),
            condition,
            seal_type: None,
        }));
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
        let (unit, value) = (segment.get(3, 0), segment.get(3, 1));
        let Some((kg, usual)) = number(value).and_then(|value| kilograms(value, unit)) else {
            self.note(note::VALUE_REPAIRED);
            return;
        };
        if !usual {
            self.note(note::VALUE_REPAIRED);
        }
        if self.weights.len() < MAX_LIST {
            self.weights.reserve_exact(1);
            self.weights.push(Weight { kind, kg, method: None });
        }
    }

    /// TMP: the temperature to be kept, in Celsius.
    fn tmp(&mut self, segment: &Segment<'_>) {
        let Some(value) = number(segment.get(2, 0)) else { return };
        self.reefer.setpoint_c = Some(match segment.get(2, 1) {
            "FAH" => rounded((value - 32.0) / 1.8),
            "KEL" => rounded(value - 273.15),
            _ => value,
        });
    }

    /// GIS carries the indicator first, GEI (later directories) behind its qualifier.
    fn indicator(&mut self, segment: &Segment<'_>) {
        let code = if segment.code() == b"GIS" { segment.get(1, 0) } else { segment.get(2, 0) };
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
            self.cargo.description.get_or_insert_with(|| lines.join(" ").into());
        }
    }

    /// Commodity codes: `PIA+5+080390:HS`, `CST+1+08039010`.
    fn hs_code(&mut self, segment: &Segment<'_>) {
        let is_hs = segment.code() == b"CST" || matches!(segment.get(2, 1), "HS" | "TSN" | "CC" | "");
        let code = segment.some(2, 0).filter(|_| is_hs);
        self.cargo.hs_code = self.cargo.hs_code.take().or_else(|| code.map(Text::from));
    }

    /// DOC: bills and declarations; SM1 and SM2 say how the gross mass was verified (SOLAS VI/2).
    fn doc(&mut self, segment: &Segment<'_>) {
        let (d, number) = (&mut self.documents, segment.some(2, 0).map(Text::from));
        match segment.get(1, 0) {
            method @ ("SM1" | "SM2") => {
                if let Some(weight) = self.weights.iter_mut().find(|w| w.kind == WeightKind::Vgm) {
                    weight.method = Some(method.into());
                }
            }
            "704" | "705" | "706" | "710" | "714" => d.bill_of_lading = d.bill_of_lading.take().or(number),
            "820" | "821" | "822" | "825" | "830" => {
                d.customs_declaration = d.customs_declaration.take().or(number);
            }
            _ => {}
        }
    }
}

/// A code of up to three characters.
fn padded(code: &str) -> Option<[u8; 3]> {
    let mut bytes = [0; 3];
    bytes.get_mut(..code.len())?.copy_from_slice(code.as_bytes());
    Some(bytes)
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
