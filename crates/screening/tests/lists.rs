//! List files as agencies and authorities send them, whole and broken.

use quaywatch_domain::pseudonym::Kind;
use quaywatch_domain::watchlist::{EntryAction, EntryKind, NameQuality, Value};
use quaywatch_domain::{Handling, PseudonymKey, Severity, Timestamp, WatchlistEntry};
use quaywatch_screening::lists::{
    Defaults, Error, Limits, ListFile, Parts, Reason, delta, read_agency_csv, read_agency_jsonl,
    read_ofac_sdn_csv,
};

const HEADER: &str = "list_id,entry_id,kind,scheme,value,name,action,severity,handling,owner,valid_from,valid_to,\
                      review_on,reason,source_ref\n";

fn read(rows: &str) -> Result<ListFile, Error> {
    read_agency_csv(format!("{HEADER}{rows}").as_bytes(), &Defaults::new("police", "v1"))
}

fn value(scheme: &'static str, value: &str) -> Value {
    Value { scheme: scheme.into(), value: value.into() }
}

#[test]
fn rows_with_one_entry_id_are_one_entry() {
    let file = read(
        "police,K-1,CONTAINER,container,csqu 305438-3,,SPECIFIC,HIGH,RED/H2,police-koper,2026-03-01,2026-03-31,,case,77/26\n\
         police,K-1,,SEAL,ML-001234,\"ACME, d.o.o.\",,,,,,,,,\n",
    )
    .unwrap();
    assert_eq!((file.rows, file.entries.len(), file.rows_left_out), (2, 1, 0));
    let entry = &file.entries[0];
    assert_eq!(entry.values, [value("CONTAINER", "CSQU3054383"), value("SEAL", "ML001234")]);
    assert_eq!(entry.names[0].name, "ACME, d.o.o.");
    assert_eq!((entry.action, entry.severity), (EntryAction::Specific, Severity::High));
    assert_eq!(entry.handling, Handling::parse("RED/H2").unwrap());
    assert_eq!(entry.valid_from, Timestamp::parse("2026-03-01T00:00:00Z").ok());
    assert_eq!(entry.valid_to, Timestamp::parse("2026-04-01T00:00:00Z").ok(), "the last day counts");
    assert_eq!((entry.key().as_str(), entry.list_version.as_str()), ("police/K-1", "v1"));
}

