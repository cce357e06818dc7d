//! From a list file to a new version on `port.watchlist`.

use quaywatch_codec::Codec;
use quaywatch_domain::{PseudonymKey, Timestamp, WatchlistEntry};
use quaywatch_kafka::NewRecord;
use quaywatch_screening::lists::{Defaults, Delta, Limits, ListFile, delta};
use quaywatch_service::settings::{ListFormat, ListSource};

use crate::Error;
use crate::diff::{Changed, diff};
use crate::files::Files;
use crate::store::{DIGEST_HEADER, KafkaStore, List, Lists, SHA256_HEADER, Store, VERSION_HEADER, WATCHLIST};

/// Limit of change of an import that names none, percent of the entries in force.
pub const DEFAULT_MAX_CHANGE_PERCENT: u32 = 20;

/// How a list is to be imported.
#[derive(Debug, Clone)]
pub struct Import {
    list: String,
    format: ListFormat,
    owner: Option<String>,
    key: Option<PseudonymKey>,
    max_change_percent: u32,
    confirmed: bool,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// List.
    pub list: String,
    /// Version in force now: a new one when anything changed.
    pub version: String,
    /// Entries in force now.
    pub entries: usize,
    /// Entries that are new.
    pub added: usize,
    /// Entries that changed.
    pub changed: usize,
    /// Entries that vanished.
    pub removed: usize,
    /// Rows that cannot concern a port, such as aircraft.
    pub out_of_scope: usize,
    /// Rows that were used although something is odd.
    pub warnings: usize,
    /// Rows that were left out; only of a confirmed import.
    pub rows_left_out: usize,
}

/// What an import would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Version in force; empty when there is none.
    pub version: String,
    /// Entries that differ.
    pub changes: Vec<Changed>,
    /// Why the import would wait for a person, if it would.
    pub held_back: Option<String>,
}

impl Imported {
    /// Whether anything was published.
    #[must_use]
    pub const fn is_new_version(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}

impl Import {
    /// An import of `list` from a file in this format.
    #[must_use]
    pub fn new(list: impl Into<String>, format: ListFormat) -> Self {
        Self {
            list: list.into(),
            format,
            owner: None,
            key: None,
            max_change_percent: DEFAULT_MAX_CHANGE_PERCENT,
            confirmed: false,
        }
    }

    /// An import of an agency's CSV; plates in it become pseudonyms under `key`.
    #[must_use]
    pub fn agency_csv(list: impl Into<String>, key: &PseudonymKey) -> Self {
        Self::new(list, ListFormat::AgencyCsv).key(key)
    }

    /// The import that a source in the settings asks for.
    #[must_use]
    pub fn of_source(source: &ListSource) -> Self {
        let import = Self::new(source.list.clone(), source.format);
        let import = if source.owner.is_empty() { import } else { import.owner(source.owner.clone()) };
        Self { max_change_percent: source.max_change_percent, ..import }
    }

    /// Agency that owns entries which name none.
    #[must_use]
    pub fn owner(self, owner: impl Into<String>) -> Self {
        Self { owner: Some(owner.into()), ..self }
    }

    /// Key under which plates, telephone numbers and mail addresses become pseudonyms; without it such rows are errors.
    #[must_use]
    pub fn key(self, key: &PseudonymKey) -> Self {
        Self { key: Some(key.clone()), ..self }
    }

    /// A person has looked: publish although much changes, and without the rows that cannot be used.
    #[must_use]
    pub fn confirmed(self) -> Self {
        Self { confirmed: true, ..self }
    }

    /// Publishes the bytes of a file as the new version. Blocks.
    ///
    /// # Errors
    /// See [`Error`]; the version in force stays then.
    pub fn publish(
        &self,
        bytes: &[u8],
        now: Timestamp,
        kafka: &quaywatch_kafka::Settings,
        codec: &Codec,
    ) -> Result<Imported, Error> {
        let files = Files::of_bytes(bytes.to_vec());
        self.publish_to(&KafkaStore::new(kafka), &files, now, codec)
    }

    /// Publishes files as the new version in `store`. Blocks.
    ///
    /// # Errors
    /// See [`Error`]; the version in force stays then.
    pub fn publish_to(
        &self,
        store: &dyn Store,
        files: &Files,
        now: Timestamp,
        codec: &Codec,
    ) -> Result<Imported, Error> {
        check_list_id(&self.list)?;
        let version = version(files, now);
        let file = self.read(files, &version)?;
        // Taken before the lists are read: two imports of one list cannot both publish what they compared before.
        let mut turn = store.begin(&self.list)?;
        let present = Lists::of(&store.read()?, codec).list(&self.list);
        let (out_of_scope, warnings, rows_left_out) =
            (file.out_of_scope, file.warnings.len(), file.rows_left_out);
        let delta = self.compare(&present, file.entries)?;
        let removals = with_unreadable(&present, &delta);
        let imported = Imported {
            list: self.list.clone(),
            version: if delta.upserts.is_empty() && removals.is_empty() { present.version } else { version },
            entries: delta.unchanged + delta.upserts.len(),
            added: delta.added,
            changed: delta.changed,
            removed: removals.len(),
            out_of_scope,
            warnings,
            rows_left_out,
        };
        if imported.is_new_version() {
            let records = self.records(&delta, &removals, codec)?;
            turn.publish(&with_headers(records, &imported.version, files))?;
        }
        Ok(imported)
    }

