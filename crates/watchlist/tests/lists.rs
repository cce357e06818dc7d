//! Lists on the embedded broker: versions, tombstones, what is held back, what is refused, and the service.

#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus::Registry;
use quaywatch_codec::Codec;
use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::{PseudonymKey, Sha256, Timestamp};
use quaywatch_kafka::{Embedded, NewRecord, OwnedRecord, Reader, Readiness, Settings, Topics};
use quaywatch_service::settings::{ListFormat, ListSource};
use quaywatch_service::{Clock, ExitCode, Shutdown};
use quaywatch_watchlist::{
    Error, Files, Import, Imported, KafkaStore, Lists, Metrics, Store, Watcher, explain, status,
};

const HEADER: &str = "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_from,valid_to,review_on,reason,source_ref";
const LIST: &str = "police-koper";
const WAIT: Duration = Duration::from_secs(30);

fn key() -> PseudonymKey {
    PseudonymKey::new(*b"0123456789abcdef").unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01T06:00:00.250Z").unwrap()
}

fn csv(rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("{LIST},{row}\n")).collect();
    format!("{HEADER}\n{rows}")
}

fn container(entry: &str, number: &str) -> String {
    format!("{entry},CONTAINER,CONTAINER,{number},,SPECIFIC,HIGH,AMBER/H1,police-koper,,,,case,ref-1")
}

/// Valid container numbers in some quantity.
fn many(count: usize) -> Vec<String> {
    (0..count).map(|i| container(&format!("e{i:04}"), &format!("CSQU{i:06}{}", check_digit(i)))).collect()
}

fn check_digit(serial: usize) -> u32 {
    let text = format!("CSQU{serial:06}");
    let value = |c: char| match c {
        'A' => 10,
        'B'..='K' => u32::from(c) - u32::from('B') + 12,
        'L'..='U' => u32::from(c) - u32::from('L') + 23,
        'V'..='Z' => u32::from(c) - u32::from('V') + 34,
        digit => digit.to_digit(10).unwrap(),
    };
    text.chars().zip(0..).map(|(c, i)| value(c) << i).sum::<u32>() % 11 % 10
}

