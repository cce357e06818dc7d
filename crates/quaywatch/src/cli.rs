//! The command line, by audience.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use quaywatch_domain::Timestamp;

/// Turns a sea port's logistics messages into alerts for police and customs, live, on Apache Kafka.
#[derive(Debug, Parser)]
#[command(name = "quaywatch", version, max_term_width = 110)]
pub(crate) struct Cli {
    /// Settings file; without it the defaults of deploy/quaywatch.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One setting, over file and environment; may be repeated.
    #[arg(long = "set", global = true, value_name = "SECTION.FIELD=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A simulated port day in wire formats through every service, with live alerts
    Demo(Demo),
    /// Show the canonical events that a message becomes (integrator; offline)
    Normalize(Normalize),
    /// Screen names and identifiers against lists; or `screen pairs`: one name against another (analyst; offline)
    Screen(Screen),
    /// Put files into port.raw as the gateway would (integrator)
    Ingest(Ingest),
    /// Run recorded traffic through formats, screening, detection and sharing (analyst; offline)
    Backtest(Backtest),
    /// Where a seal was seen: in the running system, or in recorded traffic (analyst)
    Seal(Seal),
    /// Write a simulated port day as files, with its truth (analyst; offline)
    Simulate(Simulate),
    /// What is usual: dwell, weights, routes, seals, feeds, from recorded traffic (analyst; offline)
    #[command(subcommand)]
    Baseline(Baseline),
    /// Rules: what is in force (analyst)
    #[command(subcommand)]
    Rules(Rules),
    /// Show alerts as text (agency)
    Tail(Tail),
    /// Show an alert with its timeline and evidence down to the original message (analyst)
    Explain(Explain),
    /// Service: HTTP to port.raw
    Gateway,
    /// Service: port.raw to port.events
    Normalizer,
    /// Service, or `import`, `status`, `diff`, `explain`, `blind`: lists to port.watchlist
    Watchlist(Watchlist),
    /// Service: port.events and port.watchlist to port.facts
    Screener,
    /// Service: port.facts to port.alerts
    Detector,
    /// Service: port.alerts to agency.ID.alerts
    Dispatcher,
    /// Topics: create what is missing, report what differs (operator)
    #[command(subcommand)]
    Topics(Topics),
    /// Schemas: compare with and register in the schema registry (operator)
    #[command(subcommand)]
    Schema(Schema),
    /// Records that could not be used (operator)
    #[command(subcommand)]
    Deadletters(Deadletters),
    /// Feeds: which are paused, pause one, let it run again (operator)
    #[command(subcommand)]
    Feeds(Feeds),
    /// Settings in force (operator)
    #[command(subcommand)]
    Settings(SettingsCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Seed of the simulated day
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Hours to simulate
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=72))]
    pub(crate) hours: u32,
    /// Containers to simulate
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(100..=20_000))]
    pub(crate) containers: u32,
    /// Seconds that the day takes
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=3600))]
    pub(crate) seconds: u32,
    /// Run on this Kafka instead of the embedded broker
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Normalize {
    /// Messages, or folders of them
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Feeds; without it feeds.toml beside the file, else everything is feed `default` in UTC
    #[arg(long, value_name = "FILE")]
    pub(crate) feeds: Option<PathBuf>,
    /// Party registry; without it parties.csv beside the file
    #[arg(long, value_name = "FILE")]
    pub(crate) parties: Option<PathBuf>,
    /// Read every file as this feed's
    #[arg(long, value_name = "ID")]
    pub(crate) feed: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Messages
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Feed that they belong to
    #[arg(long, value_name = "ID")]
    pub(crate) feed: String,
    /// Media type, when the file name does not tell
    #[arg(long)]
    pub(crate) content_type: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// Files, or folders with feeds.toml, watchlist*.csv and feedback.ndjson where they have them
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// List of any known format
    #[arg(long, value_name = "FILE")]
    pub(crate) watchlist: Vec<PathBuf>,
    /// Key of a period of blinded lists
    #[arg(long, value_name = "PERIOD=KEY_FILE", value_parser = period)]
    pub(crate) blinding: Vec<(String, PathBuf)>,
    /// Decided false positives (CSV)
    #[arg(long, value_name = "FILE")]
    pub(crate) exceptions: Option<PathBuf>,
    /// Rules instead of the built-in ones; several are compared over the same traffic, `built-in` stands for those
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
    /// What is usual, as `baseline build` wrote it; of traffic before the one that is tested
    #[arg(long, value_name = "FILE")]
    pub(crate) baselines: Option<PathBuf>,
    /// Agencies: prints each agency's alerts instead of the full ones
    #[arg(long, value_name = "FILE")]
    pub(crate) agencies: Option<PathBuf>,
    /// What should be found; prints precision, recall and time to alert
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Least share of expected codes to be raised; below it the exit code is 1
    #[arg(long, default_value_t = 1.0, requires = "truth", value_name = "SHARE")]
    pub(crate) min_recall: f64,
    /// Least share of alerts to be about a story; below it the exit code is 1
    #[arg(long, default_value_t = 0.0, requires = "truth", value_name = "SHARE")]
    pub(crate) min_precision: f64,
    /// Write the scores, by rule and by story, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Form of the alerts
    #[arg(long, value_enum, default_value_t = Form::Ndjson)]
    pub(crate) format: Form,
    /// Run the clock on to this time instead of the last deadline; what was awaited by then counts as absent
    #[arg(long, value_parser = timestamp)]
    pub(crate) now: Option<Timestamp>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Screen {
    #[command(subcommand)]
    pub(crate) command: Option<ScreenCommand>,
    /// List files of any known format instead of the lists in force; OFAC's alt.csv and add.csv are taken from beside
    /// its sdn.csv
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) list: Vec<PathBuf>,
    /// Tell what scores at least so much, for all kinds and lists, instead of the settings
    #[arg(long, value_parser = share)]
    pub(crate) threshold: Option<f64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScreenCommand {
    /// Score pairs of names: {"id","kind","query","listed"} in, {"id","score","match"} out, one a line
    Pairs {
        /// A match scores at least so much, instead of the settings
        #[arg(long, value_parser = share)]
        threshold: Option<f64>,
        /// Say why
        #[arg(long)]
        explain: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// Number as it is written on the seal
    pub(crate) number: String,
    /// Files, or folders with feeds.toml where they have one; without them the ledger of the running system is asked
    pub(crate) paths: Vec<PathBuf>,
    /// Rule file in force, which says of how many containers a number is no seal; without it the built-in rules
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// Form of the sightings
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Seed
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Hours
    #[arg(long, default_value_t = 24)]
    pub(crate) hours: u32,
    /// Containers
    #[arg(long, default_value_t = 2000)]
    pub(crate) containers: u32,
    /// First moment of the day
    #[arg(long, value_parser = timestamp, default_value = "2026-03-02T00:00:00Z")]
    pub(crate) start: Timestamp,
    /// One container in N carries a crime, of all kinds in turn; 0: none. Without it: one of each of the well-known ones
    #[arg(long, value_name = "N")]
    pub(crate) crime_rate: Option<u32>,
    /// With --crime-rate: one container in N does something innocent that looks like a crime; 0: none
    #[arg(long, value_name = "N", default_value_t = quaywatch_simulator::LOOK_ALIKES)]
    pub(crate) look_alikes: u32,
    /// Leave out these feeds; `agencies` for what they answer
    #[arg(long, value_name = "FEED", num_args = 1..)]
    pub(crate) without: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Baseline {
    /// Build baselines from the visits that ended in a period
    Build {
        /// Files, or folders with feeds.toml where they have one
        #[arg(required_unless_present = "recorded", conflicts_with = "recorded")]
        paths: Vec<PathBuf>,
        /// The events that the running system has recorded on port.events, instead of files
        #[arg(long)]
        recorded: bool,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Rules, for the calendar and where visits end
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// Places of ports as JSON, {"SIKOP": [45.55, 13.73]}, degrees north and east; routes are measured by them
        #[arg(long, value_name = "FILE")]
        ports: Option<PathBuf>,
        /// End of the period; without it the end of the traffic
        #[arg(long, value_parser = timestamp, value_name = "TIME")]
        to: Option<Timestamp>,
        /// Length of the period
        #[arg(long, default_value_t = 90, value_name = "DAYS")]
        days: u32,
    },
    /// Hand baselines to every detector, which then looks at its timelines again (operator)
    Publish {
        /// File that `baseline build` wrote
        file: PathBuf,
    },
    /// What the detectors take for usual: version, when it was published, how much it knows
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// Print the rules in force with their thresholds
    List {
        /// Rule file instead of the built-in one
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
    },
    /// Check a rule file
    Check {
        /// Rule file
        file: PathBuf,
    },
    /// Say what a code stands for: pattern, sources, false positives, thresholds
    Explain {
        /// Code, rule or table: MO-12a, MO-12, weight
        code: String,
        /// Rule file that is laid over the built-in one
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Agency whose topic to read; without it port.alerts
    #[arg(long, value_name = "ID")]
    pub(crate) agency: Option<String>,
    /// Go on as alerts arrive
    #[arg(long)]
    pub(crate) follow: bool,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// One JSON document
    Json,
    /// One JSON document a line
    Ndjson,
    /// Text
    Table,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Alert
    pub(crate) alert_id: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Watchlist {
    #[command(subcommand)]
    pub(crate) command: Option<WatchlistCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WatchlistCommand {
    /// Publish a list as a new version: what changed, and tombstones for what vanished
    Import {
        /// List file
        file: PathBuf,
        /// List
        #[arg(long, value_name = "ID")]
        list: String,
        /// How the file is written
        #[arg(long, default_value = "auto")]
        format: String,
        /// Agency that owns entries without an owner of their own
        #[arg(long)]
        owner: Option<String>,
        /// Publish although the list changes by more than its limit
        #[arg(long)]
        confirm: bool,
    },
    /// Lists in force: entries, version, digest
    Status,
    /// What a list file would change: against the list in force, or against an older file (offline)
    Diff {
        /// List file; with two files the older one first
        #[arg(required = true, num_args = 1..=2)]
        files: Vec<PathBuf>,
        /// List, to compare one file with what is in force
        #[arg(long, value_name = "ID")]
        list: Option<String>,
        /// How the files are written
        #[arg(long, default_value = "auto")]
        format: String,
    },
    /// Make a blinded list: digests of containers, seals, bills and names under a key shared with the port (offline)
    Blind {
        /// List file
        file: PathBuf,
        /// File with the key of the period: at least 32 random bytes
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// Period of the key, such as 2026-Q1
        #[arg(long)]
        period: String,
        /// List, when the file does not name it
        #[arg(long, value_name = "ID", default_value = "blinded")]
        list: String,
        /// Agency that owns entries without an owner of their own; only it sees the hits
        #[arg(long)]
        owner: Option<String>,
    },
    /// What is known of an entry: where it comes from, names, identifiers, versions
    Explain {
        /// Entry: its id in any list, or LIST/ENTRY
        entry: String,
        /// Look in this list file instead of the lists in force (offline)
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Topics {
    /// Create the topics that are missing, with kafka.replication copies of each partition
    Ensure,
    /// Report every difference; exit 1 when there is one
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// Whether the registry would take our schemas; exit 1 when not
    Check,
    /// Register them
    Register,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Deadletters {
    /// One line each, newest last
    List {
        #[command(flatten)]
        filter: LetterFilter,
        /// Only how many there are of each feed and code
        #[arg(long)]
        summary: bool,
        /// Form of the output
        #[arg(long, value_enum, default_value_t = Form::Table)]
        format: Form,
    },
    /// One of them whole
    Show {
        /// Coordinates as `list` prints them: TOPIC/PARTITION/OFFSET
        coordinates: String,
    },
    /// Put the original messages back into port.raw, each once, after a mapping or parser was mended
    Requeue {
        /// Coordinates as `list` prints them; none: all that the filters leave
        coordinates: Vec<String>,
        #[command(flatten)]
        filter: LetterFilter,
        /// Only say how many it would be
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which dead letters.
#[derive(Debug, Args)]
pub(crate) struct LetterFilter {
    /// Only this code
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Only this feed
    #[arg(long, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Only since this time
    #[arg(long, value_parser = timestamp, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
}

impl LetterFilter {
    /// Whether nothing is left out.
    pub(crate) const fn is_empty(&self) -> bool {
        self.code.is_none() && self.feed.is_none() && self.since.is_none()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Feeds {
    /// What was said of feeds last
    Status,
    /// Set the messages of a feed aside unread, and refuse new ones at the doors
    Pause {
        /// Feed
        feed: String,
        /// Why, for those who ask
        #[arg(long, default_value = "paused by the operator")]
        reason: String,
    },
    /// Let a feed run again, and put back what was set aside meanwhile
    Resume {
        /// Feed
        feed: String,
        /// Leave what was set aside where it is
        #[arg(long)]
        no_requeue: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Print the settings in force, secrets masked
    Show,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
    (0.0..=1.0).contains(&share).then_some(share).ok_or_else(|| format!("{text} is not between 0 and 1"))
}

fn period(text: &str) -> Result<(String, PathBuf), String> {
    let (period, file) = text.split_once('=').ok_or("write PERIOD=KEY_FILE, such as 2026-Q1=q1.key")?;
    Ok((period.to_owned(), file.into()))
}

fn timestamp(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
