//! What each agency is told, and that nothing else shows.

use crate::common::{AGENCIES, POLICE_HIT, SEAL, alert, at, indicator, seal_change, watchlist_hit};
use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{
    Action, AgencyAlert, AlertState, Feedback, Handling, Indicator, Severity, Subject, Verdict,
};
use quaywatch_sharing::{
    Agencies, DisclosureState, Error, alert_text, cloud_event_headers, disclose, feedback_fact, pointer_fact,
    view_text,
};

fn agencies() -> Agencies {
    Agencies::parse(AGENCIES).unwrap()
}

fn of<'a>(views: &'a [AgencyAlert], agency: &str) -> &'a AgencyAlert {
    views.iter().find(|view| view.agency == agency).unwrap()
}

fn names(views: &[AgencyAlert]) -> Vec<&str> {
    views.iter().map(|view| view.agency.as_str()).collect()
}

fn codes(view: &AgencyAlert) -> Vec<&str> {
    view.indicators.iter().map(|indicator| indicator.code.as_str()).collect()
}

#[test]
fn the_agencies_file_of_the_deployment_is_read() {
    let agencies = Agencies::parse(include_str!("../../../../deploy/agencies.toml")).unwrap();
    assert_eq!(agencies.ids().collect::<Vec<_>>(), ["customs-koper", "police-koper", "terminal-koper"]);
    assert!(agencies.get("police-koper").unwrap().discreet);
    assert!(!agencies.get("terminal-koper").unwrap().wants("WL-identifier"));
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let with = |line: &str| {
        let text = format!(
            "[agencies.t1]\nname = \"T\"\nrole = \"terminal\"\nclearance = {{ tlp = \"AMBER\", code = \"H0\" }}\n{line}\n"
        );
        Agencies::parse(&text).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with(""), Ok(()));
    let refused = |line: &str| with(line).unwrap_err();
    assert!(refused("discreet = true").contains("discreet"));
    assert!(refused("fields = [\"seal\"]").contains("seals"));
    assert!(refused("indicators = [\"*-a\"]").contains("MO-03*"));
    assert!(refused("threshold = 140").contains("140"));
    assert!(refused("terminals = []").contains("terminals"));
    assert!(refused("colour = 1").contains("colour"));
    assert!(matches!(Agencies::parse(""), Err(Error::None)));
    let bad_id = AGENCIES.replace("agencies.police", "agencies.Police_1");
    assert!(matches!(Agencies::parse(&bad_id), Err(Error::Id(_))));
}

#[test]
fn each_agency_sees_what_its_clearance_allows_and_what_follows_from_that() {
    let alert = alert(vec![watchlist_hit("WL-identifier", "RED/H2", None), seal_change()], at(5));
    let views = disclose(&agencies(), &alert, &mut DisclosureState::default(), at(6));
    assert_eq!(names(&views), ["customs", "police", "port", "terminal"]);
    assert_eq!(codes(of(&views, "police")), ["MO-03a", "WL-identifier"]);
    let terminal = of(&views, "terminal");
    assert_eq!(codes(terminal), ["MO-03a"]);
    assert_eq!((terminal.severity, terminal.score, terminal.score_parts.len()), (Severity::High, 75.0, 1));
    assert_eq!(terminal.recommended_action, Action::Scan);
    assert_eq!(terminal.handling, Handling::port_traffic());
    assert!(terminal.title.ends_with("unexplained."), "{}", terminal.title);
    assert!(terminal.versions.lists.is_empty() && terminal.legal_basis.is_empty());
    assert_eq!(of(&views, "police").versions.lists, ["police@v1"]);
    assert_eq!((of(&views, "police").revision, of(&views, "police").state), (1, AlertState::Raised));
    assert_eq!(of(&views, "customs").indicators.len(), 1, "RED is beyond customs");
}

#[test]
fn the_owner_of_an_entry_sees_its_hits_whatever_its_settings() {
    let mut hit = watchlist_hit("WL-identifier", "RED/H3", Some("terminal"));
    hit.discreet = true;
    hit.severity = Severity::Low;
    hit.weight = 15.0;
    let mut alert = alert(vec![hit], at(5));
    alert.visit.terminal = Some("ITTRS".into());
    alert.keys.terminal = Some("ITTRS".into());
    let views = disclose(&agencies(), &alert, &mut DisclosureState::default(), at(6));
    let terminal = of(&views, "terminal");
    assert_eq!(terminal.indicators[0].list.as_deref(), Some("police@v1"));
    assert!(terminal.indicators[0].sentence.contains(SEAL));
    assert!(terminal.indicators[0].owner.is_some());
}

