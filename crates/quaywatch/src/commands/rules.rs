//! `rules list` and `rules check`.

use std::path::Path;

use anyhow::{Context as _, Result};
use quaywatch_detection::Rules;
use quaywatch_service::ExitCode;

use crate::cli::Rules as Args;

/// Prints the rules in force, or says whether a file is usable.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match args {
        Args::List { rules: None } => {
            print!("# version {}\n{}", Rules::default().version(), Rules::built_in());
        }
        Args::List { rules: Some(file) } => {
            // A rule file is laid over the built-in rules: what it does not name keeps its built-in value.
            let version = load(Some(file))?.version().to_owned();
            print!("# version {version}; built-in rules, then {}\n{}", file.display(), Rules::built_in());
            print!("\n# {}\n{}", file.display(), std::fs::read_to_string(file)?);
        }
        Args::Check { file } => {
            let rules = load(Some(file))?;
            eprintln!("{} is usable; its version is {}", file.display(), rules.version());
        }
    }
    Ok(ExitCode::Done)
}

/// The rules in `file`, or the built-in ones.
pub(crate) fn load(file: Option<&Path>) -> Result<Rules> {
    let Some(path) = file else { return Ok(Rules::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Rules::parse(&text).with_context(|| format!("{} is not usable", path.display()))
}
