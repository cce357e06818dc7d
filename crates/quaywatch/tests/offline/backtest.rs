//! `backtest` and `baseline build`, run as a person runs them.

use super::{quaywatch, text};

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
    assert!(table.contains("containers on which alerts differ") && table.contains("B nothing"), "{table}");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report[own]["rules"]["MO-01a"]["shadow"], true);
    assert!(report["built-in"]["visits"].as_u64().unwrap() > 100);
    // One story less than all is below the usual bar.
    let tested = quaywatch(&["backtest", day, "--truth", &truth, "--rules", own, "--min-recall", "1.1"]);
    assert_eq!(tested.status.code(), Some(1));
}

#[test]
fn without_a_truth_nothing_is_called_true_or_false() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    assert!(quaywatch(&["simulate", "--out", day, "--containers", "100", "--hours", "6"]).status.success());
    let table = |arguments: &[&str]| text(&quaywatch(&[&["backtest", day], arguments].concat()).stderr);
    let truth = format!("{day}/truth.ndjson");
    let row = |table: &str| table.lines().find(|line| line.contains("MO-01a")).unwrap_or_default().to_owned();
    let (judged, unjudged) = (row(&table(&["--truth", &truth])), row(&table(&[])));
    assert!(judged.contains("1.000"), "{judged}");
    let cells: Vec<&str> = unjudged.split_whitespace().collect();
    assert_eq!([cells[1], cells[2], cells[3], cells[5], cells[6]], ["-"; 5], "{unjudged}");
    let compared = table(&["--rules", "built-in", "--rules", "built-in"]);
    assert!(!compared.contains("0.000"), "{compared}");
}

#[test]
fn folders_that_are_read_together_must_agree_on_how() {
    let folder = tempfile::tempdir().unwrap();
    let line =
        r#"{"kind":"gate_in","occurred_at":"2026-03-02T08:00:00Z","equipment":{"number":"CSQU3054383"}}"#;
    let of = |name: &str, zone: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("gate.ndjson"), line).unwrap();
        let feeds = format!("[feeds.gate]\nfiles = [\"gate*\"]\ntime_zone = \"{zone}\"\n");
        std::fs::write(path.join("feeds.toml"), feeds).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (one, same, other) = (of("one", "UTC"), of("same", "UTC"), of("other", "Asia/Tokyo"));
    let alike = quaywatch(&["backtest", &one, &same]);
    assert!(alike.status.success(), "{}", text(&alike.stderr));
    let mixed = quaywatch(&["backtest", &one, &other]);
    assert!(!mixed.status.success() && text(&mixed.stderr).contains("differ"), "{}", text(&mixed.stderr));
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
    for period in [["--days", "0"], ["--to", "2020-01-01T00:00:00Z"]] {
        let none = folder.path().join("none.json");
        let built = ["baseline", "build", before, "--out", none.to_str().unwrap()];
        let built = quaywatch(&[built.as_slice(), period.as_slice()].concat());
        assert!(!built.status.success() && text(&built.stderr).contains("nothing came in"), "{period:?}");
        assert!(!none.exists());
    }
    let tested = quaywatch(&["backtest", after, "--baselines", "no-such-file.json"]);
    assert_eq!(tested.status.code(), Some(64));
}