fn file(rows: &[String]) -> String {
    csv(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

struct Topic {
    _broker: Embedded,
    settings: Settings,
    codec: Codec,
}

impl Topic {
    fn start() -> Self {
        let broker = Embedded::start(&Topics::built_in(&[])).unwrap();
        let settings = broker.settings();
        Self { _broker: broker, settings, codec: Codec::embedded() }
    }

    fn import(&self, text: &str) -> Result<Imported, Error> {
        Import::agency_csv(LIST, &key()).publish(text.as_bytes(), now(), &self.settings, &self.codec)
    }

    fn confirm(&self, text: &str) -> Imported {
        let import = Import::agency_csv(LIST, &key()).confirmed();
        import.publish(text.as_bytes(), now(), &self.settings, &self.codec).unwrap()
    }

    fn records(&self) -> Vec<OwnedRecord> {
        Reader::read_all(&self.settings, &["port.watchlist"], WAIT).unwrap()
    }

    fn lists(&self) -> Lists {
        Lists::of(&self.records(), &self.codec)
    }
}

#[test]
fn a_new_version_writes_only_what_changed_and_tombstones_what_vanished() {
    let topic = Topic::start();
    let (a, b) = (container("a", "CSQU3054383"), container("b", "MSKU1234565"));
    let first = topic.import(&csv(&[&a, &b])).unwrap();
    assert_eq!((first.added, first.removed, first.entries), (2, 0, 2));
    assert!(first.version.starts_with("2026-03-01T06:00:00Z-"), "{}", first.version);

    let again = topic.import(&csv(&[&b, &a])).unwrap();
    assert!(!again.is_new_version(), "{again:?}");
    assert_eq!(again.version, first.version);
    assert_eq!(topic.records().len(), 2);

    let c = container("c", "TEMU0000008");
    let second = topic.import(&csv(&[&a, &c])).unwrap();
    assert_eq!((second.added, second.changed, second.removed, second.entries), (1, 0, 1, 2));
    let records = topic.records();
    let tombstone = records.iter().find(|r| r.value.is_none()).unwrap();
    assert_eq!(tombstone.key.as_deref(), Some(&b"police-koper/b"[..]));
    let list = topic.lists().list(LIST);
    let versions: Vec<_> = list.entries().map(|e| (e.entry_id.as_str(), e.list_version.as_str())).collect();
    assert_eq!(versions, [("a", first.version.as_str()), ("c", second.version.as_str())]);
    assert_eq!(list.version, second.version);

    let shown = status(&topic.settings, &topic.codec, now()).unwrap();
    assert_eq!((shown.len(), shown[0].entries, shown[0].in_force), (1, 2, 2));
    assert_eq!((shown[0].list.as_str(), shown[0].version.as_str()), (LIST, second.version.as_str()));
}

#[test]
fn the_digest_of_an_edition_and_the_history_of_an_entry_are_kept() {
    let topic = Topic::start();
    let (a, b) = (container("a", "CSQU3054383"), container("b", "MSKU1234565"));
    let text = csv(&[&a, &b]);
    let first = topic.import(&text).unwrap();
    let shown = &status(&topic.settings, &topic.codec, now()).unwrap()[0];
    assert_eq!((shown.sha256, shown.is_checked), (Some(Sha256::of(text.as_bytes())), false));

    let store = KafkaStore::new(&topic.settings);
    let text = csv(&[&a.replace("HIGH", "LOW"), &container("c", "TEMU0000008")]);
    let files = Files::of_bytes(text.clone().into_bytes()).expect(Sha256::of(text.as_bytes())).unwrap();
    let import = Import::agency_csv(LIST, &key());
    let preview = import.preview(&store, &files, &topic.codec).unwrap();
    let changes: Vec<_> = preview.changes.iter().map(|c| (c.change, c.entry_id.as_str())).collect();
    assert_eq!(changes, [("changed", "a"), ("removed", "b"), ("added", "c")]);
    assert_eq!(preview.changes[0].fields.keys().collect::<Vec<_>>(), ["severity"]);
    assert_eq!((preview.version.as_str(), preview.held_back), (first.version.as_str(), None));
    assert_eq!(topic.records().len(), 2, "a preview changes nothing");

    let second = import.publish_to(&store, &files, now(), &topic.codec).unwrap();
    assert!(status(&topic.settings, &topic.codec, now()).unwrap()[0].is_checked);
    let explained = |id: &str| explain(&store, &topic.codec, id, now()).unwrap().remove(0);
    let entry = explained("a");
    let history: Vec<_> =
        entry.history.iter().map(|e| (e.change, e.version.as_str(), e.fields.join(","))).collect();
    assert_eq!(
        history,
        [
            ("added", first.version.as_str(), String::new()),
            ("changed", second.version.as_str(), "severity".to_owned())
        ]
    );
    assert!(entry.in_force);
    let provenance = entry.entry.unwrap().provenance.unwrap();
    assert_eq!((provenance.row, provenance.sha256), (2, Sha256::of(text.as_bytes())));
    let removed = explained("police-koper/b");
    assert!(!removed.in_force && removed.entry.is_some(), "{removed:?}");
    assert_eq!(removed.history.last().unwrap().change, "removed");
    assert!(explain(&store, &topic.codec, "nobody", now()).unwrap().is_empty());
}

#[test]
fn the_same_entries_in_another_place_are_no_change() {
    let topic = Topic::start();
    topic.import(&file(&many(3))).unwrap();
    let moved = format!("{}\n", file(&many(3)).replacen('\n', "\n\n\n", 1));
    assert!(!topic.import(&moved).unwrap().is_new_version());
}

#[test]
fn a_change_beyond_the_limit_waits_for_a_person() {
    let topic = Topic::start();
    let all = many(200);
    topic.import(&file(&all)).unwrap();
    let error = topic.import(&file(&all[..100])).unwrap_err();
    assert!(matches!(error, Error::HeldBack { .. }), "{error}");
    assert!(
        error.to_string().contains("100 entries vanished") && error.to_string().contains("--confirm"),
        "{error}"
    );
    assert_eq!(error.exit_code(), ExitCode::Found);
    assert_eq!(topic.lists().list(LIST).len(), 200, "held back means untouched");
    assert_eq!(topic.confirm(&file(&all[..100])).removed, 100);
    assert_eq!(topic.lists().list(LIST).len(), 100);
}

#[test]
fn a_file_that_cannot_be_trusted_changes_nothing() {
    let topic = Topic::start();
    topic.import(&file(&many(3))).unwrap();
    let bad_row = format!("{}{LIST},x,CONTAINER,CONTAINER,,,,,,,,,,,\n", file(&many(3)));
    for text in ["", "entry_id;nonsense\n1;2\n", "\u{0}\u{1}\u{2}", bad_row.as_str()] {
        let error = topic.import(text).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. } | Error::BadRows { .. }), "{text}: {error}");
        assert!(error.to_string().contains("the version in force stays"), "{error}");
        assert_eq!(error.exit_code(), ExitCode::Usage);
        assert_eq!(topic.records().len(), 3);
    }
    let row = topic.import(&bad_row).unwrap_err();
    assert!(row.to_string().contains("1 of 4 rows") && row.to_string().contains("row 5"), "{row}");
    let confirmed = topic.confirm(&bad_row);
    assert_eq!((confirmed.rows_left_out, confirmed.entries), (1, 3));
}