    /// The entries of files as this import would publish them, and how they differ from the list in force. Blocks.
    ///
    /// # Errors
    /// When the files cannot be used or Kafka cannot be reached.
    pub fn preview(&self, store: &dyn Store, files: &Files, codec: &Codec) -> Result<Preview, Error> {
        let new = self.entries(files)?;
        let present = Lists::of(&store.read()?, codec).list(&self.list);
        let old: Vec<WatchlistEntry> = present.entries().cloned().collect();
        let changes = diff(&old, &new);
        let held_back = self.compare(&present, new).err().map(|error| error.to_string());
        Ok(Preview { version: present.version, changes, held_back })
    }

    /// The entries of files as this import would publish them.
    ///
    /// # Errors
    /// When the files cannot be used.
    pub fn entries(&self, files: &Files) -> Result<Vec<WatchlistEntry>, Error> {
        Ok(self.read(files, "new")?.entries)
    }

    fn read(&self, files: &Files, version: &str) -> Result<ListFile, Error> {
        let defaults = Defaults {
            other_lists: false,
            owner: self.owner.as_deref(),
            key: self.key.as_ref(),
            ..Defaults::new(&self.list, version)
        };
        let file = files.list(self.format, &defaults)?;
        if file.rows_left_out > 0 && !self.confirmed {
            return Err(Error::bad_rows(files.name().to_owned(), &file));
        }
        Ok(file)
    }

    fn compare(&self, present: &List, new: Vec<WatchlistEntry>) -> Result<Delta, Error> {
        let old: Vec<WatchlistEntry> = present.entries().cloned().collect();
        let percent = usize::try_from(self.max_change_percent).unwrap_or(usize::MAX);
        let limits = Limits {
            max_removed_percent: percent,
            max_added_percent: percent,
            max_changed_percent: percent,
            ..Limits::default()
        };
        match delta(&old, new, &limits) {
            Ok(delta) => Ok(delta),
            Err(held) if self.confirmed => Ok(held.delta),
            Err(held) => Err(Error::HeldBack { list: self.list.clone(), why: held.to_string() }),
        }
    }

    fn records(&self, delta: &Delta, removals: &[String], codec: &Codec) -> Result<Vec<NewRecord>, Error> {
        let mut records = Vec::with_capacity(delta.upserts.len() + removals.len());
        for entry in &delta.upserts {
            let encoded = codec.encode(WATCHLIST, entry);
            let value = encoded.map_err(|source| Error::Encode { list: self.list.clone(), source })?;
            records.push(NewRecord::new(WATCHLIST, entry.key(), value));
        }
        records.extend(removals.iter().map(|key| NewRecord::tombstone(WATCHLIST, key.as_bytes())));
        Ok(records)
    }
}

/// Says of each record which edition it came with.
fn with_headers(records: Vec<NewRecord>, version: &str, files: &Files) -> Vec<NewRecord> {
    let (sha256, digest) =
        (files.sha256().to_string(), if files.is_checked() { "checked" } else { "recorded" });
    let told = |record: NewRecord| {
        record
            .header(VERSION_HEADER, version)
            .header(SHA256_HEADER, sha256.as_str())
            .header(DIGEST_HEADER, digest)
            .header("quaywatch-stage", "watchlist")
            .header("quaywatch-version", env!("CARGO_PKG_VERSION"))
    };
    records.into_iter().map(told).collect()
}

/// What vanished, and records that cannot be read and are not written again.
fn with_unreadable(present: &List, delta: &Delta) -> Vec<String> {
    let written: std::collections::HashSet<String> = delta.upserts.iter().map(WatchlistEntry::key).collect();
    let unreadable = present.unreadable().filter(|key| !written.contains(*key)).map(str::to_owned);
    delta.removals.iter().cloned().chain(unreadable).collect()
}

/// Name of a version: when it was imported, and what: `2026-03-01T06:00:00Z-1f0c3a77`. Later versions sort later.
fn version(files: &Files, now: Timestamp) -> String {
    const MS_PER_S: i64 = 1_000;
    let second = Timestamp::from_millis(now.as_millis().div_euclid(MS_PER_S) * MS_PER_S);
    let digest = files.sha256().to_string();
    format!("{second}-{}", digest.get(..8).unwrap_or_default())
}

/// Ids become the front part of keys.
fn check_list_id(id: &str) -> Result<(), Error> {
    const MAX_CHARS: usize = 64;
    let fits = !id.is_empty()
        && id.len() <= MAX_CHARS
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits { Ok(()) } else { Err(Error::BadListId(id.chars().take(MAX_CHARS).collect())) }
}
