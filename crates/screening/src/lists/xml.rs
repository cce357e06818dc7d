//! The records of an XML file, one at a time.
//!
//! Entities are never expanded: a document type is refused, and so is a reference to anything but the five entities of XML
//! and characters by number. Depth, nodes and bytes of a record have limits.

use std::io::{BufReader, Read};
use std::rc::Rc;

use encoding_rs::UTF_8;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::source::{Meter, Metered, Source, io_error};
use super::{Error, MAX_XML_DEPTH, MAX_XML_NODES_PER_RECORD, short};

/// An element with all that is in it; names without their prefix.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Self>,
}

impl Element {
    /// The attribute, trimmed; `None` when it is empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Its own text, trimmed; `None` when there is none.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of this name.
    pub(super) fn child<'a>(&'a self, name: &'a str) -> Option<&'a Self> {
        self.all(name).next()
    }

    /// The text of the first child of this name.
    pub(super) fn text_of<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.child(name)?.text()
    }

    /// Every element below of this name, in the order of the file.
    pub(super) fn below<'a>(&'a self, name: &'a str) -> Vec<&'a Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.below(name));
        }
        found
    }
}

/// The records of a file.
pub(super) struct Records<R: Read> {
    reader: quick_xml::Reader<BufReader<Metered<R>>>,
    meter: Rc<Meter>,
    buffer: Vec<u8>,
    /// Elements that are open outside of records.
    depth: usize,
    seen_root: bool,
    number: u64,
    encoding: &'static str,
    broken_mark: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: Source<R>) -> Self {
        let meter = source.input.meter();
        let mut reader = quick_xml::Reader::from_reader(BufReader::new(source.input));
        reader.config_mut().expand_empty_elements = true;
        let encoding = source.encoding;
        let (buffer, broken_mark) = (Vec::new(), encoding != UTF_8);
        Self {
            reader,
            meter,
            buffer,
            depth: 0,
            seen_root: false,
            number: 0,
            encoding: encoding.name(),
            broken_mark,
        }
    }

    pub(super) const fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// How many records were read.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The next element with one of these names, however deep.
    pub(super) fn next(&mut self, names: &[&str]) -> Result<Option<Element>, Error> {
        // Elements that are open inside the record.
        let mut open: Vec<Element> = Vec::new();
        let mut nodes = 0_usize;
        loop {
            if open.is_empty() {
                self.meter.next_record();
            }
            self.buffer.clear();
            let row = self.number + 1;
            let event = self.reader.read_event_into(&mut self.buffer);
            match event.map_err(|error| xml_error(&error, row))? {
                Event::Start(start) => {
                    self.seen_root = true;
                    if self.depth + open.len() >= MAX_XML_DEPTH {
                        return Err(Error::TooDeep { row });
                    }
                    let name = start.local_name();
                    if open.is_empty() && !names.contains(&name.as_ref()) {
                        self.depth += 1;
                        continue;
                    }
                    nodes += 1;
                    if nodes > MAX_XML_NODES_PER_RECORD {
                        return Err(Error::RecordTooLong { row });
                    }
                    open.push(element(&start, row)?);
                }
                Event::End(_) => match open.pop() {
                    None => self.depth = self.depth.saturating_sub(1),
                    Some(done) => match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => {
                            self.number += 1;
                            return Ok(Some(done));
                        }
                    },
                },
                Event::Text(text) => {
                    if let Some(current) = open.last_mut() {
                        let text = text.xml10_content();
                        if self.broken_mark && text.contains('\u{fffd}') {
                            return Err(Error::BadEncoding { row, encoding: self.encoding });
                        }
                        current.text.push_str(&text);
                    }
                }
                Event::CData(text) => {
                    if let Some(current) = open.last_mut() {
                        current.text.push_str(&text.xml10_content());
                    }
                }
                Event::GeneralRef(reference) => {
                    let text = referred(&reference, row)?;
                    if let Some(current) = open.last_mut() {
                        current.text.push_str(&text);
                    }
                }
                Event::DocType(_) => return Err(Error::DocumentType),
                Event::Eof if self.depth > 0 || !open.is_empty() => return Err(Error::Truncated { row }),
                Event::Eof if !self.seen_root => return Err(Error::Empty),
                Event::Eof => return Ok(None),
                // Empty elements come as a start and an end.
                Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }
}

