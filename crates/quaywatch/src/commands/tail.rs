//! `tail`: alerts as text.

use std::time::Duration;

use anyhow::Result;
use quaywatch_domain::{AgencyAlert, Alert};
use quaywatch_kafka::{OwnedRecord, Read, Reader};
use quaywatch_service::{ExitCode, Settings};

use crate::cli::{Form, Tail};
use crate::commands::{print_line, print_text};

/// Prints the records of the topic in order, and with `--follow` those to come.
pub(crate) fn run(args: &Tail, settings: &Settings) -> Result<ExitCode> {
    let topic = match &args.agency {
        Some(agency) => quaywatch_dispatcher::alerts_topic(agency),
        None => quaywatch_detector::ALERTS.to_owned(),
    };
    let topics = [topic.as_str()];
    let mut reader = if args.follow {
        Reader::follow(&settings.kafka, &topics)?
    } else {
        Reader::to_end(&settings.kafka, &topics)?
    };
    let codec = settings.codec()?;
    loop {
        match reader.next(Duration::from_secs(1))? {
            Read::Record(record) => print(&record, args, &codec)?,
            Read::Idle => {}
            Read::End => return Ok(ExitCode::Done),
        }
    }
}

fn print(record: &OwnedRecord, args: &Tail, codec: &quaywatch_codec::Codec) -> Result<()> {
    let Some(value) = &record.value else { return Ok(()) };
    match (&args.agency, args.format) {
        (Some(_), Form::Table) => print_text(&quaywatch_sharing::view_text(&codec.decode(value)?))?,
        (Some(_), _) => print_line(&codec.decode::<AgencyAlert>(value)?)?,
        (None, Form::Table) => print_text(&quaywatch_sharing::alert_text(&codec.decode(value)?))?,
        (None, _) => print_line(&codec.decode::<Alert>(value)?)?,
    }
    Ok(())
}
