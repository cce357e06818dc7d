//! CUSCAR: the manifest, bill by bill. An event for each container of a bill; goods find their container through SGP, and
//! a container's seals and sizes stand ahead of the bills.

use std::collections::BTreeMap;

use quaywatch_domain::event::{Equipment, PortEvent, Weight, WeightKind, note};
use quaywatch_domain::identifiers::{ContainerNumber, normalise_reference};
use quaywatch_domain::{DeadLetterCode, EventKind, Text};

use super::layout::{Found, Group};
use super::lines::{begin, equipment_of, heard, id};
use super::message::{Message, Reader, Refused, number_repeated};
use super::said::Said;
use crate::document::{Document, Function};
use crate::finish::{equipment, finish, flag};
use crate::local_time::Noted;
use crate::{MAX_ITEMS, Parsed};

/// A container as the manifest describes it ahead of the bills.
struct Listed {
    equipment: Box<Equipment>,
    said: Said,
    at: usize,
    billed: bool,
}

/// Reads the bills into the document.
pub(super) fn read(reader: &Reader<'_>, message: &Message<'_>, mut document: Document, parsed: &mut Parsed) {
    let Some(time) = message.header.time("137").or(reader.envelope.prepared.as_ref()) else {
        let sentence = "the manifest has no time of its own (DTM+137) nor one of its interchange".to_owned();
        return reader.reject(parsed, reader.body.clone(), DeadLetterCode::NoTime, sentence);
    };
    let mut manifest = Manifest {
        reader,
        message,
        document: &document,
        time,
        boxes: boxes(reader, message),
        events: Vec::new(),
    };
    let groups = &message.groups;
    for (at, found) in groups.iter().enumerate().filter(|(_, g)| g.group == Group::Consignment) {
        let inside = groups.iter().skip(at + 1).take_while(|g| g.depth > found.depth);
        let goods: Vec<Said> =
            inside.filter(|g| g.group == Group::Goods).map(|g| heard(reader, message, g)).collect();
        if let Err((code, sentence)) = manifest.bill(found, &goods) {
            reader.reject(parsed, found.segments.clone(), code, sentence);
        }
    }
    manifest.without_bill();
    if message.groups.len() == 1 && document.function != Function::Cancel {
        let sentence = "the manifest names neither a bill (CNI) nor a container (EQD)".to_owned();
        reader.reject(parsed, reader.body.clone(), DeadLetterCode::NoSubject, sentence);
    }
    document.events = manifest.events;
    number_repeated(&mut document.events);
    if !document.events.is_empty() || document.function == Function::Cancel {
        parsed.documents.push(document);
    }
}

fn boxes(reader: &Reader<'_>, message: &Message<'_>) -> BTreeMap<String, Listed> {
    let mut boxes = BTreeMap::new();
    for found in message.groups.iter().filter(|g| g.group == Group::Equipment) {
        let at = found.segments.start;
        if let Some(equipment) = reader.all.get(at).as_ref().and_then(equipment_of) {
            let said = heard(reader, message, found);
            boxes.insert(equipment.number.to_string(), Listed { equipment, said, at, billed: false });
        }
    }
    boxes
}

struct Manifest<'a> {
    reader: &'a Reader<'a>,
    message: &'a Message<'a>,
    document: &'a Document,
    time: &'a Noted,
    boxes: BTreeMap<String, Listed>,
    events: Vec<PortEvent>,
}

