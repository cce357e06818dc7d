//! No bytes whatsoever make the codec panic, run away or allocate without bound.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use quaywatch_codec::{Codec, Error, Record, schemas};
use quaywatch_detection::TimelineState;
use quaywatch_domain::{
    AgencyAlert, Alert, DeadLetter, DeadLetterCode, Fact, Feedback, PortEvent, RawMessage, WatchlistEntry,
};
use quaywatch_formats::document::DocumentState;
use quaywatch_screening::SubjectState;
use quaywatch_sharing::DisclosureState;

fn encoded<T: Record>() -> Vec<u8> {
    let file = schemas().iter().find(|s| s.record == T::NAME).unwrap().name;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../schemas/examples/{file}.json"));
    let record: T = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    Codec::embedded().encode("t", &record).unwrap()
}

/// Whatever comes out, it is a value or an error that belongs to the record.
fn decode<T: Record>(bytes: &[u8]) {
    if let Err(error) = Codec::embedded().decode::<T>(bytes) {
        assert!(error.dead_letter_code().is_some(), "{error}");
        assert!(error.to_string().len() < 600, "{error}");
    }
}

fn decode_as_everything(bytes: &[u8]) {
    decode::<RawMessage>(bytes);
    decode::<PortEvent>(bytes);
    decode::<Fact>(bytes);
    decode::<WatchlistEntry>(bytes);
    decode::<Alert>(bytes);
    decode::<AgencyAlert>(bytes);
    decode::<Feedback>(bytes);
    decode::<DeadLetter>(bytes);
    decode::<SubjectState>(bytes);
    decode::<DocumentState>(bytes);
    decode::<DisclosureState>(bytes);
    decode::<TimelineState>(bytes);
}

static ENCODED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    vec![
        encoded::<RawMessage>(),
        encoded::<PortEvent>(),
        encoded::<Fact>(),
        encoded::<WatchlistEntry>(),
        encoded::<Alert>(),
        encoded::<AgencyAlert>(),
        encoded::<Feedback>(),
        encoded::<DeadLetter>(),
        encoded::<SubjectState>(),
        encoded::<DocumentState>(),
        encoded::<DisclosureState>(),
        encoded::<TimelineState>(),
    ]
});

#[test]
fn every_truncation_is_an_error() {
    let codec = Codec::embedded();
    let bytes = encoded::<Fact>();
    for end in 0..bytes.len() {
        assert!(codec.decode::<Fact>(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
    let mut longer = bytes;
    longer.push(0);
    let error = codec.decode::<Fact>(&longer).unwrap_err();
    assert!(error.to_string().contains("1 bytes are left over"), "{error}");
}

#[test]
fn every_error_says_what_is_wrong_and_has_its_code() {
    let codec = Codec::embedded();
    let code = |bytes: &[u8]| codec.decode::<Fact>(bytes).unwrap_err().dead_letter_code();
    assert_eq!(code(b""), Some(DeadLetterCode::EmptyValue));
    assert_eq!(code(b"{\"fact_id\":"), Some(DeadLetterCode::UnknownFraming));
    assert_eq!(code(&[0xC3, 0x01, 1, 2]), Some(DeadLetterCode::UnknownFraming));
    assert_eq!(code(&[0xC3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0]), Some(DeadLetterCode::UnknownSchema));
    assert_eq!(code(&[0, 0, 0, 0, 7, 0]), Some(DeadLetterCode::UnknownSchema));
    assert_eq!(code(&encoded::<Alert>()), Some(DeadLetterCode::UndecodableValue));
    let error = codec.decode::<Fact>(&encoded::<Alert>()).unwrap_err();
    assert!(matches!(error, Error::WrongRecord { expected: "Fact", .. }), "{error}");
    assert_eq!(quaywatch_codec::schema_of(&[0, 0, 0, 0, 7, 0]).as_deref(), Some("id 7"));
    assert_eq!(quaywatch_codec::schema_of(b"x"), None);
}

#[test]
fn made_up_lengths_are_refused_without_the_memory() {
    let mut bytes = encoded::<Fact>();
    bytes.truncate(10);
    // A fact id of 2^62 bytes.
    bytes.extend([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]);
    assert!(Codec::embedded().decode::<Fact>(&bytes).is_err());
    let mut bytes = encoded::<RawMessage>();
    bytes.truncate(10);
    // A feed of 1 GiB, of which nothing follows.
    bytes.extend([0x80, 0x80, 0x80, 0x80, 0x08]);
    assert!(Codec::embedded().decode::<RawMessage>(&bytes).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_values_never_panic(
        which in 0usize..ENCODED.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = ENCODED[which].clone();
        let body = bytes.len() - 10;
        for (at, byte) in changes {
            bytes[10 + at.index(body)] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(10 + cut.index(body));
        }
        decode_as_everything(&bytes);
    }

    #[test]
    fn noise_after_a_true_header_never_panics(
        which in 0usize..ENCODED.len(),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut bytes = ENCODED[which].clone();
        bytes.truncate(10);
        bytes.extend(noise);
        decode_as_everything(&bytes);
    }

    #[test]
    fn pure_noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..64)) {
        decode_as_everything(&noise);
    }
}
