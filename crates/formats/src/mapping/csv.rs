//! CSV (RFC 4180) as ports write it: any delimiter and character set, with or without header, ragged rows.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::Encoding;
use quaywatch_domain::event::note;
use quaywatch_domain::{DeadLetterCode, Sha256};

use super::fields::{holds, nearest};
use super::rows::{Plan, Row, Rows};
use super::{Mapping, RuleTable, Survey};
use crate::finish::flag;
use crate::{Context, MAX_ITEMS, Parsed, Reject, jsonl};

/// Name of the format in events.
const FORMAT: &str = "CSV";
/// Most columns that are looked at.
const MAX_COLUMNS: usize = 512;
/// Longest cell, bytes; a longer one is a quote that was never closed.
const MAX_CELL_BYTES: usize = 64 * 1024;
const CANDIDATES: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Whether the first line names fields of events.
pub(crate) fn has_known_header(bytes: &[u8]) -> bool {
    let line = first_line(bytes);
    let line = String::from_utf8_lossy(line.get(..line.len().min(8_192)).unwrap_or(line)).into_owned();
    let line = line.trim_start_matches('\u{feff}');
    let cells: Vec<&str> = line.split([';', ',', '\t', '|']).map(|c| c.trim().trim_matches('"')).collect();
    cells.contains(&"kind") && cells.contains(&"occurred_at")
}

/// The ready mapping that a header fits: it finds time and container, and more columns than any other.
pub(crate) fn fitting_profile(bytes: &[u8]) -> Option<&'static str> {
    let text = Text::of(bytes, None);
    let line = first_line(&text.bytes);
    let delimiter = guess(line);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(line);
    let mut header = ByteRecord::new();
    if !reader.read_byte_record(&mut header).ok()? || header.len() < 3 {
        return None;
    }
    let columns = Columns::named(&header, &text);
    let found = |mapping: &Mapping, field: &str| {
        mapping.fields.get(field).is_some_and(|rule| !rule.0.from.0.is_empty() && !columns.lacks(&rule.0))
    };
    let fits = |mapping: &Mapping| {
        let needed = ["occurred_at", "equipment.number"].iter().all(|field| found(mapping, field));
        let count = mapping.fields.keys().filter(|field| found(mapping, field)).count();
        // A kind of its own column tells more than any other.
        needed.then(|| count + if found(mapping, "kind") { 3 } else { 0 })
    };
    let all = super::profiles().iter().filter_map(|(name, mapping)| Some((fits(mapping)?, *name)));
    all.max_by_key(|(count, _)| *count).filter(|(count, _)| *count >= 4).map(|(_, name)| name)
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| matches!(b, b'\n' | b'\r')).find(|line| !line.trim_ascii().is_empty()).unwrap_or_default()
}

/// Reads each row; a bad one is a reject and the others stand.
pub(crate) fn parse(bytes: &[u8], context: &Context<'_>) -> Parsed {
    read(bytes, context, None)
}

pub(super) fn read(bytes: &[u8], context: &Context<'_>, survey: Option<&RefCell<Survey>>) -> Parsed {
    let mapping = &context.settings.mapping;
    let text = Text::of(bytes, mapping.charset.as_deref());
    let delimiter = mapping.delimiter.as_ref().and_then(|d| d.bytes().next());
    let delimiter = delimiter.unwrap_or_else(|| guess(first_line(&text.bytes)));
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(&*text.bytes);
    let mut record = ByteRecord::new();
    // The end of the next record; none when there is no more.
    let mut next = |record: &mut ByteRecord| {
        let more = reader.read_byte_record(record).unwrap_or(false);
        more.then(|| usize::try_from(reader.position().byte()).unwrap_or(usize::MAX))
    };
    let columns = if mapping.header.unwrap_or(true) {
        if next(&mut record).is_none() {
            return Parsed::rejected(DeadLetterCode::MalformedMessage, "the file has no rows", bytes);
        }
        Columns::named(&record, &text)
    } else {
        Columns::default()
    };
    let plain = columns.plain_rules();
    let rules =
        if mapping.is_empty() { plain.iter().map(|(f, r)| (f.as_str(), r)).collect() } else { of(mapping) };
    if let Some(survey) = survey {
        columns.look(mapping, &rules, &mut survey.borrow_mut());
    }
    if let Err(sentence) = columns.check(mapping, &rules) {
        return Parsed::rejected(DeadLetterCode::MissingField, sentence, bytes);
    }
    let plan = Plan::of(&rules, mapping, |name| columns.place(name));
    let source = jsonl::source(context, FORMAT);
    let rows = Rows { plan, mapping, context, source, notes: text.notes.clone(), survey };
    let mut parsed = Parsed::default();
    let mut events = Vec::new();
    let mut count = 0..;
    while let Some(end) = next(&mut record)
        && let Some(at) = count.next()
    {
        let (line, raw) = place_of(&record, end, &text.bytes);
        let path = format!("line {line}");
        let read = if at >= MAX_ITEMS {
            let sentence = format!("the file has more than {MAX_ITEMS} rows; send it in smaller parts");
            Err((DeadLetterCode::TooManyItems, sentence))
        } else if record.iter().any(|cell| cell.len() > MAX_CELL_BYTES) {
            let sentence = "a cell is endless; a quote was opened and never closed".to_owned();
            Err((DeadLetterCode::MalformedMessage, sentence))
        } else if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        } else {
            rows.read(&Cells { record: &record, text: &text }, &|| Sha256::of(raw), &path)
        };
        match read {
            Ok(event) => events.extend(event.map(|mut event| {
                if columns.differs(&record) {
                    flag(&mut event, note::COUNT_MISMATCH);
                }
                event
            })),
            Err((code, sentence)) => {
                let bytes = raw.to_vec();
                parsed.rejects.push(Reject { code, sentence, position: Some(path), bytes });
            }
        }
        if at >= MAX_ITEMS {
            break;
        }
    }
    parsed.push_events(events);
    parsed
}

