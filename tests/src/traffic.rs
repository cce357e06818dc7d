//! Messages written for the tests: a quarter of all containers have a story that must raise an alert.
//!
//! Each container's messages come through one feed, so that their order is kept from `port.raw` to the detector; and what
//! other containers say about one (a seal seen twice) comes last. Then alerts, revision for revision, follow from the
//! messages alone.

use quaywatch_domain::Timestamp;
use quaywatch_domain::identifiers::container::check_digit;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A message on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Feed.
    pub feed: String,
    /// When it was stored, milliseconds since 1970.
    pub received_ms: i64,
    /// Bytes.
    pub body: Vec<u8>,
}

impl Message {
    /// Events as JSON lines.
    #[must_use]
    pub fn lines(feed: &str, received_ms: i64, events: &[Value]) -> Self {
        let text: String = events.iter().map(|event| format!("{event}\n")).collect();
        Self { feed: feed.to_owned(), received_ms, body: text.into_bytes() }
    }
}

/// A container number with a right check digit, the `n`-th of an owner such as `QWTU`.
#[must_use]
pub fn container(owner: &str, n: usize) -> String {
    let ten = format!("{owner}{n:06}");
    let digit = check_digit(ten.as_bytes()).unwrap_or_default();
    format!("{ten}{digit}")
}

/// An event of a container at the terminal of Koper.
#[must_use]
pub fn event(kind: &str, container: &str, at_ms: i64) -> Value {
    json!({
        "kind": kind,
        "event_id": format!("{kind}-{container}"),
        "occurred_at": Timestamp::from_millis(at_ms),
        "equipment": { "number": container, "laden": "LADEN" },
        "place": { "terminal": "LUKKP", "un_locode": "SIKOP" },
    })
}

/// The event with further fields.
#[must_use]
pub fn with(mut event: Value, fields: &Value) -> Value {
    if let (Some(event), Some(fields)) = (event.as_object_mut(), fields.as_object()) {
        event.extend(fields.clone());
    }
    event
}

/// A load of messages.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Messages, in the order in which they come.
    pub messages: Vec<Message>,
    /// Containers that are on the list.
    pub wanted: Vec<String>,
    /// Events in all messages.
    pub events: usize,
    /// Containers for which an alert must be raised.
    pub suspects: usize,
}

/// Feeds that carry the traffic: enough for every partition of `port.raw`.
pub const FEEDS: [&str; 8] = ["feed-a", "feed-b", "feed-c", "feed-d", "feed-e", "feed-f", "feed-g", "feed-h"];

impl Traffic {
    /// The stories of so many containers, shuffled by `seed`. All happened between four and two hours before `now_ms`, so
    /// that no deadline is still to come.
    #[must_use]
    pub fn of(containers: usize, seed: u64, now_ms: i64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let begin = now_ms - 4 * HOUR_MS;
        let (mut wanted, mut suspects) = (Vec::new(), 0);
        // Per feed the messages that are still to come, container by container.
        let mut queues: Vec<(&str, std::collections::VecDeque<Vec<Value>>)> = Vec::new();
        for n in 0..containers {
            let number = container("QWTU", n);
            let at = begin + i64::try_from(n % 30).unwrap_or_default() * MINUTE_MS;
            let (events, suspect) = story(n, &number, at);
            if n % STORIES == WANTED {
                wanted.push(number);
            }
            suspects += usize::from(suspect);
            let feed = FEEDS.choose(&mut random).copied().unwrap_or(FEEDS[0]);
            let mut left = events.as_slice();
            let mut queue = std::collections::VecDeque::new();
            while !left.is_empty() {
                let (some, rest) = left.split_at(random.random_range(1..=3).min(left.len()));
                queue.push_back(some.to_vec());
                left = rest;
            }
            queues.push((feed, queue));
        }
        let mut traffic = Self { messages: Vec::new(), wanted, events: 0, suspects };
        // A window of containers is under way at a time; each step takes the next part of one of them.
        let (mut open, mut rest) = (Vec::new(), queues.into_iter());
        loop {
            while open.len() < 40 {
                let Some(next) = rest.next() else { break };
                open.push(next);
            }
            if open.is_empty() {
                return traffic;
            }
            let at = usize::try_from(random.next_u64() % open.len() as u64).unwrap_or_default();
            let Some((feed, queue)) = open.get_mut(at) else { continue };
            let Some(events) = queue.pop_front() else {
                open.swap_remove(at);
                continue;
            };
            let received_ms =
                now_ms - 2 * HOUR_MS + i64::try_from(traffic.messages.len()).unwrap_or_default();
            traffic.events += events.len();
            traffic.messages.push(Message::lines(feed, received_ms, &events));
        }
    }
}

