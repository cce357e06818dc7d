//! The accounting: every record in has one outcome, and what one stage sends the next one reads.

use std::collections::BTreeMap;

use prometheus::Registry;

use super::world::World;

/// The stages, in the order of the stream.
pub(super) const STAGES: [&str; 4] = ["normalizer", "screener", "detector", "dispatcher"];

/// Counters of all stages at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Records in, by stage.
    pub(super) records_in: BTreeMap<String, u64>,
    /// Outcomes, by stage and outcome.
    pub(super) outcomes: BTreeMap<(String, String), u64>,
    /// Records sent, by stage and topic.
    pub(super) outputs: BTreeMap<(String, String), u64>,
    /// Records that retention took away before they were read.
    pub(super) lost: u64,
}

impl Tally {
    pub(super) fn of(world: &World) -> Self {
        Self::gather(world.registry())
    }

    fn gather(registry: &Registry) -> Self {
        let mut tally = Self::default();
        for family in registry.gather() {
            for metric in family.get_metric() {
                let label = |name: &str| {
                    let found = metric.get_label().iter().find(|l| l.name() == name);
                    found.map(|l| l.value().to_owned()).unwrap_or_default()
                };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "counters count up from 0"
                )]
                let value = metric.get_counter().get_value() as u64;
                match family.name() {
                    "quaywatch_records_in_total" => drop(tally.records_in.insert(label("stage"), value)),
                    "quaywatch_outcomes_total" => {
                        tally.outcomes.insert((label("stage"), label("outcome")), value);
                    }
                    "quaywatch_outputs_total" => {
                        tally.outputs.insert((label("stage"), label("topic")), value);
                    }
                    "quaywatch_records_lost_total" => tally.lost += value,
                    _ => {}
                }
            }
        }
        tally
    }

    pub(super) fn read_by(&self, stage: &str) -> u64 {
        self.records_in.get(stage).copied().unwrap_or(0)
    }

    /// Sum of the outcomes of a stage.
    pub(super) fn outcomes_of(&self, stage: &str) -> u64 {
        self.outcomes.iter().filter(|((s, _), _)| s == stage).map(|(_, n)| n).sum()
    }

    /// Records sent to a topic, by all stages.
    pub(super) fn sent_to(&self, topic: &str) -> u64 {
        self.outputs.iter().filter(|((_, t), _)| t == topic).map(|(_, n)| n).sum()
    }

    /// Whether every stage has an outcome for every record that it was sent.
    pub(super) fn is_settled(&self, accepted: u64) -> bool {
        self.adds_up()
            && self.read_by("normalizer") == accepted
            && self.read_by("screener") == self.sent_to("port.events")
            && self.read_by("detector") == self.sent_to("port.facts")
            && self.read_by("dispatcher") == self.sent_to("port.alerts")
    }

    /// Whether records in are the sum of outcomes at every stage, and nothing was lost on the way.
    pub(super) fn adds_up(&self) -> bool {
        self.lost == 0 && STAGES.iter().all(|stage| self.read_by(stage) == self.outcomes_of(stage))
    }
}
