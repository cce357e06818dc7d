use super::*;
use crate::ExitCode;

fn with_file(text: &str) -> Result<Settings, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("quaywatch.toml");
    std::fs::write(&path, text).unwrap();
    Settings::load_from(Some(&path), Some(HashMap::new()), &[])
}

fn with_environment(pairs: &[(&str, &str)]) -> Result<Settings, Error> {
    let map = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Settings::load_from(None, Some(map), &[])
}

fn delivered_file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/quaywatch.toml")
}

#[test]
fn the_delivered_file_shows_every_default() {
    let text = std::fs::read_to_string(delivered_file()).unwrap();
    let shown: toml::Table = text.parse().unwrap();
    let mut defaults = toml::Table::try_from(Settings::default()).unwrap();
    // Empty lists are left to a commented example in the file.
    let sources = defaults["watchlist"].as_table_mut().unwrap().remove("sources").unwrap();
    assert_eq!(sources, toml::Value::Array(Vec::new()));
    let blinding = defaults["secrets"].as_table_mut().unwrap().remove("blinding").unwrap();
    assert_eq!(blinding, toml::Value::Array(Vec::new()));
    let lists = defaults["screening"].as_table_mut().unwrap().remove("lists").unwrap();
    assert_eq!(lists, toml::Value::Array(Vec::new()));
    assert_eq!(shown, defaults);
    let loaded = Settings::load_from(Some(&delivered_file()), Some(HashMap::new()), &[]).unwrap();
    assert_eq!(loaded.to_toml().unwrap(), Settings::default().to_toml().unwrap());
}

#[test]
fn the_environment_overrides_the_file_and_the_command_line_both() {
    let environment: HashMap<_, _> = [
        ("QUAYWATCH__KAFKA__BROKERS".to_owned(), "a:1,b:2".to_owned()),
        ("QUAYWATCH__GATEWAY__MAX_IN_FLIGHT".to_owned(), "7".to_owned()),
        ("QUAYWATCH__LOGGING__FORMAT".to_owned(), "json".to_owned()),
        ("OTHER".to_owned(), "x".to_owned()),
    ]
    .into();
    let overrides = [("gateway.max_in_flight".to_owned(), "9".to_owned())];
    let settings = Settings::load_from(Some(&delivered_file()), Some(environment), &overrides).unwrap();
    assert_eq!(settings.kafka.brokers, "a:1,b:2");
    assert_eq!(settings.gateway.max_in_flight, 9);
    assert_eq!(settings.logging.format, LogFormat::Json);
}

#[test]
fn an_unknown_key_names_its_origin_and_the_nearest_one() {
    let error = with_file("[kafka]\nbroker = \"x:1\"\n").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("'kafka.broker'") && text.contains("did you mean 'kafka.brokers'"), "{text}");
    assert!(text.contains("quaywatch.toml"), "{text}");
    assert_eq!(error.exit_code(), ExitCode::Usage);

    let text = with_environment(&[("QUAYWATCH__GATEWAY__LISTENN", "x")]).unwrap_err().to_string();
    assert!(text.contains("environment") && text.contains("'gateway.listen'"), "{text}");

    let overrides = [("kafka.prefixx".to_owned(), "x".to_owned())];
    let text = Settings::load_from(None, Some(HashMap::new()), &overrides).unwrap_err().to_string();
    assert!(text.contains("command line") && text.contains("'kafka.prefix'"), "{text}");
}

#[test]
fn an_unknown_key_of_a_list_source_is_found_too() {
    let text = with_file("[[watchlist.sources]]\nlist = \"l\"\npath = \"p\"\nformatt = \"jsonl\"\n");
    let text = text.unwrap_err().to_string();
    assert!(text.contains("did you mean 'watchlist.sources.format'"), "{text}");
}

#[test]
fn list_sources_are_read_from_the_file() {
    let settings =
        with_file("[[watchlist.sources]]\nlist = \"ofac\"\npath = \"sdn.csv\"\nformat = \"ofac-sdn\"\n")
            .unwrap();
    let source = &settings.watchlist.sources[0];
    assert_eq!((source.list.as_str(), source.format), ("ofac", ListFormat::OfacSdn));
    assert_eq!(source.max_change_percent, 20);
}

