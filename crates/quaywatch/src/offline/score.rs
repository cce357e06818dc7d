//! What was raised against the truth: by rule and by story.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use quaywatch_detection::Sample;
use quaywatch_domain::alert::AlertState;
use quaywatch_domain::indicator::CONTROL;
use quaywatch_domain::{Alert, Severity, Subject, Timestamp};
use quaywatch_simulator::Truth;
use serde::Serialize;

use super::history::{History, WATCH, is_watch};

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Observed<'a> {
    /// Every alert in its last revision.
    pub(crate) alerts: Vec<&'a Alert>,
    /// What was told of them before.
    pub(crate) history: History,
    /// When shadow codes that hold in the end first held on a subject.
    pub(crate) shadowed: BTreeMap<(Subject, String), Timestamp>,
    /// Actual gate-outs of a container, in order of time.
    pub(crate) gate_outs: HashMap<String, Vec<Timestamp>>,
    /// Container visits; 0 when not known.
    pub(crate) visits: u64,
    /// What agencies found, by why they looked.
    pub(crate) inspections: BTreeMap<Sample, Inspections>,
}

/// Visits that agencies looked into.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Inspections {
    /// With a find.
    pub(crate) found: usize,
    /// Without.
    pub(crate) nothing: usize,
}

impl Inspections {
    pub(crate) const fn count(&mut self, found: bool) {
        let counted = if found { &mut self.found } else { &mut self.nothing };
        *counted += 1;
    }

    /// Share of them with a find.
    pub(crate) fn hit_rate(self) -> Option<f64> {
        share(self.found, self.found + self.nothing)
    }
}

/// How a run compares to the truth.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Score {
    /// Whether there was a truth to compare with; without one nothing is true or false.
    pub(crate) judged: bool,
    /// By code.
    pub(crate) rules: BTreeMap<String, RuleScore>,
    /// By story.
    pub(crate) stories: BTreeMap<String, StoryScore>,
    /// Expected codes that were not raised: subject and code.
    pub(crate) missed: Vec<(String, String)>,
    /// What stands in the end: an entry for each alert, and one for each subject on which shadow codes hold.
    pub(crate) standing: Vec<Standing>,
    /// Alerts about containers with a story.
    pub(crate) true_alerts: usize,
    /// Alerts about other containers.
    pub(crate) false_alerts: usize,
    /// Alerts about containers without a story that travelled with a find, by reason of it: neither true nor false.
    pub(crate) watches: usize,
    /// Those of them that are HIGH or CRITICAL.
    pub(crate) watches_grave: usize,
    /// Those of the false ones that are HIGH or CRITICAL.
    pub(crate) false_grave: usize,
    /// Alerts about containers with a story that were raised and taken back.
    pub(crate) true_withdrawn: usize,
    /// Alerts about other containers that were raised and taken back.
    pub(crate) false_withdrawn: usize,
    /// Those of them that were HIGH or CRITICAL.
    pub(crate) false_withdrawn_grave: usize,
    /// Watches on what travelled with a find that an agency took back.
    pub(crate) watches_withdrawn: usize,
    /// Every alert about a container without a story that was raised and taken back.
    pub(crate) taken_back: Vec<TakenBack>,
    /// Container visits.
    pub(crate) visits: u64,
    /// Containers with an uneventful visit in the control sample.
    pub(crate) control: Vec<String>,
    /// Those of them that have a story: what no rule saw.
    pub(crate) control_stories: usize,
    /// What agencies found, by why they looked: `alert` or `control`.
    pub(crate) inspections: BTreeMap<&'static str, Inspections>,
}

/// What stands about a subject in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    pub(crate) subject: String,
    pub(crate) codes: BTreeSet<String>,
    /// Whether the truth has a story about the subject.
    pub(crate) on_story: bool,
    /// Whether it is counted only.
    pub(crate) shadow: bool,
}

/// An alert that was raised and taken back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TakenBack {
    subject: String,
    /// Every code that it ever had.
    codes: BTreeSet<String>,
    /// Its highest severity.
    severity: Severity,
    raised_at: Timestamp,
    taken_back_at: Timestamp,
}

/// One code.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(crate) struct RuleScore {
    /// Whether it is counted only.
    pub(crate) shadow: bool,
    /// Stories that name it.
    pub(crate) expected: usize,
    /// Those on whose container it stands.
    pub(crate) found: usize,
    /// Alerts in which it stands.
    pub(crate) raised: usize,
    /// Those about containers with a story.
    pub(crate) on_stories: usize,
    /// Watches in which it stands beside those alerts.
    pub(crate) watches: usize,
    /// Alerts about containers without a story that were raised with it, among others, and taken back.
    pub(crate) withdrawn: usize,
    /// Minutes from the first alert to the gate-out, negative when late.
    pub(crate) leads: Vec<f64>,
    /// Minutes from what happened to the first alert.
    pub(crate) delays: Vec<f64>,
}

