//! Settings: one TOML file, then the environment (`QUAYWATCH__SECTION__FIELD`), then what the command line sets.

mod keys;
mod model;
mod secret;
mod validate;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use config::{Config, Environment, FileFormat};
use quaywatch_codec::{Codec, RegistrySettings};
use quaywatch_domain::PseudonymKey;
use quaywatch_domain::blinding::BlindingKey;
use quaywatch_screening::MAX_PERIODS;

pub use model::{
    AdminPort, BlindingPeriod, Files, Gateway, ListFormat, ListSource, LogFormat, Logging, SchemaRegistry,
    Secrets, Settings, Watchlist,
};
pub use secret::{MASK, OptionalPath, Secret};
pub use validate::MAX_BODY_BYTES;

use crate::Error;

/// Front part of the environment variables that are settings.
pub const ENVIRONMENT_PREFIX: &str = "QUAYWATCH";

impl Settings {
    /// Reads the settings: defaults, under `file` if given, under the environment, under `overrides` (dotted key, value).
    ///
    /// # Errors
    /// When the file cannot be read, a key does not exist, or a value does not fit; the message names the key.
    pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Self, Error> {
        Self::load_from(file, None, overrides)
    }

    fn load_from(
        file: Option<&Path>,
        environment: Option<HashMap<String, String>>,
        overrides: &[(String, String)],
    ) -> Result<Self, Error> {
        let mut builder = Config::builder();
        if let Some(path) = file {
            let meta = std::fs::metadata(path);
            meta.map_err(|source| Error::ReadFile { path: path.to_owned(), source })?;
            builder = builder.add_source(config::File::from(path.to_owned()).format(FileFormat::Toml));
        }
        let variables = Environment::with_prefix(ENVIRONMENT_PREFIX).prefix_separator("__").separator("__");
        builder = builder.add_source(variables.source(environment));
        for (key, value) in overrides {
            builder = builder.set_override(key, value.as_str()).map_err(unusable)?;
        }
        let config = builder.build().map_err(unusable)?;
        keys::check(&config.cache, &known_keys()?)?;
        let settings: Self = config.try_deserialize().map_err(unusable)?;
        validate::check(&settings)?;
        Ok(settings)
    }

    /// The settings as TOML, secrets masked; what `settings show` prints.
    ///
    /// # Errors
    /// Never for settings that were loaded.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|e| Error::Settings(e.to_string()))
    }

    /// The key of the pseudonyms, from `secrets.pseudonym_key` or the file.
    ///
    /// # Errors
    /// When neither is set, the file cannot be read, or the key is too short.
    pub fn pseudonym_key(&self) -> Result<PseudonymKey, Error> {
        let invalid = |why: String| Error::InvalidSetting { key: "secrets.pseudonym_key_file", why };
        let bytes = if let Some(path) = self.secrets.pseudonym_key_file.get() {
            let read =
                std::fs::read(path).map_err(|source| Error::ReadFile { path: path.to_owned(), source })?;
            read.trim_ascii().to_vec()
        } else {
            let key = self.secrets.pseudonym_key.expose();
            let unset = || invalid("is not set; name a file with at least 16 random bytes".to_owned());
            key.ok_or_else(unset)?.as_bytes().to_vec()
        };
        PseudonymKey::new(bytes).map_err(|e| invalid(format!("cannot be used: {e}")))
    }

    /// The keys of blinded lists.
    ///
    /// # Errors
    /// When a key cannot be read or used, or there are two of one period.
    pub fn blinding_keys(&self) -> Result<Vec<BlindingKey>, Error> {
        let invalid = |why: String| Error::InvalidSetting { key: "secrets.blinding", why };
        let mut keys: Vec<BlindingKey> = Vec::new();
        for one in &self.secrets.blinding {
            let read = std::fs::read(&one.key_file);
            let bytes = read.map_err(|source| Error::ReadFile { path: one.key_file.clone(), source })?;
            let key =
                BlindingKey::new(&one.period, bytes.trim_ascii()).map_err(|e| invalid(e.to_string()))?;
            if keys.iter().any(|known| known.period() == key.period()) {
                return Err(invalid(format!("has the period '{}' twice", one.period)));
            }
            keys.push(key);
        }
        if keys.len() > MAX_PERIODS {
            return Err(invalid(format!("has more than {MAX_PERIODS} periods; remove those that are over")));
        }
        Ok(keys)
    }

    /// The codec: with a schema registry Confluent framing, else single-object encoding.
    ///
    /// # Errors
    /// When the address of the registry cannot be used.
    pub fn codec(&self) -> Result<Codec, Error> {
        let registry = &self.schema_registry;
        if registry.url.is_empty() {
            return Ok(Codec::embedded());
        }
        let with = RegistrySettings {
            username: (!registry.username.is_empty()).then(|| registry.username.clone()),
            password: registry.password.expose().map(str::to_owned),
            timeout: std::time::Duration::from_millis(registry.timeout_ms),
            auto_register: registry.auto_register,
            ..RegistrySettings::new(registry.url.clone())
        };
        Codec::with_registry(&with).map_err(|e| Error::InvalidSetting {
            key: "schema_registry.url",
            why: format!("cannot be used: {e}"),
        })
    }

    /// Time to finish what was begun, after the request to stop.
    #[must_use]
    pub fn drain_budget(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.kafka.drain_ms.into())
    }
}

/// Every key that exists: the defaults, with a sample where there is none by default.
fn known_keys() -> Result<toml::Table, Error> {
    let mut all = Settings::default();
    all.watchlist.sources.push(ListSource::default());
    all.screening.lists.push(quaywatch_screening::names::ListBands::default());
    let sample = || Some(quaywatch_kafka::Secret::new(MASK));
    all.kafka.security = quaywatch_kafka::Security {
        username: Some(String::new()),
        password: sample(),
        ca_file: Some(PathBuf::new()),
        certificate_file: Some(PathBuf::new()),
        key_file: Some(PathBuf::new()),
        key_password: sample(),
        ..quaywatch_kafka::Security::default()
    };
    toml::Table::try_from(&all).map_err(|e| Error::Settings(e.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unusable(error: config::ConfigError) -> Error {
    Error::Settings(error.to_string())
}

#[cfg(test)]
mod tests;
