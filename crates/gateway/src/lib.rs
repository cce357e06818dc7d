//! The gateway: HTTP and files to `port.raw`.
//!
//! Stores the bytes before it answers: a sender that has a 2xx answer may forget the message. Changes nothing of the
//! content; repeated messages are stored again, later stages know them by id and digest.
//!
//! | question | file |
//! | --- | --- |
//! | which paths are there, and what does each answer? | `../openapi.json`, `http.rs`, `dcsa.rs` |
//! | who may send? | `door.rs`, `signature.rs`, `tls.rs` |
//! | how large, how fast? | `body.rs`, `rate.rs` |

mod answer;
mod body;
mod bridge;
mod broker;
mod dcsa;
mod door;
mod drop;
mod error;
mod health;
mod http;
mod ingest;
mod intake;
mod metrics;
mod paused;
mod rate;
mod server;
mod signature;
mod sink;
mod tls;

pub use body::MEDIA_TYPES;
pub use bridge::{Bridge, Bridging, Encoding, bridges, run_bridges};
pub use broker::connect;
pub use door::{Caller, Door, Doors, MAX_TOKEN_BYTES, MIN_TOKEN_BYTES};
pub use drop::{Drop, DropMetrics, Dropper};
pub use error::Error;
pub use health::BROKER;
pub use http::Paused;
pub use ingest::{Ingested, ingest, media_type_of};
pub use intake::{Encode, Incoming, Intake, RAW, Stored};
pub use metrics::Metrics;
pub use paused::follow as follow_paused;
pub use sink::{NotStored, Place, Probing, Sending, Sink};

use std::net::SocketAddr;
use std::sync::Arc;

use quaywatch_kafka::Readiness;
use quaywatch_service::settings;
use quaywatch_service::{Shutdown, WatchedFile};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The HTTP side of the gateway.
pub struct Gateway {
    front: http::Front,
    readiness: Option<Readiness>,
}

impl Gateway {
    /// A gateway that lets in by `doors` and stores through `intake`.
    #[must_use]
    pub fn new(
        limits: settings::Gateway,
        doors: WatchedFile<Doors>,
        intake: Intake,
        metrics: Metrics,
    ) -> Self {
        metrics.show(doors.current().ids());
        let in_flight = Arc::new(Semaphore::new(limits.max_in_flight));
        let rates = rate::Rates::default();
        let replays = signature::Replays::new(std::time::Duration::from_secs(limits.dedupe_window_s));
        let paused: Paused = Arc::new(|_| false);
        let front = http::Front { limits, doors, intake, metrics, rates, replays, in_flight, paused };
        Self { front, readiness: None }
    }

    /// Lets `readiness` know whether the broker answers.
    #[must_use]
    pub fn report_to(self, readiness: Readiness) -> Self {
        Self { readiness: Some(readiness), ..self }
    }

    /// Asks `paused` before a message of a feed is taken.
    #[must_use]
    pub fn pause_by(mut self, paused: Paused) -> Self {
        self.front.paused = paused;
        self
    }

    /// Opens the port and serves it until the service stops; requests under way are finished. Returns the address, which
    /// tells the port when 0 was asked for, and the task.
    ///
    /// # Errors
    /// When the port cannot be opened, or the certificate cannot be used.
    pub async fn serve(self, shutdown: Shutdown) -> Result<(SocketAddr, JoinHandle<()>), Error> {
        let address = self.front.limits.listen;
        let failed = |source| {
            Error::Service(quaywatch_service::Error::Listen { address, key: "gateway.listen", source })
        };
        let tls = tls::Files::of(&self.front.limits).map(|files| files.open(shutdown.clone())).transpose()?;
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let max_connections = self.front.limits.max_connections;
        let open = self.front.metrics.connections.clone();
        let (intake, metrics) = (self.front.intake.clone(), self.front.metrics.clone());
        let app = http::router(Arc::new(self.front));
        tokio::spawn(health::watch(intake, metrics, self.readiness, shutdown.clone()));
        tracing::info!(%address, "gateway open");
        Ok((address, tokio::spawn(server::serve(listener, app, tls, max_connections, open, shutdown))))
    }
}
