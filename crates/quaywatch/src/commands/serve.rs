//! The services, each as a process of its own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use quaywatch_detection::{Engine, Rules};
use quaywatch_detector::Engines;
use quaywatch_formats::{Feeds, Parties};
use quaywatch_screening::Exceptions;
use quaywatch_service::stage::Environment;
use quaywatch_service::{Admin, ExitCode, Reload, Settings, Shutdown, WatchedFile};
use quaywatch_sharing::Agencies;
use tokio::task::JoinHandle;

use crate::commands::rules;

/// Runs one service until SIGTERM or SIGINT.
pub(crate) fn run(service: &'static str, settings: &Settings) -> Result<ExitCode> {
    quaywatch_service::telemetry::init(&settings.logging)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(service, settings))?;
    Ok(ExitCode::Done)
}

async fn serve(service: &'static str, settings: &Settings) -> Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let environment = Environment::new(settings, shutdown.clone())?;
    let work = start(service, settings, &environment).await?;
    let (readiness, state) = (environment.readiness.clone(), environment.readiness.clone());
    let admin = Admin::new(
        environment.registry.clone(),
        service,
        Arc::new(move || readiness.parts()),
        Arc::new(move || {
            let parts: serde_json::Map<_, _> =
                state.parts().into_iter().map(|(k, v)| (k, v.into())).collect();
            serde_json::json!({ "service": service, "version": env!("CARGO_PKG_VERSION"), "ready": parts })
        }),
    );
    let (_, port) = admin.serve(settings.admin.listen, shutdown.clone()).await?;
    let done = work.await.with_context(|| format!("{service} broke off"))?;
    shutdown.request();
    port.await?;
    done
}

async fn start(
    service: &str,
    settings: &Settings,
    environment: &Environment,
) -> Result<JoinHandle<Result<()>>> {
    let own = environment.clone();
    Ok(match service {
        "gateway" => gateway(settings, environment).await?,
        "normalizer" => {
            let feeds = watch(settings, &environment.shutdown, &settings.files.feeds, |text| {
                Feeds::parse(text).map_err(|e| e.to_string())
            })?;
            let key = settings.pseudonym_key()?;
            let parties = match settings.files.parties.get() {
                None => WatchedFile::fixed(Parties::default()),
                Some(path) => watch(settings, &environment.shutdown, path, |text| {
                    Parties::parse(text).map_err(|e| e.to_string())
                })?,
            };
            let (codec, feeds, parties) = (own.codec.clone(), feeds.as_fn(), parties.as_fn());
            let figures = Some(quaywatch_normalizer::Figures::register(&environment.registry)?);
            let setup = quaywatch_normalizer::Setup { codec, feeds, parties, key, figures };
            tokio::spawn(async move { Ok(quaywatch_normalizer::run(setup, &own).await?) })
        }
        "watchlist" => watchlist(settings, environment)?,
        "screener" => {
            let exceptions = settings.files.exceptions.get().map(|path| {
                watch(settings, &environment.shutdown, path, |text| {
                    Exceptions::parse(text).map_err(|e| e.to_string())
                })
            });
            let setup = quaywatch_screener::Setup {
                bands: settings.screening.clone(),
                blinding: settings.blinding_keys()?,
                exceptions: exceptions.transpose()?.map(|file| file.as_fn()),
                metrics: Some(quaywatch_screener::Metrics::register(&environment.registry)?),
            };
            tokio::spawn(async move { Ok(quaywatch_screener::run(setup, &own).await?) })
        }
        "detector" => {
            let engines = engines(settings, &environment.shutdown)?;
            tokio::spawn(async move { Ok(quaywatch_detector::run(engines, &own).await?) })
        }
        "dispatcher" => {
            let threshold = rules::load(settings.files.rules.get())?.threshold();
            let agencies = watch(settings, &environment.shutdown, &settings.files.agencies, move |text| {
                usable_agencies(text, threshold).map_err(|e| format!("{e:#}"))
            })?;
            tokio::spawn(async move { Ok(quaywatch_dispatcher::run(agencies.as_fn(), &own).await?) })
        }
        other => bail!("there is no service '{other}'"),
    })
}

