//! What the watchlist service counts.

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

use crate::fetch::Change;
use crate::status::Status;

/// What became of a look at a changed list file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Published,
    Unchanged,
    HeldBack,
    Refused,
    Failed,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Published, Self::Unchanged, Self::HeldBack, Self::Refused, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::HeldBack => "held_back",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The service's metrics. List ids are labels; nothing of an entry is.
#[derive(Debug, Clone)]
pub struct Metrics {
    imports: IntCounterVec,
    entries: IntGaugeVec,
    in_force: IntGaugeVec,
    unreadable: IntGaugeVec,
    changed_at: IntGaugeVec,
    age: IntGaugeVec,
    confirmed_at: IntGaugeVec,
    rejected: IntGaugeVec,
    info: IntGaugeVec,
    fetches: IntCounterVec,
    source_age: IntGaugeVec,
    stale: IntGaugeVec,
}

impl Metrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// When the registry already has them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str, labels: &[&str]| -> Result<IntGaugeVec, prometheus::Error> {
            let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let imports = IntCounterVec::new(
            Opts::new("quaywatch_watchlist_imports_total", "Looks at changed list files, by outcome."),
            &["list", "outcome"],
        )?;
        registry.register(Box::new(imports.clone()))?;
        let fetches = IntCounterVec::new(
            Opts::new("quaywatch_watchlist_fetches_total", "Fetches of lists from the web, by outcome."),
            &["list", "outcome"],
        )?;
        registry.register(Box::new(fetches.clone()))?;
        Ok(Self {
            imports,
            entries: gauge("quaywatch_watchlist_entries", "Entries of the list.", &["list"])?,
            in_force: gauge("quaywatch_watchlist_entries_in_force", "Entries that match now.", &["list"])?,
            unreadable: gauge(
                "quaywatch_watchlist_unreadable_records",
                "Records that cannot be read.",
                &["list"],
            )?,
            changed_at: gauge(
                "quaywatch_watchlist_changed_timestamp_seconds",
                "When the version in force was published.",
                &["list"],
            )?,
            age: gauge("quaywatch_watchlist_age_seconds", "Time since the list changed last.", &["list"])?,
            confirmed_at: gauge(
                "quaywatch_watchlist_source_ok_timestamp_seconds",
                "When the list file was last found to be what is in force.",
                &["list"],
            )?,
            rejected: gauge(
                "quaywatch_watchlist_source_rejected",
                "1 while the list file is not in force because it is refused, held back or missing.",
                &["list"],
            )?,
            info: gauge(
                "quaywatch_watchlist_info",
                "Always 1; tells the version in force.",
                &["list", "version"],
            )?,
            fetches,
            source_age: gauge(
                "quaywatch_watchlist_source_age_seconds",
                "Time since the list was last fetched or found unchanged, or since its file was written.",
                &["list"],
            )?,
            stale: gauge(
                "quaywatch_watchlist_stale",
                "1 while the list is older than its max_age_s, or has no file.",
                &["list"],
            )?,
        })
    }

    /// Shows every outcome of a list, at 0 if need be.
    pub(crate) fn show(&self, list: &str) {
        for outcome in Outcome::ALL {
            self.imports.with_label_values(&[list, outcome.as_str()]).inc_by(0);
        }
        self.rejected.with_label_values(&[list]).set(0);
    }

    pub(crate) fn count(&self, list: &str, outcome: Outcome, now_s: i64) {
        self.imports.with_label_values(&[list, outcome.as_str()]).inc();
        let in_force = matches!(outcome, Outcome::Published | Outcome::Unchanged);
        self.rejected.with_label_values(&[list]).set(i64::from(!in_force));
        if in_force {
            self.confirmed_at.with_label_values(&[list]).set(now_s);
        }
    }

    pub(crate) fn count_fetch(&self, list: &str, outcome: Option<Change>) {
        let outcome = match outcome {
            Some(Change::New) => "new",
            Some(Change::None) => "unchanged",
            None => "failed",
        };
        self.fetches.with_label_values(&[list, outcome]).inc();
    }

    /// `None`: there is no file.
    pub(crate) fn set_age(&self, list: &str, age_s: Option<i64>, max_age_s: u64) {
        let is_stale = age_s.is_none_or(|age| u64::try_from(age).is_ok_and(|age| age > max_age_s));
        self.stale.with_label_values(&[list]).set(i64::from(is_stale));
        if let Some(age) = age_s {
            self.source_age.with_label_values(&[list]).set(age);
        }
    }

    /// Shows the lists as they are; lists that are gone vanish.
    pub(crate) fn set(&self, lists: &[Status]) {
        const MS_PER_S: i64 = 1_000;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.info.reset();
        for list in lists {
            let label = [list.list.as_str()];
            self.entries.with_label_values(&label).set(count(list.entries));
            self.in_force.with_label_values(&label).set(count(list.in_force));
            self.unreadable.with_label_values(&label).set(count(list.unreadable));
            self.changed_at.with_label_values(&label).set(list.changed_at.as_millis() / MS_PER_S);
            self.age.with_label_values(&label).set(list.age_s);
            self.info.with_label_values(&[list.list.as_str(), list.version.as_str()]).set(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_stale_when_it_is_too_old_or_has_no_file() {
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let told = |age_s| {
            metrics.set_age("ofac", age_s, 86_400);
            (
                metrics.stale.with_label_values(&["ofac"]).get(),
                metrics.source_age.with_label_values(&["ofac"]).get(),
            )
        };
        assert_eq!(told(Some(86_400)), (0, 86_400));
        assert_eq!(told(Some(86_401)), (1, 86_401));
        assert_eq!(told(None), (1, 86_401));
        assert_eq!(told(Some(5)), (0, 5));
    }
}
