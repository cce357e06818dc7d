//! TLS: the server's certificate, read again when it changes, and those of clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quaywatch_domain::Sha256;
use quaywatch_gateway::Doors;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::common::{Door, TOKEN, WAIT, open_with};

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A certificate with its key.
struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    fn issued_by(authority: &Issuer) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, authority).unwrap();
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn digest(&self) -> Sha256 {
        Sha256::of(&CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap())
    }
}

fn authority() -> Issuer {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Place {
    folder: tempfile::TempDir,
    authority: Issuer,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), authority: authority() };
        std::fs::write(place.path("ca.pem"), place.authority.pem()).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, server: &Identity) {
        std::fs::write(self.path("server.pem"), &server.certificate).unwrap();
        std::fs::write(self.path("server.key"), &server.key).unwrap();
    }

    async fn open(&self, feeds: &str) -> Door {
        open_with(99, Doors::parse(feeds, Path::new(".")).unwrap(), |limits| {
            limits.tls_certificate_file = self.path("server.pem").into();
            limits.tls_key_file = self.path("server.key").into();
            limits.tls_client_ca_file = self.path("ca.pem").into();
        })
        .await
    }

    /// Sends a message over TLS; the status, and the digest of the certificate that the gateway showed.
    async fn send(
        &self,
        door: &Door,
        feed: &str,
        token: &str,
        own: Option<&Identity>,
    ) -> Option<(u16, Sha256)> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let chain = vec![CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let connector = TlsConnector::from(Arc::new(config));
        let stream = TcpStream::connect(door.address).await.unwrap();
        let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.ok()?;
        let shown = Sha256::of(stream.get_ref().1.peer_certificates().unwrap().first().unwrap());
        let request = format!(
            "POST /feeds/{feed}/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\nContent-Length: 4\r\n\r\nUNB+"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        // A refused certificate ends the connection here.
        stream.read_to_end(&mut answer).await.ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        Some((text.split(' ').nth(1)?.parse().unwrap(), shown))
    }
}

fn token_feed() -> String {
    format!("[feeds.gate.http]\nsecret_sha256 = \"{}\"\n", Sha256::of(TOKEN.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_certificate_is_shown_without_a_restart_and_a_bad_one_is_not() {
    let place = Place::new();
    let (first, second) = (Identity::issued_by(&place.authority), Identity::issued_by(&place.authority));
    place.put(&first);
    let door = place.open(&token_feed()).await;
    assert_eq!(place.send(&door, "gate", TOKEN, None).await, Some((202, first.digest())));
    std::fs::write(place.path("server.pem"), "no certificate").unwrap();
    // A key that does not belong to it, for a moment: as when the two files are not replaced at once.
    std::fs::write(place.path("server.key"), &second.key).unwrap();
    assert_eq!(place.send(&door, "gate", TOKEN, None).await, Some((202, first.digest())));
    place.put(&second);
    let deadline = std::time::Instant::now() + WAIT;
    while place.send(&door, "gate", TOKEN, None).await != Some((202, second.digest())) {
        assert!(std::time::Instant::now() < deadline, "the new certificate is not shown");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_asks_for_a_certificate_lets_in_its_own_alone() {
    let place = Place::new();
    place.put(&Identity::issued_by(&place.authority));
    let (own, other) = (Identity::issued_by(&place.authority), Identity::issued_by(&place.authority));
    let feeds =
        format!("{}[feeds.scanner.http]\nclient_certificate_sha256 = [\"{}\"]\n", token_feed(), own.digest());
    let door = place.open(&feeds).await;
    let status = async |feed, token, own| place.send(&door, feed, token, own).await.map(|(status, _)| status);
    assert_eq!(status("scanner", "", Some(&own)).await, Some(202));
    assert_eq!(status("scanner", "", Some(&other)).await, Some(401));
    assert_eq!(status("scanner", "", None).await, Some(401));
    assert_eq!(status("gate", TOKEN, None).await, Some(202), "other feeds need none");
    let stranger = Identity::issued_by(&authority());
    assert_eq!(status("gate", TOKEN, Some(&stranger)).await, None, "nobody vouches for it");
    assert_eq!(door.broker.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_gets_nothing_where_tls_is_spoken() {
    let place = Place::new();
    place.put(&Identity::issued_by(&place.authority));
    let door = place.open(&token_feed()).await;
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{answer:?}");
}
