//! Logs on stderr, as text for people or one JSON object a line. Callers log counts, codes and places, never numbers of
//! containers, parties or persons.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Error;
use crate::settings::{LogFormat, Logging};

/// Sends all logs of the process to stderr, as `logging` says.
///
/// # Errors
/// When the level cannot be read, or logs were set up before.
pub fn init(logging: &Logging) -> Result<(), Error> {
    let filter = filter(&logging.level)?;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    let done = match logging.format {
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).with(filter).try_init(),
        LogFormat::Text => {
            registry.with(layer.with_ansi(std::io::stderr().is_terminal())).with(filter).try_init()
        }
    };
    done.map_err(|e| Error::SetUp { what: "logs", why: e.to_string() })
}

/// The filter for a text such as `info` or `info,quaywatch_kafka=debug`.
pub(crate) fn filter(level: &str) -> Result<Targets, Error> {
    level.parse().map_err(|_| Error::InvalidSetting {
        key: "logging.level",
        why: format!("is '{level}'; use error, warn, info, debug or trace, or info,quaywatch_kafka=debug"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn the_level_may_differ_by_module() {
        let filter = filter("warn,quaywatch_kafka=debug").unwrap();
        assert!(filter.would_enable("quaywatch_kafka::runtime", &Level::DEBUG));
        assert!(!filter.would_enable("quaywatch_gateway", &Level::INFO));
    }

    #[test]
    fn a_level_that_does_not_exist_is_refused() {
        let error = super::filter("quaywatch=loud").unwrap_err();
        assert!(error.to_string().contains("logging.level"), "{error}");
    }
}
