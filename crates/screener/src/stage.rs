use std::sync::Arc;

use quaywatch_codec::Codec;
use quaywatch_domain::blinding::BlindingKey;
use quaywatch_domain::{Fact, PortEvent, Timestamp, WatchlistEntry};
use quaywatch_kafka::{Outcome, Outputs, Record, Stage, States, Sweep, TableChange};
use quaywatch_screening::names::Bands;
use quaywatch_screening::{Exceptions, Index, Standing, facts_without_container, rescreen, screen};
use quaywatch_service::stage::{decode, refused};

use crate::metrics::Metrics;
use crate::state::ContainerState;

/// Topic of canonical events.
pub const EVENTS: &str = "port.events";
/// Topic of facts.
pub const FACTS: &str = "port.facts";
/// Topic of watchlist entries, read whole.
pub const WATCHLIST: &str = "port.watchlist";

/// The pure step from one event to its facts, and from a changed list to the hits that changed.
pub struct Screener {
    codec: Codec,
    index: Index,
    exceptions: Decisions,
    metrics: Option<Metrics>,
}

/// Gives the exceptions in their latest usable form.
pub type Decisions = Arc<dyn Fn() -> Arc<Exceptions> + Send + Sync>;

impl Screener {
    /// A stage with an empty list; the runtime fills it before the first event.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        let none = Arc::new(Exceptions::default());
        Self {
            codec,
            index: Index::default(),
            exceptions: Arc::new(move || Arc::clone(&none)),
            metrics: None,
        }
    }

    /// Meets blinded lists under these keys.
    #[must_use]
    pub fn blinding(mut self, keys: impl Into<Arc<[BlindingKey]>>) -> Self {
        self.index.set_blinding(keys);
        self
    }

    /// Honours these exceptions, which may change.
    #[must_use]
    pub fn exceptions(mut self, exceptions: Decisions) -> Self {
        self.index.set_exceptions(exceptions());
        self.exceptions = exceptions;
        self
    }

    /// Counts here.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Tells names from these scores on.
    #[must_use]
    pub fn with_bands(self, bands: Bands) -> Self {
        Self { index: self.index.with_bands(bands), ..self }
    }

    fn publish(&self, facts: &[Fact], out: &mut Outputs) -> Result<(), quaywatch_codec::Error> {
        for fact in facts {
            let value = self.codec.encode(FACTS, fact)?;
            out.send(FACTS, fact.subject.to_string(), value);
        }
        Ok(())
    }

    /// Compares the hits of one container with the list as it stands; hits that only a newer list makes are marked so.
    fn screen_again(
        &self,
        key: &[u8],
        now_ms: i64,
        states: &mut States<'_, ContainerState>,
        is_newer: bool,
        out: &mut Outputs,
    ) {
        let Some(state) = states.get_mut(key) else { return };
        let container = String::from_utf8_lossy(key).into_owned();
        let now = Timestamp::from_millis(now_ms);
        let mut facts = rescreen(&mut state.0, &container, &self.index, now);
        for fact in &mut facts {
            fact.in_hindsight = is_newer && !fact.retracted;
        }
        if let Err(error) = self.publish(&facts, out) {
            tracing::error!(%error, "a hit could not be encoded");
        }
    }
}

impl Stage for Screener {
    type State = ContainerState;

    fn handle(
        &mut self,
        record: &Record<'_>,
        states: &mut States<'_, ContainerState>,
        out: &mut Outputs,
    ) -> Outcome {
        let event: PortEvent = match decode(&self.codec, record) {
            Ok(event) => event,
            Err(outcome) => return outcome,
        };
        let now = Timestamp::from_millis(out.now_ms());
        let facts = match event.container() {
            Some(container) => {
                let Some(state) = states.get_or_insert_with(container.as_bytes(), ContainerState::default)
                else {
                    return Outcome::OutOfScope;
                };
                match state.0.standing(&event) {
                    Standing::Duplicate => return Outcome::Duplicate,
                    Standing::Superseded => return Outcome::Superseded,
                    Standing::New => screen(&mut state.0, &event, &self.index, now),
                }
            }
            None => facts_without_container(&event),
        };
        if let Err(error) = self.publish(&facts, out) {
            return refused(&error);
        }
        if facts.is_empty() { Outcome::OutOfScope } else { Outcome::Produced }
    }

    fn due(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, ContainerState>, out: &mut Outputs) {
        self.screen_again(key, now_ms, states, false, out);
        if states.get(key).and_then(ContainerState::over_at_ms).is_some_and(|at| at <= now_ms) {
            states.remove(key);
        }
    }

    fn table(&mut self, _table: &str, changes: &[TableChange], complete: bool) -> Sweep {
        for change in changes {
            let key = String::from_utf8_lossy(&change.key).into_owned();
            match change.value.as_deref().map(|value| self.codec.decode::<WatchlistEntry>(value)) {
                Some(Ok(entry)) => self.index.upsert(&key, entry),
                Some(Err(error)) => {
                    tracing::error!(%error, offset = change.offset, "a watchlist entry cannot be read");
                }
                None => self.index.remove(&key),
            }
        }
        if !complete {
            return Sweep::No;
        }
        // Names that changed become searchable at once; queries before and after see one version or the other whole.
        self.index.settle();
        Sweep::All
    }

    fn refresh(&mut self) -> Sweep {
        if let Some(metrics) = &self.metrics {
            metrics.count(self.index.exceptions().take_counts());
        }
        let latest = (self.exceptions)();
        if Arc::ptr_eq(&latest, self.index.exceptions()) {
            return Sweep::No;
        }
        self.index.set_exceptions(latest);
        Sweep::All
    }

    fn sweep(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, ContainerState>, out: &mut Outputs) {
        self.screen_again(key, now_ms, states, true, out);
    }
}
