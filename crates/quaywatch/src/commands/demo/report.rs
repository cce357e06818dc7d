//! The end of the day: accounting, alerts against the truth, latency, what to try next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::Result;
use quaywatch_domain::Alert;
use quaywatch_simulator::Day;
use uuid::Uuid;

use super::feeder::Sent;
use super::tally::{STAGES, Tally};
use super::watcher::Seen;
use super::world::World;
use crate::offline::history::History;
use crate::offline::score::{Observed, Score};
use crate::offline::table;

/// Prints the summary; whether everything adds up and every crime was found. Alerts about weeks that came in at once before
/// the day count only where they are about a crime.
pub(super) fn print(
    (day, of_the_past): (&Day, &HashSet<Uuid>),
    sent: &Sent,
    tally: &Tally,
    seen: &Seen,
    world: &World,
    took: Duration,
) -> Result<bool> {
    println!("\nThe day is over ({:.0} s).\n", took.as_secs_f64());
    println!("Messages: {} accepted by the gateway.", sent.accepted);
    for stage in STAGES {
        let outcomes = tally.outcomes.iter().filter(|((s, _), n)| s == stage && **n > 0);
        let outcomes: Vec<String> =
            outcomes.map(|((_, outcome), n)| format!("{n} {}", outcome.replace('_', " "))).collect();
        let (read, sum) = (tally.read_by(stage), tally.outcomes_of(stage));
        let sign = if read == sum { "=" } else { "≠" };
        println!("  {stage:<10} {read:>6} in {sign} {}", outcomes.join(" + "));
    }
    let dead = world.dead_lettered()?;
    println!("  {dead} of {} garbage messages dead-lettered, in whole or in part.", day.garbage);

    println!("\nAlerts on the agency topics:");
    let mut agencies: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((agency, word), n) in &seen.counts {
        agencies.entry(agency).or_default().push(format!("{n} {}", word.to_lowercase()));
    }
    for (agency, words) in agencies {
        println!("  {agency:<16} {}", words.join(", "));
    }

    let mut revisions = world.alerts()?;
    let crimes: HashSet<&str> = day.truth.iter().map(|told| told.subject.as_str()).collect();
    revisions.retain(|alert| {
        !of_the_past.contains(&alert.alert_id) || crimes.contains(alert.subject.to_string().as_str())
    });
    let score = score(day, &revisions);
    println!("\nAgainst the truth ({} crimes):", day.truth.len());
    print!("{}", table::of(&score));
    for (subject, code) in &score.missed {
        println!("  missed: {code} on {subject}");
    }
    println!("\n{}", latency(&seen.latencies_ms));
    println!(
        "\nTry next:\n  quaywatch simulate --out day && quaywatch backtest day --truth day/truth.ndjson\n  \
         quaywatch normalize YOUR-MESSAGE.edi\n  make up && make demo ARGS=\"--brokers $(cat .local/dev/bootstrap)\""
    );
    let adds_up = tally.is_settled(sent.accepted) && dead == day.garbage;
    if !adds_up {
        println!("\nThe accounting does NOT add up.");
    }
    Ok(adds_up && score.missed.is_empty())
}

fn score(day: &Day, revisions: &[Alert]) -> Score {
    let mut in_order: Vec<&Alert> = revisions.iter().collect();
    in_order.sort_by_key(|alert| alert.revision);
    let mut last: HashMap<_, &Alert> = HashMap::new();
    let mut history = History::default();
    for alert in in_order {
        last.insert(alert.alert_id, alert);
        history.take(alert, alert.produced_at);
    }
    let seen = Observed { alerts: last.into_values().collect(), history, ..Observed::default() };
    Score::of(&seen, Some(&day.truth))
}

fn latency(latencies_ms: &[f64]) -> String {
    let mut sorted = latencies_ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)));
    match (at(50), at(99)) {
        (Some(p50), Some(p99)) => format!(
            "From the message at the gateway to the alert on an agency topic: p50 {p50:.0} ms, p99 {p99:.0} ms \
             ({} alerts; those of the day itself).",
            sorted.len()
        ),
        _ => "No alert followed from a message directly, so there is no latency to report.".to_owned(),
    }
}