#[test]
fn discreet_hits_reach_their_owner_and_agencies_that_are_trusted_with_them_alone() {
    let mut hit = watchlist_hit("WL-identifier", "AMBER/H0", Some("customs"));
    hit.discreet = true;
    let views = disclose(&agencies(), &alert(vec![hit], at(5)), &mut DisclosureState::default(), at(6));
    assert_eq!(names(&views), ["customs", "police"]);
}

/// As detection says what people do: under the label of the module, and as discreet as a DISCREET hit.
#[test]
fn what_people_do_reaches_those_alone_who_are_cleared_and_trusted_with_it() {
    let mut looked_up = indicator("MO-16c", Severity::High, "Looked up by 3 organisations without business.");
    looked_up.handling = Handling::parse("RED/H1").unwrap();
    looked_up.discreet = true;
    let told = |text: &str, indicators: Vec<Indicator>| {
        let agencies = Agencies::parse(text).unwrap();
        disclose(&agencies, &alert(indicators, at(5)), &mut DisclosureState::default(), at(6))
    };
    assert_eq!(names(&told(AGENCIES, vec![looked_up.clone()])), ["police"]);
    // Cleared for RED is not enough: those whose people are looked at may never be trusted with it.
    let cleared = AGENCIES.replace("tlp = \"AMBER\", code = \"H0\"", "tlp = \"RED\", code = \"H3\"");
    assert_eq!(names(&told(&cleared, vec![looked_up.clone()])), ["police"]);
    assert!(Agencies::parse(&cleared.replace("threshold = 50", "threshold = 50\ndiscreet = true")).is_err());
    // Beside an open indicator it changes nothing that the others read.
    let open = told(AGENCIES, vec![seal_change()]);
    let both = told(AGENCIES, vec![seal_change(), looked_up]);
    for agency in ["customs", "terminal"] {
        assert_eq!(of(&open, agency), of(&both, agency));
    }
    assert_eq!(of(&both, "police").indicators.len(), 2);
}

#[test]
fn sentences_about_a_trade_are_plain_for_those_who_see_no_parties() {
    let hijack =
        indicator("MO-18a", Severity::High, "A known importer has a new forwarder and contact at once.");
    let ghost = indicator("MO-21a", Severity::High, "Discharged although no manifest of the call names it.");
    let views =
        disclose(&agencies(), &alert(vec![hijack, ghost], at(5)), &mut DisclosureState::default(), at(6));
    let sentences = |agency: &str| -> Vec<String> {
        of(&views, agency).indicators.iter().map(|i| i.sentence.clone()).collect()
    };
    assert!(sentences("customs")[0].contains("forwarder"));
    assert_eq!(sentences("terminal")[0], "Its importer or delivery is not as usual.");
    assert_eq!(sentences("terminal")[1], sentences("customs")[1]);
}

#[test]
fn the_control_sample_is_told_to_the_agency_that_has_it_drawn_alone() {
    let drawn = || Indicator {
        discreet: true,
        owner: Some("customs".into()),
        weight: 0.0,
        ..indicator("CONTROL", Severity::Low, "Drawn at random for control; there is no suspicion.")
    };
    let views = disclose(&agencies(), &alert(vec![drawn()], at(5)), &mut DisclosureState::default(), at(5));
    assert_eq!(names(&views), ["customs"]);
    assert_eq!((views[0].severity, views[0].score), (Severity::Low, 0.0));
    let beside = alert(vec![drawn(), seal_change()], at(5));
    let views = disclose(&agencies(), &beside, &mut DisclosureState::default(), at(5));
    assert_eq!(codes(of(&views, "customs")), ["MO-03a", "CONTROL"]);
    assert_eq!(codes(of(&views, "police")), ["MO-03a"], "cleared for all and trusted with discreet hits");
}

