//! `schema check` and `schema register`.

use anyhow::{Result, bail};
use quaywatch_codec::{Registry, schemas};
use quaywatch_service::{ExitCode, Settings};

use crate::cli::Schema;
use crate::commands::{print_text, serve};

/// Compares our schemas with the registry, or registers them under `<topic>-value`.
pub(crate) fn run(args: &Schema, settings: &Settings) -> Result<ExitCode> {
    let codec = settings.codec()?;
    let Some(registry) = codec.registry() else {
        bail!("no schema registry is configured; set schema_registry.url");
    };
    let agencies = serve::agencies(settings)?;
    let mut fine = true;
    for record in schemas().iter().filter(|record| !is_state(record.topics)) {
        for topic in record.topics.iter().flat_map(|pattern| expand(pattern, agencies.ids())) {
            let subject = format!("{}-value", settings.kafka.topic(&topic));
            fine &= one(args, registry, &subject, record.schema)?;
        }
    }
    Ok(if fine { ExitCode::Done } else { ExitCode::Found })
}

fn one(args: &Schema, registry: &Registry, subject: &str, schema: &str) -> Result<bool> {
    match args {
        Schema::Check => {
            let compatible = registry.is_compatible(subject, schema)?;
            print_text(&format!("{subject}: {}", if compatible { "compatible" } else { "NOT compatible" }))?;
            Ok(compatible)
        }
        Schema::Register => {
            let id = registry.register(subject, schema)?;
            registry.set_compatibility(subject, "BACKWARD_TRANSITIVE")?;
            print_text(&format!("{subject}: id {id}"))?;
            Ok(true)
        }
    }
}

/// States are private to their stage and always single-object encoded.
fn is_state(topics: &[&str]) -> bool {
    topics.iter().all(|topic| topic.ends_with(".state"))
}

fn expand<'a>(pattern: &str, ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    if pattern.contains('*') {
        ids.map(|id| pattern.replace('*', id)).collect()
    } else {
        vec![pattern.to_owned()]
    }
}
