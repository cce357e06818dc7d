//! Which reader a list file is for.

use std::io::Read;

use quaywatch_domain::watchlist::ListFormat;

use super::source::Source;
use super::table::delimiter_of;
use super::{
    Defaults, Error, ListFile, agency, eu, ofac, ofac_advanced, open_sanctions, short, uk, un, un_vessels,
};

/// The files of one publication. All lists but OFAC's CSV have one file alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts<R> {
    /// The list: `sdn.csv` or `cons_prim.csv` of OFAC's files.
    pub main: R,
    /// `alt.csv`, `cons_alt.csv`.
    pub alt: Option<R>,
    /// `add.csv`, `cons_add.csv`.
    pub add: Option<R>,
    /// `sdn_comments.csv`, `cons_comments.csv`.
    pub comments: Option<R>,
}

impl<R> Parts<R> {
    /// A list of one file.
    pub const fn one(main: R) -> Self {
        Self { main, alt: None, add: None, comments: None }
    }
}

/// Reads a list in a format, or in the one that its name and beginning show ([`ListFormat::Auto`]).
///
/// # Errors
/// When the file as a whole cannot be trusted, or its format cannot be told; see [`Error`].
pub fn read_list<R: Read>(
    format: ListFormat,
    name: &str,
    parts: Parts<R>,
    defaults: &Defaults<'_>,
) -> Result<ListFile, Error> {
    let main = Source::open(parts.main)?;
    let format = if format == ListFormat::Auto { detect(name, &main.head)? } else { format };
    match format {
        ListFormat::Auto | ListFormat::AgencyCsv => agency::csv(main, defaults),
        ListFormat::Jsonl => agency::jsonl(main, defaults),
        ListFormat::OfacSdn => {
            let open = |part: Option<R>| part.map(Source::open).transpose();
            ofac::read(main, open(parts.alt)?, open(parts.add)?, open(parts.comments)?, defaults)
        }
        ListFormat::OfacAdvanced => ofac_advanced::read(main, defaults),
        ListFormat::EuXml => eu::xml(main, defaults),
        ListFormat::EuCsv => eu::csv(main, defaults),
        ListFormat::UnXml => un::read(main, defaults),
        ListFormat::UnVessels => un_vessels::read(main, defaults),
        ListFormat::UkCsv => uk::read(main, defaults),
        ListFormat::OpenSanctionsCsv => open_sanctions::csv(main, defaults),
        ListFormat::OpenSanctionsFtm => open_sanctions::ftm(main, defaults),
    }
}

/// The format by content; the name decides only where the content leaves it open.
fn detect(name: &str, head: &str) -> Result<ListFormat, Error> {
    let start = head.trim_start();
    let found = match start.chars().next() {
        Some('<') => xml(start),
        Some('{') => json_lines(start),
        _ => None,
    };
    if let Some(format) = found {
        return Ok(format);
    }
    if let Some(format) = by_columns(start)? {
        return Ok(format);
    }
    let name = name.to_ascii_lowercase();
    if name.contains("1718") || un_vessels::looks_like(head) {
        return Ok(ListFormat::UnVessels);
    }
    let known: Vec<&str> = ListFormat::ALL.iter().skip(1).map(|format| format.as_str()).collect();
    Err(Error::UnknownFormat { head: short(start), known: known.join(", ") })
}

fn xml(start: &str) -> Option<ListFormat> {
    // The first element beside declaration and comments.
    let root =
        start.split('<').map(|part| part.split([' ', '>', '\n', '\r', '\t', '/']).next().unwrap_or_default());
    let root = root.map(|name| name.rsplit(':').next().unwrap_or_default());
    let mut root = root.filter(|name| name.chars().next().is_some_and(char::is_alphabetic));
    match root.next()? {
        "Sanctions" => Some(ListFormat::OfacAdvanced),
        "export" => Some(ListFormat::EuXml),
        "CONSOLIDATED_LIST" => Some(ListFormat::UnXml),
        _ => None,
    }
}

