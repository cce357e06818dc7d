//! Lists of authorities, written here after their published structures.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside of test functions"
)]

use proptest::prelude::*;
use quaywatch_domain::watchlist::{EntryKind, ListFormat, NameQuality, Value};
use quaywatch_domain::{Sha256, WatchlistEntry};
use quaywatch_screening::lists::{Defaults, Error, ListFile, Parts, read_list};

fn try_read(name: &str, bytes: &[u8]) -> Result<ListFile, Error> {
    let defaults = Defaults { file: Some((name, Sha256::of(bytes))), ..Defaults::new("list", "v1") };
    read_list(ListFormat::Auto, name, Parts::one(bytes), &defaults)
}

fn read(name: &str, text: &str) -> ListFile {
    let file = try_read(name, text.as_bytes()).unwrap();
    assert!(file.row_errors.is_empty(), "{:?}", file.row_errors);
    file
}

fn entry<'a>(file: &'a ListFile, id: &str) -> &'a WatchlistEntry {
    file.entries.iter().find(|entry| entry.entry_id == id).unwrap()
}

fn value(scheme: &'static str, value: &str) -> Value {
    Value { scheme: scheme.into(), value: value.into() }
}

fn names(entry: &WatchlistEntry) -> Vec<(&str, NameQuality)> {
    entry.names.iter().map(|name| (name.name.as_str(), name.quality)).collect()
}

use NameQuality::{Alias, Primary, Weak};

const UN: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<CONSOLIDATED_LIST xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" dateGenerated="2026-02-27T00:00:09.554Z">
 <INDIVIDUALS>
  <INDIVIDUAL>
   <DATAID>1001</DATAID><FIRST_NAME>ANTON</FIRST_NAME><SECOND_NAME>PIER</SECOND_NAME><THIRD_NAME>QUAYMAN</THIRD_NAME>
   <UN_LIST_TYPE>XYZ</UN_LIST_TYPE><REFERENCE_NUMBER>XYi.001</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON>
   <NAME_ORIGINAL_SCRIPT>Антон Пир</NAME_ORIGINAL_SCRIPT><COMMENTS1>Runs R &amp; D of a quay.</COMMENTS1>
   <NATIONALITY><VALUE>Iran (Islamic Republic of)</VALUE></NATIONALITY>
   <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Tony Pier</ALIAS_NAME></INDIVIDUAL_ALIAS>
   <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>The Crane</ALIAS_NAME></INDIVIDUAL_ALIAS>
   <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
   <INDIVIDUAL_ADDRESS><COUNTRY>Viet Nam</COUNTRY></INDIVIDUAL_ADDRESS>
   <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1971-02-28</DATE></INDIVIDUAL_DATE_OF_BIRTH>
   <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1970</FROM_YEAR><TO_YEAR>1972</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
   <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>AB 123456</NUMBER></INDIVIDUAL_DOCUMENT>
   <INDIVIDUAL_DOCUMENT/>
  </INDIVIDUAL>
 </INDIVIDUALS>
 <ENTITIES>
  <ENTITY>
   <DATAID>2001</DATAID><FIRST_NAME>QUAY TEST TRADING CORPORATION</FIRST_NAME><UN_LIST_TYPE>XYZ</UN_LIST_TYPE>
   <REFERENCE_NUMBER>XYe.001</REFERENCE_NUMBER>
   <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>QTTC</ALIAS_NAME></ENTITY_ALIAS>
   <ENTITY_ADDRESS><COUNTRY>Democratic People's Republic of Korea</COUNTRY></ENTITY_ADDRESS>
  </ENTITY>
 </ENTITIES>
</CONSOLIDATED_LIST>
"#;

