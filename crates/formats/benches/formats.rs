//! What one core reads in a second, by format: `cargo bench -p quaywatch-formats`, part of `make bench`.
//!
//! Each figure is the median of several rounds over the same bytes, generated here.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use quaywatch_domain::event::Source;
use quaywatch_domain::{PseudonymKey, Timestamp};
use quaywatch_formats::{Context, FeedSettings, Parties, Segments, parse};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of each measurement.
const ROUNDS: usize = 9;
/// Least time of a round.
const ROUND: Duration = Duration::from_millis(200);

/// Median seconds of one run of `work`.
fn seconds(mut work: impl FnMut()) -> f64 {
    work();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (start, mut runs) = (Instant::now(), 0_u32);
            while start.elapsed() < ROUND {
                work();
                runs += 1;
            }
            start.elapsed().as_secs_f64() / f64::from(runs)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    *rounds.get(ROUNDS / 2).unwrap()
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

fn main() {
    let settings = FeedSettings { time_zone: Some("Europe/Ljubljana".into()), ..FeedSettings::default() };
    let key = PseudonymKey::new(*b"a key of sixteen").unwrap();
    let parties = Parties::default();
    let context = Context {
        feed: "gate",
        settings: &settings,
        key: &key,
        parties: &parties,
        received_at: Some(Timestamp::from_millis(1_772_500_000_000)),
        content_type: None,
        source: Source::default(),
    };
    let events =
        |bytes: &[u8]| parse(bytes, &context).documents.iter().map(|d| d.events.len()).sum::<usize>();
    for (what, bytes) in [("COARRI, 5,000 lines", coarri(5_000)), ("CODECO, 5,000 messages", codeco(5_000))] {
        let n = events(&bytes);
        assert_eq!(n, 5_000);
        let tokens = seconds(|| {
            black_box(Segments::read(black_box(&bytes)).len());
        });
        report(&format!("{what}: tokens"), bytes.len(), Segments::read(&bytes).len(), "segments", tokens);
        let mapped = seconds(|| {
            black_box(events(black_box(&bytes)));
        });
        report(&format!("{what}: events"), bytes.len(), n, "lines", mapped);
    }
}
