//! How fast weeks of the port are told, and in how much memory: `cargo bench -p quaywatch-simulator`, part of `make bench`.
//!
//! Files go nowhere, so that the disk is not measured.

use std::convert::Infallible;
use std::time::Instant;

use quaywatch_domain::Timestamp;
use quaywatch_simulator::{Crimes, Options, Port};

/// Containers, and the days over which they come.
const CONTAINERS: u32 = 100_000;
const DAYS: u32 = 28;

fn main() {
    let start = Timestamp::from_millis(1_772_409_600_000);
    let options = Options {
        hours: DAYS * 24,
        containers: CONTAINERS,
        crimes: Crimes::OneIn(2_000),
        ..Options::day(1, start)
    };
    let begun = Instant::now();
    let mut bytes = 0;
    let written = Port::new(&options)
        .write(|message| {
            bytes += message.bytes.len();
            Ok::<(), Infallible>(())
        })
        .unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{CONTAINERS} containers over {DAYS} days: {:.0} a second, {:.1} MB/s, {} files; at most {} MB of memory",
        f64::from(CONTAINERS) / seconds,
        bytes as f64 / 1e6 / seconds,
        written.messages,
        peak_mb()
    );
}

/// Most memory that the process has had, as Linux counts it.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