const STORIES: usize = 16;
const WANTED: usize = 5;

/// The events of the `n`-th container, and whether they must raise an alert.
fn story(n: usize, number: &str, at: i64) -> (Vec<Value>, bool) {
    let minute = |m: i64| at + m * MINUTE_MS;
    let seal = |number: &str| json!([{ "number": number, "source": "CARRIER" }]);
    let own_seal = format!("SL{:07}", 3_000_000 + n);
    let haulier = |role: &str, id: &str| json!({ "parties": [{ "role": role, "id": id, "id_scheme": "EORI", "name": id }] });
    let mut events = vec![
        with(event("manifest_line", number, minute(0)), &json!({ "seals": seal(&own_seal) })),
        with(event("discharged", number, minute(5)), &json!({ "seals": seal(&own_seal) })),
        event("yard_move", number, minute(15)),
    ];
    let gate_out = || event("gate_out", number, minute(88));
    let held = || event("customs_held", number, minute(20));
    let suspect = match n % STORIES {
        // Leaves under a customs hold.
        0 => {
            events.extend([held(), gate_out()]);
            true
        }
        // Its seal is broken.
        1 => {
            let broken =
                json!({ "seals": [{ "number": own_seal, "source": "CARRIER", "condition": "BROKEN" }] });
            events.extend([with(event("position_reported", number, minute(30)), &broken), gate_out()]);
            true
        }
        // Another seal than at discharge.
        2 => {
            let other = format!("ZZ{:07}", 7_000_000 + n);
            events.push(with(gate_out(), &json!({ "seals": seal(&other) })));
            true
        }
        // Leaves after its release was revoked.
        3 => {
            let release = json!({ "documents": { "release": format!("R{n}") } });
            events.extend([
                with(event("release_issued", number, minute(20)), &release),
                with(event("release_revoked", number, minute(30)), &release),
                gate_out(),
            ]);
            true
        }
        // Announced by a haulier that does not hold the right.
        4 => {
            events.extend([
                with(event("release_issued", number, minute(20)), &haulier("RELEASE_TO", "SI1111111")),
                with(event("pickup_announced", number, minute(40)), &haulier("HAULIER", "IT9999999")),
                gate_out(),
            ]);
            true
        }
        // On the list, and later also under hold.
        WANTED => {
            events.extend([held(), gate_out()]);
            true
        }
        // Two containers with one seal; it is the last that is said of either.
        6 | 7 => {
            let twin = format!("TW{:07}", 5_000_000 + n / STORIES);
            events
                .push(with(event("position_reported", number, minute(50)), &json!({ "seals": seal(&twin) })));
            true
        }
        // The release of customs comes late: raised and taken back.
        8 => {
            events.extend([held(), gate_out(), event("customs_released", number, minute(45))]);
            true
        }
        // The gate-out was never: a correction takes it back.
        9 => {
            let undone = json!({ "revision": 2, "retracted": true });
            events.extend([held(), with(gate_out(), &json!({ "revision": 1 })), with(gate_out(), &undone)]);
            true
        }
        // Told twice, and put right without consequence.
        10 => {
            events.extend([gate_out(), gate_out(), with(gate_out(), &json!({ "revision": 3 }))]);
            false
        }
        _ => {
            let free = event("customs_released", number, minute(30));
            events.extend([held(), free, gate_out()]);
            false
        }
    };
    (events, suspect)
}
