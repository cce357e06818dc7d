//! The offline commands, run as a person runs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

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

const NO_GRACE: &str = "[gate_out_under_hold]\ngrace_minutes = 0\n[release_right.a]\nshadow = true\n";

#[test]
fn two_rule_files_are_compared_over_the_same_traffic() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("day");
    let day = day.to_str().unwrap();
    assert!(quaywatch(&["simulate", "--out", day, "--containers", "100", "--hours", "6"]).status.success());
    let (truth, report) = (format!("{day}/truth.ndjson"), folder.path().join("report.json"));
    let own = folder.path().join("own.toml");
    std::fs::write(&own, NO_GRACE).unwrap();
    let own = own.to_str().unwrap();
    let arguments = ["backtest", day, "--truth", &truth, "--rules", "built-in", "--rules", own];
    let bars = ["--min-recall", "0.1", "--report", report.to_str().unwrap()];
    let tested = quaywatch(&[arguments.as_slice(), bars.as_slice()].concat());
    assert_eq!(tested.status.code(), Some(0), "{}", text(&tested.stderr));
    let table = text(&tested.stderr);
    assert!(table.contains("A built-in") && table.contains(&format!("B {own}")), "{table}");
    assert!(table.lines().any(|l| l.contains("MO-01a") && l.contains('*')), "{table}");
    let of = |rules: &str| text(&tested.stdout).matches(&format!("\"rules\":\"{rules}\"")).count();
    assert!(of("built-in") > of(own) && of(own) > 0);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report[own]["rules"]["MO-01a"]["shadow"], true);
    assert!(report["built-in"]["visits"].as_u64().unwrap() > 100);
    // One story less than all is below the usual bar.
    let tested = quaywatch(&["backtest", day, "--truth", &truth, "--rules", own, "--min-recall", "1.1"]);
    assert_eq!(tested.status.code(), Some(1));
}

#[test]
fn the_forms_of_the_alerts_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    assert!(quaywatch(&["simulate", "--out", day, "--containers", "60", "--hours", "6"]).status.success());
    let run = |form: &str| text(&quaywatch(&["backtest", day, "--format", form]).stdout);
    let lines = run("ndjson");
    let all: Vec<serde_json::Value> = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(all.len(), lines.lines().count());
    let table = run("table");
    assert!(all.iter().all(|a| table.contains(a["alert_id"].as_str().unwrap())));
}

#[test]
fn baselines_are_built_from_a_day_and_used_on_another() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    let (before, after) = (before.to_str().unwrap(), after.to_str().unwrap());
    let simulate = |day: &str, seed: &str| {
        quaywatch(&["simulate", "--out", day, "--containers", "120", "--hours", "12", "--seed", seed])
    };
    assert!(simulate(before, "1").status.success() && simulate(after, "2").status.success());
    let file = folder.path().join("baselines.json");
    let file = file.to_str().unwrap();
    let built = quaywatch(&["baseline", "build", before, "--out", file]);
    assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
    let baselines: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(baselines["feeds"].as_object().unwrap().len() >= 3, "{baselines}");
    assert!(baselines["quantiles"]["DWELL_MINUTES"].as_array().is_some());
    let tested = quaywatch(&["backtest", after, "--baselines", file]);
    assert_eq!(tested.status.code(), Some(0), "{}", text(&tested.stderr));
    let tested = quaywatch(&["backtest", after, "--baselines", "no-such-file.json"]);
    assert_eq!(tested.status.code(), Some(64));
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
            r#"{{"kind":"gate_in","occurred_at":"2026-03-02T{time}:00Z","equipment":{{"number":"{container}"}},"seals":[{{"number":"{number}","source":"CARRIER"}}]}}"#
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
    let said = text(&shown.stderr);
    assert!(
        said.contains("seen on 2 containers") && said.contains("one character apart: ML1234568"),
        "{said}"
    );
    let unseen = quaywatch(&["seal", "ZZ999999", day]);
    assert!(unseen.status.success() && text(&unseen.stderr).contains("was not seen"));
    assert_eq!(quaywatch(&["seal", "NOSEAL", day]).status.code(), Some(64));
}
