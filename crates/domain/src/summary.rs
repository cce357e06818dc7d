//! How indicators add up. One place, because the detector sums them for the alert and the dispatcher sums again over
//! what each agency may see.

use crate::alert::{Evidence, ScorePart};
use crate::{Action, Handling, Indicator, Severity, Subject, Timestamp};

/// Highest score.
pub const MAX_SCORE: f64 = 100.0;

/// What follows from a set of indicators.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Whether it holds no more, because of what made an alert a part has ended.
    pub is_over: bool,
    /// Gravest of them.
    pub severity: Severity,
    /// Sum of their points, capped at [`MAX_SCORE`], to one decimal.
    pub score: f64,
    /// One line for a duty officer.
    pub title: String,
    /// The most urgent advice among the gravest.
    pub action: Action,
    /// Strictest label.
    pub handling: Handling,
    /// Grounds, sorted, each once.
    pub legal_basis: Vec<String>,
    /// Lists, `LIST@VERSION`, sorted, each once.
    pub lists: Vec<String>,
    /// Latest event time of the evidence.
    pub event_time: Timestamp,
    /// When it could be known: the latest receipt of the evidence, or the latest deadline that passed in vain.
    pub detected_at: Timestamp,
}

impl Summary {
    /// Like [`Self::of`], of those indicators that make an alert: the open ones where `stands` says that they do, else all,
    /// the ended ones among them. `None` when not even all do.
    #[must_use]
    pub fn of_standing(
        subject: &Subject,
        indicators: &[Indicator],
        parts: &[ScorePart],
        evidence: &[Evidence],
        stands: impl Fn(&Self, &[Indicator]) -> bool,
    ) -> Option<Self> {
        let of = |indicators: &[Indicator], parts: &[ScorePart], evidence: &[Evidence]| {
            Self::of(subject, indicators, parts, evidence).filter(|summary| stands(summary, indicators))
        };
        if indicators.iter().all(|i| i.ended_at.is_none()) {
            return of(indicators, parts, evidence);
        }
        let open = indicators.iter().zip(parts).filter(|(i, _)| i.ended_at.is_none());
        let (open, points): (Vec<_>, Vec<_>) = open.map(|(i, part)| (i.clone(), part.clone())).unzip();
        let named = |e: &&Evidence| open.iter().any(|i| i.evidence.contains(&e.fact_id));
        let behind: Vec<Evidence> = evidence.iter().filter(named).cloned().collect();
        let over = || Some(Self { is_over: true, ..of(indicators, parts, evidence)? });
        of(&open, &points, &behind).or_else(over)
    }

    /// Sums up `indicators` (gravest first) with the points that each gives and the evidence they name; `None` when there
    /// are none.
    #[must_use]
    pub fn of(
        subject: &Subject,
        indicators: &[Indicator],
        parts: &[ScorePart],
        evidence: &[Evidence],
    ) -> Option<Self> {
        let first = indicators.first()?;
        let severity = indicators.iter().map(|i| i.severity).max()?;
        let total: f64 = parts.iter().map(|p| p.points).sum();
        Some(Self {
            is_over: false,
            severity,
            score: (total.min(MAX_SCORE) * 10.0).round() / 10.0,
            title: title(subject, first, indicators.len()),
            action: indicators.iter().filter(|i| i.severity == severity).map(|i| i.action).max()?,
            handling: indicators.iter().skip(1).fold(first.handling.clone(), |h, i| h.strictest(&i.handling)),
            legal_basis: sorted(indicators.iter().filter_map(|i| i.legal_basis.clone())),
            lists: sorted(indicators.iter().filter_map(|i| i.list.clone())),
            event_time: evidence.iter().map(|e| e.occurred_at).max().unwrap_or(first.first_held_at),
            detected_at: evidence
                .iter()
                .map(|e| e.received_at)
                .chain(indicators.iter().filter_map(Indicator::absent_since))
                .max()
                .unwrap_or(first.first_held_at),
        })
    }

    /// Whether it is enough for an alert: one HIGH indicator, or the threshold by more than a single LOW one.
    #[must_use]
    pub fn stands(&self, indicators: &[Indicator], threshold: f64) -> bool {
        let only_one_low = indicators.len() == 1 && self.severity == Severity::Low;
        self.severity >= Severity::High || (self.score >= threshold && !only_one_low)
    }
}

fn title(subject: &Subject, first: &Indicator, count: usize) -> String {
    match count {
        0 | 1 => format!("{}: {}", subject.id, first.sentence),
        2 => format!("{}: {} One more indicator.", subject.id, first.sentence),
        n => format!("{}: {} {} more indicators.", subject.id, first.sentence, n - 1),
    }
}

fn sorted(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = items.collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handling::{EuropolCode, Tlp};

    fn indicator(severity: Severity, action: Action, tlp: Tlp) -> Indicator {
        Indicator {
            rule: "MO-25".into(),
            code: "MO-25a".into(),
            version: 1,
            severity,
            weight: 60.0,
            sentence: "Left the terminal under a customs hold.".into(),
            action,
            evidence: vec!["a".into()],
            first_held_at: Timestamp::from_millis(5),
            ended_at: None,
            expected: None,
            handling: Handling::new(tlp, EuropolCode::H0),
            discreet: false,
            owner: None,
            legal_basis: None,
            list: None,
            origin: None,
            carried: Vec::new(),
        }
    }

    #[test]
    fn scores_are_capped_and_labels_are_the_strictest() {
        let subject = Subject::container("CSQU3054383");
        let indicators = [
            indicator(Severity::High, Action::Scan, Tlp::Green),
            indicator(Severity::Low, Action::HoldRequest, Tlp::Red),
        ];
        let part = |points| ScorePart { code: "MO-25a".into(), points };
        let summary = Summary::of(&subject, &indicators, &[part(80.0), part(40.0)], &[]).unwrap();
        assert_eq!((summary.score, summary.severity), (100.0, Severity::High));
        assert_eq!((summary.action, summary.handling.tlp), (Action::Scan, Tlp::Red));
        assert_eq!(summary.title, "CSQU3054383: Left the terminal under a customs hold. One more indicator.");
    }

    #[test]
    fn a_single_low_indicator_never_stands() {
        let subject = Subject::container("CSQU3054383");
        let low = [indicator(Severity::Low, Action::Inform, Tlp::Green)];
        let parts = [ScorePart { code: "X".into(), points: 90.0 }];
        let summary = Summary::of(&subject, &low, &parts, &[]).unwrap();
        assert!(!summary.stands(&low, 40.0));
        let high = [indicator(Severity::High, Action::Inform, Tlp::Green)];
        let summary = Summary::of(&subject, &high, &[], &[]).unwrap();
        assert!(summary.stands(&high, 40.0));
    }
}
