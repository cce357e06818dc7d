//! Connections: accepted up to a limit, closed when idle or too slow, finished before the service stops.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use quaywatch_domain::Sha256;
use quaywatch_service::Shutdown;

use crate::http::Peer;

/// The TLS of new connections; it may change.
pub(crate) type Tls = Option<watch::Receiver<Arc<ServerConfig>>>;

/// How long a connection may be open without a complete request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest request head, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Pause after the machine refused a connection (no file handles left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the service stops, then finishes the requests that are under way.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    tls: Tls,
    max_connections: usize,
    open: prometheus::IntGauge,
    shutdown: Shutdown,
) {
    let permits = Arc::new(Semaphore::new(max_connections));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            () = shutdown.requested() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.requested() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (app, shutdown, open) = (app.clone(), shutdown.clone(), open.clone());
                let tls = tls.as_ref().map(|tls| TlsAcceptor::from(Arc::clone(&tls.borrow())));
                connections.spawn(async move {
                    open.inc();
                    connection(stream, tls, app, shutdown).await;
                    open.dec();
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                shutdown.sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, app: Router, shutdown: Shutdown) {
    // Answers are one small packet; waiting to fill it only delays them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return talk(stream, Peer::default(), app, shutdown).await };
    match tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let peer = Peer(certificate.map(|certificate| Sha256::of(certificate)));
            talk(stream, peer, app, shutdown).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "no TLS with the other end"),
        Err(_) => tracing::debug!("the other end did not finish its TLS handshake"),
    }
}

/// Requests and answers, until the other end goes or the service stops.
async fn talk<S>(stream: S, peer: Peer, app: Router, shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let app = app.layer(axum::Extension(peer));
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection broke");
    }
}
