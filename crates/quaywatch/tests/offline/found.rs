//! What backtests of a few messages raise: after an agency's find, of trucks without containers, of new senders.

use std::path::Path;

use crate::{json_lines, quaywatch, text};

#[test]
fn a_find_told_to_the_backtest_watches_the_next_empties_from_its_port_of_loading() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().to_str().unwrap();
    let line = |kind: &str, container: &str, time: &str, laden: &str, port: &str| {
        format!(
            r#"{{"kind":"{kind}","occurred_at":"2026-03-{time}:00Z","equipment":{{"number":"{container}","laden":"{laden}"}},"route":{{"port_of_loading":"{port}"}}}}"#
        )
    };
    let lines = [
        line("discharged", "CSQU3054383", "02T08:00", "LADEN", "ECGYE"),
        line("discharge_ordered", "MSKU1234565", "04T08:00", "EMPTY", "ECGYE"),
        line("discharge_ordered", "APZU4812090", "04T08:00", "EMPTY", "CNSHA"),
    ];
    std::fs::write(folder.path().join("quay.ndjson"), lines.join("\n")).unwrap();
    let quiet = quaywatch(&["backtest", day]);
    assert!(quiet.status.success() && quiet.stdout.is_empty(), "{}", text(&quiet.stderr));
    let find = r#"{"subject":"container/CSQU3054383","agency":"customs-koper","verdict":"SEIZURE","at":"2026-03-03T12:00:00Z"}"#;
    std::fs::write(folder.path().join("feedback.ndjson"), find).unwrap();
    let told = quaywatch(&["backtest", day]);
    assert_eq!(raised(&told.stdout), ["container/MSKU1234565 CONTAGION-origin"], "{}", text(&told.stderr));
}