#[test]
fn a_container_of_another_terminal_is_none_of_a_terminals_business() {
    let mut alert = alert(vec![seal_change()], at(5));
    alert.visit.terminal = Some("ITTRS".into());
    let views = disclose(&agencies(), &alert, &mut DisclosureState::default(), at(6));
    assert_eq!(names(&views), ["customs", "police"]);
}

#[test]
fn no_withheld_part_is_left_in_any_byte_of_a_view() {
    let mut twin = indicator("MO-04a", Severity::High, &format!("Seal {SEAL} is also on OOLU4293959."));
    twin.origin = Some(Subject::new(SubjectKind::Seal, SEAL));
    twin.carried = vec![crate::common::evidence("gate/77/OOLU4293959", 3)];
    twin.evidence.push("gate/77/OOLU4293959".into());
    twin.evidence.push(format!("ind/seal/{SEAL}/MO-04a").into());
    let hit = watchlist_hit("WL-identifier", "GREEN/H0", None);
    let unknown = indicator(
        "XX-99",
        Severity::High,
        &format!("Bill MAEU777888 and seal {} differ.", SEAL.to_lowercase()),
    );
    let mut empty = indicator(
        "CONTAGION-origin",
        Severity::Medium,
        "One of the next empties from ECGYE, the port of loading of OOLU4293959, in which police seized goods.",
    );
    empty.origin = Some(Subject::new(SubjectKind::Origin, "ECGYE"));
    let mut alert = alert(vec![hit, twin, unknown, empty, seal_change()], at(5));
    for evidence in &mut alert.evidence {
        evidence.event_id = Some("gate/maeu777888/1".into());
        evidence.path = format!("/bills/MAEU777888/seals/{SEAL}").into();
    }
    let views = disclose(&agencies(), &alert, &mut DisclosureState::default(), at(6));
    let port = serde_json::to_string(of(&views, "port")).unwrap().to_uppercase();
    for withheld in [SEAL, "MAEU777888", "OOLU4293959", "RELEASE-1", "POLICE@", "W-1", "ECGYE"] {
        assert!(!port.contains(withheld), "{withheld} in {port}");
    }
    assert!(port.contains("SOMETHING WAS FOUND IN A CONTAINER THAT IT HAS TO DO WITH"), "{port}");
    assert_eq!(of(&views, "port").indicators.len(), 5);
    let police = serde_json::to_string(of(&views, "police")).unwrap();
    for shown in [SEAL, "MAEU777888", "OOLU4293959", "RELEASE-1", "police@"] {
        assert!(police.contains(shown), "{shown}");
    }
    let terminal = of(&views, "terminal");
    assert!(
        terminal.keys.seals == [SEAL] && terminal.keys.bills.is_empty() && terminal.keys.release.is_none()
    );
    assert!(!serde_json::to_string(terminal).unwrap().contains("OOLU"));
}

#[test]
fn a_view_is_told_again_only_when_it_changed() {
    let agencies = agencies();
    let mut state = DisclosureState::default();
    let both = || vec![watchlist_hit("WL-identifier", "RED/H2", None), seal_change()];
    assert_eq!(disclose(&agencies, &alert(both(), at(5)), &mut state, at(6)).len(), 4);
    assert!(disclose(&agencies, &alert(both(), at(5)), &mut state, at(7)).is_empty());
    let only_seal = disclose(&agencies, &alert(vec![seal_change()], at(5)), &mut state, at(8));
    assert_eq!(names(&only_seal), ["police"], "the others never saw the hit");
    assert_eq!((only_seal[0].revision, only_seal[0].state), (2, AlertState::Updated));
    let mut retracted = alert(Vec::new(), at(5));
    retracted.state = AlertState::Retracted;
    let gone = disclose(&agencies, &retracted, &mut state, at(9));
    assert_eq!(names(&gone), ["customs", "police", "port", "terminal"]);
    let terminal = of(&gone, "terminal");
    assert_eq!((terminal.revision, terminal.withdrawn, terminal.state), (2, true, AlertState::Retracted));
    assert!(terminal.indicators.is_empty() && terminal.evidence.is_empty() && terminal.keys.seals.is_empty());
    assert!(disclose(&agencies, &retracted, &mut state, at(10)).is_empty());
    let back = disclose(&agencies, &alert(vec![seal_change()], at(5)), &mut state, at(11));
    assert_eq!((of(&back, "terminal").revision, of(&back, "terminal").state), (3, AlertState::Raised));
}

