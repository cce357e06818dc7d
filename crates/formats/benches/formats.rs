//! What one core reads in a second, by format: `cargo bench -p quaywatch-formats --bench formats`, part of `make bench`.
//!
//! Each figure is the median of several rounds over the same bytes, generated here. Two stand beside another's: EDIFACT's
//! tokens beside those of `edifact-rs`, and DCSA beside `serde_json` into a plain struct of the same fields.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use quaywatch_domain::event::Source;
use quaywatch_domain::{PseudonymKey, Timestamp};
use quaywatch_formats::{Context, Feeds, Parties, Segments, parse};

mod plain;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lines, messages or events of each input.
const ITEMS: usize = 2_000;
/// Rounds of each measurement.
const ROUNDS: usize = 9;
/// Least time of a round.
const ROUND: Duration = Duration::from_millis(200);

/// Processor time of this thread: what else runs on the machine does not count.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// Median seconds of one run of `work`, on one core.
fn seconds(mut work: impl FnMut()) -> f64 {
    work();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (start, mut runs) = (processor_time(), 0_u32);
            while processor_time() - start < ROUND {
                work();
                runs += 1;
            }
            (processor_time() - start).as_secs_f64() / f64::from(runs)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    *rounds.get(ROUNDS / 2).unwrap()
}

/// Whether a format was asked for: `cargo bench … -- DCSA`, or `COARRI events`; without a word all are.
fn wanted(what: &str) -> bool {
    std::env::args().skip(1).filter(|a| !a.starts_with("--")).all(|word| what.contains(&word))
}

fn report(what: &str, bytes: usize, items: usize, unit: &str, taken: f64) {
    let (mb, each) = (bytes as f64 / 1e6 / taken, items as f64 / taken);
    println!("{what:<44} {mb:>8.1} MB/s {each:>12.0} {unit}/s");
}

/// A COARRI discharge list with as much on each line as terminals send.
fn coarri(lines: usize) -> Vec<u8> {
    let mut text = String::from(
        "UNA:+.? 'UNB+UNOC:3+LUKKP+QW+260302:1000+77'UNH+1+COARRI:D:95B:UN:ITG13'BGM+44+DOC1+9'DTM+137:202603021000:203'\
         TDT+20+612W+1+13+MSK:172:306+++9321483:146:11:EMMA MAERSK'LOC+11+SIKOP:139:6+LUKKP:TER:ZZZ'\
         DTM+178:202603020400:203'NAD+CA+MSK:172:306'",
    );
    for n in 0..lines {
        write!(
            text,
            "EQD+CN+MSKU{n:07}+45G1:102:5++3+5'RFF+BM:MAEU{n:09}'DTM+203:202603020{}15:203'LOC+9+ECGYE:139:6'\
             LOC+147+0140482::5'MEA+AAE+VGM+KGM:24880'MEA+AAE+T+KGM:3900'SEL+ML{n:07}+CA+1'FTX+AAA+++BANANAS'",
            n % 10
        )
        .unwrap();
    }
    write!(text, "CNT+16:{lines}'UNT+{}+1'UNZ+1+77'", lines * 9 + 9).unwrap();
    text.into_bytes()
}

/// An interchange of gate reports, each a message of its own.
fn codeco(messages: usize) -> Vec<u8> {
    let mut text = String::from("UNA:+.? 'UNB+UNOC:3+LUKKP+QW+260302:1000+78'");
    for n in 0..messages {
        write!(
            text,
            "UNH+{n}+CODECO:D:95B:UN:ITG14'BGM+36+G{n}+9'DTM+137:202603021000:203'RFF+TF:{n:06}'\
             TDT+1++3+31+H77:172:87:SPEDIT+++KPZZ{n:03}:146'LOC+165+SIKOP:139:6+LUKKP:TER:ZZZ'NAD+CF+MSK:172:306'\
             EQD+CN+MSKU{n:07}+45G1:102:5++3+5'RFF+BM:MAEU{n:09}'DTM+7:202603020955:203'MEA+AAE+G+KGM:24880'\
             SEL+ML{n:07}+CA+1'CNT+16:1'UNT+14+{n}'"
        )
        .unwrap();
    }
    write!(text, "UNZ+{messages}+78'").unwrap();
    text.into_bytes()
}

/// A page of DCSA 2.2: an equipment event of each container.
fn dcsa(events: usize) -> Vec<u8> {
    let event = |n: usize| {
        format!(
            r#"{{"eventID":"3cecb101-7a1a-43a4-9d62-{n:012}","eventCreatedDateTime":"2026-03-02T10:01:30Z","eventType":"EQUIPMENT",
            "eventClassifierCode":"ACT","eventDateTime":"2026-03-02T09:55:00+01:00","equipmentEventTypeCode":"GTOT",
            "equipmentReference":"MSKU{n:07}","ISOEquipmentCode":"45G1","emptyIndicatorCode":"LADEN",
            "transportCall":{{"transportCallID":"TC-{n:06}","carrierServiceCode":"FE1","carrierVoyageNumber":"612W","UNLocationCode":"SIKOP",
            "facilityCode":"LUKKP","facilityCodeListProvider":"SMDG","facilityTypeCode":"POTE","modeOfTransport":"VESSEL",
            "vessel":{{"vesselIMONumber":"9321483","vesselName":"EMMA MAERSK","vesselFlag":"DK","vesselCallSignNumber":"OYGR2",
            "vesselOperatorCarrierCode":"MSK","vesselOperatorCarrierCodeListProvider":"SMDG"}}}},
            "documentReferences":[{{"documentReferenceType":"BKG","documentReferenceValue":"B{n:09}"}},
            {{"documentReferenceType":"TRD","documentReferenceValue":"MAEU{n:09}"}}],
            "seals":[{{"sealNumber":"ML{n:07}","sealSource":"CAR","sealType":"BLT"}}]}}"#
        )
    };
    format!("[{}]", (0..events).map(event).collect::<Vec<_>>().join(",")).into_bytes()
}

