//! The bridge's step, without Kafka: what foreign values become, by encoding.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use quaywatch_codec::{Codec, Record as _, RegistrySettings};
use quaywatch_domain::RawMessage;
use quaywatch_formats::Feeds;
use quaywatch_gateway::{Bridging, RAW, bridges};
use quaywatch_kafka::{Harness, NewRecord, Outcome, Record};

const FOREIGN: u32 = 7;
const OWN: u32 = 1;
const SCHEMA: &str = r#"{"type":"record","name":"Gate","fields":[{"name":"box","type":"string"},
    {"name":"out","type":"boolean"},{"name":"plate","type":["null","string"]}]}"#;

/// As much of a schema registry as a bridge asks for.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), [0; 65_536]);
            let n = stream.read(&mut head).unwrap();
            let request = String::from_utf8_lossy(head.get(..n).unwrap()).into_owned();
            let (id, schema) = if request.starts_with(&format!("GET /schemas/ids/{FOREIGN} ")) {
                (FOREIGN, SCHEMA)
            } else {
                (OWN, RawMessage::SCHEMA)
            };
            let body =
                serde_json::json!({ "subject": "s", "version": 1, "id": id, "schema": schema }).to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    format!("http://{address}")
}

fn bridged(settings: &str, codec: &Codec, value: Option<&[u8]>) -> (Outcome, Vec<NewRecord>) {
    let text = format!("[feeds.pcs.bridge]\ntopic = \"pcs.gate\"\n{settings}");
    let (feed, bridge) = bridges(&Feeds::parse(&text).unwrap()).unwrap().remove(0);
    let mut harness = Harness::new(Bridging { feed, bridge, codec: codec.clone() }, "pcs.gate");
    let record =
        Record { value, timestamp_ms: 1_772_500_000_000, ..Record::new("pcs.gate", 2, 41, b"key", b"") };
    harness.handle(&record, 0)
}

fn message(settings: &str, codec: &Codec, value: &[u8]) -> RawMessage {
    let (outcome, sent) = bridged(settings, codec, Some(value));
    assert_eq!(outcome, Outcome::Produced);
    assert_eq!((sent.len(), &*sent[0].topic), (1, RAW));
    codec.decode(sent[0].value.as_deref().unwrap()).unwrap()
}

#[test]
fn raw_values_are_the_message_with_the_place_and_time_of_the_record() {
    let raw = message("content_type = \"text/csv\"", &Codec::embedded(), b"kind;n\r\n\xfc;1");
    assert_eq!(raw.body, b"kind;n\r\n\xfc;1");
    assert_eq!((raw.feed.as_str(), raw.path.as_deref()), ("pcs", Some("pcs.gate/2/41")));
    assert_eq!(raw.content_type.as_deref(), Some("text/csv"));
    assert_eq!(raw.received_at.as_millis(), 1_772_500_000_000);
}

#[test]
fn framed_json_and_avro_become_plain_json() {
    let codec = Codec::with_registry(&RegistrySettings::new(registry())).unwrap();
    let framed = |datum: &[u8]| [&[0], FOREIGN.to_be_bytes().as_slice(), datum].concat();
    let json = message("encoding = \"confluent-json\"", &codec, &framed(br#"{"box":"CSQU3054383"}"#));
    assert_eq!(json.body, br#"{"box":"CSQU3054383"}"#);
    assert_eq!(json.content_type.as_deref(), Some("application/json"));
    let datum = b"\x16CSQU3054383\x01\x02\x0cKPAB12";
    let avro = message("encoding = \"confluent-avro\"", &codec, &framed(datum));
    let read: serde_json::Value = serde_json::from_slice(&avro.body).unwrap();
    assert_eq!(read, serde_json::json!({ "box": "CSQU3054383", "out": true, "plate": "KPAB12" }));
    let (outcome, _) = bridged("encoding = \"confluent-avro\"", &codec, Some(&framed(&datum[..9])));
    assert!(
        matches!(outcome, Outcome::DeadLettered { ref code, .. } if code == "UNDECODABLE_VALUE"),
        "{outcome:?}"
    );
}

#[test]
fn what_is_not_framed_or_empty_is_a_dead_letter_that_says_so() {
    let codec = Codec::embedded();
    for (encoding, value, expected) in [
        ("raw", None, "EMPTY_VALUE"),
        ("confluent-json", Some(&b"{}"[..]), "UNKNOWN_FRAMING"),
        ("confluent-avro", Some(&b"{}"[..]), "UNKNOWN_FRAMING"),
    ] {
        let (outcome, sent) = bridged(&format!("encoding = \"{encoding}\""), &codec, value);
        let Outcome::DeadLettered { code, .. } = outcome else { panic!("{encoding}: {outcome:?}") };
        assert_eq!(code, expected, "{encoding}");
        assert!(sent.iter().all(|record| &*record.topic == "port.deadletters"));
    }
}

#[test]
fn two_feeds_cannot_read_one_topic_and_mistakes_are_named() {
    let twice = "[feeds.a.bridge]\ntopic = \"t\"\n[feeds.b.bridge]\ntopic = \"t\"\n";
    let why = bridges(&Feeds::parse(twice).unwrap()).unwrap_err();
    assert!(why.contains("'b'") && why.contains("'a'"), "{why}");
    let wrong = "[feeds.a.bridge]\ntopic = \"t\"\nencoding = \"avro\"\n";
    let why = bridges(&Feeds::parse(wrong).unwrap()).unwrap_err();
    assert!(why.contains("'a'") && why.contains("confluent-avro"), "{why}");
}
