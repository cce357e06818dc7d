use std::sync::Arc;

use prometheus::{IntCounterVec, Opts, Registry};
use quaywatch_codec::Codec;
use quaywatch_detection::{Baselines, Changes, Engine, Outages, TimelineState};
use quaywatch_domain::{Fact, PortEvent, PublishedBaselines, Timestamp};
use quaywatch_kafka::{Outcome, Outputs, Record, Stage, States, Sweep, TableChange};
use quaywatch_service::stage::{decode, patiently};

use crate::state::Timeline;

/// Topic of alerts with full content.
pub const ALERTS: &str = "port.alerts";
/// Topic of facts: the input, and the way of indicators from other subjects to containers.
pub const FACTS: &str = "port.facts";
/// Topic of what is usual, read whole.
pub const BASELINES: &str = "port.baselines";
/// Topic of outages of whole systems, read whole.
pub const OUTAGES: &str = "port.outages";

/// Gives the engine with the rules in force; asked again between transactions, so that a changed rule file takes effect.
pub type Engines = Arc<dyn Fn() -> Arc<Engine> + Send + Sync>;

/// What the detector counts beside what the runtime does.
#[derive(Debug, Clone)]
pub struct Counters {
    shadowed: IntCounterVec,
    inspections: IntCounterVec,
}

impl Counters {
    /// Registers them.
    ///
    /// # Errors
    /// When the registry has metrics of these names already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name, help, labels: &[&str]| {
            let family = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(family.clone()))?;
            Ok::<_, prometheus::Error>(family)
        };
        Ok(Self {
            shadowed: counter(
                "quaywatch_shadow_indicators_total",
                "What shadow rules would have said, and the visits drawn for control, by code",
                &["code"],
            )?,
            inspections: counter(
                "quaywatch_inspections_total",
                "Visits of which an agency said what it found, by why it looked (alert, control) and outcome (found, nothing)",
                &["sample", "outcome"],
            )?,
        })
    }
}

/// The pure step from one fact to what it changes.
pub struct Detector {
    codec: Codec,
    engines: Engines,
    counters: Counters,
    /// The engine with the rules in force, as it was given.
    given: Arc<Engine>,
    /// The same with what the tables say.
    engine: Engine,
    baselines: Option<Arc<Baselines>>,
    outages: Outages,
    /// Version of the engine that the timelines were last compared to.
    version: String,
}

impl Detector {
    /// A stage with these rules.
    #[must_use]
    pub fn new(codec: Codec, engines: Engines, counters: Counters) -> Self {
        let given = (engines)();
        let engine = Engine::clone(&given);
        // Timelines that are taken over are looked at in any case.
        let version = engine.version();
        let (baselines, outages) = (None, Outages::default());
        Self { codec, engines, counters, given, engine, baselines, outages, version }
    }

    /// Puts together the rules in force and what the tables say; whether that is something new.
    fn assemble(&mut self) -> Sweep {
        let mut engine = Engine::clone(&self.given).with_outages(Arc::new(self.outages.clone()));
        if let Some(baselines) = &self.baselines {
            engine = engine.with_baselines(Arc::clone(baselines));
        }
        self.engine = engine;
        let version = self.engine.version();
        if version == self.version {
            return Sweep::No;
        }
        tracing::info!(
            from = self.version,
            to = version,
            "rules, baselines or outages changed: every timeline is looked at again"
        );
        self.version = version;
        Sweep::All
    }

    /// Takes over what is usual; what cannot be read leaves the former in force.
    fn take_baselines(&mut self, change: &TableChange) {
        let Some(value) = change.value.as_deref() else {
            self.baselines = None;
            return;
        };
        let read = self.codec.decode::<PublishedBaselines>(value).map_err(|error| error.to_string());
        match read.and_then(|published| Baselines::parse(&published.content).map_err(|e| e.to_string())) {
            Ok(baselines) => self.baselines = Some(Arc::new(baselines)),
            Err(error) => {
                tracing::error!(
                    error,
                    offset = change.offset,
                    "baselines cannot be read: publish them again"
                );
            }
        }
    }

    fn take_outage(&mut self, change: &TableChange) {
        match change.value.as_deref().map(|value| self.codec.decode::<PortEvent>(value)) {
            Some(Ok(event)) => _ = self.outages.take(&event),
            Some(Err(error)) => {
                tracing::error!(%error, offset = change.offset, "an outage cannot be read");
            }
            None => _ = self.outages.forget(&String::from_utf8_lossy(&change.key)),
        }
    }

