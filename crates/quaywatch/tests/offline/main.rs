//! The offline commands, run as a person runs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backtest;
mod found;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn quaywatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quaywatch")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_simulated_day_is_found_out_by_the_backtest() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    let simulated =
        quaywatch(&["simulate", "--out", day, "--containers", "150", "--hours", "12", "--seed", "3"]);
    assert!(simulated.status.success(), "{}", text(&simulated.stderr));
    let truth = format!("{day}/truth.ndjson");
    let tested = quaywatch(&["backtest", day, "--truth", &truth]);
    assert_eq!(tested.status.code(), Some(0), "{}", text(&tested.stderr));
    let alerts: Vec<serde_json::Value> =
        text(&tested.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(alerts.len() >= 12);
    for alert in &alerts {
        for field in ["subject", "state", "severity", "score", "indicators", "detected_at"] {
            assert!(alert.get(field).is_some(), "{field}");
        }
    }
}

#[test]
fn the_terminal_sees_no_watchlist_hit_in_a_backtest_by_agency() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    assert!(quaywatch(&["simulate", "--out", day, "--containers", "100", "--hours", "6"]).status.success());
    let agencies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/agencies.toml");
    let tested = quaywatch(&["backtest", day, "--agencies", agencies.to_str().unwrap()]);
    assert!(tested.status.success(), "{}", text(&tested.stderr));
    let lines = text(&tested.stdout);
    let of = |agency: &str| lines.lines().filter(|l| l.contains(&format!("\"agency\":\"{agency}\""))).count();
    assert!(of("police-koper") > of("terminal-koper") && of("terminal-koper") > 0);
    let hits = lines.lines().filter(|l| l.contains("WL-identifier"));
    assert!(hits.clone().count() > 0 && hits.clone().all(|l| !l.contains("\"agency\":\"terminal-koper\"")));
}

#[test]
fn a_port_is_simulated_into_an_empty_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    let simulate = || quaywatch(&["simulate", "--out", day, "--containers", "20", "--hours", "2"]);
    assert!(simulate().status.success());
    let again = simulate();
    assert!(
        !again.status.success() && text(&again.stderr).contains("is not empty"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn a_wrong_profile_is_pointed_at() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    let profile = |when: &str| {
        format!("[profiles.p]\nwhen = '{when}'\nsentence = \"x\"\nseverity = \"HIGH\"\naction = \"SCAN\"\n")
    };
    std::fs::write(&file, profile("event.route.port_of_lading == \"BRSSZ\"")).unwrap();
    let checked = quaywatch(&["rules", "check", file.to_str().unwrap()]);
    let says = text(&checked.stderr);
    assert_eq!(checked.status.code(), Some(64), "{says}");
    assert!(says.contains("line 1, column 13") && says.contains("did you mean 'port_of_loading'"), "{says}");
    std::fs::write(&file, profile("event.route.port_of_loading == \"BRSSZ\"")).unwrap();
    let checked = quaywatch(&["rules", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
}

#[test]
fn a_blinded_list_is_met_for_its_owner_and_changes_no_byte_for_anybody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let day = path("day");
    assert!(quaywatch(&["simulate", "--out", &day, "--containers", "100", "--hours", "6"]).status.success());
    let agencies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/agencies.toml");
    let run = |more: &[&str]| {
        let usual = ["backtest", &day, "--agencies", agencies.to_str().unwrap()];
        let done = quaywatch(&[&usual, more].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout)
    };
    let without = run(&[]);
    // A container that no alert is about, and one that many see an alert about.
    let normalized = std::fs::read_dir(&day).unwrap().map(|f| f.unwrap().path().to_str().unwrap().to_owned());
    let messages: Vec<String> = normalized
        .filter(|f| !f.ends_with(".toml") && !f.contains("truth") && !f.contains("watchlist"))
        .collect();
    let arguments: Vec<&str> =
        std::iter::once("normalize").chain(messages.iter().map(String::as_str)).collect();
    let events = text(&quaywatch(&arguments).stdout);
    let numbers = || {
        events.lines().filter_map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            Some(event["equipment"]["number"].as_str()?.to_owned())
        })
    };
    let quiet = numbers().find(|number| !without.contains(number.as_str())).unwrap();
    let busy = numbers().find(|number| without.contains(number.as_str())).unwrap();

    let plain =
        format!("entry_id,scheme,value,severity\nB-1,CONTAINER,{quiet},HIGH\nB-2,CONTAINER,{busy},HIGH\n");
    std::fs::write(path("plain.csv"), plain).unwrap();
    std::fs::write(path("q1.key"), "0123456789abcdef0123456789abcdef").unwrap();
    let (key, file) = (path("q1.key"), path("plain.csv"));
    let mut arguments = vec!["watchlist", "blind", &file, "--key-file", &key, "--period", "2026-Q1"];
    arguments.extend(["--list", "secret", "--owner", "customs-koper"]);
    let blinded = quaywatch(&arguments);
    let published = text(&blinded.stdout);
    assert!(blinded.status.success(), "{}", text(&blinded.stderr));
    assert!(published.lines().count() == 2 && !published.contains(&quiet) && !published.contains(&busy));
    std::fs::write(path("blinded.ndjson"), published).unwrap();

    let (list, period) = (path("blinded.ndjson"), format!("2026-Q1={key}"));
    let with = run(&["--watchlist", &list, "--blinding", &period]);
    let of = |lines: &str, owner: bool| {
        let is_wanted = |line: &&str| line.contains("\"agency\":\"customs-koper\"") == owner;
        lines.lines().filter(is_wanted).map(without_pseudonyms).collect::<Vec<_>>()
    };
    // Too much to print.
    assert!(of(&with, false) == of(&without, false), "another agency can tell");
    let found: Vec<String> = of(&with, true).into_iter().filter(|line| line.contains("WL-blinded")).collect();
    assert_eq!(found.len(), 2);
    assert!(found.iter().any(|line| line.contains(&quiet) && line.contains("Blinded entry B-1")));
    let no_key = run(&["--watchlist", &list]);
    assert!(of(&no_key, true) == of(&without, true), "without the key nothing is met");
}