fn json_lines(start: &str) -> Option<ListFormat> {
    let line = start.lines().next().unwrap_or_default();
    if line.contains("\"schema\"") && line.contains("\"properties\"") {
        return Some(ListFormat::OpenSanctionsFtm);
    }
    line.contains("\"entry_id\"").then_some(ListFormat::Jsonl)
}

fn by_columns(start: &str) -> Result<Option<ListFormat>, Error> {
    let mut lines = start.lines().filter(|line| !line.trim().is_empty());
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let lower = first.to_lowercase();
    // The UK's lists have a line with a date above the header.
    if [first, second].iter().any(|line| line.to_lowercase().contains("name 6")) {
        return Ok(Some(ListFormat::UkCsv));
    }
    if lower.contains("entity_logicalid") {
        return Ok(Some(ListFormat::EuCsv));
    }
    if lower.contains("entry_id") {
        return Ok(Some(ListFormat::AgencyCsv));
    }
    if ["id", "schema", "birth_date", "identifiers"].iter().all(|column| lower.contains(column)) {
        return Ok(Some(ListFormat::OpenSanctionsCsv));
    }
    let row = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter_of(first))
        .from_reader(first.as_bytes())
        .records()
        .next()
        .and_then(Result::ok);
    let cell = |at: usize| row.as_ref().and_then(|row| row.get(at)).map(str::trim).unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let wrong = |part| Err(Error::WrongPart { part, main: "sdn.csv or cons_prim.csv" });
    match row.as_ref().map_or(0, csv::StringRecord::len) {
        12 if is_number(cell(0)) => Ok(Some(ListFormat::OfacSdn)),
        5 if is_number(cell(0)) && is_number(cell(1)) => wrong("OFAC's list of aliases"),
        6 if is_number(cell(0)) && is_number(cell(1)) => wrong("OFAC's list of addresses"),
        2 if is_number(cell(0)) => wrong("OFAC's list of remarks"),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_shows_the_format() {
        let cases = [
            (
                "x.xml",
                "<?xml version=\"1.0\"?>\n<!-- c -->\n<Sanctions xmlns=\"u\">",
                ListFormat::OfacAdvanced,
            ),
            ("x.xml", "<export generationDate=\"2026\">", ListFormat::EuXml),
            ("x.xml", "<CONSOLIDATED_LIST xmlns:xsi=\"u\">", ListFormat::UnXml),
            ("x", "{\"id\":\"a\",\"schema\":\"Vessel\",\"properties\":{}}", ListFormat::OpenSanctionsFtm),
            ("x", "{\"entry_id\":\"a\"}", ListFormat::Jsonl),
            ("x", "36,\"A, B\",-0- ,\"CUBA\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ", ListFormat::OfacSdn),
            ("x", "Report Date: 08-Oct-2026\nLast Updated,Unique ID,Name 6\n", ListFormat::UkCsv),
            ("x", "fileGenerationDate;Entity_LogicalId;\n", ListFormat::EuCsv),
            (
                "x",
                "\"id\",\"schema\",\"name\",\"aliases\",\"birth_date\",\"countries\",\"identifiers\"\n",
                ListFormat::OpenSanctionsCsv,
            ),
            ("x", "list_id,entry_id,kind,scheme,value\n", ListFormat::AgencyCsv),
            ("x", "Vessel name,IMO number,Designation\nPETREL 8,9562233,port ban\n", ListFormat::UnVessels),
        ];
        for (name, head, format) in cases {
            assert_eq!(detect(name, head), Ok(format), "{head}");
        }
    }

    #[test]
    fn what_is_no_list_says_what_is_known() {
        let error = detect("x.txt", "Dear colleague,").unwrap_err().to_string();
        assert!(error.contains("Dear colleague") && error.contains("un-xml"), "{error}");
        assert!(detect("x.xml", "<other/>").is_err());
        let alt = detect("alt.csv", "36,12,\"aka\",\"AERO-CARIBBEAN\",-0- \n").unwrap_err();
        assert!(matches!(alt, Error::WrongPart { .. }), "{alt}");
    }
}