#[test]
fn an_answer_closes_the_views_and_new_evidence_opens_them_again() {
    let agencies = agencies();
    let mut state = DisclosureState::default();
    disclose(&agencies, &alert(vec![seal_change()], at(5)), &mut state, at(6));
    let mut closed = alert(vec![seal_change()], at(5));
    closed.state = AlertState::Closed;
    let views = disclose(&agencies, &closed, &mut state, at(7));
    assert!(views.len() == 4 && views.iter().all(|view| view.state == AlertState::Closed && !view.withdrawn));
    let mut later = indicator("MO-25a", Severity::High, "Left the terminal under a customs hold.");
    later.evidence = vec!["fact-later".into()];
    let reopened = crate::common::alert_with(vec![seal_change(), later], at(5), &[("fact-later", 9)]);
    let views = disclose(&agencies, &reopened, &mut state, at(10));
    assert!(views.iter().all(|view| view.state == AlertState::Updated && view.revision == 3));
}

#[test]
fn a_watch_that_ran_out_is_closed_where_it_is_seen_and_nothing_else_is() {
    let watch = |ended: Option<i64>| Indicator {
        rule: "CONTAGION".into(),
        ended_at: ended.map(at),
        handling: Handling::parse("AMBER+STRICT/H1").unwrap(),
        ..indicator("CONTAGION-shipper", Severity::Medium, "From the same shipper as MSKU1234565.")
    };
    let low = || indicator("MO-12c", Severity::Low, "Copied.");
    let other = || indicator("MO-14d", Severity::Low, "Stored on.");
    let text = AGENCIES.replace("threshold = 50", "threshold = 25");
    let agencies = Agencies::parse(&text).unwrap();
    let mut state = DisclosureState::default();
    let before = disclose(&agencies, &alert(vec![watch(None), low(), other()], at(5)), &mut state, at(5));
    assert_eq!(names(&before), ["customs", "police", "terminal"]);
    assert_eq!(codes(of(&before, "terminal")), ["MO-12c", "MO-14d"]);

    let over = quaywatch_domain::Alert {
        state: AlertState::Closed,
        ..alert(vec![watch(Some(8)), low(), other()], at(8))
    };
    let after = disclose(&agencies, &over, &mut state, at(8));
    assert_eq!(names(&after), ["customs", "police"], "the terminal never saw the watch");
    for view in &after {
        assert_eq!((view.state, view.withdrawn, view.indicators.len()), (AlertState::Closed, false, 3));
    }
    // Nothing was settled by it: what is found afterwards is told.
    let more = alert(vec![watch(Some(8)), seal_change()], at(9));
    let again = disclose(&agencies, &more, &mut state, at(9));
    assert!(names(&again).contains(&"customs"));
    let customs = of(&again, "customs");
    assert_eq!((customs.state, customs.severity, customs.score), (AlertState::Updated, Severity::High, 75.0));
    // Who hears of it when it is over hears nothing.
    assert!(
        disclose(&agencies, &over, &mut DisclosureState::default(), at(8))
            .iter()
            .all(|v| v.agency == "terminal")
    );
}

#[test]
fn headers_follow_cloud_events_and_name_no_container() {
    let views =
        disclose(&agencies(), &alert(vec![seal_change()], at(5)), &mut DisclosureState::default(), at(6));
    let headers = cloud_event_headers(of(&views, "terminal"));
    let text: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect();
    let id = views[0].alert_id;
    let expected = [
        "ce_specversion=1.0".to_owned(),
        format!("ce_id={id}.1"),
        "ce_source=/quaywatch/agencies/terminal".to_owned(),
        "ce_type=quaywatch.alert.raised.v1".to_owned(),
        format!("ce_time={}", at(6)),
    ];
    assert_eq!(text, expected);
}