/// One kind of story.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(crate) struct StoryScore {
    /// What happens in it.
    pub(crate) story: String,
    /// Codes that it must raise.
    pub(crate) codes: Vec<String>,
    /// How often it was told.
    pub(crate) told: usize,
    /// How often an alert stands about its container.
    pub(crate) alerted: usize,
    /// Codes expected in all.
    pub(crate) expected: usize,
    /// Those that stand.
    pub(crate) found: usize,
    /// Minutes from its first expected code to the gate-out, negative when late.
    pub(crate) leads: Vec<f64>,
}

impl StoryScore {
    /// Share of the codes that it must raise that stand.
    pub(crate) fn recall(&self) -> Option<f64> {
        share(self.found, self.expected)
    }
}

impl RuleScore {
    /// Share of the stories that name it in which it stands.
    pub(crate) fn recall(&self) -> Option<f64> {
        share(self.found, self.expected)
    }
}

impl Score {
    /// Compares what stands in the end with the truth, if there is one.
    pub(crate) fn of(seen: &Observed<'_>, truth: Option<&[Truth]>) -> Self {
        let inspections = seen.inspections.iter().map(|(sample, n)| (sample.as_str(), *n)).collect();
        let mut score = Self { judged: truth.is_some(), visits: seen.visits, inspections, ..Self::default() };
        let truth = truth.unwrap_or_default();
        let stories = || truth.iter().filter(|t| !t.codes.is_empty());
        let subjects: BTreeSet<&str> = stories().map(|t| t.subject.as_str()).collect();
        let kin: BTreeSet<&str> = truth.iter().map(|t| t.subject.as_str()).collect();
        for alert in seen.alerts.iter().filter(|a| a.state == AlertState::Retracted) {
            score.withdrawn(seen, alert, subjects.contains(alert.subject.to_string().as_str()));
        }
        let mut standing: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for alert in seen.alerts.iter().filter(|a| a.state != AlertState::Retracted) {
            let subject = alert.subject.to_string();
            let is_story = subjects.contains(subject.as_str());
            let codes: BTreeSet<&str> = alert.indicators.iter().map(|i| i.code.as_str()).collect();
            // Who is drawn at random is under no suspicion.
            if codes.iter().all(|code| *code == CONTROL) {
                continue;
            }
            if !is_story && kin.contains(subject.as_str()) && is_watch(alert) {
                score.watched(&codes, alert.severity);
                continue;
            }
            match is_story {
                true => score.true_alerts += 1,
                false => score.false_alerts += 1,
            }
            score.false_grave += usize::from(!is_story && alert.severity >= Severity::High);
            for code in &codes {
                score.raised(code, is_story, false);
            }
            score.stands(&subject, codes.iter().copied(), is_story, false);
            standing.entry(subject).or_default().extend(codes);
        }
        let mut shadows: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (subject, code) in seen.shadowed.keys() {
            let subject = subject.to_string();
            let is_story = subjects.contains(subject.as_str());
            if code == CONTROL {
                score.control_stories += usize::from(is_story);
                score.control.push(subject);
                continue;
            }
            score.raised(code, is_story, true);
            shadows.entry(subject.clone()).or_default().insert(code);
            standing.entry(subject).or_default().insert(code);
        }
        for (subject, codes) in shadows {
            score.stands(&subject, codes, subjects.contains(subject.as_str()), true);
        }
        for story in stories() {
            score.tell(story, &standing, seen);
        }
        score.leads_without_story(seen, &kin);
        score
    }