#[test]
fn values_outside_their_range_name_key_and_range() {
    for (text, key) in [
        ("[kafka]\nbrokers = \"localhost\"", "kafka.brokers"),
        ("[gateway]\nmax_body_bytes = 99999999", "gateway.max_body_bytes"),
        ("[watchlist]\npoll_interval_ms = 0", "watchlist.poll_interval_ms"),
        ("[logging]\nlevel = \"a=loud\"", "logging.level"),
        ("[schema_registry]\nurl = \"localhost:8081\"", "schema_registry.url"),
        ("[[watchlist.sources]]\nlist = \"a b\"", "watchlist.sources"),
    ] {
        let error = with_file(text).unwrap_err();
        assert!(matches!(&error, Error::InvalidSetting { key: k, .. } if *k == key), "{text}: {error}");
    }
}

#[test]
fn what_the_kafka_section_checks_itself_names_its_key_too() {
    for (text, key) in [
        ("[kafka]\nslots = 0", "kafka.slots"),
        ("[kafka]\nprefix = \"a/b\"", "kafka.prefix"),
        ("[kafka.security]\nprotocol = \"sasl_ssl\"", "kafka.security"),
        ("[kafka]\ntransaction_timeout_ms = 300", "kafka.transaction_timeout_ms"),
    ] {
        let error = with_file(text).unwrap_err();
        assert!(error.to_string().contains(key), "{text}: {error}");
        assert_eq!(error.exit_code(), ExitCode::Usage);
    }
    let security = "[kafka.security]\nprotocol = \"sasl_ssl\"\nusername = \"u\"\npassword = \"p\"\n";
    assert!(with_file(security).is_ok(), "keys without a default are known too");
}

#[test]
fn a_value_of_the_wrong_type_names_its_key() {
    let text = with_file("[kafka]\nslots = \"many\"").unwrap_err().to_string();
    assert!(text.contains("kafka.slots"), "{text}");
    let text = with_environment(&[("QUAYWATCH__ADMIN__LISTEN", "nowhere")]).unwrap_err().to_string();
    assert!(text.contains("admin.listen"), "{text}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Settings::load_from(Some(Path::new("/no/such.toml")), Some(HashMap::new()), &[]).unwrap_err();
    assert!(error.to_string().contains("/no/such.toml"), "{error}");
}

#[test]
fn secrets_are_shown_masked_and_only_there() {
    let pairs = [
        ("QUAYWATCH__SECRETS__PSEUDONYM_KEY", "correct-horse-battery"),
        ("QUAYWATCH__KAFKA__SECURITY__PASSWORD", "hunter2hunter2"),
    ];
    let settings = with_environment(&pairs).unwrap();
    let shown = settings.to_toml().unwrap();
    assert!(shown.contains("pseudonym_key = \"***\"") && shown.contains("password = \"***\""), "{shown}");
    assert!(shown.contains("pseudonym_key_file = \"\""), "{shown}");
    let debug = format!("{settings:?}");
    for text in [&shown, &debug] {
        assert!(!text.contains("horse") && !text.contains("hunter2"), "{text}");
    }
    assert!(settings.pseudonym_key().is_ok());
    let again: toml::Table = shown.parse().unwrap();
    assert_eq!(again["kafka"]["brokers"].as_str(), Some("127.0.0.1:9092"));
}

#[test]
fn the_pseudonym_key_comes_from_a_file_without_its_line_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, "0123456789abcdef\n").unwrap();
    let mut settings = Settings::default();
    assert!(settings.pseudonym_key().unwrap_err().to_string().contains("pseudonym_key_file"));
    settings.secrets.pseudonym_key_file = path.clone().into();
    let kind = quaywatch_domain::pseudonym::Kind::Plate;
    let direct = PseudonymKey::new(*b"0123456789abcdef").unwrap();
    assert_eq!(settings.pseudonym_key().unwrap().pseudonym(kind, "KA1"), direct.pseudonym(kind, "KA1"));
    std::fs::write(&path, "short\n").unwrap();
    assert!(settings.pseudonym_key().is_err());
}

#[test]
fn the_codec_follows_the_settings() {
    let mut settings = Settings::default();
    assert!(settings.codec().unwrap().registry().is_none());
    settings.schema_registry.url = "http://127.0.0.1:18081".into();
    assert!(settings.codec().unwrap().registry().is_some());
}