/// Line and bytes of a row, without the ends of lines around it, which the reader counts to it.
fn place_of<'t>(record: &ByteRecord, end: usize, text: &'t [u8]) -> (u64, &'t [u8]) {
    let Some(position) = record.position() else { return (0, &[]) };
    let start = usize::try_from(position.byte()).unwrap_or_default();
    let raw = text.get(start..end).unwrap_or_default();
    let blank = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    let lines = blank.clone().filter(|b| **b == b'\n').count();
    let raw = raw.get(blank.count()..).unwrap_or_default();
    (position.line() + u64::try_from(lines).unwrap_or_default(), raw.trim_ascii_end())
}

fn of(mapping: &Mapping) -> Vec<(&str, &RuleTable)> {
    mapping.fields.iter().map(|(field, rule)| (field.as_str(), &rule.0)).collect()
}

/// The delimiter that the first line has most of.
fn guess(line: &[u8]) -> u8 {
    let count = |d: &u8| line.iter().filter(|b| *b == d).count();
    // The last of equals wins, so the usual one stands there.
    CANDIDATES.into_iter().rev().max_by_key(count).filter(|d| count(d) > 0).unwrap_or(b',')
}

/// The file in one-byte separators, and how its cells are decoded.
struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    encoding: &'static Encoding,
    notes: Vec<&'static str>,
}

impl<'a> Text<'a> {
    fn of(bytes: &'a [u8], charset: Option<&str>) -> Self {
        let utf_8 = |bytes: Cow<'a, [u8]>| Self { bytes, encoding: encoding_rs::UTF_8, notes: Vec::new() };
        if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
            let rest = bytes.get(mark..).unwrap_or_default();
            return if encoding == encoding_rs::UTF_8 {
                utf_8(Cow::Borrowed(rest))
            } else {
                utf_8(Cow::Owned(encoding.decode_without_bom_handling(rest).0.into_owned().into_bytes()))
            };
        }
        let said = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
        match said {
            Some(encoding) if encoding.is_ascii_compatible() => {
                Self { bytes: Cow::Borrowed(bytes), encoding, notes: Vec::new() }
            }
            Some(encoding) => {
                utf_8(Cow::Owned(encoding.decode_without_bom_handling(bytes).0.into_owned().into_bytes()))
            }
            None if std::str::from_utf8(bytes).is_ok() => utf_8(Cow::Borrowed(bytes)),
            None => Self {
                bytes: Cow::Borrowed(bytes),
                encoding: encoding_rs::WINDOWS_1252,
                notes: vec![note::CHARSET_ASSUMED],
            },
        }
    }

    fn decode<'c>(&self, cell: &'c [u8]) -> Cow<'c, str> {
        self.encoding.decode_without_bom_handling(cell).0
    }
}