#[test]
fn the_un_list_is_read_with_weak_aliases_scripts_and_documents() {
    let file = read("un.xml", UN);
    assert_eq!((file.rows, file.entries.len()), (2, 2));
    let person = entry(&file, "XYi.001");
    assert_eq!(
        names(person),
        [("ANTON PIER QUAYMAN", Primary), ("Антон Пир", Alias), ("Tony Pier", Alias), ("The Crane", Weak)]
    );
    assert_eq!(person.names[1].script.as_deref(), Some("Cyrl"));
    assert_eq!(person.countries, ["IR", "VN"]);
    assert_eq!(person.birth_dates, ["1970/1972", "1971-02-28"]);
    assert_eq!(person.values, [value("PASSPORT", "AB123456")]);
    assert_eq!(person.reason.as_deref(), Some("XYZ, listed on 2012-12-31. Runs R & D of a quay."));
    let provenance = person.provenance.as_deref().unwrap();
    assert_eq!((provenance.file.as_str(), provenance.row), ("un.xml", 1));
    assert_eq!(provenance.sha256, Sha256::of(UN.as_bytes()));
    let company = entry(&file, "XYe.001");
    assert_eq!((company.kind, company.countries.as_slice()), (EntryKind::Company, &["KP".to_owned()][..]));
    assert_eq!(names(company), [("QUAY TEST TRADING CORPORATION", Primary), ("QTTC", Alias)]);
}

#[test]
fn the_1718_vessels_are_read_from_csv_and_from_a_table_as_text() {
    let csv = "Designated vessels\nNo.,Vessel Name,IMO Number,Date of designation,Measure\n\
               1,QUAY STAR (formerly known as QUAY MOON),9321483,3 Oct 2017,Port entry ban\n2,OTHER,IMO 9074729,,\n";
    let file = read("vessels.csv", csv);
    let vessel = entry(&file, "IMO9321483");
    assert_eq!((vessel.kind, vessel.values.as_slice()), (EntryKind::Vessel, &[value("IMO", "9321483")][..]));
    assert_eq!(names(vessel), [("QUAY STAR", Primary), ("QUAY MOON", Alias)]);
    assert_eq!(vessel.reason.as_deref(), Some("Resolution 1718, designated on 3 Oct 2017. Port entry ban"));
    assert_eq!(entry(&file, "IMO9074729").names[0].name, "OTHER");

    let text = "1718 Designated Vessels List\n\n1. QUAY STAR   9321483   Port entry ban\n2. SECOND SHIP IMO 9074729 Asset freeze\nPage 1 of 1\n";
    let file = read("1718.txt", text);
    assert_eq!(file.entries.len(), 2);
    assert_eq!(entry(&file, "IMO9074729").names[0].name, "SECOND SHIP");
    assert!(try_read("1718.txt", b"No vessels today.\n").is_err());
}

const EU: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-03-01T10:00:00.000+01:00" globalFileId="1">
 <sanctionEntity designationDetails="" unitedNationId="" euReferenceNumber="EU.1.1" logicalId="1">
  <remark>Owner of a quay.</remark>
  <regulation programme="XYZ" numberTitle="1/2026 (OJ L1)" logicalId="9"><publicationUrl>https://example.invalid</publicationUrl></regulation>
  <subjectType code="person" classificationCode="P"/>
  <nameAlias firstName="Anton" middleName="" lastName="Pier" wholeName="Anton Pier" strong="true"/>
  <nameAlias wholeName="Αντων Πιερ" nameLanguage="EL" strong="true"/>
  <nameAlias wholeName="The Crane" strong="false"/>
  <nameAlias firstName="A." lastName="Pier" wholeName="" strong="true"/>
  <citizenship countryIso2Code="RU" countryDescription="RUSSIAN FEDERATION"/>
  <address countryIso2Code="00" countryDescription="UNKNOWN"/>
  <birthdate birthdate="1970-05-01" dayOfMonth="1" monthOfYear="5" year="1970"/>
  <birthdate year="1971"/>
  <identification identificationTypeCode="passport" number="AB123456" latinNumber=""/>
 </sanctionEntity>
 <sanctionEntity euReferenceNumber="EU.2.2" logicalId="2">
  <regulation programme="XYZ" numberTitle="1/2026 (OJ L1)"/>
  <subjectType code="enterprise" classificationCode="E"/>
  <nameAlias wholeName="QUAY STAR" strong="true"/>
  <identification identificationTypeCode="imo" number="9321483"/>
 </sanctionEntity>
</export>
"#;

