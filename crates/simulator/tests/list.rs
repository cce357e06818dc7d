//! The list of the day, read as the import reads it.

use quaywatch_domain::{PseudonymKey, Timestamp, WatchlistEntry};
use quaywatch_screening::lists::{Defaults, Limits, delta, read_agency_csv};
use quaywatch_simulator::{Day, Options, simulate};

fn day() -> (Options, Day) {
    // 2026-03-02T00:00:00Z
    let options = Options { containers: 100, ..Options::day(5, Timestamp::from_millis(1_772_409_600_000)) };
    let day = simulate(&options);
    (options, day)
}

#[test]
fn every_version_of_the_list_can_be_imported_and_none_is_held_back() {
    let (_, day) = day();
    let key = PseudonymKey::new(*b"a key of the test only").unwrap();
    let mut before: Vec<WatchlistEntry> = Vec::new();
    let mut changes = Vec::new();
    for (at, csv) in &day.watchlist_csv {
        let version = at.to_string();
        let defaults = Defaults { key: Some(&key), ..Defaults::new("si-police-containers", &version) };
        let list = read_agency_csv(csv.as_bytes(), &defaults).unwrap();
        assert_eq!((list.row_errors, list.warnings), (vec![], vec![]));
        assert_eq!(list.entries.len(), csv.lines().count() - 1);
        let change = delta(&before, list.entries.clone(), &Limits::default()).unwrap();
        changes.push((change.added, change.removals.len()));
        before = list.entries;
    }
    assert_eq!(changes, [(before.len(), 0), (1, 0), (0, 1)]);
}

#[test]
fn an_expired_entry_is_on_the_list_and_not_in_force() {
    let (options, day) = day();
    let key = PseudonymKey::new(*b"a key of the test only").unwrap();
    let defaults = Defaults { key: Some(&key), ..Defaults::new("si-police-containers", "1") };
    let (_, last) = day.watchlist_csv.last().unwrap();
    let list = read_agency_csv(last.as_bytes(), &defaults).unwrap();
    let idle: Vec<_> = list.entries.iter().filter(|entry| !entry.is_in_force(options.end())).collect();
    assert_eq!(idle.len(), 1);
    assert!(idle[0].expires_at().is_some_and(|end| end < options.start));
}
