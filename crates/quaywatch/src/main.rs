//! The one binary: a subcommand a service, the demo, and the tools of integrators, operators and analysts.

mod cli;
mod commands;
mod offline;

use std::process::ExitCode as ProcessCode;

use clap::Parser as _;
use quaywatch_service::{ExitCode, Settings};

use cli::{Cli, Command};

/// Messages become many small texts; it takes them faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed memory is kept before the system gets it back: batch follows batch, and pages that come back are zeroed
/// first. The allocator's own 10 ms cost the backtest a twelfth of its time.
const PURGE_DELAY_MS: std::ffi::c_long = 1_000;

#[expect(unsafe_code, reason = "mimalloc wraps no options")]
fn keep_freed_memory() {
    /// `mi_option_purge_delay` of `mimalloc.h`, which the bindings leave out.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: it writes a number into the allocator's table of options, before there are other threads.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_DELAY_MS) }
}

fn main() -> ProcessCode {
    keep_freed_memory();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage.into() } else { ExitCode::Done.into() };
        }
    };
    match run(cli) {
        Ok(code) => code.into(),
        Err(error) if is_closed_pipe(&error) => ExitCode::Done.into(),
        Err(error) => {
            eprintln!("quaywatch: {}", sentence(&error));
            exit_code(&error).into()
        }
    }
}

/// The error and its causes, each said once: many a message holds its cause.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    use commands::{
        backtest, baseline, deadletters, demo, explain, feeds, ingest, normalize, rules, schema, screen,
        seal, serve, simulate, tail, topics, watchlist,
    };
    let settings = || -> anyhow::Result<Settings> {
        let overrides: Vec<(String, String)> = cli
            .set
            .iter()
            .map(|pair| match pair.split_once('=') {
                Some((key, value)) => Ok((key.trim().to_owned(), value.to_owned())),
                None => Err(Usage(format!("--set {pair}: write SECTION.FIELD=VALUE"))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Settings::load(cli.config.as_deref(), &overrides)?)
    };
    match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Normalize(args) => normalize::run(&args),
        Command::Backtest(args) => backtest::run(&args),
        Command::Screen(args) => screen::run(&args, &settings()?),
        Command::Seal(args) => seal::run(&args, settings),
        Command::Simulate(args) => simulate::run(&args),
        Command::Baseline(args) => baseline::run(&args, settings),
        Command::Rules(args) => rules::run(&args),
        Command::Ingest(args) => ingest::run(&args, &settings()?),
        Command::Tail(args) => tail::run(&args, &settings()?),
        Command::Explain(args) => explain::run(&args, &settings()?),
        Command::Gateway => serve::run("gateway", &settings()?),
        Command::Normalizer => serve::run("normalizer", &settings()?),
        Command::Screener => serve::run("screener", &settings()?),
        Command::Detector => serve::run("detector", &settings()?),
        Command::Dispatcher => serve::run("dispatcher", &settings()?),
        Command::Watchlist(args) => match &args.command {
            None => serve::run("watchlist", &settings()?),
            Some(command) => watchlist::run(command, &settings()?),
        },
        Command::Topics(args) => topics::run(&args, &settings()?),
        Command::Schema(args) => schema::run(&args, &settings()?),
        Command::Deadletters(args) => deadletters::run(&args, &settings()?),
        Command::Feeds(args) => feeds::run(&args, &settings()?),
        Command::Settings(cli::SettingsCommand::Show) => {
            print!("{}", settings()?.to_toml()?);
            Ok(ExitCode::Done)
        }
    }
}

/// Wrong usage that clap cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Which exit code an error means; see the contracts.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    for cause in error.chain() {
        if cause.is::<Usage>() || cause.is::<quaywatch_service::Error>() {
            return ExitCode::Usage;
        }
        if let Some(error) = cause.downcast_ref::<quaywatch_watchlist::Error>() {
            return error.exit_code();
        }
        if cause.is::<quaywatch_kafka::Error>() || cause.is::<quaywatch_codec::Error>() {
            return ExitCode::Unavailable;
        }
        // A file that is missing or unusable was named on the command line.
        if cause.is::<std::io::Error>()
            || cause.is::<quaywatch_detection::Error>()
            || cause.is::<quaywatch_sharing::Error>()
            || cause.is::<quaywatch_formats::Error>()
            || cause.is::<quaywatch_screening::lists::Error>()
            || cause.is::<serde_json::Error>()
        {
            return ExitCode::Usage;
        }
    }
    ExitCode::Bug
}