/// The agencies that the settings name.
pub(crate) fn agencies(settings: &Settings) -> Result<Agencies> {
    let path = &settings.files.agencies;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read; set files.agencies", path.display()))?;
    let threshold = rules::load(settings.files.rules.get())?.threshold();
    usable_agencies(&text, threshold).with_context(|| format!("{} is not usable", path.display()))
}

fn usable_agencies(text: &str, threshold: f64) -> Result<Agencies> {
    let mut agencies = Agencies::parse(text)?;
    // A view that stood where the alert does not would tell of what is hidden.
    agencies.raise_thresholds(threshold);
    Ok(agencies)
}

/// Gives the engine with the rules in force: those of the file, which may change, else the built-in ones.
fn engines(settings: &Settings, shutdown: &Shutdown) -> Result<Engines> {
    let rules = match settings.files.rules.get() {
        None => WatchedFile::fixed(Rules::default()),
        Some(path) => watch(settings, shutdown, path, |text| Rules::parse(text).map_err(|e| e.to_string()))?,
    };
    let build = |rules: &Rules| Arc::new(Engine::new(rules.clone(), env!("CARGO_PKG_VERSION")));
    let first = rules.current();
    let built = build(&first);
    let last = Mutex::new((first, built));
    Ok(Arc::new(move || {
        let now = rules.current();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, engine) = &mut *last;
        if !Arc::ptr_eq(known, &now) {
            *engine = build(&now);
            *known = now;
        }
        Arc::clone(engine)
    }))
}

/// Opens a file that may change while the service runs.
fn watch<T: Send + Sync + 'static>(
    settings: &Settings,
    shutdown: &Shutdown,
    path: &Path,
    parse: impl Fn(&str) -> Result<T, String> + Send + Sync + 'static,
) -> Result<WatchedFile<T>> {
    let file = WatchedFile::open(path, parse)?;
    let every = std::time::Duration::from_millis(settings.files.poll_interval_ms);
    tokio::spawn(file.clone().watch(every, Reload::on_signal()?, shutdown.clone()));
    Ok(file)
}

async fn gateway(settings: &Settings, environment: &Environment) -> Result<JoinHandle<Result<()>>> {
    let path = settings.files.feeds.clone();
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let doors = watch(settings, &environment.shutdown, &path, move |text| {
        quaywatch_gateway::Doors::parse(text, &folder)
    })?;
    let clock = environment.clock.clone();
    let intake = quaywatch_gateway::connect(&environment.kafka, environment.codec.clone(), clock, "gateway")?;
    quaywatch_gateway::run_bridges(&doors.current(), environment)?;
    let metrics = quaywatch_gateway::Metrics::register(&environment.registry)?;
    let paused = quaywatch_gateway::follow_paused(
        environment.kafka.clone(),
        environment.codec.clone(),
        environment.shutdown.clone(),
    );
    let dropper = quaywatch_gateway::Dropper {
        doors: doors.clone(),
        intake: intake.clone(),
        metrics: quaywatch_gateway::DropMetrics::register(&environment.registry)?,
        paused: Arc::clone(&paused),
        instance: settings.kafka.instance.clone(),
        max_body_bytes: settings.gateway.max_body_bytes,
    };
    tokio::spawn(dropper.run(environment.shutdown.clone()));
    let gateway = quaywatch_gateway::Gateway::new(settings.gateway.clone(), doors, intake, metrics)
        .pause_by(paused)
        .report_to(environment.readiness.clone());
    let (_, task) = gateway.serve(environment.shutdown.clone()).await?;
    Ok(tokio::spawn(async move { Ok(task.await?) }))
}

fn watchlist(settings: &Settings, environment: &Environment) -> Result<JoinHandle<Result<()>>> {
    let (settings, own) = (settings.clone(), environment.clone());
    Ok(tokio::spawn(async move { Ok(quaywatch_watchlist::run(&settings, &own).await?) }))
}
