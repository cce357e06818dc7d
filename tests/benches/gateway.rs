//! The gateway under load on a real Apache Kafka: `cargo bench -p quaywatch-tests --bench gateway [-- PER_SECOND SECONDS]`.
//!
//! 2,000 messages of 20 kB a second for a minute, over HTTP, and the broker restarted in the middle.

use anyhow::Result;
use quaywatch_tests::broker::Broker;
use quaywatch_tests::load::{self, Load};

fn main() -> Result<()> {
    let numbers: Vec<u32> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let (per_second, seconds) = match numbers.as_slice() {
        [per_second, seconds, ..] => (*per_second, *seconds),
        _ => (2_000, 60),
    };
    let broker = Broker::start()?;
    let report = load::run(&broker, Load { per_second, seconds, bytes: 20_000 })?;
    println!(
        "{per_second} requests a second of 20 kB for {seconds} s, the broker restarted after half of it:"
    );
    println!("  answers by status: {:?}, in {:.1} s", report.answers, report.took.as_secs_f64());
    println!(
        "  2xx after {:.1} ms (median), {:.1} ms (99th percentile)",
        report.accepted_ms.0, report.accepted_ms.1
    );
    println!(
        "  in the topic: {} messages, {} accepted and missing, {} more than once, {} stored without a 2xx",
        report.stored, report.lost, report.doubled, report.stored_unsaid
    );
    report.must_be_honest()
}
