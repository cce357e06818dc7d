//! Weeks of the port, written as files: every kind of story, every file readable, the same for the same seed.

#![expect(clippy::expect_used, reason = "a failed step fails the test")]

use std::collections::BTreeSet;
use std::convert::Infallible;

use quaywatch_domain::event::{Party, PartyRole, SourceMessage};
use quaywatch_domain::{EventKind, Feedback, PortEvent, PseudonymKey, Text, Timestamp, Verdict};
use quaywatch_formats::{Context, Feeds, Parsed, Parties, parse};
use quaywatch_simulator::{AGENCIES, Crimes, Message, Options, Port, Told, Truth, feed_ids};

/// As many stories as there are kinds, and more.
fn options(seed: u64) -> Options {
    let start = Timestamp::from_millis(1_772_409_600_000); // 2026-03-02T00:00:00Z
    Options { hours: 9 * 24, containers: 450, crimes: Crimes::OneIn(4), ..Options::day(seed, start) }
}

fn files(port: &Port) -> Vec<Message> {
    let mut files = Vec::new();
    let written = port.write(|message| {
        files.push(message);
        Ok::<(), Infallible>(())
    });
    let written = written.expect("a vector takes every file");
    assert_eq!(written.messages, files.len());
    assert_eq!(written.garbage, files.iter().filter(|m| m.garbage).count());
    files
}

fn read(message: &Message, feeds: &Feeds, parties: &Parties) -> Parsed {
    let context = Context {
        feed: &message.feed,
        settings: feeds.get(&message.feed).expect("every feed has settings"),
        parties,
        key: &PseudonymKey::new(*b"a key of the test only").expect("long enough"),
        received_at: None,
        content_type: Some(message.content_type),
        source: SourceMessage { feed: message.feed.as_str().into(), ..SourceMessage::default() }.into(),
    };
    parse(&message.bytes, &context)
}

fn events(port: &Port, files: &[Message]) -> Vec<PortEvent> {
    let feeds = Feeds::parse(&port.feeds_toml()).expect("feeds.toml is in order");
    let parties = Parties::parse(&port.parties_csv()).expect("parties.csv is in order");
    let mut events = Vec::new();
    for message in files.iter().filter(|m| !m.garbage) {
        let parsed = read(message, &feeds, &parties);
        let text = || String::from_utf8_lossy(&message.bytes).into_owned();
        assert_eq!(parsed.rejects, [], "{}: {}", message.file_name, text());
        assert_eq!(feeds.claim(&message.file_name), message.feed);
        events.extend(parsed.documents.into_iter().flat_map(|d| d.events));
    }
    events
}

#[test]
fn every_file_is_read_whole_and_every_kind_of_story_is_told() {
    let port = Port::new(&options(13));
    let files = files(&port);
    let names: BTreeSet<&str> = files.iter().map(|m| m.file_name.as_str()).collect();
    assert_eq!(names.len(), files.len());
    let feeds: BTreeSet<&str> = files.iter().map(|m| m.feed.as_str()).collect();
    assert_eq!(feeds, feed_ids().into_iter().collect());

    let events = events(&port, &files);
    let unknown =
        |e: &&PortEvent| matches!(&e.kind, EventKind::Unknown(word) if word.as_str() != "dropoff_announced");
    assert_eq!(events.iter().find(unknown), None);
    let seen: BTreeSet<&str> = events.iter().filter_map(PortEvent::container).collect();
    let Told { truth, lists, .. } = port.truth();
    for story in &truth {
        let number = story.subject.strip_prefix("container/").expect("every story is about a container");
        assert!(seen.contains(number), "{} is never mentioned", story.story);
        assert!(story.from >= options(13).start && story.from <= options(13).end(), "{story:?}");
    }
    assert!(lists.iter().all(|(_, csv)| csv.lines().count() > 40));
    happen_as_in_the_case(&truth, &events);

    let codes: BTreeSet<&str> =
        truth.iter().flat_map(|t| &t.codes).map(|c| c.get(..5).unwrap_or(c)).collect();
    for family in (1..=25).filter(|n| ![7, 11].contains(n)).map(|n| format!("MO-{n:02}")) {
        assert!(codes.contains(family.as_str()), "no story of {family}");
    }
}

#[test]
fn what_the_files_say_is_what_happened_when_the_port_is_read_back() {
    let port = Port::new(&options(12));
    let events = events(&port, &files(&port));
    let of = |kind: EventKind| events.iter().filter(move |e| e.kind == kind).collect::<Vec<_>>();
    // Nobody speaks of the future, and everything that is received was said after it happened.
    for event in events.iter().filter(|e| e.is_actual() && e.kind != EventKind::Other) {
        let created_at = event.created_at.unwrap_or(event.received_at);
        assert!(event.occurred_at <= created_at.plus_millis(60_000), "{event:?}");
    }
    // Haulage is announced by both platforms, and the parties of both can be compared.
    let holders: BTreeSet<&str> = of(EventKind::ReleaseAccepted)
        .iter()
        .filter_map(|e| e.party(PartyRole::ReleaseTo))
        .filter_map(|p: &Party| p.canonical.as_deref())
        .collect();
    let hauliers: BTreeSet<&str> = of(EventKind::GateOut)
        .iter()
        .filter_map(|e| e.party(PartyRole::Haulier)?.canonical.as_deref())
        .collect();
    assert!(hauliers.iter().filter(|h| holders.contains(*h)).count() > 10);
    for kind in [
        EventKind::StowPosition,
        EventKind::ManifestLine,
        EventKind::DischargeOrdered,
        EventKind::LoadOrdered,
        EventKind::WorkOrdered,
        EventKind::YardMove,
        EventKind::Weighed,
        EventKind::RecordViewed,
        EventKind::DoorOpened,
        EventKind::ReeferReading,
        EventKind::SystemOutageStarted,
        EventKind::SystemOutageEnded,
        EventKind::PinAttempted,
        EventKind::CustomsSelectedForScan,
    ] {
        assert!(!of(kind.clone()).is_empty(), "nothing tells of {kind}");
    }
}

