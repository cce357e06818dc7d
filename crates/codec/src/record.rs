//! Which record has which schema, and where it travels.

use quaywatch_domain::{
    AgencyAlert, Alert, DeadLetter, Fact, Feedback, PortEvent, RawMessage, WatchlistEntry,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A record that travels as Avro.
pub trait Record: Serialize + DeserializeOwned {
    /// Name of the record in its schema.
    const NAME: &'static str;
    /// The schema that this program writes, JSON.
    const SCHEMA: &'static str;
}

/// A record's schemas.
#[derive(Debug, Clone, Copy)]
pub struct RecordSchema {
    /// Topics of the record; `*` stands for an agency's or stage's id.
    pub topics: &'static [&'static str],
    /// Name of the schema, that of its file in `schemas/`.
    pub name: &'static str,
    /// Name of the record in it.
    pub record: &'static str,
    /// The schema that this program writes, JSON.
    pub schema: &'static str,
    /// Schemas of releases, oldest first, the version being the place in the list from 1.
    pub released: &'static [&'static str],
}

macro_rules! records {
    ($($file:ident $record:ident: $topics:expr, [$($version:literal),*];)+) => {
        $(impl Record for $record {
            const NAME: &'static str = stringify!($record);
            const SCHEMA: &'static str =
                include_str!(concat!("../../../schemas/", stringify!($file), ".avsc"));
        })+

        static RECORDS: &[RecordSchema] = &[$(RecordSchema {
            topics: &$topics,
            name: stringify!($file),
            record: stringify!($record),
            schema: <$record as Record>::SCHEMA,
            released: &[$(include_str!(concat!(
                "../../../schemas/released/", stringify!($file), "/", $version, ".avsc"
            ))),*],
        }),+];
    };
}

records! {
    RawMessage RawMessage: ["port.raw"], [];
    PortEvent PortEvent: ["port.events"], [];
    Fact Fact: ["port.facts"], [];
    WatchlistEntry WatchlistEntry: ["port.watchlist"], [];
    Alert Alert: ["port.alerts"], [];
    AgencyAlert AgencyAlert: ["agency.*.alerts"], [];
    Feedback Feedback: ["agency.*.feedback"], [];
    DeadLetter DeadLetter: ["port.deadletters"], [];
}

/// Every record with its topics and schemas.
#[must_use]
pub fn schemas() -> &'static [RecordSchema] {
    RECORDS
}