/// Where each column is, by its name in lower case.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    fn named(header: &ByteRecord, text: &Text<'_>) -> Self {
        let names: Vec<String> =
            header.iter().take(MAX_COLUMNS).map(|cell| text.decode(cell).trim().to_owned()).collect();
        let mut places = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            places.entry(name.to_lowercase()).or_insert(at);
        }
        Self { names, places }
    }

    /// The column of a name, or of a number: `#1` is the first.
    fn place(&self, name: &str) -> Option<usize> {
        match name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()) {
            Some(number) => number.checked_sub(1).filter(|at| *at < MAX_COLUMNS),
            None => self.places.get(&name.to_lowercase()).copied(),
        }
    }

    /// A rule for each column that is named like a field.
    fn plain_rules(&self) -> Vec<(String, RuleTable)> {
        let fields = self.names.iter().filter(|name| holds(name).is_some());
        fields
            .map(|name| {
                (name.clone(), RuleTable { from: super::From(vec![name.clone()]), ..RuleTable::default() })
            })
            .collect()
    }

    /// Whether the columns that must be there are there.
    fn check(&self, mapping: &Mapping, rules: &[(&str, &RuleTable)]) -> Result<(), String> {
        if self.is_data() {
            return Err("the first row holds no names of columns; set `mapping.header = false` and name the columns by \
                        their places, `#1` and so on"
                .to_owned());
        }
        for field in ["kind", "occurred_at"] {
            let Some((_, rule)) = rules.iter().find(|(known, _)| *known == field) else {
                return Err(format!(
                    "no column is named {field} and the feed has no mapping for it; set `profile` or \
                     mapping.fields.{field}; the columns are: {}",
                    self.list()
                ));
            };
            if self.lacks(rule) && rule.value.is_none() && rule.default.is_none() {
                return Err(format!(
                    "no column for {field}; the mapping looks for {}; set mapping.fields.{field} to one of: {}",
                    sought(rule),
                    self.list()
                ));
            }
        }
        let own = mapping.required.iter().filter_map(|field| Some((field, mapping.fields.get(field)?)));
        let own = own.flat_map(|(field, rule)| rule.0.from.0.iter().map(move |name| (field.as_str(), name)));
        for (field, name) in own.chain(mapping.id.iter().map(|name| ("id", name))) {
            if !self.names.is_empty() && name.split('|').all(|one| self.place(one.trim()).is_none()) {
                let near = nearest(name, self.names.iter().map(String::as_str)).unwrap_or_default();
                return Err(format!(
                    "the file has no column '{name}', where the mapping looks for {field}; the nearest is '{near}' of: {}",
                    self.list()
                ));
            }
        }
        Ok(())
    }

    /// Whether what should be names is a row: what is found in names of columns is not found in numbers and times.
    fn is_data(&self) -> bool {
        let digits = |name: &String| name.bytes().filter(u8::is_ascii_digit).count();
        self.names.iter().any(|name| digits(name) >= 4 && digits(name) * 2 >= name.len())
    }

    /// Whether there is no column for a rule that has any.
    fn lacks(&self, rule: &RuleTable) -> bool {
        let mut names = rule.from.0.iter().flat_map(|names| names.split('|'));
        !self.names.is_empty() && names.all(|name| self.place(name.trim()).is_none())
    }

    /// Whether a row has more or fewer cells than there are columns; empty ones behind the last do not count.
    fn differs(&self, record: &ByteRecord) -> bool {
        let cells = record.len();
        let more = record.iter().skip(self.names.len()).any(|cell| !cell.trim_ascii().is_empty());
        !self.names.is_empty() && (more || cells < self.names.len())
    }

    /// What no rule reads, and which rules have nothing to read.
    fn look(&self, mapping: &Mapping, rules: &[(&str, &RuleTable)], survey: &mut Survey) {
        let own =
            rules.iter().flat_map(|(_, rule)| &rule.from.0).chain(&mapping.id).chain(mapping.only.keys());
        let read: Vec<usize> =
            own.flat_map(|names| names.split('|')).filter_map(|name| self.place(name.trim())).collect();
        for (at, name) in self.names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if self.place(name) != Some(at) {
                survey.doubled.insert(format!("{name} (#{})", at + 1));
            } else if !read.contains(&at) {
                survey.unused(name);
            }
        }
        let absent = rules.iter().filter(|(_, rule)| !rule.from.0.is_empty() && self.lacks(rule));
        survey.absent.extend(absent.map(|(field, _)| (*field).to_owned()));
    }

    fn list(&self) -> String {
        let names: Vec<String> =
            self.names.iter().take(40).map(|name| name.chars().take(40).collect()).collect();
        names.join(", ")
    }
}

/// The names that a rule looks for, as far as a person reads them.
fn sought(rule: &RuleTable) -> String {
    let one = |names: &String| {
        let all: Vec<&str> = names.split('|').map(str::trim).collect();
        let (first, more) = (all.iter().take(5).copied().collect::<Vec<_>>().join("', '"), all.len());
        if more > 5 { format!("'{first}' or {} other names", more - 5) } else { format!("'{first}'") }
    };
    rule.from.0.iter().map(one).collect::<Vec<_>>().join(" with ")
}

struct Cells<'r> {
    record: &'r ByteRecord,
    text: &'r Text<'r>,
}

impl Row for Cells<'_> {
    /// The place of a column.
    type Way = usize;

    fn get(&self, column: &usize) -> Option<Cow<'_, str>> {
        Some(self.text.decode(self.record.get(*column)?))
    }
}
