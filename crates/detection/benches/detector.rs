//! What one core takes in a second with many live containers, what each rule costs, and what a live container weighs:
//! `cargo bench -p quaywatch-detection`, part of `make bench`.
//!
//! Import visits are told event by event across all containers, as a port tells them, so that each fact meets a timeline
//! that has long left the caches. A number as argument sets how many there are
//! (200000): `cargo bench -p quaywatch-detection --bench detector -- 20000`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot go on fails")]

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::sync::Arc;

use quaywatch_detection::{Engine, Rules, TimelineState};
use quaywatch_domain::event::{
    Documents, Equipment, EquipmentStatus, Laden, Party, PartyRole, Place, Route, Seal, SealSource,
    SourceMessage, Stored, Transport, Weight, WeightKind, Yard,
};
use quaywatch_domain::subject::SubjectKind;
use quaywatch_domain::{EventKind, Fact, Handling, PortEvent, Subject, Timestamp};
use quaywatch_screening::subjects_of;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2 March 2026, a Monday.
const START_MS: i64 = 1_772_409_600_000;
const MINUTE_MS: i64 = 60_000;
/// Timelines whose rules are timed one by one.
const SAMPLE: usize = 2_000;
/// Rounds of each rule's measurement.
const ROUNDS: usize = 5;

/// One visit: what is told and after how many minutes.
const STORY: [(EventKind, i64); 12] = [
    (EventKind::ManifestLine, 0),
    (EventKind::DischargeOrdered, 600),
    (EventKind::Discharged, 2_880),
    (EventKind::YardMove, 2_910),
    (EventKind::ReleaseIssued, 3_000),
    (EventKind::CustomsReleased, 3_400),
    (EventKind::ReleaseTransferred, 3_900),
    (EventKind::ReleaseAccepted, 3_910),
    (EventKind::WorkOrdered, 4_300),
    (EventKind::YardMove, 4_310),
    (EventKind::PickupAnnounced, 5_000),
    (EventKind::GateOut, 5_800),
];

fn party(role: PartyRole, id: String) -> Party {
    Party { id: Some(id.into()), id_scheme: Some("EORI".into()), ..Party::new(role) }
}

/// Event `step` of the visit of container `n`.
fn event(n: usize, step: usize) -> PortEvent {
    let (kind, minutes) = STORY[step].clone();
    let at = Timestamp::from_millis(START_MS + (minutes + (n % 1_440) as i64) * MINUTE_MS);
    let mut event = PortEvent::new(format!("e/{n}/{step}"), kind.clone(), at);
    event.equipment = Some(Box::new(Equipment {
        number: format!("MSKU{n:07}").into(),
        iso_type: Some("45G1".into()),
        check_digit_ok: Some(true),
        laden: Some(Laden::Laden),
        status: Some(EquipmentStatus::Import),
        ..Equipment::default()
    }));
    event.place = Some(Box::new(Place { terminal: Some("LUKKP".into()), ..Place::default() }));
    event.documents =
        Some(Box::new(Documents { release: Some(format!("R{n}").into()), ..Documents::default() }));
    event.source = SourceMessage {
        feed: if step < 2 { "carrier" } else { "terminal" }.into(),
        format: "JSONL".into(),
        stored: Arc::new(Stored { topic: "port.raw".into(), ..Stored::default() }),
        ..SourceMessage::default()
    }
    .into();
    match kind {
        EventKind::ManifestLine => {
            event.route = Some(Box::new(Route {
                port_of_loading: Some("CNSHA".into()),
                port_of_discharge: Some("SIKOP".into()),
                ..Route::default()
            }));
            event.documents.as_mut().unwrap().bill_of_lading = Some(format!("MAEU{:08}", n / 4).into());
            event.parties.push(party(PartyRole::Consignee, format!("SI{}", n % 20_000)));
            event.weights.push(Weight {
                kind: WeightKind::Vgm,
                kg: 20_000.0 + (n % 5_000) as f64,
                method: None,
            });
        }
        EventKind::Discharged | EventKind::GateOut => {
            event.seals.push(Seal {
                number: format!("ML{n:07}").into(),
                normalised: Some(format!("ML{n:07}").into()),
                source: SealSource::Carrier,
                condition: None,
                seal_type: None,
            });
            event.transport = Some(Box::new(Transport {
                truck: Some(format!("T{}", n % 4_000).into()),
                ..Transport::default()
            }));
        }
        EventKind::YardMove => {
            let slot = Yard {
                block: Some((n % 40).to_string().into()),
                bay: Some(step.to_string().into()),
                row: Some("1".into()),
                tier: Some("1".into()),
            };
            event.place.as_mut().unwrap().yard = Some(Box::new(slot));
            event.documents.as_mut().unwrap().order = Some(format!("W{n}").into());
        }
        EventKind::ReleaseTransferred | EventKind::ReleaseAccepted => {
            event.parties.push(party(PartyRole::ReleaseTo, format!("SIH{}", n % 400)));
        }
        EventKind::PickupAnnounced => {
            event.parties.push(party(PartyRole::Haulier, format!("SIH{}", n % 400)));
        }
        _ => {}
    }
    event
}