#[test]
fn the_eu_list_is_read_and_enterprises_with_an_imo_number_are_ships() {
    let file = read("eu.xml", EU);
    let person = entry(&file, "EU.1.1");
    assert_eq!(
        names(person),
        [("Anton Pier", Primary), ("Αντων Πιερ", Alias), ("The Crane", Weak), ("A. Pier", Alias)]
    );
    assert_eq!((person.countries.as_slice(), person.kind), (&["RU".to_owned()][..], EntryKind::Person));
    assert_eq!(person.birth_dates, ["1970-05-01", "1971"]);
    assert_eq!(person.legal_basis.as_deref(), Some("EU 1/2026 (OJ L1)"));
    let ship = entry(&file, "EU.2.2");
    assert_eq!((ship.kind, ship.values.as_slice()), (EntryKind::Vessel, &[value("IMO", "9321483")][..]));
}

/// The 118 columns; those that are read have their names.
fn eu_row(cells: &[(usize, &str)]) -> String {
    let mut row = vec![String::new(); 118];
    for (column, text) in cells {
        row[*column] = (*text).to_owned();
    }
    row.join(";") + "\n"
}

#[test]
fn the_eu_csv_gives_the_same_entries() {
    let header = eu_row(&[
        (0, "fileGenerationDate"),
        (1, "Entity_LogicalId"),
        (2, "Entity_EU_ReferenceNumber"),
        (6, "Entity_Remark"),
        (7, "Entity_SubjectType"),
        (8, "Entity_SubjectType_ClassificationCode"),
        (13, "Entity_Regulation_NumberTitle"),
        (14, "Entity_Regulation_Programme"),
        (19, "NameAlias_WholeName"),
        (54, "BirthDate_BirthDate"),
        (78, "Identification_Number"),
        (90, "Identification_TypeCode"),
        (106, "Citizenship_CountryIso2Code"),
    ]);
    let entity = [
        (0, "01/03/2026"),
        (1, "1"),
        (2, "EU.1.1"),
        (7, "P"),
        (8, "person"),
        (13, "1/2026 (OJ L1)"),
        (14, "XYZ"),
    ];
    let with = |more: &[(usize, &str)]| eu_row(&[entity.as_slice(), more].concat());
    let ship = [(1, "2"), (2, "EU.2.2"), (7, "E"), (8, "enterprise"), (14, "XYZ")];
    let csv = [
        header,
        with(&[(19, "\"Anton; Pier\"")]),
        with(&[(19, "The Crane"), (26, "(low quality alias)")]),
        with(&[(54, "1970-05-01")]),
        with(&[(78, "AB123456"), (90, "passport")]),
        with(&[(106, "RU")]),
        eu_row(&[ship.as_slice(), &[(19, "QUAY STAR")]].concat()),
        eu_row(&[ship.as_slice(), &[(78, "9321483"), (90, "imo")]].concat()),
    ]
    .concat();
    let file = read("eu.csv", &format!("\u{feff}{csv}"));
    assert_eq!((file.rows, file.entries.len()), (7, 2));
    let person = entry(&file, "EU.1.1");
    assert_eq!(names(person), [("Anton; Pier", Primary), ("The Crane", Weak)]);
    assert_eq!(
        (person.countries.as_slice(), person.birth_dates.as_slice()),
        (&["RU".to_owned()][..], &["1970-05-01".to_owned()][..])
    );
    assert_eq!(person.values, [value("PASSPORT", "AB123456")]);
    assert_eq!(
        (entry(&file, "EU.2.2").kind, file.entries[1].values.as_slice()),
        (EntryKind::Vessel, &[value("IMO", "9321483")][..])
    );
}

