//! TLS at the gateway's own door. The files are read again when they change; a bad new one is refused and the old one stays.
//! Connections that are open keep the certificate that they began with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quaywatch_domain::Sha256;
use quaywatch_service::{Shutdown, settings};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::sync::watch;

use crate::Error;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where certificate, key and authorities are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

/// What the files hold.
struct Read {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Files {
    /// The files that the settings name; `None` when the gateway speaks plain HTTP.
    pub(crate) fn of(limits: &settings::Gateway) -> Option<Self> {
        Some(Self {
            certificate: limits.tls_certificate_file.get()?.to_owned(),
            key: limits.tls_key_file.get()?.to_owned(),
            client_ca: limits.tls_client_ca_file.get().map(ToOwned::to_owned),
        })
    }

    /// Reads them for the first time, and keeps them fresh until the service stops.
    pub(crate) fn open(self, shutdown: Shutdown) -> Result<watch::Receiver<Arc<ServerConfig>>, Error> {
        let read = self.read()?;
        let mut seen = read.digest();
        let (sender, receiver) = watch::channel(Arc::new(read.config()?));
        tokio::spawn(async move {
            while shutdown.sleep(LOOK_EVERY).await {
                let Ok(read) = self.read() else { continue };
                let digest = read.digest();
                if digest == seen {
                    continue;
                }
                // Remembered also when it is bad, so that the same bad files are complained of once.
                seen = digest;
                match read.config() {
                    Ok(config) => {
                        tracing::info!("certificate read again");
                        sender.send_replace(Arc::new(config));
                    }
                    Err(error) => {
                        tracing::error!(%error, "the new certificate is refused, the old one stays");
                    }
                }
            }
        });
        Ok(receiver)
    }

    fn read(&self) -> Result<Read, Error> {
        let file = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| Error::ReadFile { path: path.clone(), source })
        };
        let client_ca = self.client_ca.as_ref().map(file).transpose()?;
        Ok(Read { certificate: file(&self.certificate)?, key: file(&self.key)?, client_ca })
    }
}

impl Read {
    fn digest(&self) -> Sha256 {
        let parts = [&self.certificate, &self.key, self.client_ca.as_ref().unwrap_or(&self.key)];
        Sha256::of(&parts.map(|bytes| Sha256::of(bytes).0).concat())
    }

    fn config(&self) -> Result<ServerConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let bad = |why: String| Error::Tls(why);
        let chain = certificates(&self.certificate)?;
        let key =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(|e| bad(format!("the key is unusable: {e}")))?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| bad(e.to_string()))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(pem)?);
                // Which feeds must show a certificate is known when the request is: here none is asked for by force.
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|e| bad(format!("the clients' authorities are unusable: {e}")))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|e| bad(e.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(Error::Tls("the file holds no certificate".to_owned())),
        Err(error) => Err(Error::Tls(format!("the certificates are unusable: {error}"))),
    }
}