#[test]
fn what_travelled_with_a_find_is_watched_when_agencies_answer() {
    let folder = tempfile::tempdir().unwrap();
    let simulated = |name: &str, more: &[&str]| {
        let day = folder.path().join(name).to_str().unwrap().to_owned();
        let usual = ["simulate", "--out", &day, "--seed", "3", "--containers", "120", "--hours", "192"];
        let done =
            quaywatch(&[&usual, ["--crime-rate", "1", "--look-alikes", "0"].as_slice(), more].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        day
    };
    let answered = simulated("answered", &[]);
    let (truth, report) = (format!("{answered}/truth.ndjson"), folder.path().join("report.json"));
    let file = report.to_str().unwrap();
    quaywatch(&["backtest", &answered, "--truth", &truth, "--report", file, "--min-recall", "0"]);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let score = &report["built-in"];
    for code in ["bill", "shipper", "seal", "cell", "origin"].map(|edge| format!("CONTAGION-{edge}")) {
        let rule = &score["rules"][&code];
        assert!(rule["expected"].as_u64() > Some(0) && rule["expected"] == rule["found"], "{code} {rule}");
        assert_eq!(rule["raised"], rule["on_stories"], "{code} {rule}");
    }
    assert!(score["watches"].as_u64().unwrap() > 0);
    // Without their answers nothing else changes.
    let silent = simulated("silent", &["--without", "agencies"]);
    let truth_of = |day: &str| std::fs::read_to_string(format!("{day}/truth.ndjson")).unwrap();
    assert_eq!(truth_of(&silent), truth_of(&answered));
    let answers = |day: &str| Path::new(day).join("feedback.ndjson").exists();
    assert!(answers(&answered) && !answers(&silent));
}

/// Codes of the alerts of a backtest with the module for people's actions, each with its container.
fn raised_with_people(folder: &Path) -> Vec<String> {
    std::fs::write(folder.join("rules.toml"), "[people]\nenabled = true\n").unwrap();
    let rules = folder.join("rules.toml");
    let done = quaywatch(&["backtest", folder.to_str().unwrap(), "--rules", rules.to_str().unwrap()]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    raised(&done.stdout)
}

/// The container of each alert and the first of its codes.
fn raised(stdout: &[u8]) -> Vec<String> {
    let text =
        |value: Option<&serde_json::Value>| value.and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let said =
        |a: &serde_json::Value| [text(a.get("subject")), text(a.pointer("/indicators/0/code"))].join(" ");
    json_lines(stdout).iter().map(said).collect()
}

#[test]
fn a_gate_log_of_trucks_without_containers_tells_who_did_not_come_out() {
    let feed = "[feeds.gate]\nprofile = \"gate-log\"\nterminal = \"LUKKP\"\nfiles = [\"gate*.csv\"]\n\n\
                [feeds.gate.mapping.fields]\n\"transport.without_container\" = { value = \"yes\" }\n";
    let passages = |last: &str| {
        let day = |day: u32| {
            format!(
                "2026-03-0{day} 08:00,IN,CSQU3054383,KP AB-123,D-1188,F\n2026-03-0{day} 08:40,OUT,,KP AB-123,D-1188,\n"
            )
        };
        let days: String = (1..=3).map(day).collect();
        let header = "Timestamp,Direction,Container,Plate,Badge,F/E\n";
        // The clock runs on with a truck of another driver.
        let later = "2026-03-06 12:00,IN,,KP CD-456,D-7,\n2026-03-06 12:20,OUT,MSKU7300160,KP CD-456,D-7,F\n";
        format!("{header}{days}2026-03-05 02:00,IN,APZU4812090,KP AB-123,D-1188,E\n{last}{later}")
    };
    for (last, expected) in
        [("", vec!["container/APZU4812090 MO-24f"]), ("2026-03-05 02:30,OUT,,KP AB-123,D-1188,\n", vec![])]
    {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("feeds.toml"), feed).unwrap();
        std::fs::write(folder.path().join("gate.csv"), passages(last)).unwrap();
        let raised = raised_with_people(folder.path());
        let of_driver: Vec<&str> =
            raised.iter().map(String::as_str).filter(|code| code.ends_with("24f")).collect();
        assert_eq!(of_driver, expected, "{raised:?}");
    }
}

#[test]
fn a_release_from_a_sender_that_never_sent_one_for_its_issuer_is_raised_from_a_platform_and_from_edifact() {
    let box_of = |n: usize| {
        ["CSQU3054383", "MSKU7300160", "QWTU1000015", "APZU4812090", "OOLU4293959", "SUDU1910806"]
            .get(n)
            .map_or_else(|| format!("TGHU76543{n:02}"), |number| (*number).to_owned())
    };
    let rights = |sender: &str| {
        let line = |n: usize, sender: &str| {
            format!(
                r#"{{"notificationId":"{n}","eventType":"issued","occurredAt":"2026-03-{:02}T09:00:00Z","containerNumber":"{}","from":{{"id":"MSC","scheme":"SMDG"}},"to":{{"eori":"SI12345678"}},"interchange":{{"sender":"{sender}"}}}}"#,
                n + 1,
                box_of(n)
            )
        };
        let lines: Vec<String> = (0..8).map(|n| line(n, "MSCEDI")).chain([line(8, sender)]).collect();
        format!("[{}]", lines.join(","))
    };
    let orders = |sender: &str| {
        let message = |n: usize, sender: &str| {
            let (day, number) = (n + 1, box_of(n));
            format!(
                "UNB+UNOA:2+{sender}+LUKA+2603{day:02}:0900+{n}'UNH+1+COREOR:D:00B:UN:SMDG20'BGM+129+R{n}+9'\
                 DTM+137:202603{day:02}0900:203'TDT+20+1+1++MSC:172:20'NAD+CA+MSC:160:306'EQD+CN+{number}+45G1:102:5++3+5'\
                 RFF+BM:BL{n}'CNT+16:1'UNT+9+1'UNZ+1+{n}'\n"
            )
        };
        (0..8).map(|n| message(n, "MSCEDI")).chain([message(8, sender)]).collect::<String>()
    };
    let feeds = "[feeds.platform]\nprofile = \"release-rights\"\nfiles = [\"rights*\"]\n[feeds.terminal-edi]\nfiles = [\"orders*\"]\n";
    for (sender, is_new) in [("MSCEDI", false), ("EVIL", true)] {
        for (file, content) in [("rights.json", rights(sender)), ("orders.edi", orders(sender))] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("feeds.toml"), feeds).unwrap();
            std::fs::write(folder.path().join(file), content).unwrap();
            let raised = raised_with_people(folder.path());
            let expected: Vec<String> =
                is_new.then(|| format!("container/{} MO-23d", box_of(8))).into_iter().collect();
            assert_eq!(raised, expected, "{file}");
        }
    }
}
