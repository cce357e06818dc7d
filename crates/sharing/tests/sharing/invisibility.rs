//! What an agency may not see has no effect on anything that it reads.

use crate::common::{AGENCIES, alert_with, at, indicator};
use proptest::prelude::*;
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::blinding;
use quaywatch_domain::handling::{EuropolCode, Tlp};
use quaywatch_domain::{AgencyAlert, Alert, Handling, Indicator, Severity};
use quaywatch_sharing::{Agencies, DEFAULT_THRESHOLD, DisclosureState, disclose};

const CODES: [&str; 5] = ["MO-01a", "MO-03b", "MO-04a", "MO-25a", "WL-identifier"];

/// One indicator of a random alert: which, how grave, which label, whose, and the hour of its evidence.
#[derive(Debug, Clone)]
struct Drawn {
    code: usize,
    severity: Severity,
    tlp: Tlp,
    europol: EuropolCode,
    owner: Option<&'static str>,
    nth: u8,
    hour: i64,
    /// Whether the secret one is a hit on a blinded entry of the police.
    blinded: bool,
}

impl Drawn {
    /// The indicator in a step at this hour, with the hour of its evidence.
    fn at(&self, hour: i64, discreet: bool) -> (Indicator, (String, i64)) {
        let mut indicator = self.indicator(discreet);
        let hour = hour - 25 + self.hour;
        let id =
            format!("fact/{}/{}/{}/{hour}", if discreet { "secret" } else { "open" }, self.code, self.nth);
        indicator.evidence = vec![id.clone().into()];
        (indicator, (id, hour))
    }

    fn indicator(&self, discreet: bool) -> Indicator {
        let code = if self.blinded && discreet { blinding::CODE } else { CODES[self.code] };
        let mut drawn = indicator(code, self.severity, &format!("Sentence {} of {code}.", self.nth));
        drawn.handling = Handling::new(self.tlp, self.europol);
        drawn.discreet = discreet;
        if discreet {
            drawn.sentence = format!("SECRET {}", self.nth);
            drawn.owner = Some(self.owner.unwrap_or("police").to_owned());
            drawn.list = Some(format!("secret@{}", self.nth));
            drawn.legal_basis = Some("SECRET GROUND".to_owned());
        }
        drawn
    }
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let owner = prop_oneof![Just(None), Just(Some("police")), Just(Some("customs"))];
    (
        0..CODES.len(),
        prop::sample::select(Severity::ALL),
        prop::sample::select(Tlp::ALL),
        prop::sample::select(EuropolCode::ALL),
        owner,
        (0..3_u8, 0..20_i64),
    )
        .prop_map(|(code, severity, tlp, europol, owner, (nth, hour))| Drawn {
            code,
            severity,
            tlp,
            europol,
            owner,
            nth,
            hour,
            blinded: false,
        })
}

/// The state of the world after one step: what holds, and up to when it is settled.
#[derive(Debug, Clone)]
struct Step {
    /// What holds from now on; `None`: what held before.
    open: Option<Vec<Drawn>>,
    discreet: Option<Vec<Drawn>>,
    settled: bool,
    /// Hours since the step before; an alert is current for 336.
    gap: i64,
}

impl Step {
    fn blinded(mut self) -> Self {
        for drawn in self.discreet.iter_mut().flatten() {
            drawn.blinded = true;
            drawn.owner = Some("police");
        }
        self
    }
}

fn step() -> impl Strategy<Value = Step> {
    let some = || prop::option::of(prop::collection::vec(drawn(), 0..4));
    (some(), some(), prop::bool::weighted(0.2), prop::sample::select(&[60_i64, 320, 340, 400][..]))
        .prop_map(|(open, discreet, settled, gap)| Step { open, discreet, settled, gap })
}

/// A detector in small: the alert over these indicators with diff, closing and retraction; as `detection` does it.
#[derive(Default)]
struct Detector {
    told: Option<String>,
    settled_at_hour: Option<i64>,
}