/// Every run has a key of its own for its pseudonyms.
fn without_pseudonyms(line: &str) -> String {
    const DIGITS: usize = 32;
    let mut parts = line.split("rel:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "rel:" + part.get(DIGITS..).unwrap_or_default())
}

#[test]
fn normalize_prints_events_and_says_what_it_did_not_understand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gate.ndjson");
    let good =
        r#"{"kind":"gate_in","occurred_at":"2026-03-02T08:00:00","equipment":{"number":"csqu 305438-3"}}"#;
    std::fs::write(&file, format!("{good}\n")).unwrap();
    std::fs::write(
        folder.path().join("feeds.toml"),
        "[feeds.gate]\nfiles = [\"gate*\"]\ntime_zone = \"Europe/Ljubljana\"\n",
    )
    .unwrap();
    let done = quaywatch(&["normalize", file.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let event: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(event["equipment"]["number"], "CSQU3054383");
    assert_eq!(event["occurred_at"], "2026-03-02T07:00:00Z");
    assert_eq!(event["source"]["feed"], "gate");

    std::fs::write(&file, format!("{good}\nnonsense\n")).unwrap();
    let done = quaywatch(&["normalize", file.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("line 2"), "{}", text(&done.stderr));
    assert_eq!(text(&done.stdout).lines().count(), 1);
}

/// The block of a kind in the README's section on feeds that has a text in it.
fn documented(kind: &str, with: &str) -> String {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let fence = format!("```{kind}\n");
    let mut blocks = readme.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.find(|block| block.contains(with)).unwrap().to_owned()
}

/// In Windows-1252: the letters of the example are those of Latin-1, a byte each.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn the_gate_log_of_the_readme_is_read_as_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let log = windows_1252(&documented("csv", "Lfd. Nr."));
    assert!(log.contains(&0xFC) && std::str::from_utf8(&log).is_err());
    write("tor-2026-11-25.csv", &log);
    write("feeds.toml", documented("toml", "[feeds.hamburg-gate]").as_bytes());
    write("parties.csv", documented("csv", "canonical").as_bytes());
    let done = quaywatch(&["normalize", folder.path().to_str().unwrap()]);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    for line in documented("", "feed 'hamburg-gate'").lines() {
        assert!(
            said.contains(line.trim_end_matches("documents.appointment, ...")),
            "{line} is not in\n{said}"
        );
    }
    let events: Vec<serde_json::Value> =
        text(&done.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [out, into, moved] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(out["event_id"], "hamburg-gate/1");
    assert_eq!(out["kind"], "gate_out");
    assert_eq!(out["occurred_at"], "2026-11-25T07:05:00Z");
    assert_eq!(out["equipment"]["number"], "CSQU3054383");
    assert_eq!(out["equipment"]["laden"], "LADEN");
    assert_eq!(out["weights"][0]["kg"], 24_880.5);
    assert_eq!(out["seals"][0]["normalised"], "ML0012345");
    assert_eq!(out["parties"][0]["name"], "Müller & Söhne GmbH");
    assert_eq!(out["parties"][0]["canonical"], "mueller");
    assert!(out["transport"]["truck"].as_str().unwrap().starts_with("plt:"));
    assert_eq!((into["kind"].as_str(), into["weights"][0]["kg"].as_f64()), (Some("gate_in"), Some(2_230.0)));
    assert_eq!(moved["kind"], "yard_move");
    assert!(!text(&done.stdout).contains("HH-AB"));
}

#[test]
fn foreign_json_is_connected_by_what_the_program_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.json");
    std::fs::write(
        &file,
        r#"{"site":{"code":"LUKKP"},"visits":[{"truck":"KP AB-123","boxes":[{"no":"CSQU3054383","dir":"O",
           "at":"25.11.2026 08:05","seal":{"id":"ML-0012345"},"note":"x"}]}]}"#,
    )
    .unwrap();
    let feeds = folder.path().join("feeds.toml");
    let normalize = |mapping: &str| {
        let zone = "[feeds.visits]\nformat = \"json\"\ntime_zone = \"Europe/Ljubljana\"\n";
        std::fs::write(&feeds, format!("{zone}[feeds.visits.mapping]\n{mapping}")).unwrap();
        quaywatch(&["normalize", "--feed", "visits", file.to_str().unwrap()])
    };
    let fields = "[feeds.visits.mapping.fields]\nkind = { from = \"/dir\", values = { I = \"gate_in\" } }\n\
        occurred_at = { from = \"/at\", format = \"%d.%m.%Y %H:%M\" }\n\"equipment.number\" = \"/no\"\n\
        \"place.terminal\" = \"$/site/code\"\n\"transport.truck_plate\" = \"^/truck\"\n\"documents.order\" = \"/order\"\n";

    let done = normalize(&format!("items = \"/trips\"\n{fields}"));
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(1));
    assert!(said.contains("no array or object at '/trips'") && said.contains("/visits"), "{said}");

    let done = normalize(&format!("items = \"/visits/*/boxes\"\n{fields}"));
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    for part in [
        "1 event: 1 other",
        "read by no field: /note, /seal/id",
        "fields that nothing is there for: documents.order",
        "values that no table has: kind = \"O\" (1)",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }

    let fields = fields.replace("I = ", "O = \"gate_out\", I = ").replace("/order", "/seal/id");
    let done = normalize(&format!("items = \"/visits/*/boxes\"\n{fields}"));
    let event: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(event["kind"], "gate_out");
    assert_eq!(event["place"]["terminal"], "LUKKP");
    assert_eq!(event["source"]["path"], "/visits/0/boxes/0");
    assert!(event["transport"]["truck"].as_str().unwrap().starts_with("plt:"));
}