#[test]
fn plates_reach_the_topic_as_pseudonyms_only() {
    let topic = Topic::start();
    topic.import(&csv(&["t,TRUCK,PLATE,KP AB-123,,STOP,HIGH,,,,,,,"])).unwrap();
    let list = topic.lists().list(LIST);
    let entry = list.entries().next().unwrap();
    assert_eq!(entry.values[0].scheme, "TRUCK");
    assert_eq!(entry.values[0].value, key().pseudonym(Kind::Plate, "KP AB-123"));
    let bytes = topic.records()[0].value.clone().unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("AB-123"));
    let error = Import::new(LIST, ListFormat::AgencyCsv)
        .publish(
            csv(&["t,TRUCK,PLATE,KP AB-999,,STOP,HIGH,,,,,,,"]).as_bytes(),
            now(),
            &topic.settings,
            &topic.codec,
        )
        .unwrap_err();
    assert!(!error.for_log().contains("999"), "{}", error.for_log());
}

#[test]
fn a_record_that_cannot_be_read_is_counted_and_removed_by_the_next_import() {
    let topic = Topic::start();
    topic.import(&file(&many(2))).unwrap();
    let mut turn = KafkaStore::new(&topic.settings).begin("other").unwrap();
    turn.publish(&[NewRecord::new("port.watchlist", "police-koper/rot", "no Avro")]).unwrap();
    assert_eq!(status(&topic.settings, &topic.codec, now()).unwrap()[0].unreadable, 1);
    assert_eq!(topic.import(&file(&many(2))).unwrap().removed, 1);
    let after = status(&topic.settings, &topic.codec, now()).unwrap();
    assert_eq!((after[0].unreadable, after[0].entries), (0, 2));
}

#[test]
fn other_lists_are_not_touched_and_ids_that_would_break_keys_are_refused() {
    let topic = Topic::start();
    topic.import(&file(&many(2))).unwrap();
    let row = format!("{HEADER}\ncustoms,z,CONTAINER,CONTAINER,CSQU3054383,,INFORM,LOW,,,,,,,\n");
    let import = Import::agency_csv("customs", &key());
    import.publish(row.as_bytes(), now(), &topic.settings, &topic.codec).unwrap();
    let lists: Vec<_> = topic.lists().iter().map(|(id, list)| (id.to_owned(), list.len())).collect();
    assert_eq!(lists, [("customs".to_owned(), 1), (LIST.to_owned(), 2)]);
    let bad = Import::agency_csv("a/b", &key()).publish(b"x", now(), &topic.settings, &topic.codec);
    assert!(matches!(bad, Err(Error::BadListId(_))));
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + WAIT;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn metric(registry: &Registry, line: &str) -> Option<i64> {
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    text.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok())
}