#[test]
fn the_uk_sanctions_list_is_read_row_by_row_into_entries() {
    let csv = "Report Date: 08-Oct-2026\n\
        Last Updated,Unique ID,OFSI Group ID,Name 6,Name 1,Name 2,Name type,Alias strength,Name non-latin script,Regime Name,\
        Designation Type,Other Information,UK Statement of Reasons,Address Country,D.O.B,Nationality(/ies),Passport number,\
        Business registration number (s),IMO number,Current owner/operator (s),Current believed flag of ship\n\
        04/08/2026,XYZ0001,1,PIER,Anton,Q,Primary Name,,Антон Пир,Quays,Individual,,Ran a quay.,Iran,dd/mm/1970,(1) Iran. (2) Syria,AB 123456,,,,\n\
        04/08/2026,XYZ0001,1,PIER,Tony,,Alias,Good quality,,Quays,Individual,,,,01/05/1970,,,,,,\n\
        04/08/2026,XYZ0001,1,THE CRANE,,,Alias,Low quality,,Quays,Individual,,,,,,,,,,\n\
        04/08/2026,XYZ0002,,QUAY STAR,,,Primary Name,,,Quays,Ship,,,,,,,,9321483,Pier Line Ltd,Panama\n";
    let file = read("UK-Sanctions-List.csv", csv);
    let person = entry(&file, "XYZ0001");
    assert_eq!(
        names(person),
        [("Anton Q PIER", Primary), ("Антон Пир", Alias), ("Tony PIER", Alias), ("THE CRANE", Weak)]
    );
    assert_eq!(person.countries, ["IR", "SY"]);
    assert_eq!(person.birth_dates, ["1970", "1970-05-01"]);
    assert_eq!(person.reason.as_deref(), Some("Quays. Ran a quay."));
    let ship = entry(&file, "XYZ0002");
    assert_eq!((ship.kind, ship.values.as_slice()), (EntryKind::Vessel, &[value("IMO", "9321483")][..]));
    assert_eq!(
        (ship.linked_to.as_slice(), ship.countries.as_slice()),
        (&["Pier Line Ltd".to_owned()][..], &["PA".to_owned()][..])
    );
}

#[test]
fn the_consolidated_list_of_ofsi_is_read_with_what_its_free_text_holds() {
    let csv = "Last Updated,05/06/2026\r\n\
        Name 6,Name 1,Name 2,Title,DOB,Nationality,Country,Other Information,Group Type,Alias Type,Alias Quality,Regime,Listed On,Last Updated,Group ID\r\n\
        PIER,Anton,,Mr,01/05/1970,Russia,Cyprus,,Individual,Primary name,,Quays,01/03/2022,01/03/2022,90002\r\n\
        CRANE,,,,,,,,Individual,AKA,Low,Quays,01/03/2022,01/03/2022,90002\r\n\
        QUAY STAR,,,,,,,(UK Sanctions List Ref):XYZ0002. (UK Statement of Reasons):Carried cranes. (IMO number):9321483. (Current believed flag of ship):Iran.,Ship,Primary name,,Quays,01/03/2022,01/03/2022,90003\r\n";
    let file = read("ConList.csv", csv);
    assert_eq!(names(entry(&file, "90002")), [("Anton PIER", Primary), ("CRANE", Weak)]);
    let ship = entry(&file, "90003");
    assert_eq!(ship.values, [value("IMO", "9321483")]);
    assert_eq!(ship.countries, ["IR"]);
    assert_eq!(ship.reason.as_deref(), Some("Quays, designated on 01/03/2022. Carried cranes"));
}

#[test]
fn open_sanctions_csv_is_unquoted_twice_and_identifiers_are_told_by_form() {
    let csv = "\"id\",\"schema\",\"name\",\"aliases\",\"birth_date\",\"countries\",\"addresses\",\"identifiers\",\"sanctions\",\"phones\",\"emails\",\"dataset\",\"first_seen\",\"last_seen\",\"last_change\"\n\
        \"NK-1\",\"Vessel\",\"QUAY STAR\",\"QUAY MOON;\"\"STAR; QUAY\"\"\",\"\",\"pa;ir\",\"\",\"IMO9321483;123456789;572469210\",\"Program X\",\"\",\"\",\"Some List\",\"\",\"\",\"\"\n\
        \"NK-2\",\"Person\",\"Anton Pier\",\"\",\"1970-05-01;1971\",\"ru\",\"\",\"AB123456\",\"\",\"\",\"\",\"Some List\",\"\",\"\",\"\"\n\
        \"NK-3\",\"Airplane\",\"XX-ABC\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\n";
    let file = read("targets.simple.csv", csv);
    assert_eq!((file.rows, file.entries.len(), file.out_of_scope), (3, 2, 1));
    let ship = entry(&file, "NK-1");
    assert_eq!(names(ship), [("QUAY STAR", Primary), ("QUAY MOON", Alias), ("STAR; QUAY", Alias)]);
    assert_eq!(ship.countries, ["IR", "PA"]);
    assert_eq!(
        ship.values,
        [value("IMO", "9321483"), value("MMSI", "572469210"), value("OTHER", "123456789")]
    );
    assert_eq!(entry(&file, "NK-2").birth_dates, ["1970-05-01", "1971"]);
}

