//! `normalize`: what we make of a message, and what we leave unread.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use quaywatch_formats::{DEFAULT_FEED, Parsed, Survey};
use quaywatch_service::ExitCode;

use crate::cli::Normalize;
use crate::commands::print_line;
use crate::offline::input::{self, Reader, file_name};

/// Most values, columns or names in a line of the summary.
const MAX_NAMED: usize = 20;

/// Prints the canonical events of each file, and a summary on stderr; exit 1 if anything was not understood.
pub(crate) fn run(args: &Normalize) -> Result<ExitCode> {
    let mut readers = HashMap::new();
    let mut feeds: BTreeMap<String, Account> = BTreeMap::new();
    for (ordinal, path) in (0_i64..).zip(&files(&args.files)?) {
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        if !readers.contains_key(&beside) {
            readers.insert(beside.clone(), reader(args, &beside)?);
        }
        let Some(reader) = readers.get(&beside) else { continue };
        let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let parsed = reader.parse(&bytes, file_name(path), ordinal, args.feed.as_deref());
        for event in parsed.documents.iter().flat_map(|document| &document.events) {
            print_line(event)?;
        }
        for reject in &parsed.rejects {
            let position = reject.position.as_deref().unwrap_or("whole message");
            eprintln!("{}: {position}: {}: {}", path.display(), reject.code, reject.sentence);
        }
        let feed = args.feed.as_deref().unwrap_or_else(|| reader.feeds.claim(file_name(path)));
        if args.feed.is_none() && feed == DEFAULT_FEED && reader.feeds.ids().next().is_some() {
            let name = path.display();
            eprintln!(
                "{name}: no feed claims it by its `files`: read as feed '{DEFAULT_FEED}' in UTC, or name one with --feed"
            );
        }
        let survey = reader.survey(&bytes, file_name(path), args.feed.as_deref());
        feeds.entry(feed.to_owned()).or_default().add(&parsed, survey);
    }
    let understood = feeds.values().all(|account| account.rejects == 0);
    feeds.iter().for_each(|(feed, account)| eprint!("{}", account.text(feed)));
    Ok(if understood { ExitCode::Done } else { ExitCode::Found })
}

/// The files, and those in folders.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(input::Folder::read(std::slice::from_ref(path))?.messages);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// What the files of a folder are read by: what the command line names, else what lies beside them.
fn reader(args: &Normalize, folder: &Path) -> Result<Reader> {
    let beside = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    let file = args.feeds.clone().or_else(|| beside("feeds.toml"));
    let feeds = input::feeds(file.as_deref())?;
    let parties = input::parties(args.parties.clone().or_else(|| beside("parties.csv")).as_deref())?;
    if let (Some(feed), Some(file)) = (&args.feed, &file)
        && feed != DEFAULT_FEED
        && feeds.get(feed).is_none()
    {
        let near = feeds.nearest(feed).map(|near| format!("; the nearest is '{near}'")).unwrap_or_default();
        bail!(crate::Usage(format!("{} has no feed '{feed}'{near}", file.display())));
    }
    Ok(Reader { feeds, parties, key: input::fresh_key()? })
}

/// What became of the messages of a feed.
#[derive(Default)]
struct Account {
    messages: usize,
    kinds: BTreeMap<String, usize>,
    rejects: usize,
    notes: BTreeMap<String, usize>,
    survey: Survey,
}

impl Account {
    fn add(&mut self, parsed: &Parsed, survey: Survey) {
        self.messages += 1;
        self.rejects += parsed.rejects.len();
        for event in parsed.documents.iter().flat_map(|document| &document.events) {
            *self.kinds.entry(event.kind.to_string()).or_default() += 1;
            for note in &event.notes {
                *self.notes.entry(note.to_string()).or_default() += 1;
            }
        }
        self.survey.merge(survey);
    }

    fn text(&self, feed: &str) -> String {
        let events: usize = self.kinds.values().sum();
        let kinds = counted(&self.kinds);
        let mut text = format!(
            "feed '{feed}': {}, {}{}{kinds}; {} rejected\n",
            several(self.messages, "message"),
            several(events, "event"),
            if kinds.is_empty() { "" } else { ": " },
            several(self.rejects, "part")
        );
        let mut line = |what: &str, list: String| {
            if !list.is_empty() {
                text.push_str(&format!("  {what}: {list}\n"));
            }
        };
        line("notes on events", counted(&self.notes));
        let Survey { unused, doubled, absent, unknown, unreadable } = &self.survey;
        line("read by no field", listed(unused));
        line("columns that stand there twice, the first is read", listed(doubled));
        line("fields that nothing is there for", listed(absent));
        line("values that no table has", valued(unknown));
        line("values that cannot be read", valued(unreadable));
        text
    }
}

fn several(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn counted(counts: &BTreeMap<String, usize>) -> String {
    listed(counts.iter().map(|(name, n)| format!("{n} {name}")))
}

fn valued(values: &BTreeMap<(String, String), usize>) -> String {
    listed(values.iter().map(|((field, value), n)| format!("{field} = {value:?} ({n})")))
}

fn listed(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    let more = names.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        names.truncate(MAX_NAMED);
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}