    fn stands<'c>(
        &mut self,
        subject: &str,
        codes: impl IntoIterator<Item = &'c str>,
        on_story: bool,
        shadow: bool,
    ) {
        let codes = codes.into_iter().map(str::to_owned).collect();
        self.standing.push(Standing { subject: subject.to_owned(), codes, on_story, shadow });
    }

    fn withdrawn(&mut self, seen: &Observed<'_>, alert: &Alert, is_story: bool) {
        let Some(told) = seen.history.of(alert) else { return };
        if told.codes.iter().all(|code| code == CONTROL) {
            return;
        }
        if is_story {
            self.true_withdrawn += 1;
            return;
        }
        if told.is_watch {
            self.watches_withdrawn += 1;
            return;
        }
        self.false_withdrawn += 1;
        self.false_withdrawn_grave += usize::from(told.severity >= Severity::High);
        for code in &told.codes {
            self.rules.entry(code.clone()).or_default().withdrawn += 1;
        }
        self.taken_back.push(TakenBack {
            subject: alert.subject.to_string(),
            codes: told.codes.clone(),
            severity: told.severity,
            raised_at: told.first,
            taken_back_at: told.last,
        });
    }

    fn watched(&mut self, codes: &BTreeSet<&str>, severity: Severity) {
        self.watches += 1;
        self.watches_grave += usize::from(severity >= Severity::High);
        for code in codes.iter().filter(|code| code.starts_with(WATCH)) {
            self.rules.entry((*code).to_owned()).or_default().watches += 1;
        }
    }

    fn raised(&mut self, code: &str, on_story: bool, shadow: bool) {
        let rule = self.rules.entry(code.to_owned()).or_default();
        rule.shadow |= shadow;
        rule.raised += 1;
        rule.on_stories += usize::from(on_story);
    }

    fn tell(&mut self, story: &Truth, standing: &BTreeMap<String, BTreeSet<&str>>, seen: &Observed<'_>) {
        let codes = standing.get(&story.subject);
        let subject = Subject::parse(&story.subject);
        let mut first: Option<Timestamp> = None;
        let mut found = 0;
        for code in &story.codes {
            let rule = self.rules.entry(code.clone()).or_default();
            rule.expected += 1;
            if !codes.is_some_and(|codes| codes.contains(code.as_str())) {
                self.missed.push((story.subject.clone(), code.clone()));
                continue;
            }
            rule.found += 1;
            found += 1;
            let raised = subject.as_ref().and_then(|s| {
                let shadowed = || seen.shadowed.get(&(s.clone(), code.clone())).copied();
                seen.history.since(s, code).or_else(shadowed)
            });
            if let Some(at) = raised {
                rule.delays.push(minutes(at.millis_since(story.from)));
                rule.leads.extend(lead(seen, &story.subject, story.from, at));
                first = first.into_iter().chain([at]).min();
            }
        }
        let name = format!("{} {}", story.codes.join("+"), story.story);
        let entry = self.stories.entry(name).or_default();
        entry.story.clone_from(&story.story);
        entry.codes.clone_from(&story.codes);
        entry.told += 1;
        entry.alerted += usize::from(codes.is_some());
        entry.expected += story.codes.len();
        entry.found += found;
        entry.leads.extend(first.and_then(|at| lead(seen, &story.subject, story.from, at)));
    }

    /// Without a truth, the lead of every alert counts.
    fn leads_without_story(&mut self, seen: &Observed<'_>, subjects: &BTreeSet<&str>) {
        if !subjects.is_empty() {
            return;
        }
        for alert in seen.alerts.iter().filter(|a| a.state != AlertState::Retracted) {
            let subject = alert.subject.to_string();
            let codes: BTreeSet<&String> = alert.indicators.iter().map(|i| &i.code).collect();
            for code in codes {
                let Some(at) = seen.history.since(&alert.subject, code) else { continue };
                let begun = alert.visit.started_at.unwrap_or(at);
                if let Some(rule) = self.rules.get_mut(code) {
                    rule.leads.extend(lead(seen, &subject, begun, at));
                }
            }
        }
    }

    /// Alerts with any of the codes of a story, and those of them that are about containers with a story.
    pub(crate) fn raised_with(&self, codes: &[String]) -> (usize, usize) {
        let with = || self.standing.iter().filter(|s| codes.iter().any(|code| s.codes.contains(code)));
        (with().count(), with().filter(|s| s.on_story).count())
    }

    /// Share of a rule's alerts that are about a container with a story; only a truth tells it.
    pub(crate) fn precision_of(&self, rule: &RuleScore) -> Option<f64> {
        share(rule.on_stories, rule.raised).filter(|_| self.judged)
    }

    /// Share of the alerts that stand in the end that are about a story.
    pub(crate) fn precision(&self) -> f64 {
        share(self.true_alerts, self.true_alerts + self.false_alerts).unwrap_or(1.0)
    }

    /// The same of all that were ever raised.
    pub(crate) fn precision_as_raised(&self) -> f64 {
        let on_stories = self.true_alerts + self.true_withdrawn;
        share(on_stories, on_stories + self.false_alerts + self.false_withdrawn).unwrap_or(1.0)
    }

    /// Share of expected codes that were raised.
    pub(crate) fn recall(&self) -> f64 {
        let found: usize = self.rules.values().map(|c| c.found).sum();
        let expected: usize = self.rules.values().map(|c| c.expected).sum();
        share(found, expected).unwrap_or(1.0)
    }

    /// So many in 10,000 container visits.
    #[expect(clippy::cast_precision_loss, reason = "a rate for a person")]
    pub(crate) fn per_10_000(&self, count: usize) -> Option<f64> {
        (self.visits > 0).then(|| count as f64 * 10_000.0 / self.visits as f64)
    }
}

/// Minutes from the alert to the gate-out that it had to precede: the first at or after what happened, else the last.
fn lead(seen: &Observed<'_>, subject: &str, from: Timestamp, raised: Timestamp) -> Option<f64> {
    let container = subject.strip_prefix("container/")?;
    let gate_outs = seen.gate_outs.get(container)?;
    let out = gate_outs.iter().find(|at| **at >= from).or(gate_outs.last())?;
    Some(minutes(out.millis_since(raised)))
}

#[expect(clippy::cast_precision_loss, reason = "minutes for a person")]
fn minutes(ms: i64) -> f64 {
    ms as f64 / 60_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of alerts are small")]
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The value that `share` of all reach or exceed (nearest rank); 0.5 is the median.
pub(crate) fn reached_by(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank within a short list"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests;
