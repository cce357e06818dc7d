//! What a slot owns, where it stands in it, and which records it may take.

use std::collections::HashMap;

use crate::error::Error;

/// An input topic, by its place in the subscription, and a partition.
pub(crate) type Place = (usize, i32);

/// Progress in one owned partition.
#[derive(Debug, Default)]
struct Owned {
    /// It is read: its states are there, and it is known where it goes on.
    started: bool,
    /// The next offset that may be taken; earlier ones were.
    expected: Option<i64>,
    /// After a rewind, the record that must come first.
    rewound_to: Option<i64>,
    /// Its end was reached after the last record.
    at_end: bool,
    /// Latest time of a record that was taken.
    read_to_ms: Option<i64>,
}

/// What to do with a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Take,
    /// Not ours, not yet, or taken before: dropped, and it never advances an offset.
    Drop,
    /// It proves that the consumer did not go back where it was told to.
    Astray,
}

/// The partitions of a slot and the offsets of its open transaction.
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    owned: HashMap<Place, Owned>,
    first: HashMap<Place, i64>,
    next: HashMap<Place, i64>,
}

impl Assignment {
    pub(crate) fn assign(&mut self, place: Place) {
        self.owned.insert(place, Owned::default());
    }

    /// Says whether it was read already.
    pub(crate) fn revoke(&mut self, place: Place) -> bool {
        self.owned.remove(&place).is_some_and(|owned| owned.started)
    }

    /// From now on it is read, from where its group has come to, if anywhere.
    pub(crate) fn start(&mut self, place: Place, at: Option<i64>) {
        if let Some(owned) = self.owned.get_mut(&place) {
            owned.started = true;
            owned.expected = at;
        }
    }

    /// The next offset that may be taken, as far as it is known.
    pub(crate) fn expected(&self, place: Place) -> Option<i64> {
        self.owned.get(&place)?.expected
    }

    pub(crate) fn owns(&self, place: Place) -> bool {
        self.owned.contains_key(&place)
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.owned.keys().copied()
    }

    pub(crate) fn is_started(&self) -> bool {
        self.owned.values().all(|owned| owned.started)
    }

    /// Looks at a record before it is handled.
    pub(crate) fn look(&mut self, place: Place, offset: i64) -> Verdict {
        let Some(owned) = self.owned.get_mut(&place).filter(|owned| owned.started) else {
            return Verdict::Drop;
        };
        match owned.rewound_to {
            Some(to) if offset > to => return Verdict::Astray,
            Some(to) if offset < to => return Verdict::Drop,
            Some(_) => owned.rewound_to = None,
            None if owned.expected.is_some_and(|expected| offset < expected) => return Verdict::Drop,
            None => {}
        }
        Verdict::Take
    }

    /// Offsets that are gone before they were read; only where every offset holds a record.
    pub(crate) fn gap(&self, place: Place, offset: i64) -> Option<i64> {
        let expected = self.owned.get(&place)?.expected?;
        (offset > expected).then_some(offset - expected)
    }

    /// Nothing more is there to be read from an input, unless it is gone back in.
    pub(crate) fn at_end(&mut self, place: Place) {
        if let Some(owned) = self.owned.get_mut(&place) {
            owned.at_end = owned.rewound_to.is_none();
        }
    }

    /// How far an input has been read at `now_ms`: up to now when its end was reached, else up to its last record; `None`
    /// before anything is known. What was produced later may still be to come.
    pub(crate) fn read_to_ms(&self, place: Place, now_ms: i64) -> Option<i64> {
        let owned = self.owned.get(&place)?;
        if owned.at_end { Some(now_ms) } else { owned.read_to_ms.map(|at| at.min(now_ms)) }
    }

    /// A record of this time was handled in the open transaction.
    pub(crate) fn handled(&mut self, place: Place, offset: i64, timestamp_ms: i64) {
        self.first.entry(place).or_insert(offset);
        self.next.insert(place, offset + 1);
        if let Some(owned) = self.owned.get_mut(&place) {
            owned.expected = Some(offset + 1);
            owned.at_end = false;
            owned.read_to_ms = owned.read_to_ms.max(Some(timestamp_ms));
        }
    }

    /// The offsets to commit.
    pub(crate) fn next(&self) -> &HashMap<Place, i64> {
        &self.next
    }

    pub(crate) fn committed(&mut self) {
        self.first.clear();
        self.next.clear();
    }