fn element(start: &BytesStart<'_>, row: u64) -> Result<Element, Error> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| Error::Xml { row, reason: e.to_string() })?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| xml_error(&error, row))?;
        element.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

/// What a reference stands for.
fn referred(reference: &BytesRef<'_>, row: u64) -> Result<String, Error> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| xml_error(&error, row))? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    let known = resolve_xml_entity(&name).map(str::to_owned);
    known.ok_or_else(|| Error::Xml {
        row,
        reason: format!("it refers to the unknown entity '{}'", short(&name)),
    })
}

fn xml_error(error: &quick_xml::Error, row: u64) -> Error {
    match error {
        quick_xml::Error::Io(error) => io_error(error, row),
        quick_xml::Error::Encoding(_) => Error::BadEncoding { row, encoding: UTF_8.name() },
        // The file ends inside a tag, a comment or a CDATA section.
        quick_xml::Error::Syntax(_) => Error::Truncated { row },
        other => Error::Xml { row, reason: short(&other.to_string()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(xml: &[u8]) -> Result<Vec<String>, Error> {
        let mut records = Records::new(Source::open(xml)?);
        let mut found = Vec::new();
        while let Some(record) = records.next(&["P"])? {
            found.push(record.text_of("N").unwrap_or_default().to_owned());
        }
        Ok(found)
    }

    #[test]
    fn records_are_found_at_any_depth_and_texts_are_joined() {
        let found = names(b"<L xmlns:q='u'><A><q:P><N>R &amp; D</N></q:P></A><P><N>x<!-- c --><![CDATA[<y>]]>&#233;</N></P><P/></L>");
        assert_eq!(found.unwrap(), ["R & D", "x<y>é", ""]);
    }

    #[test]
    fn bombs_are_refused_without_going_off() {
        let laughs = b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><L><P><N>&b;</N></P></L>";
        assert_eq!(names(laughs), Err(Error::DocumentType));
        assert!(matches!(names(b"<L><P><N>&b;</N></P></L>"), Err(Error::Xml { row: 1, .. })));
        assert!(matches!(names(b"<L><P a='&b;'/></L>"), Err(Error::Xml { row: 1, .. })));
        let deep = "<a>".repeat(100_000);
        assert_eq!(names(deep.as_bytes()), Err(Error::TooDeep { row: 1 }));
        let wide = format!("<L><P>{}</P></L>", "<N/>".repeat(MAX_XML_NODES_PER_RECORD + 1));
        assert_eq!(names(wide.as_bytes()), Err(Error::RecordTooLong { row: 1 }));
    }

    #[test]
    fn a_file_that_was_cut_off_is_refused_wherever() {
        let whole = "<L><P><N>one</N></P><P><N>two</N></P></L>";
        assert_eq!(names(whole.as_bytes()).unwrap().len(), 2);
        for end in 1..whole.len() {
            assert!(names(&whole.as_bytes()[..end]).is_err(), "{}", &whole[..end]);
        }
    }

    #[test]
    fn an_endless_text_or_tag_stops_at_the_limit() {
        let text = b"<L><P><N>".chain(std::io::repeat(b'x'));
        let mut records = Records::new(Source::open(text).unwrap());
        assert_eq!(records.next(&["P"]).map(|_| ()), Err(Error::RecordTooLong { row: 1 }));
        let tag = b"<L a='".chain(std::io::repeat(b'x'));
        let mut records = Records::new(Source::open(tag).unwrap());
        assert_eq!(records.next(&["P"]).map(|_| ()), Err(Error::RecordTooLong { row: 1 }));
    }

    #[test]
    fn other_character_sets_are_read_as_declared() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><L><P><N>caf\xe9</N></P></L>";
        assert_eq!(names(latin).unwrap(), ["café"]);
        let wide: Vec<u8> = "<L><P><N>é</N></P></L>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(names(&[b"\xff\xfe".as_slice(), &wide].concat()).unwrap(), ["é"]);
        assert!(matches!(names(b"<L><P><N>caf\xe9</N></P></L>"), Err(Error::BadEncoding { row: 1, .. })));
    }
}