/// Written beside and moved, as a careful sender does.
fn put(path: &Path, text: &str) {
    let part = path.with_extension("part");
    std::fs::write(&part, text).unwrap();
    std::fs::rename(part, path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_imports_a_file_when_it_changes_and_keeps_the_old_version_of_a_bad_one() {
    let topic = Topic::start();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.csv");
    let (registry, shutdown, readiness) = (Registry::new(), Shutdown::manual(), Readiness::default());
    let watcher = Watcher {
        store: Arc::new(KafkaStore::new(&topic.settings)),
        codec: topic.codec.clone(),
        sources: vec![ListSource { list: LIST.into(), path: path.clone(), ..ListSource::default() }],
        key: Some(key()),
        clock: Clock::manual(now()),
        metrics: Metrics::register(&registry).unwrap(),
        readiness: readiness.clone(),
    };
    let task = tokio::spawn(watcher.watch(Duration::from_millis(20), shutdown.clone()));
    let count = |outcome: &str| {
        let line = format!("quaywatch_watchlist_imports_total{{list=\"{LIST}\",outcome=\"{outcome}\"}}");
        metric(&registry, &line).unwrap_or_default()
    };
    let entries = || metric(&registry, &format!("quaywatch_watchlist_entries{{list=\"{LIST}\"}}"));
    tokio::task::block_in_place(|| {
        let stale = || metric(&registry, &format!("quaywatch_watchlist_stale{{list=\"{LIST}\"}}"));
        until("the missing file", || count("failed") == 1);
        assert_eq!(stale(), Some(1));
        until("readiness", || readiness.is_ready());
        put(&path, &file(&many(3)));
        until("the first version", || count("published") == 1 && entries() == Some(3));
        put(&path, "rubbish");
        assert_eq!(stale(), Some(0));
        until("the refusal", || count("refused") == 1);
        let rejected = format!("quaywatch_watchlist_source_rejected{{list=\"{LIST}\"}}");
        assert_eq!(metric(&registry, &rejected), Some(1));
        assert_eq!(topic.lists().list(LIST).len(), 3);
        put(&path, &file(&many(4)));
        until("the second version", || count("published") == 2 && entries() == Some(4));
        assert_eq!(metric(&registry, &rejected), Some(0));
        assert_eq!((count("refused"), count("held_back")), (1, 0), "a bad file is complained of once");
    });
    shutdown.request();
    tokio::time::timeout(WAIT, task).await.unwrap().unwrap().unwrap();
}

#[test]
fn an_ofac_list_is_imported_with_its_aliases() {
    let topic = Topic::start();
    let dir = tempfile::tempdir().unwrap();
    let sdn = "306,\"QUAY TEST BANK\",-0- ,\"CUBA\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
               8001,\"QUAY STAR\",\"vessel\",\"CUBA\",-0- ,\"H4ZZ\",\"General Cargo\",-0- ,-0- ,\"Panama\",-0- ,\"Vessel Registration Identification IMO 9321483.\"\n\u{1a}";
    std::fs::write(dir.path().join("sdn.csv"), sdn).unwrap();
    std::fs::write(dir.path().join("alt.csv"), "8001,1,\"aka\",\"QUAY MOON\",-0- \n").unwrap();
    let files = Files::read(&dir.path().join("sdn.csv"), ListFormat::OfacSdn).unwrap();
    let store = KafkaStore::new(&topic.settings);
    let done =
        Import::new("ofac", ListFormat::OfacSdn).publish_to(&store, &files, now(), &topic.codec).unwrap();
    assert_eq!((done.entries, done.rows_left_out), (2, 0));
    let list = topic.lists().list("ofac");
    let vessel = list.entries().find(|e| e.entry_id == "8001").unwrap();
    assert!(vessel.values.iter().any(|v| v.scheme == "IMO" && v.value == "9321483"), "{:?}", vessel.values);
    assert!(vessel.names.iter().any(|n| n.name == "QUAY MOON"));
}
