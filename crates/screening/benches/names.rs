//! What names cost: a scored pair, names a second against lists of 17,000, 50,000 and 1,000,000 names, building and
//! memory, beside a walk over the list with the rapidfuzz crate in the same run. One core, processor time.
//!
//! `cargo bench -p quaywatch-screening -- [LIST SIZE...]`. Listed and asked names are made up (see `generate.rs`), denser
//! than life; 2 % of what is asked is listed with a mistake. Cold: no word was asked before. Warm: all words were. With a
//! memo: each name is new, or one of the last that were asked, by the share that the line states.

#![expect(clippy::indexing_slicing, reason = "a measurement of made-up names may end in a panic")]

#[path = "../examples/accuracy/generate.rs"]
mod generate;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use generate::{CLASSES, Dice, Ordinary, entry, variant};
use quaywatch_screening::names::{
    Bands, Book, ListedName, NameIndex, NameKind, Party as QueryParty, Prepared, Scratch, Searcher,
    score_prepared,
};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 3] = [17_000, 50_000, 1_000_000];
const ASKED: usize = 100_000;
const BRUTE: usize = 40;

fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    pairs();
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    sizes.into_iter().for_each(list);
}

/// Pairs such as the gate lets through: the same name with a mistake, or two of one kind that share a word.
fn pairs() {
    let (mut dice, ordinary) = (Dice::new(3), Ordinary::new(2_000));
    let pairs: Vec<(Prepared, Prepared)> = (0..20_000)
        .map(|at| {
            let (kind, name) = ordinary.any(&mut dice);
            let other = match at % 4 {
                0 => ordinary.any(&mut dice).1,
                class => variant(CLASSES[class + 1], kind, &name, &mut dice).unwrap_or_else(|| name.clone()),
            };
            (Prepared::new(kind, &name), Prepared::new(kind, &other))
        })
        .collect();
    let mut medians = Vec::new();
    for _ in 0..9 {
        let start = computed();
        let sum: f32 = pairs.iter().map(|(a, b)| score_prepared(a, b)).sum();
        black_box(sum);
        medians.push((computed() - start) * 1e6 / pairs.len() as f64);
    }
    println!("scored pair                         {:>9.2} us", median(&mut medians));
    let names: Vec<(NameKind, String)> = (0..20_000).map(|_| ordinary.any(&mut dice)).collect();
    let mut medians = Vec::new();
    for _ in 0..5 {
        let start = computed();
        names.iter().for_each(|(kind, name)| drop(black_box(Prepared::new(*kind, name))));
        medians.push((computed() - start) * 1e6 / names.len() as f64);
    }
    println!("normalised name                     {:>9.2} us", median(&mut medians));
}

/// Seconds of processor time of this thread: other work on the machine does not count.
fn computed() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn list(size: usize) {
    let mut dice = Dice::new(11);
    let ordinary = Ordinary::new(size.max(40_000));
    let listed: Vec<(NameKind, String)> = (0..size)
        .map(|_| match dice.below(10) {
            0..=3 => (NameKind::Person, ordinary.person(&mut dice)),
            4 => (NameKind::Vessel, ordinary.vessel(&mut dice)),
            _ => (NameKind::Company, ordinary.company(&mut dice)),
        })
        .collect();
    let start = computed();
    let index = NameIndex::of((0..).zip(&listed).map(|(entry, (kind, name))| ListedName {
        entry,
        kind: *kind,
        name,
        weak: false,
    }));
    println!("\n{size} listed names");
    println!("  build                             {:>9.2} s", computed() - start);
    println!("  memory                            {:>9.1} MiB", index.bytes() as f64 / 1024.0 / 1024.0);
    let unlisted = Ordinary::new(300_000);
    let (mut wanted, mut asked) = (Vec::new(), Vec::new());
    for _ in 0..ASKED {
        if dice.one_in(50) {
            let at = dice.below(listed.len());
            let (kind, name) = &listed[at];
            let class = CLASSES[1 + dice.below(CLASSES.len() - 1)];
            if let Some(name) = variant(class, *kind, name, &mut dice) {
                wanted.push(Some(at as u32));
                asked.push((*kind, name));
                continue;
            }
        }
        wanted.push(None);
        asked.push(unlisted.any(&mut dice));
    }
    let mut scratch = Scratch::default();
    let (mut found, mut listed_asked, mut scored, mut proposed, mut hits) = (0, 0, 0, 0, 0);
    let cold = ask(&index, &asked, &mut scratch, |at, candidates, scratch| {
        scored += scratch.scored;
        proposed += scratch.proposed;
        hits += usize::from(!candidates.is_empty() && wanted[at].is_none());
        if let Some(entry) = wanted[at] {
            listed_asked += 1;
            found += usize::from(candidates.contains(&entry));
        }
    });
    let warm = ask(&index, &asked, &mut scratch, |_, _, _| {});
    report("cold", &cold);
    report("warm (words known)", &warm);
    println!("  scored a name                     {:>9.2}", scored as f64 / ASKED as f64);
    println!(
        "  mistaken listed names found       {:>9.4}  of {listed_asked}",
        found as f64 / f64::from(listed_asked.max(1))
    );
    println!("  unlisted names told               {:>9.4}", hits as f64 / ASKED as f64);
    println!("  proposed a name                   {:>9.2}", proposed as f64 / ASKED as f64);
    brute(&listed, &asked);
    drop(index);
    remembered(&listed, &asked);
}