    /// Sends what changed; an alert is written now, whatever time its timeline is looked at for.
    ///
    /// The error is the dead letter of what cannot be written.
    fn publish(&self, changes: &mut Changes, out: &mut Outputs) -> Result<(), Outcome> {
        for alert in &mut changes.alerts {
            alert.produced_at = Timestamp::from_millis(out.now_ms());
            let value = patiently(|| self.codec.encode(ALERTS, alert))?;
            out.send(ALERTS, alert.alert_id.to_string(), value);
        }
        for fact in &changes.facts {
            let value = patiently(|| self.codec.encode(FACTS, fact))?;
            out.send(FACTS, fact.subject.to_string(), value);
        }
        for code in &changes.shadowed {
            self.counters.shadowed.with_label_values(&[code]).inc();
        }
        for inspected in &changes.inspected {
            let outcome = if inspected.found { "found" } else { "nothing" };
            self.counters.inspections.with_label_values(&[inspected.sample.as_str(), outcome]).inc();
        }
        Ok(())
    }

    /// Looks at one timeline without a new fact. When what follows cannot be written, the look is undone and the timeline
    /// goes to the dead letters.
    fn look(
        &self,
        key: &[u8],
        states: &mut States<'_, Timeline>,
        out: &mut Outputs,
        step: impl FnOnce(&Engine, &mut TimelineState) -> Changes,
    ) {
        let Some(timeline) = states.get_mut(key) else { return };
        let mut changes = step(&self.engine, &mut timeline.0);
        if let Err(Outcome::DeadLettered { code, sentence, position }) = self.publish(&mut changes, out) {
            out.dead_letter(code, sentence, position, None);
        } else if changes.expired {
            states.remove(key);
        }
    }
}

impl Stage for Detector {
    type State = Timeline;

    fn handle(
        &mut self,
        record: &Record<'_>,
        states: &mut States<'_, Timeline>,
        out: &mut Outputs,
    ) -> Outcome {
        let fact: Fact = match decode(&self.codec, record) {
            Ok(fact) => fact,
            Err(outcome) => return outcome,
        };
        // What is still to be read is not absent.
        let now = Timestamp::from_millis(out.read_to_ms());
        let key = fact.subject.to_string().into_bytes();
        let Some(timeline) = states.get_or_insert_with(&key, Timeline::default) else {
            return Outcome::OutOfScope;
        };
        let mut changes = self.engine.apply(&mut timeline.0, fact, now);
        if timeline.0.is_empty() {
            states.remove(&key);
        }
        if let Err(outcome) = self.publish(&mut changes, out) {
            return outcome;
        }
        match changes.outcome {
            quaywatch_detection::Outcome::New => Outcome::Produced,
            quaywatch_detection::Outcome::Duplicate => Outcome::Duplicate,
            quaywatch_detection::Outcome::Superseded => Outcome::Superseded,
            quaywatch_detection::Outcome::TooLate => Outcome::TooLate,
            quaywatch_detection::Outcome::OutOfScope => Outcome::OutOfScope,
        }
    }

    fn due(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Timeline>, out: &mut Outputs) {
        let now = Timestamp::from_millis(now_ms);
        self.look(key, states, out, |engine, timeline| engine.due(timeline, now));
    }

    /// What is usual, or an outage: every live timeline is looked at again, and the difference goes out.
    fn table(&mut self, table: &str, changes: &[TableChange], complete: bool) -> Sweep {
        for change in changes {
            match table {
                BASELINES => self.take_baselines(change),
                _ => self.take_outage(change),
            }
        }
        let changed = self.assemble();
        if complete { changed } else { Sweep::No }
    }

    /// New rules.
    fn refresh(&mut self) -> Sweep {
        let given = (self.engines)();
        if Arc::ptr_eq(&given, &self.given) {
            return Sweep::No;
        }
        self.given = given;
        self.assemble()
    }

    /// The rules changed, or the timeline was taken over and they may have changed since its last owner looked at it.
    fn sweep(&mut self, key: &[u8], now_ms: i64, states: &mut States<'_, Timeline>, out: &mut Outputs) {
        let now = Timestamp::from_millis(now_ms);
        self.look(key, states, out, |engine, timeline| engine.reevaluate(timeline, now));
    }
}
