//! `rules list`, `rules check` and `rules explain`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use quaywatch_detection::Rules;
use quaywatch_service::ExitCode;

use crate::cli::Rules as Args;
use crate::commands::print_text;

/// Prints the rules in force or what one of them is about, or says whether a file is usable.
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
        Args::Explain { code, rules } => {
            let Some(built_in) = Rules::explain(code, Rules::built_in()) else {
                bail!(crate::Usage(format!(
                    "no rule has the code '{code}'; `quaywatch rules list` shows them all"
                )));
            };
            print_text(&format!("{}\n\n{}", built_in.text, built_in.settings))?;
            if let Some(file) = rules {
                load(Some(file))?;
                let own = Rules::explain(code, &std::fs::read_to_string(file)?).map(|own| own.settings);
                let own = own.filter(|own| !own.is_empty()).unwrap_or_else(|| "# nothing of it".to_owned());
                print_text(&format!("\n# laid over it by {}\n{own}", file.display()))?;
            }
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