/// The whole search of a name as the screener does it, with a share of names that come again.
fn remembered(listed: &[(NameKind, String)], asked: &[(NameKind, String)]) {
    let book =
        Book::of(listed.iter().enumerate().map(|(at, (kind, name))| Arc::new(entry("1", at, *kind, name))));
    let bands = Bands::all(0.7);
    for percent in [0, 50, 90] {
        let (mut dice, mut searcher, mut fresh) = (Dice::new(17), Searcher::default(), 0);
        let mut times = Vec::with_capacity(ASKED);
        let begun = computed();
        for _ in 0..ASKED {
            let again = fresh > 0 && dice.below(100) < percent;
            let at = if again { fresh - 1 - dice.below(fresh.min(5_000)) } else { fresh };
            fresh += usize::from(!again);
            let (kind, name) = &asked[at];
            let start = Instant::now();
            black_box(book.search(&[*kind], name, &QueryParty::default(), &bands, &mut searcher));
            times.push(start.elapsed().as_secs_f64());
        }
        let share = searcher.memo.hits as f64 / (searcher.memo.hits + searcher.memo.misses) as f64;
        report(
            &format!("memo, {percent} % repeats, {:.0} % known", share * 100.0),
            &(computed() - begun, times),
        );
    }
}

fn ask(
    index: &NameIndex,
    asked: &[(NameKind, String)],
    scratch: &mut Scratch,
    mut told: impl FnMut(usize, &[u32], &Scratch),
) -> (f64, Vec<f64>) {
    let mut total = 0.0;
    let mut times = Vec::with_capacity(asked.len());
    let mut begun = computed();
    for (at, (kind, name)) in asked.iter().enumerate() {
        if at % 1_000 == 0 {
            total += computed() - begun;
            begun = computed();
        }
        let start = Instant::now();
        let found = index.search(&Prepared::new(*kind, name), 0.7, scratch);
        times.push(start.elapsed().as_secs_f64());
        let entries: Vec<u32> = found.iter().map(|candidate| candidate.entry).collect();
        told(at, &entries, scratch);
    }
    (total + computed() - begun, times)
}

fn report(what: &str, (total, times): &(f64, Vec<f64>)) {
    let mut sorted = times.clone();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize] * 1e6;
    println!(
        "  {what:<34}{:>9.0} names/s, p50 {:.1} us, p99 {:.1} us, mean {:.1} us",
        times.len() as f64 / total,
        at(0.5),
        at(0.99),
        total * 1e6 / times.len() as f64
    );
}

/// Every listed name by Jaro-Winkler and by Levenshtein, lower case, as the simplest screening does.
fn brute(listed: &[(NameKind, String)], asked: &[(NameKind, String)]) {
    let lower: Vec<Vec<u8>> = listed.iter().map(|(_, name)| name.to_lowercase().into_bytes()).collect();
    let start = computed();
    for (_, name) in asked.iter().take(BRUTE) {
        let scorer =
            rapidfuzz::distance::jaro_winkler::BatchComparator::new(name.to_lowercase().into_bytes());
        let args = rapidfuzz::distance::jaro_winkler::Args::default().score_cutoff(0.85);
        black_box(
            lower
                .iter()
                .filter(|name| scorer.similarity_with_args(name.iter().copied(), &args).is_some())
                .count(),
        );
    }
    println!("  rapidfuzz over the list (JW .85)  {:>9.0} names/s", BRUTE as f64 / (computed() - start));
    let start = computed();
    for (_, name) in asked.iter().take(BRUTE) {
        let scorer = rapidfuzz::distance::levenshtein::BatchComparator::new(name.to_lowercase().into_bytes());
        let args = rapidfuzz::distance::levenshtein::Args::default().score_cutoff(0.8);
        black_box(
            lower
                .iter()
                .filter(|name| scorer.normalized_similarity_with_args(name.iter().copied(), &args).is_some())
                .count(),
        );
    }
    println!("  rapidfuzz over the list (Lev .8)  {:>9.0} names/s", BRUTE as f64 / (computed() - start));
}
