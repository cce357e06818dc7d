//! `deploy/feeds.toml` is right, and names every key that a feed may have.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use quaywatch_formats::Feeds;
use quaywatch_gateway::Doors;

fn reference() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/feeds.toml")).unwrap()
}

/// The keys that are expected in a table, as the refusal of an unknown one lists them.
fn keys(table: &str) -> Vec<String> {
    let refused = Doors::parse(&format!("{table}\nno_such_key = 1\n"), Path::new(".")).unwrap_err();
    let (_, list) = refused.split_once("expected").unwrap();
    list.split_terminator("the nearest")
        .next()
        .unwrap()
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn it_is_read_without_complaint_by_all_who_read_it() {
    let feeds = Feeds::parse(&reference()).unwrap();
    assert_eq!(feeds.claim("tor-1.csv"), "hamburg-gate");
    let doors = Doors::parse(&reference(), Path::new(".")).unwrap();
    assert_eq!(doors.ids().collect::<Vec<_>>(), ["antwerp-rights", "hamburg-gate", "trieste-edi"]);
}

#[test]
fn it_names_every_key() {
    let text = reference();
    for table in [
        "[feeds.x]",
        "[feeds.x.mapping]",
        "[feeds.x.mapping.fields.kind]",
        "[feeds.x.pause]",
        "[feeds.x.http]",
        "[feeds.x.drop]",
        "[feeds.x.bridge]",
    ] {
        let keys = keys(table);
        assert!(keys.len() >= 2, "{table}: {keys:?}");
        for key in keys {
            let named =
                [format!("{key} = "), format!(".{key}]")].iter().any(|written| text.contains(written));
            assert!(named, "{table}: {key} is not in deploy/feeds.toml");
        }
    }
}
