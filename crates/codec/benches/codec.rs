//! Time of one encode and one decode, Avro and JSON in the same run: `cargo bench -p quaywatch-codec`.

#![expect(clippy::expect_used, reason = "a failed step ends the benchmark")]

use std::hint::black_box;
use std::time::Instant;

use quaywatch_codec::{Codec, Record};
use quaywatch_domain::{Fact, PortEvent};

/// Rounds of which the median counts.
const ROUNDS: usize = 31;
/// Calls in a round.
const CALLS: u32 = 4_000;

fn main() {
    println!("{:<28} {:>8} {:>12} {:>12}", "record", "bytes", "encode ns", "decode ns");
    let event: PortEvent =
        serde_json::from_str(include_str!("../../../schemas/examples/PortEvent.json")).expect("an event");
    let fact: Fact =
        serde_json::from_str(include_str!("../../../schemas/examples/Fact.json")).expect("a fact");
    compare("PortEvent, every field set", &event);
    compare("PortEvent, a gate move", &gate_move(&event));
    compare("Fact, every field set", &fact);
    compare("Fact of a gate move", &fact_of(fact, gate_move(&event)));
}

/// As most events are: container, place, transport, one seal, one weight.
fn gate_move(event: &PortEvent) -> PortEvent {
    let mut event = event.clone();
    (event.route, event.customs, event.pin, event.actor, event.reefer) = (None, None, None, None, None);
    (event.parties, event.cargo) = Default::default();
    event.seals.truncate(1);
    event.weights.truncate(1);
    event
}

fn fact_of(mut fact: Fact, event: PortEvent) -> Fact {
    fact.event = Some(std::sync::Arc::new(event).into());
    (fact.hit, fact.indicator, fact.feedback, fact.pointer) = (None, None, None, None);
    fact
}

fn compare<T: Record>(name: &str, value: &T) {
    let codec = Codec::embedded();
    let avro = codec.encode("port.events", value).expect("Avro");
    let json = serde_json::to_vec(value).expect("JSON");
    let encode = time(|| codec.encode("port.events", black_box(value)).expect("Avro").len());
    let decode = time(|| size_of_val(&codec.decode::<T>(black_box(&avro)).expect("Avro")));
    println!("{name:<28} {:>8} {encode:>12.0} {decode:>12.0}  Avro", avro.len());
    let encode = time(|| serde_json::to_vec(black_box(value)).expect("JSON").len());
    let decode = time(|| size_of_val(&serde_json::from_slice::<T>(black_box(&json)).expect("JSON")));
    println!("{name:<28} {:>8} {encode:>12.0} {decode:>12.0}  JSON", json.len());
}

/// Median nanoseconds of a call.
fn time(call: impl Fn() -> usize) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CALLS {
                black_box(call());
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().unwrap_or_default()
}