    /// The transaction is void; returns where to go back to.
    pub(crate) fn aborted(&mut self) -> Vec<(Place, i64)> {
        self.next.clear();
        let mut back = Vec::new();
        for (place, first) in self.first.drain() {
            if let Some(owned) = self.owned.get_mut(&place) {
                owned.expected = Some(first);
                owned.rewound_to = Some(first);
                owned.at_end = false;
                back.push((place, first));
            }
        }
        back
    }
}

/// States live in the partition of their input: both topics must have the same number of them.
pub(crate) fn check_copartitioned(
    changelog: &str,
    changelog_partitions: usize,
    input: &str,
    input_partitions: usize,
) -> Result<(), Error> {
    if changelog_partitions == input_partitions {
        return Ok(());
    }
    Err(Error::PartitionMismatch {
        changelog: changelog.to_owned(),
        changelog_partitions,
        input: input.to_owned(),
        input_partitions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Place = (0, 3);

    #[test]
    fn a_record_of_a_partition_that_is_not_owned_is_dropped_and_advances_nothing() {
        let mut assignment = Assignment::default();
        assert_eq!(assignment.look(P, 7), Verdict::Drop);
        assignment.assign(P);
        assignment.start(P, None);
        assert_eq!(assignment.look(P, 7), Verdict::Take);
        assignment.handled(P, 7, 100);
        assignment.revoke(P);
        assert_eq!(assignment.look(P, 8), Verdict::Drop);
        assert_eq!(assignment.next().get(&P), Some(&8));
        assert!(assignment.aborted().is_empty());
    }

    #[test]
    fn a_record_is_taken_once_even_if_it_is_delivered_twice() {
        let mut assignment = Assignment::default();
        assignment.assign(P);
        assignment.start(P, None);
        assignment.handled(P, 7, 100);
        assignment.committed();
        assert_eq!(assignment.look(P, 7), Verdict::Drop);
        assert_eq!(assignment.look(P, 9), Verdict::Take);
    }

    #[test]
    fn after_an_abort_the_first_record_of_the_transaction_must_come_again() {
        let mut assignment = Assignment::default();
        assignment.assign(P);
        assignment.start(P, None);
        assignment.handled(P, 7, 100);
        assignment.handled(P, 9, 100);
        assert_eq!(assignment.aborted(), [(P, 7)]);
        assert_eq!(assignment.look(P, 6), Verdict::Drop);
        assert_eq!(assignment.look(P, 10), Verdict::Astray);
        assert_eq!(assignment.look(P, 7), Verdict::Take);
        assignment.handled(P, 7, 100);
        assert_eq!(assignment.look(P, 9), Verdict::Take);
    }

    #[test]
    fn nothing_is_taken_before_it_is_known_where_to_go_on() {
        let mut assignment = Assignment::default();
        assignment.assign(P);
        assert!(!assignment.is_started());
        assert_eq!(assignment.look(P, 5), Verdict::Drop);
        assignment.start(P, Some(6));
        assert!(assignment.is_started());
        assert_eq!(assignment.look(P, 5), Verdict::Drop);
        assert_eq!(assignment.look(P, 7), Verdict::Take);
        assert!(assignment.revoke(P));
        assignment.assign(P);
        assert!(!assignment.revoke(P), "it was not read yet");
    }

    #[test]
    fn an_input_is_read_up_to_its_last_record_or_at_its_end_up_to_now() {
        let mut assignment = Assignment::default();
        assert_eq!(assignment.read_to_ms(P, 900), None, "not owned");
        assignment.assign(P);
        assignment.start(P, None);
        assert_eq!(assignment.read_to_ms(P, 900), None, "nothing is known yet");
        assignment.handled(P, 7, 100);
        assignment.handled(P, 8, 90);
        assert_eq!(assignment.read_to_ms(P, 900), Some(100), "it lags");
        assert_eq!(assignment.read_to_ms(P, 50), Some(50), "the producer's clock is ahead");
        assignment.at_end(P);
        assert_eq!(assignment.read_to_ms(P, 900), Some(900));
        assignment.handled(P, 9, 800);
        assert_eq!(assignment.read_to_ms(P, 900), Some(800));
        assignment.at_end(P);
        assignment.aborted();
        assert_eq!(assignment.read_to_ms(P, 900), Some(800), "it comes again");
        assignment.at_end(P);
        assert_eq!(assignment.read_to_ms(P, 900), Some(800), "that end was reached before going back");
    }

    #[test]
    fn a_state_topic_with_other_partitions_than_its_input_is_refused() {
        assert!(check_copartitioned("s.state", 4, "port.raw", 4).is_ok());
        let refused = check_copartitioned("s.state", 3, "port.raw", 4).unwrap_err().to_string();
        assert!(refused.contains("s.state has 3 partitions but port.raw has 4"), "{refused}");
    }
}
