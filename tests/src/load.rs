//! Many senders at one gateway, at a pace of their own that no answer slows down.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use quaywatch_domain::{RawMessage, Sha256};
use quaywatch_kafka::{Read, Reader};

use crate::broker::Broker;
use crate::port::Port;

/// Feeds that the messages are spread over.
const FEEDS: usize = 8;
/// Senders; more than wait for an answer at a time.
const SENDERS: usize = 192;
const TOKEN: &str = "a-token-of-enough-bytes-for-a-load";
/// Longest wait for an answer: longer than the gateway waits for the broker.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const READ_LIMIT: Duration = Duration::from_secs(300);

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Requests a second.
    pub per_second: u32,
    /// For how long.
    pub seconds: u32,
    /// Bytes of a message.
    pub bytes: usize,
}

/// What the senders saw, and what the topic holds.
#[derive(Debug, Default)]
pub struct Report {
    /// Answers by status; 0: none came.
    pub answers: BTreeMap<u16, usize>,
    /// 429 and 503 without Retry-After.
    pub without_retry_after: usize,
    /// Answers of 2xx whose message is not in the topic.
    pub lost: usize,
    /// Messages in the topic, each counted once.
    pub stored: usize,
    /// Messages in the topic more than once.
    pub doubled: usize,
    /// Messages in the topic whose sender had no 2xx: it will send them again.
    pub stored_unsaid: usize,
    /// Milliseconds from when it was due to a 2xx: median and 99th percentile.
    pub accepted_ms: (f64, f64),
    /// How long it took altogether; longer than asked for when the senders could not keep the pace.
    pub took: Duration,
}

/// What one request came to.
struct Answer {
    id: usize,
    status: u16,
    retry_after: bool,
    ms: f64,
}

/// Sends the load to a gateway on this broker, which is restarted halfway, and compares the answers with the topic.
///
/// # Errors
/// When the gateway or the broker do not run.
pub fn run(broker: &Broker, load: Load) -> Result<Report> {
    let mut port = Port::new(broker.brokers(), &format!("load{}", load.seconds))?;
    let listen = format!("127.0.0.1:{}", crate::services::free_port()?);
    let token = Sha256::of(TOKEN.as_bytes());
    let feeds: String =
        (0..FEEDS).map(|n| format!("[feeds.load-{n}]\nhttp.secret_sha256 = \"{token}\"\n")).collect();
    std::fs::write(port.dir().join("feeds.toml"), feeds)?;
    for (key, value) in [("gateway.listen", listen.as_str()), ("gateway.max_messages_per_second", "0")] {
        port.overrides.push((key.to_owned(), value.to_owned()));
    }
    port.start("gateway", "0")?;
    port.wait_ready()?;

    let begun = Instant::now();
    let answers = std::thread::scope(|scope| {
        let restart = scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(u64::from(load.seconds) / 2));
            broker.restart()
        });
        let answers = send(&listen, load);
        restart.join().map_err(|_| anyhow::anyhow!("the restart broke off"))??;
        anyhow::Ok(answers)
    })?;
    let took = begun.elapsed();
    compare(&port, &answers, took)
}

fn send(listen: &str, load: Load) -> Vec<Answer> {
    let total = load.per_second as usize * load.seconds as usize;
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(total)));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                let agent = ureq::Agent::config_builder()
                    .http_status_as_error(false)
                    .timeout_global(Some(ANSWER_LIMIT))
                    .build()
                    .new_agent();
                let mut own = Vec::new();
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if id >= total {
                        break;
                    }
                    let due = Duration::from_secs_f64(id as f64 / f64::from(load.per_second));
                    std::thread::sleep(due.saturating_sub(start.elapsed()));
                    own.push(post(&agent, listen, id, load.bytes, start + due));
                }
                answers.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn post(agent: &ureq::Agent, listen: &str, id: usize, bytes: usize, due: Instant) -> Answer {
    let answer = agent
        .post(format!("http://{listen}/feeds/load-{}/messages", id % FEEDS))
        .header("Authorization", format!("Bearer {TOKEN}"))
        .header("Content-Type", "application/x-ndjson")
        .send(body(id, bytes).as_bytes());
    let ms = due.elapsed().as_secs_f64() * 1_000.0;
    match answer {
        Ok(mut answer) => {
            // Read, so that the connection can be used again.
            let _ = answer.body_mut().read_to_vec();
            let retry_after = answer.headers().contains_key("retry-after");
            Answer { id, status: answer.status().as_u16(), retry_after, ms }
        }
        Err(_) => Answer { id, status: 0, retry_after: false, ms },
    }
}

/// A message that begins with its id.
fn body(id: usize, bytes: usize) -> String {
    let head = format!("{{\"id\":{id:010},\"filler\":\"");
    let filler = bytes.saturating_sub(head.len() + 3);
    // Not all the same: it is not to vanish when compressed.
    let filler: String =
        (0..filler).map(|n| char::from(b'a' + ((n * n + id * 7 + n / 3) % 26) as u8)).collect();
    format!("{head}{filler}\"}}\n")
}

fn id_of(body: &[u8]) -> Option<usize> {
    std::str::from_utf8(body.get(6..16)?).ok()?.parse().ok()
}

fn compare(port: &Port, answers: &[Answer], took: Duration) -> Result<Report> {
    let mut report = Report { took, ..Report::default() };
    for answer in answers {
        *report.answers.entry(answer.status).or_default() += 1;
        report.without_retry_after += usize::from(matches!(answer.status, 429 | 503) && !answer.retry_after);
    }
    let stored = stored(port, &mut report)?;
    let accepted: HashSet<usize> =
        answers.iter().filter(|a| (200..300).contains(&a.status)).map(|a| a.id).collect();
    report.stored = stored.len();
    report.lost = accepted.difference(&stored).count();
    report.stored_unsaid = stored.difference(&accepted).count();
    let mut ms: Vec<f64> = answers.iter().filter(|a| accepted.contains(&a.id)).map(|a| a.ms).collect();
    ms.sort_by(f64::total_cmp);
    let at = |share: f64| ms.get((ms.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    report.accepted_ms = (at(0.5), at(0.99));
    Ok(report)
}

/// Ids of the messages in the topic.
fn stored(port: &Port, report: &mut Report) -> Result<HashSet<usize>> {
    let mut reader = Reader::to_end(&port.kafka, &["port.raw"])?;
    let (began, mut stored) = (Instant::now(), HashSet::new());
    loop {
        match reader.next(Duration::from_secs(10))? {
            Read::Record(record) => {
                let raw: RawMessage = port.codec.decode(record.value.as_deref().unwrap_or_default())?;
                let id = id_of(&raw.body).context("a message that nobody sent")?;
                report.doubled += usize::from(!stored.insert(id));
            }
            Read::End => return Ok(stored),
            Read::Idle => {}
        }
        ensure!(began.elapsed() < READ_LIMIT, "port.raw was not read within {} s", READ_LIMIT.as_secs());
    }
}

impl Report {
    /// Fails unless every 2xx is in the topic and every other answer said what to do.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn must_be_honest(&self) -> Result<()> {
        ensure!(self.lost == 0, "{} messages were accepted and are not in the topic", self.lost);
        ensure!(self.without_retry_after == 0, "{} refusals without Retry-After", self.without_retry_after);
        let strange = self.answers.keys().find(|status| !matches!(**status, 202 | 429 | 503));
        ensure!(strange.is_none(), "answers by status: {:?}", self.answers);
        ensure!(self.answers.contains_key(&202), "nothing was accepted");
        Ok(())
    }
}
