//! What a changed list costs for the containers that are already in the port: names are searched among what changed,
//! since what the rest of the list says of them is remembered; beside it the same with nothing remembered.
//!
//! `cargo bench -p quaywatch-screening --bench retro -- [CONTAINERS]` (50000 unless said), processor time of one thread. The
//! list has 50,000 names, a container five events with a seal each, a consignee and a vessel; one entry with a name and a
//! seal changes.

#![expect(clippy::indexing_slicing, reason = "a measurement of made-up names may end in a panic")]

#[path = "../examples/accuracy/generate.rs"]
#[expect(dead_code, reason = "mistakes are not asked for here")]
mod generate;

use std::hint::black_box;
use std::time::Duration;

use generate::{Dice, Ordinary, entry};
use quaywatch_domain::event::{Equipment, Party, PartyRole, Seal, SealSource, Transport};
use quaywatch_domain::watchlist::Value;
use quaywatch_domain::{EventKind, PortEvent, Timestamp};
use quaywatch_screening::names::NameKind;
use quaywatch_screening::{Index, SubjectState, rescreen, screen};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTED: usize = 50_000;
const NOW: Timestamp = Timestamp::from_millis(1_772_500_000_000);

fn main() {
    let containers = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(50_000);
    let (mut dice, listed, shipped) = (Dice::new(7), Ordinary::new(LISTED), Ordinary::new(300_000));
    let mut index = Index::of((0..LISTED).map(|at| {
        let (kind, name) = listed.any(&mut dice);
        entry("1", at, kind, &name)
    }));
    let mut states: Vec<(String, SubjectState)> = (0..containers)
        .map(|n| {
            let (_, consignee) = shipped.any(&mut dice);
            let mut state = SubjectState::default();
            for step in 0..5 {
                screen(&mut state, &event(n, step, &consignee), &index, NOW);
            }
            (format!("MSKU{n:07}"), state)
        })
        .collect();

    let mut changed = entry("2", LISTED, NameKind::Company, "Voltana Maritime Holding");
    changed.values.push(Value { scheme: "SEAL".into(), value: "ZZ0000001".into() });
    index.upsert(&changed.key(), changed);
    index.settle();
    // A copy remembers nothing.
    let cold = index.clone();

    println!("{containers} containers of 5 events in the port, {LISTED} names on the list");
    let [changes, whole] = [&index, &cold].map(|index| {
        timed(|| {
            for (container, state) in &mut states {
                black_box(rescreen(state, container, index, NOW));
            }
        })
    });
    let each = |time: Duration| time.as_secs_f64() * 1e6 / containers as f64;
    println!("against what changed         {:>8.2} us a container", each(changes));
    println!("against the whole list       {:>8.2} us a container", each(whole));
}

fn event(n: usize, step: i64, consignee: &str) -> PortEvent {
    let number = format!("ML{:07}", n * 5 + usize::try_from(step).unwrap_or(0));
    PortEvent {
        equipment: Some(Box::new(Equipment { number: format!("MSKU{n:07}").into(), ..Equipment::default() })),
        transport: Some(Box::new(Transport {
            vessel_name: Some(format!("ADRIA {}", n % 400).into()),
            ..Transport::default()
        })),
        parties: vec![Party { name: Some(consignee.into()), ..Party::new(PartyRole::Consignee) }].into(),
        seals: vec![Seal {
            normalised: Some(number.as_str().into()),
            number: number.into(),
            source: SealSource::Carrier,
            condition: None,
            seal_type: None,
        }]
        .into(),
        ..PortEvent::new(format!("e/{n}/{step}"), EventKind::GateIn, NOW.plus_millis(step * 60_000))
    }
}

/// Processor time of the thread.
fn timed(work: impl FnOnce()) -> Duration {
    let now = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
    };
    let begun = now();
    work();
    now().saturating_sub(begun)
}
