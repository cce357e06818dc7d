//! How well names are told apart: labelled pairs, variants of listed names through the gate, ordinary names.
//!
//! `cargo run --release -p quaywatch-screening --example accuracy -- [PAIRS.csv] [SDN.csv]`

#![expect(clippy::indexing_slicing, clippy::expect_used, reason = "what cannot be read ends the measurement")]

mod generate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use generate::{CLASSES, Dice, Ordinary, entry, variant};
use quaywatch_domain::watchlist::NameQuality;
use quaywatch_screening::lists::{Defaults, Parts, read_ofac_sdn_csv};
use quaywatch_screening::names::{
    Bands, Book, DEFAULT_THRESHOLD, NameKind, Party, Searcher, explain_pair, name_kind,
};

const PAIRS: &str = "../shared/data/screening/name-pairs-dev.csv";
const LIST: &str = "../shared/data/watchlists/ofac-sdn.csv";
const ORDINARY: usize = 50_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "-v");
    let verbose = std::env::args().any(|argument| argument == "-v");
    let pairs = arguments.next().unwrap_or_else(|| PAIRS.to_owned());
    let list = arguments.next().unwrap_or_else(|| LIST.to_owned());
    if Path::new(&pairs).is_file() {
        labelled(Path::new(&pairs), verbose);
    } else {
        println!("{pairs} is not there: no labelled pairs");
    }
    if Path::new(&list).is_file() {
        listed(Path::new(&list), verbose);
    } else {
        println!("{list} is not there: no list");
    }
}

#[derive(Default, Clone, Copy)]
struct Tally {
    hit: usize,
    missed: usize,
    wrong: usize,
    right: usize,
}

impl Tally {
    fn add(&mut self, wanted: bool, told: bool) {
        *match (wanted, told) {
            (true, true) => &mut self.hit,
            (true, false) => &mut self.missed,
            (false, true) => &mut self.wrong,
            (false, false) => &mut self.right,
        } += 1;
    }

    fn line(&self) -> String {
        let precision = self.hit as f64 / (self.hit + self.wrong).max(1) as f64;
        let recall = self.hit as f64 / (self.hit + self.missed).max(1) as f64;
        let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
        format!(
            "P {precision:.3} R {recall:.3} F1 {f1:.3}  (hit {} wrong {} right {} missed {})",
            self.hit, self.wrong, self.right, self.missed
        )
    }
}

struct Row {
    kind: String,
    query: String,
    listed: String,
    wanted: bool,
    quality: String,
}

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).expect("the pairs can be read");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row of the pairs can be read");
        let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
        Row { kind: cell(1), query: cell(2), listed: cell(3), wanted: &row[4] == "true", quality: cell(5) }
    });
    rows.collect()
}

fn labelled(path: &Path, verbose: bool) {
    let rows = rows(path);
    let threshold = DEFAULT_THRESHOLD as f32;
    let (mut all, mut by_quality, mut by_kind) = (Tally::default(), BTreeMap::new(), BTreeMap::new());
    let (mut sure, mut gated, mut steps) = (Tally::default(), Tally::default(), [Tally::default(); 5]);
    let book = gate_of(&rows);
    let mut searcher = Searcher::default();
    for row in &rows {
        let kind = NameKind::parse(&row.kind);
        let (score, explanation) = explain_pair(kind, &row.query, &row.listed);
        let told = score >= threshold;
        all.add(row.wanted, told);
        by_quality.entry(row.quality.clone()).or_insert_with(Tally::default).add(row.wanted, told);
        by_kind.entry(row.kind.clone()).or_insert_with(Tally::default).add(row.wanted, told);
        for (tally, threshold) in steps.iter_mut().zip([0.6, 0.65, 0.7, 0.75, 0.8]) {
            tally.add(row.wanted, score >= threshold);
        }
        if row.quality != "WEAK" {
            sure.add(row.wanted, told);
            gated.add(row.wanted, through_gate(&book, row, kind, &mut searcher));
        }
        if verbose && told != row.wanted {
            let what = if row.wanted { "missed" } else { "wrong " };
            println!(
                "{what} {score:.2} {} {} | {} || {}",
                row.quality, row.query, row.listed, explanation.text
            );
        }
    }
    println!("labelled pairs            {}", all.line());
    println!("STRONG + MEDIUM           {}", sure.line());
    println!("  through the gate        {}", gated.line());
    for (name, tally) in by_quality.iter().chain(&by_kind) {
        println!("  {name:<24}{}", tally.line());
    }
    for (threshold, tally) in [0.6, 0.65, 0.7, 0.75, 0.8].iter().zip(&steps) {
        println!("  from {threshold:<19}{}", tally.line());
    }
}