#[test]
fn follow_the_money_entities_keep_weak_aliases_apart_and_are_linked() {
    let lines = r#"{"id":"s1","schema":"Sanction","target":false,"properties":{"entity":["v1"],"program":["Program X"]}}
{"id":"v1","caption":"QUAY STAR","schema":"Vessel","target":true,"datasets":["some_list"],"properties":{"name":["QUAY STAR"],"previousName":["QUAY MOON"],"weakAlias":["STAR"],"imoNumber":["IMO9321483"],"mmsi":["572469210"],"callSign":["9HXX9"],"flag":["pa"],"owner":["c1"]}}
{"id":"c1","caption":"Pier Line","schema":"Company","target":true,"datasets":["some_list"],"properties":{"name":["Pier Line"],"imoNumber":["5988121"],"country":["ru"]}}
{"id":"p1","caption":"Bystander","schema":"Person","target":false,"properties":{"name":["Bystander"]}}
{"id":"a1","schema":"Address","target":false,"properties":{}}
"#;
    let file = read("entities.ftm.json", lines);
    assert_eq!((file.rows, file.entries.len(), file.out_of_scope), (5, 2, 3));
    let ship = entry(&file, "v1");
    assert_eq!(names(ship), [("QUAY STAR", Primary), ("QUAY MOON", Alias), ("STAR", Weak)]);
    assert_eq!(
        ship.values,
        [value("CALL_SIGN", "9HXX9"), value("IMO", "9321483"), value("MMSI", "572469210")]
    );
    assert_eq!(
        (ship.linked_to.as_slice(), ship.reason.as_deref()),
        (&["Pier Line".to_owned()][..], Some("Program X"))
    );
    assert_eq!(entry(&file, "c1").values, [value("IMO_COMPANY", "5988121")]);
}

