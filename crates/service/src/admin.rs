//! The operators' port: `/metrics`, `/livez`, `/readyz`, `/state`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Encoder, Gauge, IntGaugeVec, Opts, Registry, TextEncoder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::{Error, Shutdown};

/// What a service waits for before it is ready, and whether each has come: `("slot 0 restored", true)`.
pub type Readiness = Arc<dyn Fn() -> Vec<(String, bool)> + Send + Sync>;

/// The state of a service as JSON, without identifiers of boxes or people.
pub type StateSource = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// What the operators' port shows.
#[derive(Clone)]
pub struct Admin {
    registry: Registry,
    readiness: Readiness,
    state: StateSource,
    memory: Gauge,
}

impl Admin {
    /// Shows the metrics of `registry`, the conditions of `readiness` and the `state`; adds the memory of the process and
    /// the version of the program to the metrics.
    #[must_use]
    pub fn new(registry: Registry, service: &str, readiness: Readiness, state: StateSource) -> Self {
        let memory = process_metrics(&registry, service);
        Self { registry, readiness, state, memory }
    }

    /// Opens the port and serves it until the service stops. Returns the address, which tells the port when 0 was asked
    /// for, and the task.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn serve(
        self,
        listen: SocketAddr,
        shutdown: Shutdown,
    ) -> Result<(SocketAddr, JoinHandle<()>), Error> {
        let failed = |source| Error::Listen { address: listen, key: "admin.listen", source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let app = self.router();
        let task = tokio::spawn(async move {
            let stop = async move { shutdown.requested().await };
            if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "admin port closed");
            }
        });
        tracing::info!(%address, "admin port open");
        Ok((address, task))
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/state", get(state))
            .with_state(self)
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    admin.memory.set(resident_bytes().unwrap_or(0.0));
    let mut text = Vec::new();
    match TextEncoder::new().encode(&admin.registry.gather(), &mut text) {
        Ok(()) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("metrics cannot be written: {error}\n"))
            .into_response(),
    }
}

/// 200 when everything has come, else 503; one line a condition either way.
async fn readyz(State(admin): State<Admin>) -> Response {
    let conditions = (admin.readiness)();
    let ready = conditions.iter().all(|(_, met)| *met);
    let lines = conditions.iter().map(|(name, met)| format!("[{}] {name}\n", if *met { '+' } else { '-' }));
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let text: String = lines.chain([format!("{}\n", if ready { "ready" } else { "not ready" })]).collect();
    (status, text).into_response()
}

async fn state(State(admin): State<Admin>) -> Response {
    let body = format!("{}\n", (admin.state)());
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Registers what every process shows. A registry that several services share already has them, which is no error.
fn process_metrics(registry: &Registry, service: &str) -> Gauge {
    let memory =
        Gauge::with_opts(Opts::new("process_resident_memory_bytes", "Resident memory of the process."));
    let build = IntGaugeVec::new(
        Opts::new("quaywatch_build_info", "Always 1; tells service and version."),
        &["service", "version"],
    );
    if let Ok(build) = build {
        build.with_label_values(&[service, env!("CARGO_PKG_VERSION")]).set(1);
        let _ = registry.register(Box::new(build));
    }
    // Without a gauge of ours in the registry this one is set and never shown.
    let memory = memory.unwrap_or_else(|_| unnamed_gauge());
    let _ = registry.register(Box::new(memory.clone()));
    memory
}

/// The names above are valid, so this is not reached; it keeps a wrong name from stopping a service.
fn unnamed_gauge() -> Gauge {
    prometheus::core::GenericGauge::new("unnamed", "unnamed").unwrap_or_else(|_| unnamed_gauge())
}

/// Resident memory of this process (Linux `/proc/self/statm`, second field, pages of 4 KiB).
fn resident_bytes() -> Option<f64> {
    const PAGE_BYTES: f64 = 4096.0;
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    fn get(url: String) -> (u16, String) {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .new_agent();
        let mut response = agent.get(url).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_port_tells_health_metrics_and_state_and_closes_on_stop() {
        let registry = Registry::new();
        let counter = prometheus::IntCounter::new("quaywatch_test_total", "Test.").unwrap();
        registry.register(Box::new(counter.clone())).unwrap();
        counter.inc_by(3);
        let restored = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&restored);
        let readiness: Readiness = Arc::new(move || {
            vec![("kafka".into(), true), ("state restored".into(), flag.load(Ordering::Acquire))]
        });
        let admin =
            Admin::new(registry, "test", readiness, Arc::new(|| serde_json::json!({"partitions": [0, 1]})));
        let shutdown = Shutdown::manual();
        let (address, task) = admin.serve("127.0.0.1:0".parse().unwrap(), shutdown.clone()).await.unwrap();

        tokio::task::spawn_blocking(move || {
            let url = |path: &str| format!("http://{address}{path}");
            assert_eq!(get(url("/livez")), (200, "ok\n".to_owned()));
            let (status, text) = get(url("/readyz"));
            assert_eq!((status, text.as_str()), (503, "[+] kafka\n[-] state restored\nnot ready\n"));
            restored.store(true, Ordering::Release);
            assert_eq!(get(url("/readyz")).0, 200);
            let (_, text) = get(url("/metrics"));
            assert!(text.contains("quaywatch_test_total 3"), "{text}");
            assert!(text.contains("quaywatch_build_info{service=\"test\""), "{text}");
            let memory = text.lines().find_map(|l| l.strip_prefix("process_resident_memory_bytes ")).unwrap();
            assert!(memory.parse::<f64>().unwrap() > 100_000.0);
            assert_eq!(get(url("/state")), (200, "{\"partitions\":[0,1]}\n".to_owned()));
            assert_eq!(get(url("/nothing")).0, 404);
        })
        .await
        .unwrap();

        shutdown.request();
        tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_port_in_use_is_an_error_that_names_the_setting() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let admin =
            Admin::new(Registry::new(), "test", Arc::new(Vec::new), Arc::new(|| serde_json::Value::Null));
        let error = admin.serve(taken.local_addr().unwrap(), Shutdown::manual()).await.unwrap_err();
        assert!(error.to_string().contains("admin.listen"), "{error}");
    }
}