impl Manifest<'_> {
    /// The events of one bill: one for each container that its goods are in.
    fn bill(&mut self, found: &Found, goods: &[Said]) -> Result<(), Refused> {
        let at = found.segments.start;
        let mut bill = heard(self.reader, self.message, found);
        if bill.documents.bill_of_lading.is_none() {
            let number = self.reader.all.get(at).and_then(|cni| cni.some(2, 0).map(Text::from));
            bill.documents.bill_of_lading = number;
        }
        let containers = containers(&bill, goods);
        if containers.is_empty() && bill.documents.bill_of_lading.is_none() {
            let sentence = "the consignment (CNI) names neither a bill of lading nor a container";
            return Err((DeadLetterCode::NoSubject, sentence.to_owned()));
        }
        if containers.is_empty() {
            self.push(bill, None, goods, at);
            return Ok(());
        }
        if self.events.len() + containers.len() > MAX_ITEMS {
            let sentence = format!("the manifest has more than {MAX_ITEMS} lines; send it in parts");
            return Err((DeadLetterCode::TooManyItems, sentence));
        }
        for number in containers {
            self.push(bill.clone(), Some(&number), goods, at);
        }
        Ok(())
    }

    /// Containers that no bill speaks of: their seals and sizes are known all the same.
    fn without_bill(&mut self) {
        let left: Vec<(String, usize)> =
            self.boxes.iter().filter(|(_, b)| !b.billed).map(|(number, b)| (number.clone(), b.at)).collect();
        for (number, at) in left {
            self.push(Said::default(), Some(&number), &[], at);
        }
    }

    fn push(&mut self, mut said: Said, number: Option<&str>, goods: &[Said], at: usize) {
        let mut event =
            begin(self.reader, self.message, self.document, EventKind::ManifestLine, self.time.0, at);
        said.fill(&self.message.header);
        let own = |g: &&Said| number.is_none_or(|n| g.containers.is_empty() || g.holds(n));
        event.cargo = goods.iter().filter(own).flat_map(|g| g.clone().goods()).collect();
        if let Some(gross) = gross_kg(goods, number) {
            said.weights.push(Weight { kind: WeightKind::Gross, kg: gross, method: None });
        }
        event.equipment = number.and_then(|n| self.container(n, &mut said));
        let bill = normalise_reference(said.documents.bill_of_lading.as_deref().unwrap_or_default());
        let subject = [&*bill, number.unwrap_or_default()].join("/");
        event.event_id = id(self.reader, self.document, &subject, &event.kind).into();
        let notes = goods.iter().flat_map(|g| g.notes.iter().copied()).chain(self.time.1);
        notes.for_each(|n| flag(&mut event, n));
        said.put(&mut event);
        self.events.push(finish(event, self.reader.context));
    }

    /// The container with the seals and weights that stand ahead of the bills.
    fn container(&mut self, number: &str, said: &mut Said) -> Option<Box<Equipment>> {
        let Some(known) = self.boxes.get_mut(number) else { return equipment(number) };
        known.billed = true;
        said.seals.extend_from_slice(&known.said.seals);
        said.weights.extend_from_slice(&known.said.weights);
        if said.reefer.setpoint_c.is_none() {
            said.reefer.clone_from(&known.said.reefer);
        }
        known.said.notes.iter().filter(|n| **n != note::EVENT_TIME_ASSUMED).for_each(|n| said.notes.push(n));
        Some(known.equipment.clone())
    }
}

/// The containers that a bill or its goods name, each once.
fn containers(bill: &Said, goods: &[Said]) -> Vec<String> {
    let mut numbers = Vec::new();
    for text in goods.iter().flat_map(|g| &g.containers).chain(&bill.containers) {
        if let Some(number) = ContainerNumber::parse(text)
            && !numbers.iter().any(|known| known == number.as_str())
        {
            numbers.push(number.into_text().into_owned());
        }
    }
    numbers
}

/// Gross weight of the goods in one container; unknown when some of them are spread over several.
fn gross_kg(goods: &[Said], number: Option<&str>) -> Option<f64> {
    let number = number?;
    let mut sum = None;
    for goods in goods.iter().filter(|g| g.holds(number)) {
        let gross = goods.weights.iter().find(|w| w.kind == WeightKind::Gross)?;
        if goods.containers.len() > 1 {
            return None;
        }
        sum = Some(sum.unwrap_or(0.0) + gross.kg);
    }
    sum
}
