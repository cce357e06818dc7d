//! How fast recorded traffic is tested: `cargo bench -p quaywatch --bench backtest`, part of `make bench`.
//!
//! Processor time of the command itself on one core, reading included, beside that of reading alone and writing it out
//! again (`normalize`): of a small port full of crime, and of two weeks of a large one, a million events, with a crime in
//! one of 2,000 containers.

use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Containers and crimes of each port, and runs, of which the median counts.
const PORTS: [(&str, &str, usize); 2] = [("6000", "60", 5), ("42000", "2000", 3)];
/// Clock ticks a second in `/proc` (Linux).
const TICKS: f64 = 100.0;

fn main() -> Result<()> {
    for (containers, crimes, runs) in PORTS {
        let folder = tempfile::tempdir()?;
        let port = folder.path().join("port");
        let port = port.to_str().context("the folder for temporary files has no readable name")?;
        let options = [
            "--out",
            port,
            "--seed",
            "1",
            "--hours",
            "336",
            "--containers",
            containers,
            "--crime-rate",
            crimes,
        ];
        run("simulate", &options)?;
        let (read, _) = median("normalize", port, runs)?;
        let (tested, said) = median("backtest", port, runs)?;
        let mut counts =
            said.split(", ").filter_map(|part| part.strip_suffix(" events")?.parse::<f64>().ok());
        let events = counts.next().context("backtest does not say how many events it read")?;
        println!(
            "backtest of {events} events: {tested:.2} s, {:.1} s a million; {:.2} x the time of normalize",
            tested / events * 1e6,
            tested / read
        );
    }
    Ok(())
}

/// Median processor time in seconds, and what the last run said.
fn median(command: &str, folder: &str, runs: usize) -> Result<(f64, String)> {
    let mut times = Vec::new();
    let mut said = String::new();
    for _ in 0..runs {
        let before = processor_time()?;
        let output = run(command, &[folder])?;
        times.push(processor_time()? - before);
        said = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    times.sort_by(f64::total_cmp);
    let median = times.get(runs / 2).context("nothing was run")?;
    Ok((*median, said))
}

fn run(command: &str, args: &[&str]) -> Result<Output> {
    let mut quaywatch = Command::new(env!("CARGO_BIN_EXE_quaywatch"));
    let output = quaywatch.arg(command).args(args).stdout(Stdio::null()).output()?;
    ensure!(output.status.code().is_some_and(|code| code <= 1), "{command}: {output:?}");
    Ok(output)
}

/// Seconds that the children of this process have used so far.
fn processor_time() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat has another form")?;
    let ticks: Vec<f64> =
        fields.split_whitespace().skip(13).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}