#[test]
fn bad_rows_are_named_and_the_others_are_kept() {
    let file = read(
        "police,K-1,,CONTAINER,CSQU3054383,,,,,,,,,,\n\
         police,K-2,,SEAL,NOSEAL,,,,,,,,,,\n\
         police,K-3,,SEAL,ML001234,,MAYBE,,,,,,,,\n\
         police,K-4,,SEAL,ML001234,,,,PURPLE,,,,,,\n\
         police,K-5,,SEAL,ML001234,,DISCREET,,,,,,,,\n\
         police,,,SEAL,ML001234,,,,,,,,,,\n\
         police,K-6,,SEAL,ML001234,,,,,,2026-13-01,,,,\n\
         police,K-1,,SEAL,ML001234,,STOP,,,,,,,,\n\
         police,K-7,,CONTAINER,CSQU3054384,,,,,,,,,,\n",
    )
    .unwrap();
    let rows: Vec<u64> = file.row_errors.iter().map(|error| error.row).collect();
    assert_eq!(rows, [3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(file.entries.len(), 2);
    let reasons: Vec<&str> = file.row_errors.iter().map(|error| error.reason.as_str()).collect();
    assert!(reasons[0].contains("NOSEAL") && reasons[1].contains("MAYBE") && reasons[2].contains("PURPLE"));
    assert!(reasons[3].contains("owner") && reasons[6].contains("another action"));
    assert_eq!((file.warnings[0].row, file.warnings.len()), (10, 1), "a wrong check digit is kept and named");
}

#[test]
fn plates_become_pseudonyms_and_are_never_repeated() {
    let row = "police,K-1,,PLATE,KP AB-123,,,,,,,,,,\npolice,K-2,,CONTAINER,CSQU3054383,,,,,,,,,,\n";
    let without_key = read(row).unwrap();
    assert_eq!((without_key.row_errors[0].row, without_key.entries.len()), (2, 1));
    assert!(!format!("{without_key:?}").contains("123,"));
    assert!(!format!("{without_key:?}").contains("AB-123"));
    let key = PseudonymKey::new(*b"0123456789abcdef").unwrap();
    let defaults = Defaults { key: Some(&key), ..Defaults::new("police", "v1") };
    let file = read_agency_csv(format!("{HEADER}{row}").as_bytes(), &defaults).unwrap();
    assert_eq!(file.entries[0].values, [value("TRUCK", &key.pseudonym(Kind::Plate, "kp ab 123"))]);
    assert_eq!(file.entries[0].kind, EntryKind::Truck);
}

#[test]
fn a_list_from_a_spreadsheet_is_read() {
    let text = "Entry_ID;Scheme;Value;Reason\r\nK-1;SEAL;ML001234;skladišče\r\n";
    let utf_8 = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let file = read_agency_csv(&utf_8, &Defaults::new("police", "v1")).unwrap();
    assert_eq!((file.encoding, file.entries[0].reason.as_deref()), ("UTF-8", Some("skladišče")));
    let windows = b"entry_id;scheme;value;reason\r\nK-1;SEAL;ML001234;skladi\x9a\xe8e\r\n";
    let file = read_agency_csv(windows, &Defaults::new("police", "v1")).unwrap();
    assert_eq!((file.encoding, file.entries[0].reason.as_deref()), ("windows-1252", Some("skladišèe")));
}

#[test]
fn a_file_that_cannot_be_trusted_is_refused_as_a_whole() {
    let defaults = Defaults::new("police", "v1");
    let refused = |bytes: &[u8]| read_agency_csv(bytes, &defaults).unwrap_err();
    assert_eq!(refused(b""), Error::Empty);
    assert_eq!(refused(HEADER.as_bytes()), Error::Empty);
    assert!(matches!(refused(b"<html><body>503</body></html>"), Error::NotText { .. }));
    assert!(matches!(refused(b"entry_id,value\nK-1,x\n"), Error::MissingColumn { column: "scheme", .. }));
    let cut = format!("{HEADER}police,K-1,,SEAL,ML001234,,,,,,,,,,\npolice,K-2,,SE");
    assert_eq!(refused(cut.as_bytes()), Error::Truncated { row: 3 });
    let quoted = format!("{HEADER}police,K-1,,SEAL,ML001234,\"ACME");
    assert!(matches!(refused(quoted.as_bytes()), Error::Truncated { .. }));
    let narrow = format!("{HEADER}{}", "police,K-1,SEAL,ML001234\n".repeat(50));
    assert!(matches!(refused(narrow.as_bytes()), Error::WrongWidth { wrong: 50, rows: 50, columns: 15 }));
    let useless = format!("{HEADER}police,K-1,,SEAL,NOSEAL,,,,,,,,,,\n");
    assert!(matches!(refused(useless.as_bytes()), Error::NoEntries { rows: 1, .. }));
}

#[test]
fn a_file_of_another_list_is_not_mixed_in() {
    let defaults = Defaults { other_lists: false, ..Defaults::new("police", "v1") };
    let text = "list_id,entry_id,scheme,value\ncustoms,K-1,SEAL,ML001234\n,K-2,SEAL,ML005678\n";
    let file = read_agency_csv(text.as_bytes(), &defaults).unwrap();
    assert_eq!(file.entries.iter().map(WatchlistEntry::key).collect::<Vec<_>>(), ["police/K-2"]);
    assert!(file.row_errors[0].reason.contains("customs"));
}

#[test]
fn json_lines_hold_the_same_names() {
    let defaults = Defaults::new("police", "v1");
    let text = "{\"entry_id\":\"K-1\",\"scheme\":\"IMO\",\"value\":\"IMO 9321483\",\"severity\":\"CRITICAL\"}\n\n\
                {\"entry_id\":\"K-2\",\"colour\":\"red\"}\n\
                {\"entry_id\":\"K-1\",\"name\":\"EVER SAMPLE\"}\n";
    let file = read_agency_jsonl(text.as_bytes(), &defaults).unwrap();
    assert_eq!((file.entries.len(), file.row_errors.len()), (1, 2));
    assert_eq!((file.row_errors[0].row, file.row_errors[1].row), (3, 4));
    assert_eq!((file.entries[0].kind, file.entries[0].severity), (EntryKind::Vessel, Severity::Critical));
    let cut = "{\"entry_id\":\"K-1\",\"scheme\":\"IMO\",\"value\":\"9321483\"}\n{\"entry_id\":\"K-";
    assert_eq!(read_agency_jsonl(cut.as_bytes(), &defaults).unwrap_err(), Error::Truncated { row: 2 });
}

const SDN: &str = "101,\"EXAMPLE SHIPPING CO\",-0- ,\"PROGA\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"Company Number IMO \
                   5988121; a.k.a. 'ESC'.\"\r\n\
                   102,\"EXAMPLE STAR\",\"vessel\",\"PROGA\",-0- ,\"9HXX9\",\"Bulk\",\"99,144\",-0- ,\"Panama\",-0- \
                   ,\"Vessel Registration Identification IMO 9074729; MMSI 123456789; Linked To: EXAMPLE.\"\r\n\
                   103,\"DOE, Jane\",\"individual\",\"PROGB\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 1970; nationality \
                   Cuba; Passport A123456 (Cuba).\"\r\n\
                   104,\"XX-ABC\",\"aircraft\",\"PROGB\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n";

#[test]
fn the_ofac_list_is_read_with_aliases_and_addresses() {
    let sdn = format!("{SDN}\u{1a}");
    let alt = "102,7,\"aka\",\"SAMPLE STAR\",-0- \r\n104,8,\"aka\",\"XX-ABD\",-0- \r\n";
    let add = "101,9,\"1 Quay\",\"Havana\",\"Cuba\",-0- \r\n101,10,-0- ,-0- ,\"Cuba\",-0- \r\n";
    let files =
        Parts { main: sdn.as_bytes(), alt: Some(alt.as_bytes()), add: Some(add.as_bytes()), comments: None };
    let file = read_ofac_sdn_csv(files, &Defaults::new("ofac-sdn", "2026-03-01")).unwrap();
    assert_eq!((file.rows, file.entries.len(), file.out_of_scope), (4, 3, 1));
    assert!(file.row_errors.is_empty() && file.warnings.is_empty());
    let [company, vessel, person] = &file.entries[..] else { panic!("three entries expected") };
    assert_eq!((company.kind, company.countries.as_slice()), (EntryKind::Company, &["CU".to_owned()][..]));
    assert_eq!(company.values, [value("IMO_COMPANY", "5988121")]);
    assert_eq!((company.names[1].name.as_str(), company.names[1].quality), ("ESC", NameQuality::Weak));
    assert_eq!(
        vessel.values,
        [value("CALL_SIGN", "9HXX9"), value("IMO", "9074729"), value("MMSI", "123456789")]
    );
    assert_eq!((vessel.names[1].name.as_str(), vessel.names[1].quality), ("SAMPLE STAR", NameQuality::Alias));
    assert_eq!(
        (vessel.countries.as_slice(), vessel.key().as_str()),
        (&["PA".to_owned()][..], "ofac-sdn/102")
    );
    assert_eq!((person.kind, person.birth_dates.as_slice()), (EntryKind::Person, &["1970".to_owned()][..]));
    assert_eq!(person.legal_basis.as_deref(), Some("OFAC PROGB"));
}

#[test]
fn a_cut_off_or_foreign_ofac_file_is_refused() {
    let read = |sdn: &str| {
        let files = Parts { main: sdn.as_bytes(), alt: None, add: None, comments: None };
        read_ofac_sdn_csv(files, &Defaults::new("ofac-sdn", "v1"))
    };
    for cut in 1..SDN.len() {
        let kept = read(&SDN[..cut]);
        // Cut between two rows, or after the last column, the rest is whole rows; the hold-back of the delta catches that.
        let whole_rows =
            SDN[..cut].ends_with('\n') || SDN[..cut].lines().last().unwrap().matches(',').count() >= 11;
        assert!(kept.is_err() || whole_rows, "cut at {cut}: {:?}", &SDN[..cut]);
    }
    assert!(matches!(read(&"1,2,\"aka\",\"x\",-0- \r\n".repeat(20)), Err(Error::WrongWidth { .. })));
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
fn list(ids: std::ops::Range<usize>, version: &str) -> Vec<WatchlistEntry> {
    let rows: String = ids.map(|n| format!("police,K-{n},,SEAL,ML00{n:04},,,,,,,,,,\n")).collect();
    let text = format!("{HEADER}{rows}");
    read_agency_csv(text.as_bytes(), &Defaults::new("police", version)).unwrap().entries
}

#[test]
fn only_what_changed_is_told_and_unchanged_entries_keep_their_version() {
    let old = list(1..101, "v1");
    let mut new = list(3..103, "v2");
    new[0].severity = Severity::Critical;
    let delta = delta(&old, new, &Limits::default()).unwrap();
    assert_eq!(delta.removals, ["police/K-1", "police/K-2"]);
    let told: Vec<(String, &str)> =
        delta.upserts.iter().map(|e| (e.key(), e.list_version.as_str())).collect();
    let expected = ["police/K-101", "police/K-102", "police/K-3"].map(|key| (key.to_owned(), "v2"));
    assert_eq!(told, expected);
    assert_eq!((delta.added, delta.changed, delta.unchanged), (2, 1, 97));
}

#[test]
fn a_list_that_shrinks_or_grows_too_much_waits_for_a_person() {
    let old = list(1..1001, "v1");
    let held = delta(&old, list(1..801, "v2"), &Limits::default()).unwrap_err();
    assert_eq!((held.reason, held.delta.removals.len()), (Reason::Removed, 200));
    assert!(held.to_string().contains("200 entries vanished"));
    let held = delta(&old, list(1..1501, "v2"), &Limits::default()).unwrap_err();
    assert_eq!((held.reason, held.delta.added), (Reason::Added, 500));
    assert!(delta(&old, list(1..951, "v2"), &Limits::default()).is_ok());
    assert!(
        delta(&[], list(1..5001, "v1"), &Limits::default()).is_ok(),
        "the first version is never held back"
    );
    let short = list(1..4, "v1");
    assert!(delta(&short, list(1..2, "v2"), &Limits::default()).is_ok(), "shares say nothing of short lists");
    assert!(delta(&short, Vec::new(), &Limits::default()).is_err(), "but an emptied list is suspicious");
}