#[test]
fn answers_become_facts_of_the_alert_or_of_its_subject() {
    let alert = alert(vec![seal_change()], at(5));
    let pointer = pointer_fact(&alert);
    assert_eq!(pointer.fact_id, format!("alert/{}", alert.alert_id));
    assert_eq!(pointer.pointer.unwrap().subject, alert.subject);
    let mut feedback = Feedback {
        alert_id: Some(alert.alert_id),
        subject: None,
        agency: "police".into(),
        verdict: Verdict::FalsePositive,
        quantity: None,
        unit: None,
        note: None,
        by: None,
        at: at(8),
        alert_revision: Some(1),
    };
    let fact = feedback_fact(&feedback).unwrap();
    assert_eq!(fact.fact_id, format!("fb/{}/police", alert.alert_id));
    assert_eq!((fact.subject, fact.revision), (pointer.subject, at(8).as_millis()));
    feedback.alert_id = None;
    assert!(feedback_fact(&feedback).is_none());
    feedback.subject = Some(alert.subject.clone());
    assert_eq!(feedback_fact(&feedback).unwrap().subject, alert.subject);
}

#[test]
fn a_duty_officer_can_read_it() {
    let alert = alert(vec![watchlist_hit("WL-identifier", "RED/H2", None), seal_change()], at(5));
    let text = alert_text(&alert);
    assert!(text.starts_with("NEW  HIGH  container CSQU3054383  at LUKKP\n"), "{text}");
    assert!(text.contains(POLICE_HIT) && text.contains("advice: ") && text.contains("TLP:RED/H2"), "{text}");
    assert!(text.contains("2 pieces of evidence"), "{text}");
    let mut state = DisclosureState::default();
    let views = disclose(&agencies(), &alert, &mut state, at(6));
    let text = view_text(of(&views, "terminal"));
    assert!(text.contains("for terminal") && !text.contains(POLICE_HIT), "{text}");
    let gone = disclose(&agencies(), &crate::common::alert(Vec::new(), at(5)), &mut state, at(7));
    let text = view_text(of(&gone, "terminal"));
    assert!(text.starts_with("WITHDRAWN  container CSQU3054383") && text.lines().count() == 3, "{text}");
}

#[test]
fn clearance_needs_light_and_code() {
    let clearance = agencies().get("customs").unwrap().clearance;
    assert!(clearance.allows(&Handling::new(Tlp::AmberStrict, EuropolCode::H2)));
    assert!(!clearance.allows(&Handling::new(Tlp::Red, EuropolCode::H0)));
    assert!(!clearance.allows(&Handling::new(Tlp::Clear, EuropolCode::H3)));
}

#[test]
fn only_what_newer_rules_raised_is_said_to_be_seen_in_hindsight() {
    let says = |by_newer_rules, state, hours: i64| {
        let mut alert = alert(vec![indicator("MO-25a", Severity::High, "Left under a hold.")], at(0));
        alert.in_hindsight = by_newer_rules;
        alert.state = state;
        alert.produced_at = alert.detected_at.plus_millis(hours * 3_600_000);
        alert_text(&alert).contains("would have been raised at")
    };
    assert!(says(true, AlertState::Raised, 30));
    assert!(!says(true, AlertState::Raised, 1), "that is now");
    assert!(
        !says(false, AlertState::Raised, 30),
        "read late, or late word of something took away what explained it"
    );
    assert!(says(true, AlertState::Updated, 30), "what is new in it");
    assert!(!says(true, AlertState::Closed, 30));
}

#[test]
fn what_newer_rules_add_is_seen_in_hindsight_by_those_who_see_it_alone() {
    let agencies = agencies();
    let mut state = DisclosureState::default();
    disclose(&agencies, &alert(vec![seal_change()], at(5)), &mut state, at(5));
    // The hit is new by newer rules, and another weight is no news of that kind.
    let mut heavier = seal_change();
    heavier.weight += 5.0;
    let mut newer = alert(vec![watchlist_hit("WL-identifier", "RED/H2", None), heavier], at(9));
    newer.state = AlertState::Updated;
    newer.in_hindsight = true;
    let views = disclose(&agencies, &newer, &mut state, at(9));
    for view in &views {
        assert_eq!(view.in_hindsight, view.agency == "police", "{}", view.agency);
    }
    assert!(names(&views).contains(&"police") && names(&views).contains(&"terminal"));
    // Who was told nothing before sees all of it so.
    let first = disclose(&agencies, &newer, &mut DisclosureState::default(), at(9));
    assert!(first.iter().all(|view| view.state == AlertState::Raised && view.in_hindsight));
}
