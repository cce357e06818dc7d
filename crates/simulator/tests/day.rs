//! The day as a whole: same seed same bytes, in order, and every story is really told.

use std::collections::BTreeSet;

use quaywatch_domain::Timestamp;
use quaywatch_simulator::{Day, Options, simulate};

fn options(seed: u64) -> Options {
    // 2026-03-02T00:00:00Z
    let start = Timestamp::from_millis(1_772_409_600_000);
    Options { containers: 300, ..Options::day(seed, start) }
}

fn text_of(day: &Day) -> String {
    day.messages.iter().map(|m| String::from_utf8_lossy(&m.bytes)).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_another_day() {
    let day = simulate(&options(7));
    assert_eq!(day, simulate(&options(7)));
    assert_ne!(day.messages, simulate(&options(8)).messages);
}

#[test]
fn messages_come_in_order_within_the_day_under_unique_names() {
    for seed in 1..=5 {
        let options = options(seed);
        let day = simulate(&options);
        assert!(day.messages.is_sorted_by_key(|m| m.at));
        assert!(day.messages.iter().all(|m| m.at >= options.start && m.at <= options.end()));
        let names: BTreeSet<&str> = day.messages.iter().map(|m| m.file_name.as_str()).collect();
        assert_eq!(names.len(), day.messages.len());
    }
}

#[test]
fn every_crime_is_told_with_the_codes_of_the_published_cases() {
    for seed in 1..=20 {
        let options = options(seed);
        let day = simulate(&options);
        let text = text_of(&day);
        let mut codes = BTreeSet::new();
        for truth in &day.truth {
            let number = truth.subject.strip_prefix("container/").unwrap();
            assert!(text.contains(number), "seed {seed}: {} is never mentioned", truth.story);
            assert!(truth.from >= options.start && truth.from <= options.end(), "{}", truth.story);
            codes.extend(truth.codes.iter().cloned());
        }
        assert_eq!(day.truth.len(), 15);
        let expected = [
            "MO-01a",
            "MO-01b",
            "MO-01e",
            "MO-01g",
            "MO-03a",
            "MO-03b",
            "MO-03c",
            "MO-04a",
            "MO-08a",
            "MO-08b",
            "MO-25a",
            "WL-identifier",
        ];
        assert_eq!(codes.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn small_and_short_days_still_hold_every_story() {
    for (hours, containers) in [(0, 0), (6, 20), (48, 50)] {
        let day = simulate(&Options { hours, containers, ..options(3) });
        assert_eq!(day.truth.len(), 15);
        let text = text_of(&day);
        for truth in &day.truth {
            assert!(text.contains(truth.subject.strip_prefix("container/").unwrap()), "{}", truth.story);
        }
    }
}

#[test]
fn the_list_grows_and_shrinks_during_the_day() {
    let options = options(1);
    let day = simulate(&options);
    let [(first_at, first), (added_at, added), (removed_at, removed)] = day.watchlist_csv.as_slice() else {
        panic!("{} versions", day.watchlist_csv.len())
    };
    assert_eq!(*first_at, options.start);
    assert!(first_at < added_at && added_at < removed_at && *removed_at < options.end());
    assert_eq!(first.lines().count() + 1, added.lines().count());
    assert_eq!(removed.lines().count() + 1, added.lines().count());
    assert!(first.lines().all(|line| line.matches(',').count() == 14));
}

#[test]
fn files_hold_the_messages_the_feeds_the_list_and_the_truth() {
    let day = simulate(&options(1));
    let files: Vec<(String, Vec<u8>)> = day.files().collect();
    assert_eq!(files.len(), day.messages.len() + 4, "no agency answers in a showcase");
    let truth = &files.iter().find(|(name, _)| name == "truth.ndjson").unwrap().1;
    let truth: Vec<quaywatch_simulator::Truth> =
        String::from_utf8_lossy(truth).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(truth, day.truth);
}

#[test]
fn there_is_garbage_of_every_kind_and_it_is_counted() {
    let day = simulate(&options(1));
    assert!(day.garbage >= 12);
    let garbage: Vec<_> = day.messages.iter().filter(|m| m.garbage).collect();
    assert_eq!(garbage.len(), day.garbage);
    assert!(garbage.iter().any(|m| m.bytes.starts_with(b"<!DOCTYPE")));
    assert!(garbage.iter().any(|m| std::str::from_utf8(&m.bytes).is_err()));
}