impl Detector {
    fn alert(&mut self, indicators: Vec<Indicator>, hours: &[(String, i64)], hour: i64) -> Option<Alert> {
        let hours: Vec<(&str, i64)> = hours.iter().map(|(id, hour)| (id.as_str(), *hour)).collect();
        let mut alert = alert_with(indicators, at(hour), &hours);
        let grave = alert.severity >= Severity::High;
        let lone_low = alert.indicators.len() == 1 && alert.severity == Severity::Low;
        let stands =
            !alert.indicators.is_empty() && (grave || (alert.score >= DEFAULT_THRESHOLD && !lone_low));
        if stands {
            let settled = self.settled_at_hour.is_some_and(|settled| at(settled) >= alert.detected_at);
            alert.state = match (settled || alert.valid_until <= at(hour), &self.told) {
                (true, _) => AlertState::Closed,
                (false, None) => AlertState::Raised,
                (false, Some(_)) => AlertState::Updated,
            };
        } else {
            self.told.as_ref()?;
            alert.indicators.clear();
            alert.state = AlertState::Retracted;
        }
        let closed = alert.state == AlertState::Closed;
        let digest = stands.then(|| {
            let same = Alert { produced_at: at(0), state: AlertState::Raised, ..alert.clone() };
            format!("{closed} {}", serde_json::to_string(&same).unwrap())
        });
        let changed = digest != self.told;
        self.told = digest;
        changed.then_some(alert)
    }
}

/// Everything that the agencies read over these steps, with or without the discreet indicators.
fn read(agencies: &Agencies, steps: &[Step], with_discreet: bool) -> Vec<AgencyAlert> {
    let (mut detector, mut state) = (Detector::default(), DisclosureState::default());
    let mut read = Vec::new();
    let (mut open, mut discreet) = (Vec::new(), Vec::new());
    let mut hour = 0;
    // Steps lie after all evidence of theirs, some of them beyond the time that an alert is current.
    for step in steps {
        hour += step.gap;
        if let Some(drawn) = &step.open {
            open = drawn.iter().map(|drawn| drawn.at(hour, false)).collect();
        }
        if let Some(drawn) = step.discreet.as_ref().filter(|_| with_discreet) {
            discreet = drawn.iter().map(|drawn| drawn.at(hour, true)).collect();
        }
        let (indicators, hours): (Vec<Indicator>, Vec<(String, i64)>) =
            open.iter().chain(&discreet).cloned().unzip();
        if let Some(alert) = detector.alert(indicators.clone(), &hours, hour) {
            read.extend(disclose(agencies, &alert, &mut state, at(hour)));
        }
        if step.settled {
            detector.settled_at_hour = Some(hour + 1);
            if let Some(alert) = detector.alert(indicators, &hours, hour + 1) {
                read.extend(disclose(agencies, &alert, &mut state, at(hour + 1)));
            }
        }
    }
    read
}

fn bytes_of(read: &[AgencyAlert], agency: &str) -> Vec<String> {
    read.iter()
        .filter(|view| view.agency == agency)
        .map(|view| serde_json::to_string(view).unwrap())
        .collect()
}

fn with_label(tlp: Tlp, code: EuropolCode) -> Agencies {
    let text = format!(
        "[agencies.one]\nname = \"One\"\nrole = \"customs\"\nclearance = {{ tlp = \"{tlp}\", code = \"{code}\" }}\n"
    );
    Agencies::parse(&text).unwrap()
}