/// An index of all listed sides of the pairs.
fn gate_of(rows: &[Row]) -> Book {
    let entries = rows.iter().enumerate().flat_map(|(at, row)| {
        let kinds = NameKind::parse(&row.kind)
            .map_or_else(|| vec![NameKind::Person, NameKind::Company], |kind| vec![kind]);
        kinds
            .into_iter()
            .enumerate()
            .map(move |(n, kind)| entry("1", at * 2 + n, kind, &row.listed))
            .collect::<Vec<_>>()
    });
    Book::of(entries.map(std::sync::Arc::new))
}

fn through_gate(book: &Book, row: &Row, kind: Option<NameKind>, searcher: &mut Searcher) -> bool {
    let kinds = kind.map_or_else(|| vec![NameKind::Person, NameKind::Company], |kind| vec![kind]);
    let hits = book.search(&kinds, &row.query, &Party::default(), &Bands::default(), searcher);
    hits.iter().any(|hit| hit.matched_name == row.listed)
}

fn listed(path: &Path, verbose: bool) {
    let read = |path: PathBuf| std::fs::read(path).ok();
    let beside = |part: &str| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace("sdn", part);
        read(path.with_file_name(name))
    };
    let (sdn, alt, add) =
        (read(path.to_owned()).expect("the list can be read"), beside("alt"), beside("add"));
    let files = Parts { main: sdn.as_slice(), alt: alt.as_deref(), add: add.as_deref(), comments: None };
    let list = read_ofac_sdn_csv(files, &Defaults::new("ofac", "1")).expect("the list is usable");
    let entries: Vec<_> = list.entries.into_iter().map(std::sync::Arc::new).collect();
    let book = Book::of(entries.iter().cloned());
    println!("{} listed names of {} entries", book.len(), entries.len());
    let (mut dice, mut searcher, bands) = (Dice::new(7), Searcher::default(), Bands::default());
    let ordinary = Ordinary::new(40_000);
    let (mut alerted, mut asked) = (BTreeMap::new(), BTreeMap::new());
    for _ in 0..ORDINARY {
        let (kind, name) = ordinary.any(&mut dice);
        *asked.entry(kind.as_str()).or_insert(0_usize) += 1;
        let hits = book.search(&[kind], &name, &Party::default(), &bands, &mut searcher);
        if let Some(hit) = hits.first() {
            *alerted.entry(kind.as_str()).or_insert(0_usize) += 1;
            if verbose && alerted.values().sum::<usize>() < 60 {
                println!(
                    "    ordinary {name} | {} {:.2} {}",
                    hit.matched_name,
                    hit.score,
                    hit.explain(&name, &Party::default()).text
                );
            }
        }
    }
    let all: usize = alerted.values().sum();
    println!("ordinary names told: {all} of {ORDINARY}, {:.2} %", all as f64 * 100.0 / ORDINARY as f64);
    for (kind, count) in &asked {
        let told = alerted.get(kind).copied().unwrap_or(0);
        println!("  {kind:<24}{told:>6} of {count:>6}, {:.2} %", told as f64 * 100.0 / *count as f64);
    }
    let mut total = (0, 0);
    for class in CLASSES {
        let (mut found, mut asked, mut shown) = (0, 0, 0);
        for entry in &entries {
            let Some(kind) = name_kind(entry.kind) else { continue };
            for name in entry.names.iter().filter(|name| name.quality != NameQuality::Weak) {
                let Some(variant) = variant(class, kind, &name.name, &mut dice) else { continue };
                asked += 1;
                let hits = book.search(&[kind], &variant, &Party::default(), &bands, &mut searcher);
                if hits.iter().any(|hit| hit.entry.entry_id == entry.entry_id) {
                    found += 1;
                } else if verbose && shown < 12 {
                    shown += 1;
                    let (score, why) = explain_pair(Some(kind), &variant, &name.name);
                    println!("    {class}: {variant} | {} {score:.2} {}", name.name, why.text);
                }
            }
        }
        total = (total.0 + found, total.1 + asked);
        println!("  {class:<24}{found:>6} of {asked:>6}  {:.4}", f64::from(found) / f64::from(asked.max(1)));
    }
    println!(
        "  all variants            {:>6} of {:>6}  {:.4}",
        total.0,
        total.1,
        f64::from(total.0) / f64::from(total.1)
    );
}
