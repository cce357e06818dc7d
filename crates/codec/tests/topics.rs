//! `schemas/topics.toml`, the program's list of schemas and the AsyncAPI description name the same topics and schemas.

use quaywatch_codec::schemas;

#[test]
fn every_record_travels_on_the_topics_that_the_topics_file_gives_it() {
    let file: toml::Table = include_str!("../../../schemas/topics.toml").parse().unwrap();
    let topics = file["topic"].as_array().unwrap();
    for record in schemas() {
        for pattern in record.topics {
            let name = pattern.replace('*', "{id}");
            let topic = topics.iter().find(|t| t["name"].as_str() == Some(&name));
            let value = topic.and_then(|t| t["value"].as_str()).unwrap_or("nothing").replace('-', "");
            assert!(value.eq_ignore_ascii_case(record.name), "{name} carries {value}, not {}", record.name);
        }
    }
}

#[test]
fn the_asyncapi_description_refers_to_schemas_and_topics_that_exist() {
    let text = include_str!("../../../schemas/asyncapi.yaml");
    let named: Vec<&str> =
        text.split("$ref: ./").skip(1).filter_map(|rest| rest.split(".avsc").next()).collect();
    assert_eq!(named, ["RawMessage", "WatchlistEntry", "AgencyAlert", "Feedback"]);
    let addresses: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("address: "))
        .map(|address| address.replace("{id}", "*"))
        .collect();
    for (name, address) in named.iter().zip(&addresses) {
        let record = schemas().iter().find(|r| r.name == *name).unwrap();
        assert!(record.topics.contains(&address.as_str()), "{name} is not on {address}");
    }
    assert_eq!(named.len(), addresses.len());
}
