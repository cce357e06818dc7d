//! The client against a real schema registry, which `deploy/local/kafka.sh registry start` starts on loopback.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use quaywatch_codec::{Codec, Error, Record, Registry, RegistrySettings, schemas};
use quaywatch_domain::{DeadLetterCode, Feedback, PortEvent};

struct Running {
    folder: tempfile::TempDir,
    url: String,
}

fn script(arguments: &[&str], folder: &Path) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local/kafka.sh");
    let output = Command::new(script).args(arguments).arg("--dir").arg(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "kafka.sh {arguments:?}: {text}");
    String::from_utf8(output.stdout).unwrap()
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        script(&["registry", "start"], folder.path());
        let url = fs::read_to_string(folder.path().join("registry")).unwrap().trim().to_owned();
        Self { folder, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        script(&["registry", "stop"], self.folder.path());
    }
}

fn example<T: Record>() -> T {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../schemas/examples/{}.json", T::NAME));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_real_registry_keeps_the_schemas_and_their_rules() {
    let running = Running::start();
    let registry = Registry::new(&RegistrySettings::new(&running.url)).unwrap();
    every_schema_is_registered_and_given_back(&registry);
    a_breaking_schema_is_refused(&registry);
    a_value_goes_through(&running.url);
    an_older_writer_is_read(&running.url);
    what_the_registry_lacks_is_named(&running.url);
}

fn every_schema_is_registered_and_given_back(registry: &Registry) {
    for record in schemas() {
        let subject = format!("{}-value", record.topics[0].replace('*', "customs-si"));
        assert!(registry.is_compatible(&subject, record.schema).unwrap(), "{subject} is new");
        assert_eq!(registry.find(&subject, record.schema).unwrap(), None);
        let id = registry.register(&subject, record.schema).unwrap();
        assert_eq!(registry.register(&subject, record.schema).unwrap(), id);
        registry.set_compatibility(&subject, "BACKWARD_TRANSITIVE").unwrap();
        let found = registry.find(&subject, record.schema).unwrap().unwrap();
        assert_eq!(found.id, id);
        assert_eq!(
            registry.version(&subject, None).unwrap(),
            registry.version(&subject, Some(found.version)).unwrap()
        );
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(&registry.schema(id).unwrap()), parsed(record.schema));
    }
}

fn a_breaking_schema_is_refused(registry: &Registry) {
    let subject = "agency.customs-si.feedback-value";
    let breaking = Feedback::SCHEMA.replacen(
        r#""fields": ["#,
        r#""fields": [{"name": "mandatory", "type": "string", "doc": "New and without default."},"#,
        1,
    );
    assert!(!registry.is_compatible(subject, &breaking).unwrap());
    let error = registry.register(subject, &breaking).unwrap_err();
    assert!(matches!(&error, Error::Incompatible { name, .. } if name == subject), "{error}");
    assert!(error.dead_letter_code().is_none());
}

fn a_value_goes_through(url: &str) {
    let settings = RegistrySettings { auto_register: false, ..RegistrySettings::new(url) };
    let strict = Codec::with_registry(&settings).unwrap();
    let event: PortEvent = example();
    let error = strict.encode("other.events", &event).unwrap_err();
    assert!(matches!(error, Error::NotRegistered { .. }), "{error}");
    let registering = Codec::with_registry(&RegistrySettings::new(url)).unwrap();
    let bytes = registering.encode("other.events", &event).unwrap();
    assert_eq!(strict.encode("other.events", &event).unwrap(), bytes);
    let registered = strict.registry().unwrap().version("other.events-value", None).unwrap();
    assert_eq!(bytes[..5], [&[0][..], &registered.id.to_be_bytes()].concat());
    for reader in [strict, Codec::with_registry(&RegistrySettings::new(url)).unwrap()] {
        assert_eq!(reader.decode::<PortEvent>(&bytes).unwrap(), event);
        // The other framing is read as well.
        let single = Codec::embedded().encode("other.events", &event).unwrap();
        assert_eq!(reader.decode::<PortEvent>(&single).unwrap(), event);
    }
    let error = Codec::embedded().decode::<PortEvent>(&bytes).unwrap_err();
    assert!(matches!(error, Error::NoRegistry { id, .. } if id == registered.id), "{error}");
}

/// A program that knows fewer fields, and one that knows more, wrote under schemas that only the registry has.
fn an_older_writer_is_read(url: &str) {
    let codec = Codec::with_registry(&RegistrySettings::new(url)).unwrap();
    let registry = codec.registry().unwrap();
    let minimal = r#"{"type": "record", "name": "Feedback", "namespace": "quaywatch", "fields": [
        {"name": "agency", "type": "string"},
        {"name": "added_later", "type": {"type": "array", "items": "string"}},
        {"name": "verdict", "type": {"type": "enum", "name": "Verdict", "symbols": ["SEEN", "CLOSED"]}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}"#;
    let id = registry.register("foreign-value", minimal).unwrap();
    let mut bytes = vec![0];
    bytes.extend(id.to_be_bytes());
    bytes.extend(b"\x04si\x02\x02x\x00\x02\x0A");
    let read: Feedback = codec.decode(&bytes).unwrap();
    assert_eq!((read.agency.as_str(), read.verdict.as_str(), read.at.as_millis()), ("si", "CLOSED", 5));
    assert_eq!((read.alert_id, read.note), (None, None));
}

fn what_the_registry_lacks_is_named(url: &str) {
    let codec = Codec::with_registry(&RegistrySettings::new(url)).unwrap();
    let unknown = [0, 0x7F, 0xFF, 0, 0, 1, 2, 3];
    for _ in 0..2 {
        let error = codec.decode::<PortEvent>(&unknown).unwrap_err();
        assert!(matches!(error, Error::UnknownId { id: 0x7FFF_0000, .. }), "{error}");
        assert_eq!(error.dead_letter_code(), Some(DeadLetterCode::UnknownSchema));
    }
    assert!(matches!(
        codec.registry().unwrap().version("nobody-value", None),
        Err(Error::NotRegistered { .. })
    ));
}

#[test]
fn a_registry_that_does_not_answer_is_nobody_s_dead_letter() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let settings = RegistrySettings { timeout: Duration::from_millis(200), ..RegistrySettings::new(&url) };
    let codec = Codec::with_registry(&settings).unwrap();
    let error = codec.decode::<PortEvent>(&[0, 0, 0, 0, 1, 2]).unwrap_err();
    assert!(error.is_transient() && error.dead_letter_code().is_none(), "{error}");
    assert!(error.to_string().contains(&url), "{error}");
    let error = codec.encode("t", &example::<PortEvent>()).unwrap_err();
    assert!(error.is_transient(), "{error}");
}

/// A TLS server with a certificate that nobody vouches for, from the system's OpenSSL.
struct TlsServer(std::process::Child);

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_registry_with_a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"])
        .args(["-keyout", &file("key.pem"), "-out", &file("certificate.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("openssl")
        .args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}")])
        .args(["-key", &file("key.pem"), "-cert", &file("certificate.pem")])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let _server = TlsServer(child);
    let until = std::time::Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(std::time::Instant::now() < until, "the TLS server does not start");
        std::thread::yield_now();
    }
    let registry = Registry::new(&RegistrySettings::new(format!("https://localhost:{port}"))).unwrap();
    let error = registry.schema(1).unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}