proptest! {
    #[test]
    fn discreet_indicators_change_no_byte_of_what_others_read(steps in prop::collection::vec(step(), 1..10)) {
        let agencies = Agencies::parse(AGENCIES).unwrap();
        let with = read(&agencies, &steps, true);
        let without = read(&agencies, &steps, false);
        for agency in ["terminal", "port"] {
            prop_assert_eq!(bytes_of(&with, agency), bytes_of(&without, agency));
        }
        let seen = serde_json::to_string(&bytes_of(&with, "terminal")).unwrap().to_uppercase();
        prop_assert!(!seen.contains("SECRET"));
    }

    #[test]
    fn blinded_hits_change_no_byte_of_what_anybody_but_the_owner_reads(steps in prop::collection::vec(step(), 1..10)) {
        // Customs sees discreet hits of others and every label; a hit on a blinded entry of the police is none of them.
        let text = AGENCIES.replace("tlp = \"AMBER+STRICT\", code = \"H2\" }", "tlp = \"RED\", code = \"H3\" }\ndiscreet = true");
        let agencies = Agencies::parse(&text).unwrap();
        let steps: Vec<Step> = steps.into_iter().map(Step::blinded).collect();
        let with = read(&agencies, &steps, true);
        let without = read(&agencies, &steps, false);
        for agency in ["customs", "terminal", "port"] {
            prop_assert_eq!(bytes_of(&with, agency), bytes_of(&without, agency));
        }
    }

    #[test]
    fn less_clearance_never_shows_more(
        open in prop::collection::vec(drawn(), 1..8),
        low in (prop::sample::select(Tlp::ALL), prop::sample::select(EuropolCode::ALL)),
        high in (prop::sample::select(Tlp::ALL), prop::sample::select(EuropolCode::ALL)),
    ) {
        let (low, high) = ((low.0.min(high.0), low.1.min(high.1)), (low.0.max(high.0), low.1.max(high.1)));
        let alert = alert_with(open.iter().map(|drawn| drawn.indicator(false)).collect(), at(5), &[]);
        let view = |(tlp, code)| disclose(&with_label(tlp, code), &alert, &mut DisclosureState::default(), at(6)).pop();
        if let Some(less) = view(low) {
            let more = view(high).expect("who sees more is told as well");
            for indicator in &less.indicators {
                prop_assert!(more.indicators.contains(indicator));
            }
            prop_assert!(less.indicators.iter().all(|i| i.handling.tlp <= low.0 && i.handling.code <= low.1));
            prop_assert!(less.score <= more.score && less.severity <= more.severity);
        }
    }

    #[test]
    fn hidden_indicators_leave_no_word_in_a_view(open in prop::collection::vec(drawn(), 1..8)) {
        let mut indicators: Vec<Indicator> = open.iter().map(|drawn| drawn.indicator(false)).collect();
        for (n, one) in indicators.iter_mut().enumerate() {
            let label = format!("HIDDEN{}", u8::from(one.handling.tlp > Tlp::Amber || one.handling.code > EuropolCode::H0));
            one.sentence = format!("{label} sentence {n}.");
            one.evidence = vec![format!("fact/{label}/{n}").into()];
            one.legal_basis = Some(format!("{label} ground {n}"));
            one.list = Some(format!("{label}@{n}"));
        }
        let alert = alert_with(indicators, at(5), &[]);
        let agencies = Agencies::parse(&AGENCIES.replace("threshold = 50", "fields = [\"*\"]")).unwrap();
        let views = disclose(&agencies, &alert, &mut DisclosureState::default(), at(6));
        if let Some(terminal) = views.iter().find(|view| view.agency == "terminal") {
            let text = serde_json::to_string(terminal).unwrap();
            prop_assert!(text.contains("HIDDEN0") && !text.contains("HIDDEN1"), "{}", text);
        }
    }

    #[test]
    fn revisions_of_a_view_count_up_by_one(steps in prop::collection::vec(step(), 1..10)) {
        let agencies = Agencies::parse(AGENCIES).unwrap();
        let all = read(&agencies, &steps, true);
        for agency in agencies.ids() {
            let revisions: Vec<i32> = all.iter().filter(|v| v.agency == agency).map(|v| v.revision).collect();
            let expected: Vec<i32> = (1..).take(revisions.len()).collect();
            prop_assert_eq!(revisions, expected);
        }
    }
}