const ADVANCED: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Sanctions xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/ADVANCED_XML">
 <DateOfIssue CalendarTypeID="1"><Year>2026</Year><Month>3</Month><Day>1</Day></DateOfIssue>
 <ReferenceValueSets>
  <CountryValues><Country ID="1" ISO2="PA">Panama</Country><Country ID="2">Iran</Country></CountryValues>
  <DetailReferenceValues><DetailReference ID="50">Panama</DetailReference></DetailReferenceValues>
  <FeatureTypeValues>
   <FeatureType ID="8">Birthdate</FeatureType><FeatureType ID="10">Nationality Country</FeatureType>
   <FeatureType ID="3">Vessel Flag</FeatureType><FeatureType ID="1">Vessel Call Sign</FeatureType><FeatureType ID="25">Location</FeatureType>
  </FeatureTypeValues>
  <IDRegDocTypeValues><IDRegDocType ID="1571">Passport</IDRegDocType><IDRegDocType ID="1626">Vessel Registration Identification</IDRegDocType></IDRegDocTypeValues>
  <NamePartTypeValues><NamePartType ID="1520">Last Name</NamePartType><NamePartType ID="1521">First Name</NamePartType><NamePartType ID="1528">Vessel Name</NamePartType></NamePartTypeValues>
  <PartyTypeValues><PartyType ID="1">Individual</PartyType><PartyType ID="2">Entity</PartyType></PartyTypeValues>
  <PartySubTypeValues>
   <PartySubType ID="1" PartyTypeID="4">Vessel</PartySubType><PartySubType ID="2" PartyTypeID="4">Aircraft</PartySubType>
   <PartySubType ID="3" PartyTypeID="2">Unknown</PartySubType><PartySubType ID="4" PartyTypeID="1">Unknown</PartySubType>
  </PartySubTypeValues>
 </ReferenceValueSets>
 <Locations>
  <Location ID="500"><LocationCountry CountryID="2"/></Location>
  <Location ID="501"><LocationPart LocPartTypeID="1"><LocationPartValue Primary="true"><Value>Panama</Value></LocationPartValue></LocationPart></Location>
 </Locations>
 <IDRegDocuments>
  <IDRegDocument ID="1" IDRegDocTypeID="1571" IdentityID="91" IssuedBy-CountryID="1"><IDRegistrationNo>AB 123456</IDRegistrationNo></IDRegDocument>
  <IDRegDocument ID="2" IDRegDocTypeID="1626" IdentityID="92"><IDRegistrationNo>IMO 9321483</IDRegistrationNo></IDRegDocument>
 </IDRegDocuments>
 <DistinctParties>
  <DistinctParty FixedRef="9001"><Comment/>
   <Profile ID="9001" PartySubTypeID="4">
    <Identity ID="91" FixedRef="9001" Primary="true" False="false">
     <Alias FixedRef="9001" AliasTypeID="1403" Primary="true" LowQuality="false"><DocumentedName ID="1">
      <DocumentedNamePart><NamePartValue NamePartGroupID="11">PIER</NamePartValue></DocumentedNamePart>
      <DocumentedNamePart><NamePartValue NamePartGroupID="12">Anton</NamePartValue></DocumentedNamePart></DocumentedName></Alias>
     <Alias AliasTypeID="1400" Primary="false" LowQuality="true"><DocumentedName ID="2">
      <DocumentedNamePart><NamePartValue NamePartGroupID="12">The Crane</NamePartValue></DocumentedNamePart></DocumentedName></Alias>
     <NamePartGroups><MasterNamePartGroup><NamePartGroup ID="11" NamePartTypeID="1520"/></MasterNamePartGroup><MasterNamePartGroup><NamePartGroup ID="12" NamePartTypeID="1521"/></MasterNamePartGroup></NamePartGroups>
    </Identity>
    <Feature ID="1" FeatureTypeID="8"><FeatureVersion ID="1"><DatePeriod CalendarTypeID="1"><Start><From><Year>1970</Year><Month>1</Month><Day>1</Day></From><To><Year>1970</Year><Month>1</Month><Day>1</Day></To></Start><End><From><Year>1970</Year><Month>12</Month><Day>31</Day></From><To><Year>1970</Year><Month>12</Month><Day>31</Day></To></End></DatePeriod></FeatureVersion></Feature>
    <Feature ID="2" FeatureTypeID="10"><FeatureVersion ID="2"><VersionLocation LocationID="501"/></FeatureVersion></Feature>
    <Feature ID="3" FeatureTypeID="25"><FeatureVersion ID="3"><VersionLocation LocationID="500"/></FeatureVersion></Feature>
   </Profile>
  </DistinctParty>
  <DistinctParty FixedRef="9002">
   <Profile ID="9002" PartySubTypeID="1">
    <Identity ID="92" Primary="true"><Alias Primary="true" LowQuality="false"><DocumentedName ID="3"><DocumentedNamePart><NamePartValue NamePartGroupID="13">QUAY STAR</NamePartValue></DocumentedNamePart></DocumentedName></Alias></Identity>
    <Feature ID="4" FeatureTypeID="3"><FeatureVersion ID="4"><VersionDetail DetailTypeID="1431" DetailReferenceID="50"/></FeatureVersion></Feature>
    <Feature ID="5" FeatureTypeID="1"><FeatureVersion ID="5"><VersionDetail DetailTypeID="1432">9HXX9</VersionDetail></FeatureVersion></Feature>
   </Profile>
  </DistinctParty>
  <DistinctParty FixedRef="9003"><Profile ID="9003" PartySubTypeID="2"><Identity ID="93"/></Profile></DistinctParty>
 </DistinctParties>
 <ProfileRelationships><ProfileRelationship ID="1" From-ProfileID="9002" To-ProfileID="9001" RelationTypeID="15003"/></ProfileRelationships>
 <SanctionsEntries>
  <SanctionsEntry ID="1" ProfileID="9002" ListID="1550"><EntryEvent ID="1" LegalBasisID="1"/><SanctionsMeasure ID="1" SanctionsTypeID="1"><Comment>PROGX</Comment></SanctionsMeasure><SanctionsMeasure ID="2" SanctionsTypeID="2"><Comment/></SanctionsMeasure></SanctionsEntry>
 </SanctionsEntries>
</Sanctions>
"#;

