//! Which record has which schema, and where it travels.

use quaywatch_detection::TimelineState;
use quaywatch_domain::{
    AgencyAlert, Alert, DeadLetter, Fact, FeedStatus, Feedback, PortEvent, PublishedBaselines, RawMessage,
    WatchlistEntry,
};
use quaywatch_formats::document::DocumentState;
use quaywatch_screening::SubjectState;
use quaywatch_sharing::DisclosureState;
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
    RawMessage RawMessage: ["port.raw"], [1];
    FeedStatus FeedStatus: ["port.feeds"], [1];
    PortEvent PortEvent: ["port.events", "port.outages"], [1, 2];
    Fact Fact: ["port.facts"], [1, 2, 3];
    PublishedBaselines PublishedBaselines: ["port.baselines"], [1];
    WatchlistEntry WatchlistEntry: ["port.watchlist"], [1, 2];
    Alert Alert: ["port.alerts"], [1, 2, 3];
    AgencyAlert AgencyAlert: ["agency.*.alerts"], [1, 2, 3];
    Feedback Feedback: ["agency.*.feedback"], [1];
    DeadLetter DeadLetter: ["port.deadletters"], [1];
    ScreenerState SubjectState: ["screener.state"], [1, 2];
    DispatcherState DisclosureState: ["dispatcher.state"], [1, 2];
    NormalizerState DocumentState: ["normalizer.state"], [1, 2];
    DetectorState TimelineState: ["detector.state"], [1, 2, 3, 4, 5, 6];
}

/// Every record with its topics and schemas.
#[must_use]
pub fn schemas() -> &'static [RecordSchema] {
    RECORDS
}
