//! Names that are asked for while their list is replaced: 10,000 a second, paced, against a list of 50,000 names that is
//! built anew and swapped every second.
//!
//! `cargo bench -p quaywatch-screening --bench reload -- [SECONDS]` (60 unless said). An answer fails when it misses the
//! listed name that was asked for, or tells entries of another version than the one that the query took. Latency counts
//! from when a query was due.

#![expect(clippy::indexing_slicing, reason = "a measurement of made-up names may end in a panic")]

#[path = "../examples/accuracy/generate.rs"]
#[expect(dead_code, reason = "mistakes are not asked for here")]
mod generate;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use generate::{Dice, Ordinary, entry};
use quaywatch_screening::names::{Bands, Book, NameKind, Party, Searcher};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTED: usize = 50_000;
const PER_SECOND: u32 = 10_000;

/// A version of the list, and the names by which it is searched.
struct Edition {
    version: String,
    book: Book,
}

fn edition(number: usize, names: &[(NameKind, String)]) -> Edition {
    let version = number.to_string();
    let entries =
        names.iter().enumerate().map(|(at, (kind, name))| Arc::new(entry(&version, at, *kind, name)));
    let book = Book::of(entries);
    Edition { version, book }
}

fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(60);
    let (mut dice, ordinary) = (Dice::new(5), Ordinary::new(LISTED));
    let names: Vec<(NameKind, String)> = (0..LISTED).map(|_| ordinary.any(&mut dice)).collect();
    let current = RwLock::new(Arc::new(edition(0, &names)));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                let begun = Instant::now();
                let next = Arc::new(edition(number, &names));
                let old = {
                    let mut slot = current.write().unwrap_or_else(PoisonError::into_inner);
                    std::mem::replace(&mut *slot, next)
                };
                drop(old);
                std::thread::sleep(Duration::from_secs(1).saturating_sub(begun.elapsed()));
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        ask(&current, &names, seconds, &mut dice);
        over.store(true, Ordering::Relaxed);
    });
}

fn ask(current: &RwLock<Arc<Edition>>, names: &[(NameKind, String)], seconds: u32, dice: &mut Dice) {
    let unlisted = Ordinary::new(300_000);
    let (bands, party, mut searcher) = (Bands::default(), Party::default(), Searcher::default());
    let (mut failed, mut told) = (0_usize, 0_usize);
    let mut versions = BTreeSet::new();
    let count = PER_SECOND * seconds;
    let mut times = Vec::with_capacity(count as usize);
    let begun = Instant::now();
    for at in 0..count {
        let listed = dice.one_in(10).then(|| dice.below(names.len()));
        let (kind, name) = listed.map_or_else(|| unlisted.any(dice), |at| names[at].clone());
        let due = begun + Duration::from_secs(1) / PER_SECOND * at;
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        let edition = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
        let hits = edition.book.search(&[kind], &name, &party, &bands, &mut searcher);
        times.push(due.elapsed().as_secs_f64() * 1e6);
        let is_one_version = hits.iter().all(|hit| hit.entry.list_version == edition.version);
        let is_found = listed.is_none() || !hits.is_empty();
        failed += usize::from(!is_one_version || !is_found);
        told += usize::from(!hits.is_empty());
        versions.insert(edition.version.clone());
    }
    let took = begun.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let share = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{count} queries in {took:.1} s while {LISTED} names were swapped every second");
    println!("  failed {failed}, with hits {told}, versions that answered {}", versions.len());
    println!(
        "  p50 {:.1} us, p99 {:.1} us, p99.9 {:.1} us, longest {:.1} us",
        share(0.5),
        share(0.99),
        share(0.999),
        share(1.0)
    );
}