#[test]
fn the_advanced_list_of_ofac_is_read_with_low_quality_aliases_documents_and_links() {
    let file = read("SDN_ADVANCED.XML", ADVANCED);
    assert_eq!((file.rows, file.entries.len(), file.out_of_scope), (3, 2, 1));
    let person = entry(&file, "9001");
    assert_eq!(
        (person.kind, names(person)),
        (EntryKind::Person, vec![("PIER, Anton", Primary), ("The Crane", Weak)])
    );
    assert_eq!(
        (person.birth_dates.as_slice(), person.countries.as_slice()),
        (&["1970".to_owned()][..], &["IR".to_owned(), "PA".to_owned()][..])
    );
    assert_eq!(person.values, [value("PASSPORT", "AB123456")]);
    let ship = entry(&file, "9002");
    assert_eq!(ship.kind, EntryKind::Vessel);
    assert_eq!(ship.values, [value("CALL_SIGN", "9HXX9"), value("IMO", "9321483")]);
    assert_eq!(
        (ship.countries.as_slice(), ship.linked_to.as_slice()),
        (&["PA".to_owned()][..], &["PIER, Anton".to_owned()][..])
    );
    assert_eq!(ship.legal_basis.as_deref(), Some("OFAC PROGX"));
}

#[test]
fn remarks_that_did_not_fit_are_joined_before_they_are_read() {
    let main = "8001,\"QUAY STAR\",\"vessel\",\"PROGX] [PROGY\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"Former Vessel Flag Malta; Vessel Registration Identi\"\n";
    let comments = "8001,\"fication IMO 9321483; Linked To: PIER LINE.\"\n";
    let parts = Parts { comments: Some(comments.as_bytes()), ..Parts::one(main.as_bytes()) };
    let file = read_list(ListFormat::Auto, "cons_prim.csv", parts, &Defaults::new("ofac", "v1")).unwrap();
    let ship = entry(&file, "8001");
    assert_eq!(
        (ship.values.as_slice(), ship.linked_to.as_slice()),
        (&[value("IMO", "9321483")][..], &["PIER LINE".to_owned()][..])
    );
    assert_eq!(ship.legal_basis.as_deref(), Some("OFAC PROGX; PROGY"));
}

#[test]
fn every_list_that_is_cut_off_anywhere_is_refused_or_has_whole_entries_only() {
    for (name, text) in [("un.xml", UN), ("eu.xml", EU), ("SDN_ADVANCED.XML", ADVANCED)] {
        for end in (0..text.trim_end().len()).step_by(5).filter(|end| text.is_char_boundary(*end)) {
            let cut = try_read(name, &text.as_bytes()[..end]);
            assert!(cut.is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn the_same_text_in_utf_16_gives_the_same_list() {
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(UN.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let file = try_read("un.xml", &wide).unwrap();
    assert_eq!(file.encoding, "UTF-16LE");
    let plain = read("un.xml", UN);
    let names = |file: &ListFile| file.entries.iter().flat_map(|e| e.names.clone()).collect::<Vec<_>>();
    assert_eq!(names(&file), names(&plain));
}

#[test]
fn lists_that_are_no_lists_say_what_is_wrong() {
    let told = |name: &str, bytes: &[u8]| try_read(name, bytes).unwrap_err().to_string();
    assert!(told("un.xml", b"<!DOCTYPE html><html>").contains("web page"));
    assert!(told("un.xml", b"<?xml version='1.0'?><!DOCTYPE CONSOLIDATED_LIST [<!ENTITY a 'b'>]><CONSOLIDATED_LIST>&a;</CONSOLIDATED_LIST>").contains("document type"));
    assert!(told("un.xml", b"<CONSOLIDATED_LIST></CONSOLIDATED_LIST>").contains("empty"));
    assert!(told("eu.csv", b"fileGenerationDate;Entity_LogicalId\n1;\n").contains("Entity_LogicalId"));
    assert!(told("uk.csv", b"Name 6,Name 1\nA,B\n").contains("Unique ID"));
    let mixed = [
        b"list_id,entry_id,scheme,value,name\nl,1,SEAL,ML12345,caf\xe9\n".as_slice(),
        "l,2,SEAL,ML12346,café\n".as_bytes(),
    ]
    .concat();
    assert!(told("list.csv", &mixed).contains("two character sets"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        format in prop::sample::select(ListFormat::ALL),
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let _ = read_list(format, "list", Parts::one(bytes.as_slice()), &Defaults::new("list", "v1"));
    }

    #[test]
    fn damage_anywhere_is_an_error_or_a_list(
        format in prop::sample::select(ListFormat::ALL),
        which in 0..3_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = [UN, EU, ADVANCED][which].as_bytes().to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_list(format, "list", Parts::one(bytes.as_slice()), &Defaults::new("list", "v1"));
    }
}