/// Who waits does so for twelve days and more, and what is moved without an order comes to another stack.
fn happen_as_in_the_case(truth: &[Truth], events: &[PortEvent]) {
    let (mut waited, mut moved) = (0, 0);
    for story in truth {
        let own = || events.iter().filter(|e| Some(story.subject.as_str()) == subject(e).as_deref());
        let tells = |codes: &[&str]| story.codes.iter().any(|code| codes.contains(&code.as_str()));
        if tells(&["MO-14b", "MO-14c"]) {
            let discharged = own().find(|e| e.kind == EventKind::Discharged).expect("it came by sea");
            assert!(story.from.millis_since(discharged.occurred_at) > 12 * 86_400_000, "{story:?}");
            waited += 1;
        }
        if tells(&["MO-10a"]) {
            let mut in_order: Vec<&PortEvent> = own().collect();
            in_order.sort_by_key(|event| event.occurred_at);
            let stacks: Vec<_> = in_order.into_iter().filter_map(stack).collect();
            let is_unordered = |pair: &&[(_, bool)]| matches!(pair, [_, (_, false)]);
            let is_moved = |pair: &[(_, bool)]| matches!(pair, [(a, _), (b, _)] if a != b);
            // A row of the yard is lost now and then.
            let mut told = stacks.windows(2).filter(is_unordered).peekable();
            if told.peek().is_some() {
                assert!(told.any(is_moved), "{story:?} {stacks:?}");
                moved += 1;
            }
        }
    }
    assert!(waited >= 2 && moved >= 5, "{waited} {moved}");
}

fn subject(event: &PortEvent) -> Option<String> {
    event.container().map(|number| format!("container/{number}"))
}

/// The stack in which a container was put down or found, and whether on an order.
fn stack(event: &PortEvent) -> Option<([Option<Text>; 3], bool)> {
    if !matches!(event.kind, EventKind::YardMove | EventKind::PositionReported) {
        return None;
    }
    let yard = event.place.as_deref()?.yard.clone()?;
    let ordered = event.documents.as_deref().is_some_and(|d| d.order.is_some());
    Some(([yard.block, yard.bay, yard.row], ordered))
}

#[test]
fn the_same_seed_writes_the_same_files_and_another_seed_other_ones() {
    let small = |seed| Options { containers: 60, hours: 72, ..options(seed) };
    let (first, again) = (files(&Port::new(&small(1))), files(&Port::new(&small(1))));
    assert_eq!(first, again);
    assert_ne!(first, files(&Port::new(&small(2))));
}

#[test]
fn agencies_answer_about_containers_of_the_port_and_what_travelled_with_a_find_is_told() {
    let all = Options { look_alikes: 2, ..options(13) };
    let told = Port::new(&all).truth();
    assert!(told.answers.is_sorted_by_key(|answer| answer.at));
    assert!(told.answers.iter().all(|answer| answer.at >= all.start && answer.at <= all.end()));
    for verdict in [Verdict::Seizure, Verdict::Confirmed, Verdict::FalsePositive, Verdict::Closed] {
        assert!(told.answers.iter().any(|answer| answer.verdict == verdict), "nobody says {verdict}");
    }
    let subjects: BTreeSet<&str> = told.truth.iter().map(|truth| truth.subject.as_str()).collect();
    let kin = told.truth.iter().filter(|truth| truth.codes.is_empty()).count();
    assert!(kin > 20, "{kin}");
    let finds = || told.answers.iter().filter(|a| matches!(a.verdict, Verdict::Seizure | Verdict::Confirmed));
    let taken_back = |find: &Feedback| {
        told.answers.iter().any(|a| a.subject == find.subject && a.verdict == Verdict::FalsePositive)
    };
    for find in finds() {
        let subject = find.subject.as_ref().expect("a container").to_string();
        assert!(subjects.contains(subject.as_str()) || taken_back(find), "{find:?}");
    }
    for code in ["bill", "shipper", "seal", "cell", "origin"].map(|edge| format!("CONTAGION-{edge}")) {
        assert!(told.truth.iter().any(|truth| truth.codes.contains(&code)), "no story of {code}");
    }
    let silent = Options { without: vec![AGENCIES.to_owned()], ..all };
    assert_eq!(Port::new(&silent).truth(), Told { answers: Vec::new(), ..told });
}

#[test]
fn a_feed_that_is_left_out_sends_nothing_and_changes_no_story() {
    let all = Options { containers: 80, hours: 72, ..options(5) };
    let fewer = Options { without: vec!["koper-yard".to_owned(), "manifests".to_owned()], ..all };
    let (all, fewer) = (Port::new(&all), Port::new(&fewer));
    assert_eq!(all.truth(), fewer.truth());
    let of_feed = |port: &Port, feed: &str| files(port).iter().filter(|m| m.feed == feed).count();
    assert!(of_feed(&all, "koper-yard") > 0);
    assert_eq!(of_feed(&fewer, "koper-yard") + of_feed(&fewer, "manifests"), 0);
    assert!(!fewer.feeds_toml().contains("manifests"));
}
