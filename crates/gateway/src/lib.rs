//! The gateway: HTTP and files to `port.raw`.
//!
//! Stores the bytes before it answers: a sender that has a 2xx answer may forget the message. Reads nothing of the
//! content; repeated messages are stored again, later stages know them by id and digest.

mod door;
mod error;
mod http;
mod ingest;
mod intake;
mod metrics;
mod rate;
mod server;
mod sink;

pub use door::{Door, Doors, MAX_TOKEN_BYTES, MIN_TOKEN_BYTES};
pub use error::Error;
pub use http::MEDIA_TYPES;
pub use ingest::{Ingested, ingest, media_type_of};
pub use intake::{Encode, Incoming, Intake, RAW, Stored};
pub use metrics::Metrics;
pub use sink::{NotStored, OutRecord, Place, Sending, Sink};

use std::net::SocketAddr;
use std::sync::Arc;

use quaywatch_service::settings;
use quaywatch_service::{Shutdown, WatchedFile};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The HTTP side of the gateway.
pub struct Gateway {
    front: Arc<http::Front>,
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
        Self { front: Arc::new(http::Front { limits, doors, intake, metrics, rates, in_flight }) }
    }

    /// Opens the port and serves it until the service stops; requests under way are finished. Returns the address, which
    /// tells the port when 0 was asked for, and the task.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn serve(self, shutdown: Shutdown) -> Result<(SocketAddr, JoinHandle<()>), Error> {
        let address = self.front.limits.listen;
        let failed = |source| {
            Error::Service(quaywatch_service::Error::Listen { address, key: "gateway.listen", source })
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let max_connections = self.front.limits.max_connections;
        let open = self.front.metrics.connections.clone();
        let app = http::router(self.front);
        tracing::info!(%address, "gateway open");
        Ok((address, tokio::spawn(server::serve(listener, app, max_connections, open, shutdown))))
    }

    /// What the gateway waits for before it is ready.
    #[must_use]
    pub fn readiness(&self) -> Vec<(String, bool)> {
        vec![("kafka reachable".to_owned(), self.front.intake.is_reachable())]
    }
}