fn facts(event: PortEvent) -> Vec<Fact> {
    let event = Arc::new(event);
    subjects_of(&event)
        .into_iter()
        .map(|subject| Fact {
            fact_id: event.event_id.clone(),
            revision: event.revision,
            retracted: false,
            subject,
            occurred_at: event.occurred_at,
            created_at: event.created_at,
            received_at: event.received_at,
            handling: Handling::port_traffic(),
            event: Some(Arc::clone(&event).into()),
            hit: None,
            indicator: None,
            feedback: None,
            pointer: None,
            in_hindsight: false,
        })
        .collect()
}

/// Processor seconds of this thread: what else runs on the machine does not count.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Resident memory of this process, bytes.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).map_or(0.0, |pages| pages * 4_096.0)
}

fn main() {
    let containers: usize = std::env::args().find_map(|a| a.parse().ok()).unwrap_or(200_000);
    let engine = Engine::new(Rules::default(), "bench");
    let mut states: HashMap<Subject, TimelineState> = HashMap::new();
    let before = resident();
    let mut rates: Vec<f64> = Vec::new();
    // Facts and seconds by kind of subject.
    let mut kinds: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    let (mut alerts, mut json_bytes, mut json) = (0, 0, 0.0);
    for step in 0..STORY.len() {
        let (mut taken, mut count) = (0.0, 0_usize);
        for block in (0..containers).collect::<Vec<_>>().chunks(10_000) {
            let facts: Vec<Fact> = block.iter().flat_map(|n| facts(event(*n, step))).collect();
            // The yardstick of this machine: the same facts as JSON.
            let start = cpu_seconds();
            json_bytes += facts.iter().map(|f| serde_json::to_vec(f).unwrap().len()).sum::<usize>();
            json += cpu_seconds() - start;
            count += facts.len();
            for (kind, facts) in by_kind(facts) {
                let known = kinds.entry(kind).or_default();
                known.0 += facts.len();
                let start = cpu_seconds();
                for fact in facts {
                    let now = fact.received_at;
                    let state = states.entry(fact.subject.clone()).or_default();
                    alerts += black_box(engine.apply(state, fact, now)).alerts.len();
                }
                let seconds = cpu_seconds() - start;
                known.1 += seconds;
                taken += seconds;
            }
        }
        rates.push(count as f64 / taken);
    }
    let (count, taken) = kinds.values().fold((0, 0.0), |(n, s), (count, seconds)| (n + count, s + seconds));
    let rate = count as f64 / taken;
    rates.sort_by(f64::total_cmp);
    println!("{containers} live containers, {} timelines of every kind, {alerts} alerts", states.len());
    println!(
        "{:<44} {rate:>12.0} facts/s   {:.2} x the rate of writing them as JSON",
        "detection, all facts of the visits",
        json / taken
    );
    println!("{:<44} {:>12.0} facts/s", "detection, median of the steps of a visit", rates[rates.len() / 2]);
    println!("{:<44} {:>12.0} facts/s", "detection, slowest step", rates[0]);
    println!(
        "{:<44} {:>12.0} bytes   (12 events; as JSON {:.0})",
        "memory of a live container and its subjects",
        (resident() - before) / containers as f64,
        json_bytes as f64 / containers as f64
    );
    println!("a fact of each kind of subject, with the rules that look at it:");
    for (kind, (count, seconds)) in kinds {
        println!("  {kind:<42} {:>12.2} us", seconds * 1e6 / count as f64);
    }
    let people = Rules::parse("[people]\nenabled = true\n").unwrap();
    rules(&Engine::new(people, "bench"), &states);
}

/// Facts of one kind of subject after the other.
fn by_kind(facts: Vec<Fact>) -> BTreeMap<&'static str, Vec<Fact>> {
    let mut kinds: BTreeMap<&str, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        kinds.entry(fact.subject.kind.as_str()).or_default().push(fact);
    }
    kinds
}

/// What each rule costs on a full visit, microseconds.
fn rules(engine: &Engine, states: &HashMap<Subject, TimelineState>) {
    let sample: Vec<&TimelineState> = states
        .iter()
        .filter(|(subject, _)| subject.kind == SubjectKind::Container)
        .map(|(_, state)| state)
        .take(SAMPLE)
        .collect();
    let now = Timestamp::from_millis(START_MS + 9_000 * MINUTE_MS);
    let cost = |name: &str| -> f64 {
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = cpu_seconds();
                for state in &sample {
                    black_box(engine.run_rule(name, state, now));
                }
                (cpu_seconds() - start) * 1e6 / sample.len() as f64
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        rounds[ROUNDS / 2]
    };
    let mut costs: Vec<(&str, f64)> = Engine::rule_names().map(|name| (name, cost(name))).collect();
    let view = costs.iter().map(|(_, us)| *us).fold(f64::INFINITY, f64::min);
    println!("{:<44} {view:>12.2} us", "the view that every rule reads");
    costs.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (name, us) in costs {
        println!("  {name:<42} {:>12.2} us", us - view);
    }
}
