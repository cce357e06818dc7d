use super::*;

const AGENCIES: [&str; 2] = ["police", "customs"];

fn named<'a>(specs: &'a Topics, name: &str) -> &'a Topic {
    specs.iter().find(|spec| spec.name == name).unwrap_or_else(|| panic!("{name} is not listed"))
}

#[test]
fn the_built_in_topics_expand_to_one_pair_for_each_agency() {
    let specs = Topics::built_in(&AGENCIES);
    let none = Topics::built_in(&[]);
    assert_eq!(specs.iter().count(), none.iter().count() + 4);
    assert!(none.iter().chain(specs.iter()).all(|spec| !spec.name.contains(['{', '}'])));
    for name in ["agency.police.alerts", "agency.police.feedback", "agency.customs.alerts"] {
        assert_eq!(named(&specs, name).partitions, 1, "{name}");
    }
    let alerts = named(&specs, "agency.customs.alerts");
    assert_eq!(alerts.configs["cleanup.policy"], "compact,delete");
    assert_eq!(alerts.configs["retention.ms"], "63072000000");
}

#[test]
fn state_topics_are_compacted_and_have_the_partitions_of_their_input() {
    let specs = Topics::built_in(&[]);
    for (state, input) in [
        ("normalizer.state", "port.raw"),
        ("screener.state", "port.events"),
        ("detector.state", "port.facts"),
        ("dispatcher.state", "port.alerts"),
    ] {
        let spec = named(&specs, state);
        assert_eq!(spec.partitions, named(&specs, input).partitions, "{state}");
        assert_eq!(spec.configs["cleanup.policy"], "compact");
        assert!(!spec.configs.contains_key("retention.ms"));
    }
}

#[test]
fn every_topic_takes_the_largest_record() {
    for spec in &Topics::built_in(&AGENCIES) {
        let limit: usize = spec.configs["max.message.bytes"].parse().unwrap();
        assert!(limit > crate::settings::MAX_RECORD_BYTES, "{}", spec.name);
    }
}

fn one(rest: &str) -> Result<Topics, Error> {
    let text = format!(
        "[defaults.configs]\n\"compression.type\" = \"producer\"\n[[topic]]\nname = \"a\"\nkey = \"k\"\n\
         value = \"v\"\nowner = \"o\"\n{rest}"
    );
    Topics::parse(&text, &[])
}

#[test]
fn a_wrong_topic_is_refused_with_its_name() {
    for (rest, problem) in [
        ("partitions = 0\ncleanup = \"compact\"", "a: partitions must be 1 or more"),
        ("partitions = 1\ncleanup = \"delete\"", "a: retention_ms must be given"),
        ("partitions = 1\ncleanup = \"compact\"\nretention_ms = 5", "a: retention_ms has no effect"),
        ("partitions = 1\ncleanup = \"keep\"", "not keep"),
        ("partitions = 1\npartitions_of = \"b\"\ncleanup = \"compact\"", "equal those of b"),
        ("partitions = 1\ncleanup = \"compact\"\nretention = 1", "unknown field"),
    ] {
        let message = one(rest).unwrap_err().to_string();
        assert!(message.contains(problem), "{message}");
    }
    assert!(one("partitions = 1\ncleanup = \"compact\"").is_ok());
}

#[test]
fn a_setting_of_a_topic_goes_before_the_default() {
    let topology =
        one("partitions = 1\ncleanup = \"compact\"\n[topic.configs]\n\"compression.type\" = \"zstd\"");
    assert_eq!(topology.unwrap().iter().next().unwrap().configs["compression.type"], "zstd");
}

#[test]
fn equal_values_in_another_notation_are_no_difference() {
    let expected = BTreeMap::from([
        ("cleanup.policy".to_owned(), "compact,delete".to_owned()),
        ("min.cleanable.dirty.ratio".to_owned(), "0.20".to_owned()),
        ("retention.ms".to_owned(), "5".to_owned()),
    ]);
    let mut actual = BTreeMap::from([
        ("cleanup.policy".to_owned(), Some("delete, compact".to_owned())),
        ("min.cleanable.dirty.ratio".to_owned(), Some("0.2".to_owned())),
        ("retention.ms".to_owned(), Some("5".to_owned())),
        ("segment.ms".to_owned(), Some("1".to_owned())),
    ]);
    assert_eq!(config_differences("t", &expected, &actual), []);
    actual.insert("retention.ms".to_owned(), Some("6".to_owned()));
    actual.remove("min.cleanable.dirty.ratio");
    let found: Vec<String> =
        config_differences("t", &expected, &actual).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("min.cleanable.dirty.ratio=0.20, a setting that these brokers do not have"));
    assert!(found[1].contains("topic t has retention.ms=6 and must have 5"), "{}", found[1]);
}

#[test]
fn differences_say_what_to_do() {
    let missing = Difference::Missing { topic: "x.port.raw".into() };
    assert_eq!(missing.to_string(), "topic x.port.raw does not exist: run `quaywatch topics ensure`");
    let partitions = Difference::Partitions { topic: "port.raw".into(), expected: 4, actual: 2 };
    assert!(partitions.to_string().starts_with("topic port.raw has 2 partitions and must have 4"));
}