#[test]
fn files_that_no_feed_claims_are_the_default_feeds_and_a_feed_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.ndjson");
    std::fs::write(
        &file,
        r#"{"kind":"gate_in","occurred_at":"2026-03-02T08:00:00","equipment":{"number":"CSQU3054383"}}"#,
    )
    .unwrap();
    std::fs::write(
        folder.path().join("feeds.toml"),
        "[feeds.gate]\nfiles = [\"gate*\"]\ntime_zone = \"Europe/Ljubljana\"\n",
    )
    .unwrap();
    let done = quaywatch(&["normalize", file.to_str().unwrap()]);
    let event: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (event["source"]["feed"].as_str(), event["occurred_at"].as_str()),
        (Some("default"), Some("2026-03-02T08:00:00Z"))
    );
    assert!(text(&done.stderr).contains("no feed claims it"), "{}", text(&done.stderr));
    let done = quaywatch(&["normalize", "--feed", "gaet", file.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(64));
    assert!(text(&done.stderr).contains("no feed 'gaet'; the nearest is 'gate'"), "{}", text(&done.stderr));
}

#[test]
fn wrong_usage_and_missing_files_exit_with_64_and_say_what_to_do() {
    for arguments in [
        vec!["normalize"],
        vec!["normalize", "no-such-file.edi"],
        vec!["--set", "kafka.broker=x", "settings", "show"],
        vec!["rules", "check", "no-such-file.toml"],
        vec!["no-such-command"],
    ] {
        let done = quaywatch(&arguments);
        assert_eq!(done.status.code(), Some(64), "{arguments:?}: {}", text(&done.stderr));
        assert!(!done.stderr.is_empty());
    }
    let shown = quaywatch(&["--set", "kafka.broker=x", "settings", "show"]);
    assert!(text(&shown.stderr).contains("kafka.brokers"), "{}", text(&shown.stderr));
}

