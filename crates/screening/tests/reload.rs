//! A list that is replaced while names are looked for.

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, Name, NameQuality};
use quaywatch_screening::names::{Bands, Book, NameKind, Party, Searcher};

const NAMES: [&str; 4] = ["Darko Novakovic", "Mirela Kovac", "Tomaz Zupan", "Ivana Hribar"];

fn edition(version: usize) -> Book {
    Book::of(NAMES.iter().enumerate().map(|(at, name)| {
        Arc::new(WatchlistEntry {
            names: vec![Name { name: (*name).to_owned(), script: None, quality: NameQuality::Primary }],
            ..WatchlistEntry::new("police", version.to_string(), at.to_string(), EntryKind::Person)
        })
    }))
}

#[test]
fn every_answer_is_of_one_version_while_the_list_is_swapped() {
    const EDITIONS: usize = 200;
    let current = RwLock::new(Arc::new((0, edition(0))));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (mut searcher, mut seen) = (Searcher::default(), BTreeSet::new());
                for at in 0.. {
                    let taken = Arc::clone(&current.read().unwrap());
                    let (version, book) = &*taken;
                    let name = NAMES[at % NAMES.len()];
                    let hits = book.search(
                        &[NameKind::Person],
                        name,
                        &Party::default(),
                        &Bands::default(),
                        &mut searcher,
                    );
                    assert_eq!(hits.len(), 1, "{name} in version {version}");
                    assert_eq!(hits[0].entry.list_version, version.to_string(), "{name}");
                    seen.insert(*version);
                    if *version == EDITIONS {
                        break;
                    }
                }
                assert!(seen.contains(&EDITIONS));
            });
        }
        for version in 1..=EDITIONS {
            let next = Arc::new((version, edition(version)));
            *current.write().unwrap() = next;
        }
    });
}