/// A gate log with the headers that the ready mapping knows.
fn gate_log(rows: usize) -> Vec<u8> {
    let mut text = String::from("Container;Direction;Date;Time;Plate;Haulier code;Haulier;Seal;Weight;PIN\n");
    for n in 0..rows {
        writeln!(
            text,
            "MSKU{n:07};OUT;02.03.2026;09:5{}:00;KP ZZ-{n:03};H77;Spedit d.o.o.;ML{n:07};24880;{n:06}",
            n % 10
        )
        .unwrap();
    }
    text.into_bytes()
}

/// Notifications of a release-right platform.
fn release_rights(notifications: usize) -> Vec<u8> {
    let one = |n: usize| {
        format!(
            r#"{{"notificationId":"N{n:08}","eventType":"RELEASE_RIGHT_TRANSFERRED","occurredAt":"2026-03-02T09:55:00Z","containerNumber":"MSKU{n:07}",
            "terminalCode":"LUKKP","portCode":"SIKOP","billOfLading":"MAEU{n:09}","releaseRight":{{"id":"R{n:09}","from":{{"eori":"SI12345678"}},
            "to":{{"eori":"SI87654321","name":"Spedit d.o.o."}}}}}}"#
        )
    };
    format!("[{}]", (0..notifications).map(one).collect::<Vec<_>>().join(",")).into_bytes()
}

/// Canonical events, one a line.
fn lines(events: usize) -> Vec<u8> {
    let mut text = String::new();
    for n in 0..events {
        writeln!(
            text,
            r#"{{"kind":"gate_out","occurred_at":"2026-03-02T09:55:00Z","event_id":"E{n:08}","place":{{"un_locode":"SIKOP","terminal":"LUKKP"}},"equipment":{{"number":"MSKU{n:07}","iso_type":"45G1","laden":"LADEN","status":"IMPORT"}},"transport":{{"mode":"ROAD","truck_plate":"KP ZZ-{n:03}"}},"documents":{{"bill_of_lading":"MAEU{n:09}","release_secret":"{n:06}"}},"seals":[{{"number":"ML{n:07}","source":"CARRIER"}}]}}"#
        )
        .unwrap();
    }
    text.into_bytes()
}

/// The tokens of the peer, and how much faster ours are.
fn beside_edifact_rs(what: &str, bytes: &[u8], ours: f64) {
    let read = |bytes| edifact_rs::from_bytes(bytes).map(|segment| segment.unwrap()).collect::<Vec<_>>();
    let n = read(bytes).len();
    let theirs = seconds(|| {
        black_box(read(black_box(bytes)).len());
    });
    report(&format!("{what}: tokens by edifact-rs"), bytes.len(), n, "segments", theirs);
    println!("{:<44} {:>8.2} times as fast", "", theirs / ours);
}

fn main() {
    let feeds = Feeds::parse(
        "[feeds.plain]\ntime_zone = \"Europe/Ljubljana\"\n[feeds.gate]\nprofile = \"gate-log\"\ntime_zone = \"Europe/Ljubljana\"\n\
         [feeds.rights]\nprofile = \"release-rights\"\n",
    )
    .unwrap();
    let key = PseudonymKey::new(*b"a key of sixteen").unwrap();
    let parties = Parties::default();
    let events = |bytes: &[u8], feed: &str| {
        let context = Context {
            feed,
            settings: feeds.get(feed).unwrap(),
            key: &key,
            parties: &parties,
            received_at: Some(Timestamp::from_millis(1_772_500_000_000)),
            content_type: None,
            source: Source::default(),
        };
        parse(bytes, &context).documents.iter().map(|d| d.events.len()).sum::<usize>()
    };
    let mapped = |what: &str, bytes: &[u8], feed: &str| {
        assert_eq!(events(bytes, feed), ITEMS, "{what}");
        if !wanted(what) {
            return f64::NAN;
        }
        let taken = seconds(|| {
            black_box(events(black_box(bytes), feed));
        });
        report(what, bytes.len(), ITEMS, "events", taken);
        taken
    };
    for (what, bytes) in [("COARRI, 2,000 lines", coarri(ITEMS)), ("CODECO, 2,000 messages", codeco(ITEMS))] {
        let name = format!("{what}: tokens");
        if wanted(&name) {
            let tokens = seconds(|| {
                black_box(Segments::read(black_box(&bytes)).len());
            });
            report(&name, bytes.len(), Segments::read(&bytes).len(), "segments", tokens);
            beside_edifact_rs(what, &bytes, tokens);
        }
        mapped(&format!("{what}: events"), &bytes, "plain");
    }
    let bytes = dcsa(ITEMS);
    let ours = mapped("DCSA 2.2, 2,000 equipment events", &bytes, "plain");
    if wanted("DCSA") {
        let plain = seconds(|| {
            black_box(plain::read(black_box(&bytes)).len());
        });
        report(
            "DCSA 2.2 by serde_json into a struct",
            bytes.len(),
            plain::read(&bytes).len(),
            "events",
            plain,
        );
        println!("{:<44} {:>8.2} times as fast as plain serde_json", "", plain / ours);
    }
    mapped("CSV, 2,000 rows of a gate log", &gate_log(ITEMS), "gate");
    mapped("JSON, 2,000 release rights", &release_rights(ITEMS), "rights");
    mapped("JSON lines, 2,000 events", &lines(ITEMS), "plain");
}