#[test]
fn seal_shows_where_else_a_number_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    let line = |container: &str, number: &str, time: &str| {
        format!(
            r#"{{"kind":"gate_in","occurred_at":"2026-03-02T{time}:00Z","place":{{"terminal":"LUKKP"}},"equipment":{{"number":"{container}"}},"seals":[{{"number":"{number}","source":"CARRIER"}}]}}"#
        )
    };
    let lines = [
        line("CSQU3054383", "ml-123 4567", "08:00"),
        line("MSKU1234565", "ML1234567", "09:00"),
        line("APZU4812090", "ML1234568", "10:00"),
    ];
    std::fs::write(folder.path().join("gate.ndjson"), lines.join("\n")).unwrap();
    let shown = quaywatch(&["seal", "ML1234567", day, "--format", "ndjson"]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    let seen: Vec<serde_json::Value> =
        text(&shown.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let boxes: Vec<&str> = seen.iter().filter_map(|s| s["container"].as_str()).collect();
    assert_eq!(boxes, ["CSQU3054383", "MSKU1234565"]);
    assert!(seen[0]["source"].as_str().unwrap().contains("gate.ndjson"), "{}", seen[0]);
    assert_eq!(seen[0]["place"], "LUKKP");
    let said = text(&shown.stderr);
    assert!(
        said.contains("seen on 2 containers") && said.contains("one character apart: ML1234568"),
        "{said}"
    );
    let unseen = quaywatch(&["seal", "ZZ999999", day]);
    assert!(unseen.status.success() && text(&unseen.stderr).contains("was not seen"));
    assert_eq!(quaywatch(&["seal", "NOSEAL", day]).status.code(), Some(64));
}

/// Runs a command with these lines on its standard input.
fn quaywatch_reading(arguments: &[&str], lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quaywatch"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn json_lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    text(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn names_on_standard_input_are_screened_in_order_and_what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("wanted.csv");
    let header = "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_from,valid_to,review_on,reason,source_ref";
    let rows = [
        "wanted,1,PERSON,,,Darko Novakovic",
        "wanted,2,VESSEL,IMO,9321483,Ocean Traveller",
        "wanted,3,COMPANY,,,\"Voltana Shipping Co., Ltd.\"",
    ];
    let rows = rows.map(|row| format!("{row},INQUIRY,HIGH,,police-koper,,,2999-01-01,,\n")).concat();
    std::fs::write(&list, format!("{header}\n{rows}")).unwrap();
    let list = list.to_str().unwrap();
    let asked = concat!(
        r#"{"id":1,"kind":"person","name":"NOVAKOVIC, Darko"}"#,
        "\n",
        r#"{"id":"two","kind":"vessel","name":"Sunny Bay","identifiers":{"IMO":"9321483"}}"#,
        "\n",
        "not json\n",
        r#"{"id":3,"kind":"organization","name":"Voltana Shpg"}"#,
        "\n",
        r#"{"id":4,"name":"Nobody of the Sort"}"#,
        "\n",
    );
    let done = quaywatch_reading(&["screen", "--list", list], asked);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    assert!(text(&done.stderr).contains("line 3"), "{}", text(&done.stderr));
    let answers = json_lines(&done.stdout);
    let ids: Vec<&serde_json::Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(serde_json::json!(ids), serde_json::json!([1, "two", 3, 4]));
    let entries: Vec<Option<&str>> =
        answers.iter().map(|answer| answer["matches"][0]["entry_id"].as_str()).collect();
    assert_eq!(entries, [Some("1"), Some("2"), Some("3"), None]);
    for found in answers.iter().filter_map(|answer| answer["matches"].get(0)) {
        assert!(found["score"].as_f64().unwrap() >= 0.7 && found["list_id"] == "wanted", "{found}");
        assert!(found["matched_name"].is_string() && found["explanation"]["text"].is_string(), "{found}");
    }
    let readable = asked.replace("not json\n", "");
    assert_eq!(quaywatch_reading(&["screen", "--list", list], &readable).status.code(), Some(0));
}

#[test]
fn pairs_are_scored_with_the_threshold_of_screening() {
    let asked = concat!(
        r#"{"id":"a","kind":"person","query":"D. Novakovic","listed":"NOVAKOVIC, Darko"}"#,
        "\n",
        r#"{"id":"b","kind":"company","query":"EMMA LLC","listed":"Emma Daniels"}"#,
        "\n",
    );
    let done = quaywatch_reading(&["screen", "pairs"], asked);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let answers = json_lines(&done.stdout);
    let told: Vec<(&str, bool)> = answers
        .iter()
        .map(|answer| (answer["id"].as_str().unwrap(), answer["match"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("a", true), ("b", false)]);
    assert!(answers.iter().all(|answer| (0.0..=1.0).contains(&answer["score"].as_f64().unwrap())));
}

/// A list of container numbers, each row `entry,number,action`, and its path.
fn list_of_containers(folder: &Path, file: &str, rows: &[&str]) -> String {
    let path = folder.join(file);
    let header = "entry_id,value,action,list_id,kind,scheme,severity,owner,review_on";
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("{row},wanted,CONTAINER,CONTAINER,HIGH,police-koper,2999-01-01"))
        .collect();
    std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn two_versions_of_a_list_are_compared_entry_by_entry() {
    let folder = tempfile::tempdir().unwrap();
    let list = |file, rows: &[&str]| list_of_containers(folder.path(), file, rows);
    let old = list("old.csv", &["1,CSQU3054383,STOP", "2,MSKU1234565,STOP", "3,APZU4812090,STOP"]);
    let new = list("new.csv", &["1,CSQU3054383,STOP", "2,MSKU1234565,DISCREET", "4,TGHU7654321,STOP"]);
    let compared = quaywatch(&["watchlist", "diff", &old, &new]);
    assert_eq!(compared.status.code(), Some(0), "{}", text(&compared.stderr));
    let changes: Vec<String> = json_lines(&compared.stdout)
        .iter()
        .map(|c| format!("{} {}", c["change"], c["entry_id"]).replace('"', ""))
        .collect();
    assert_eq!(changes, ["changed 2", "removed 3", "added 4"]);
    let changed = &json_lines(&compared.stdout)[0];
    assert!(changed["label"].as_str().unwrap().contains("MSKU1234565"), "{changed}");
    assert_eq!(changed["fields"]["action"], serde_json::json!(["STOP", "DISCREET"]), "{changed}");
    assert_eq!(text(&compared.stderr).trim_end(), "1 added, 1 changed, 1 removed");
    let same = quaywatch(&["watchlist", "diff", &new, &new]);
    assert!(same.status.success() && same.stdout.is_empty());
    // One file alone is compared with a list, which has to be named.
    let unnamed = quaywatch(&["watchlist", "diff", &new]);
    assert_eq!(unnamed.status.code(), Some(64));
    assert!(text(&unnamed.stderr).contains("--list"), "{}", text(&unnamed.stderr));
}

#[test]
fn an_entry_of_a_file_is_explained_as_it_would_be_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = list_of_containers(folder.path(), "march.csv", &["1,CSQU3054383,STOP", "2,MSKU1234565,STOP"]);
    for entry in ["2", "wanted/2"] {
        let told = quaywatch(&["watchlist", "explain", entry, "--file", &file]);
        assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
        let [found] = &json_lines(&told.stdout)[..] else { panic!("{}", text(&told.stdout)) };
        assert_eq!((&found["key"], &found["in_force"]), (&"wanted/2".into(), &true.into()), "{found}");
        assert_eq!(found["entry"]["values"][0]["value"], "MSKU1234565", "{found}");
        assert_eq!(found["digest"].as_str().map(str::len), Some(64), "{found}");
    }
    let unknown = quaywatch(&["watchlist", "explain", "9", "--file", &file]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("'9'") && unknown.stdout.is_empty());
}
