//! Client of a schema registry with Confluent's HTTP interface (Confluent, Karapace, Apicurio's `ccompat`).
//!
//! Calls block, with a limit on each; ids never change their schema, so what was learnt is kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use crate::datum::{Datum, short};
use crate::{Error, Record};

/// Times that a call is made when the registry does not answer or answers 429 or 5xx.
const ATTEMPTS: u32 = 3;
/// Wait before the second attempt; doubles with each, milliseconds.
const FIRST_WAIT_MS: u64 = 100;
/// Longest wait for a connection, seconds.
const CONNECT_TIMEOUT_SECONDS: u64 = 3;
/// Largest answer that is read, bytes.
const MAX_ANSWER_BYTES: u64 = 4 * 1024 * 1024;
/// How long an id that the registry does not know is not asked for again, seconds.
const UNKNOWN_ID_SECONDS: u64 = 30;
/// Most unknown ids that are remembered.
const MAX_UNKNOWN_IDS: usize = 1024;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// How to reach a registry.
#[derive(Clone)]
pub struct RegistrySettings {
    /// Address up to the API, such as `https://registry:8081` or `http://registry:8080/apis/ccompat/v6`. Certificates are
    /// checked against those that the system trusts, or the file that `SSL_CERT_FILE` names.
    pub url: String,
    /// User for HTTP basic authentication.
    pub username: Option<String>,
    /// Password for it.
    pub password: Option<String>,
    /// Limit of one call.
    pub timeout: Duration,
    /// Whether a producer registers its schema when the subject lacks it; otherwise that is an error.
    pub auto_register: bool,
}

impl RegistrySettings {
    /// A registry without credentials, calls limited to 5 seconds, registering schemas by itself.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let timeout = Duration::from_secs(5);
        Self { url: url.into(), username: None, password: None, timeout, auto_register: true }
    }
}

impl fmt::Debug for RegistrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrySettings")
            .field("url", &without_credentials(&self.url))
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("timeout", &self.timeout)
            .field("auto_register", &self.auto_register)
            .finish()
    }
}

/// A schema as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Registered {
    /// Id, unique in the registry.
    pub id: u32,
    /// Version within the subject.
    pub version: i32,
    /// The schema, JSON.
    pub schema: String,
}

/// A client of one registry.
pub struct Registry {
    agent: Agent,
    url: String,
    authorization: Option<String>,
    auto_register: bool,
    by_id: RwLock<HashMap<u32, &'static Datum>>,
    unknown_ids: RwLock<HashMap<u32, Instant>>,
    /// Record, then topic.
    ids: RwLock<HashMap<&'static str, HashMap<String, u32>>>,
}

impl Registry {
    /// A client; no call is made yet.
    ///
    /// # Errors
    /// When the address is not one that can be used.
    pub fn new(settings: &RegistrySettings) -> Result<Self, Error> {
        let shown = without_credentials(&settings.url);
        let wrong = |reason: &str| Error::BadAddress { url: shown.clone(), reason: reason.to_owned() };
        if settings.url != shown {
            return Err(wrong("it holds credentials; put them into username and password"));
        }
        if !shown.starts_with("http://") && !shown.starts_with("https://") {
            return Err(wrong("write it like https://registry:8081"));
        }
        let authorization = settings.username.as_ref().map(|user| {
            let password = settings.password.as_deref().unwrap_or_default();
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        });
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(settings.timeout))
            .timeout_connect(Some(settings.timeout.min(Duration::from_secs(CONNECT_TIMEOUT_SECONDS))))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("quaywatch/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            url: shown.trim_end_matches('/').to_owned(),
            authorization,
            auto_register: settings.auto_register,
            by_id: RwLock::default(),
            unknown_ids: RwLock::default(),
            ids: RwLock::default(),
        })
    }

    /// The address, without credentials.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Registers the schema under the subject and returns its id; registering it again gives the same id.
    ///
    /// # Errors
    /// [`Error::Incompatible`] when the subject's rule forbids it (HTTP 409); else when the registry refuses or fails.
    pub fn register(&self, subject: &str, schema: &str) -> Result<u32, Error> {
        let path = format!("subjects/{}/versions", segment(subject)?);
        let answer = self.call(&format!("register a schema for {subject}"), &path, Some(&body_of(schema)))?;
        if answer.status == StatusCode::CONFLICT {
            let reason = answer.message();
            return Err(Error::Incompatible { name: subject.to_owned(), reason });
        }
        #[derive(Deserialize)]
        struct Id {
            id: u32,
        }
        Ok(self.read::<Id>(answer)?.id)
    }

    /// The schema as the subject has it; `None` when it does not.
    ///
    /// # Errors
    /// When the registry refuses or fails.
    pub fn find(&self, subject: &str, schema: &str) -> Result<Option<Registered>, Error> {
        let path = format!("subjects/{}", segment(subject)?);
        let answer = self.call(&format!("look up a schema of {subject}"), &path, Some(&body_of(schema)))?;
        if answer.status == StatusCode::NOT_FOUND { Ok(None) } else { self.read(answer).map(Some) }
    }

    /// A version of the subject, the latest when `None`.
    ///
    /// # Errors
    /// [`Error::NotRegistered`] when there is none; else when the registry refuses or fails.
    pub fn version(&self, subject: &str, version: Option<i32>) -> Result<Registered, Error> {
        let version = version.map_or_else(|| "latest".to_owned(), |v| v.to_string());
        let path = format!("subjects/{}/versions/{version}", segment(subject)?);
        let what = format!("version {version} of {subject}");
        let answer = self.call(&format!("give {what}"), &path, None)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(Error::NotRegistered { what, url: self.url.clone() });
        }
        self.read(answer)
    }

    /// The text of the schema with this id.
    ///
    /// # Errors
    /// [`Error::UnknownId`] when there is none; else when the registry refuses or fails.
    pub fn schema(&self, id: u32) -> Result<String, Error> {
        let answer = self.call(&format!("give schema {id}"), &format!("schemas/ids/{id}"), None)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(Error::UnknownId { id, url: self.url.clone() });
        }
        #[derive(Deserialize)]
        struct Text {
            schema: String,
        }
        Ok(self.read::<Text>(answer)?.schema)
    }

    /// Whether the subject's rule lets the schema follow its latest version; true for a new subject.
    ///
    /// # Errors
    /// When the registry refuses or fails.
    pub fn is_compatible(&self, subject: &str, schema: &str) -> Result<bool, Error> {
        let path = format!("compatibility/subjects/{}/versions/latest", segment(subject)?);
        let answer = self.call(&format!("compare a schema of {subject}"), &path, Some(&body_of(schema)))?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(true);
        }
        #[derive(Deserialize)]
        struct Verdict {
            is_compatible: bool,
        }
        Ok(self.read::<Verdict>(answer)?.is_compatible)
    }

    /// Sets the subject's rule, such as `BACKWARD_TRANSITIVE`.
    ///
    /// # Errors
    /// When the registry refuses or fails.
    pub fn set_compatibility(&self, subject: &str, level: &str) -> Result<(), Error> {
        let path = format!("config/{}", segment(subject)?);
        let what = format!("set the rule of {subject}");
        let body = json!({ "compatibility": level });
        let request = || self.with_headers(self.agent.put(self.address(&path))).send_json(&body);
        let answer = self.attempt(&what, request)?;
        self.read::<Json>(answer).map(drop)
    }

    /// The id under which a record is written to a topic: what the subject `<topic>-value` has, or gets.
    pub(crate) fn id_for<T: Record>(&self, topic: &str) -> Result<u32, Error> {
        {
            let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(id) = ids.get(T::NAME).and_then(|topics| topics.get(topic)) {
                return Ok(*id);
            }
        }
        let subject = format!("{topic}-value");
        let id = match self.find(&subject, T::SCHEMA)? {
            Some(registered) => registered.id,
            None if self.auto_register => self.register(&subject, T::SCHEMA)?,
            None => {
                let what = format!("subject {subject} with the schema of this program");
                return Err(Error::NotRegistered { what, url: self.url.clone() });
            }
        };
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        ids.entry(T::NAME).or_default().insert(topic.to_owned(), id);
        Ok(id)
    }

    /// The schema with this id, from memory when it was met before.
    pub(crate) fn datum(&self, id: u32) -> Result<&'static Datum, Error> {
        if let Some(datum) = self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(datum);
        }
        if self.is_unknown(id) {
            return Err(Error::UnknownId { id, url: self.url.clone() });
        }
        let text = self.schema(id).inspect_err(|e| {
            if matches!(e, Error::UnknownId { .. }) {
                self.remember_unknown(id);
            }
        })?;
        let datum = Datum::of(&format!("id {id}"), &text)?;
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).insert(id, datum);
        Ok(datum)
    }

    fn is_unknown(&self, id: u32) -> bool {
        let unknown = self.unknown_ids.read().unwrap_or_else(PoisonError::into_inner);
        unknown.get(&id).is_some_and(|since| since.elapsed().as_secs() < UNKNOWN_ID_SECONDS)
    }

    fn remember_unknown(&self, id: u32) {
        let mut unknown = self.unknown_ids.write().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() >= MAX_UNKNOWN_IDS {
            unknown.retain(|_, since| since.elapsed().as_secs() < UNKNOWN_ID_SECONDS);
        }
        if unknown.len() < MAX_UNKNOWN_IDS {
            unknown.insert(id, Instant::now());
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    fn with_headers<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let request = request.header(header::ACCEPT, CONTENT_TYPE);
        match &self.authorization {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }

    /// GET, or POST when there is a body.
    fn call(&self, what: &str, path: &str, body: Option<&Json>) -> Result<Answer, Error> {
        let address = self.address(path);
        self.attempt(what, || match body {
            None => self.with_headers(self.agent.get(&address)).call(),
            Some(body) => {
                self.with_headers(self.agent.post(&address)).content_type(CONTENT_TYPE).send_json(body)
            }
        })
    }

    fn attempt(
        &self,
        what: &str,
        request: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Answer, Error> {
        let mut reason = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(FIRST_WAIT_MS << (attempt - 1)));
            }
            match request().and_then(|response| Answer::of(what, response)) {
                Ok(answer) if answer.status.is_server_error() || answer.status.as_u16() == 429 => {
                    reason = format!("HTTP {} {}", answer.status.as_u16(), answer.message());
                }
                Ok(answer) => return Ok(answer),
                Err(error) => reason = short(&error.to_string()),
            }
        }
        Err(Error::Unreachable { what: what.to_owned(), url: self.url.clone(), reason })
    }

    fn read<T: serde::de::DeserializeOwned>(&self, answer: Answer) -> Result<T, Error> {
        if !answer.status.is_success() {
            let (status, message) = (answer.status.as_u16(), answer.message());
            return Err(Error::Refused { what: answer.what, url: self.url.clone(), status, message });
        }
        serde_json::from_str(&answer.text).map_err(|e| Error::Unreachable {
            what: answer.what,
            url: self.url.clone(),
            reason: format!("its answer is not that of a schema registry: {e}"),
        })
    }
}

struct Answer {
    what: String,
    status: StatusCode,
    text: String,
}

impl Answer {
    fn of(what: &str, mut response: Response<Body>) -> Result<Self, ureq::Error> {
        let text = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string()?;
        Ok(Self { what: what.to_owned(), status: response.status(), text })
    }

    /// What the registry says, `{"error_code": 409, "message": "..."}` or plain text.
    fn message(&self) -> String {
        let json: Option<Json> = serde_json::from_str(&self.text).ok();
        let message = json.as_ref().and_then(|j| j.get("message")).and_then(Json::as_str);
        short(message.unwrap_or(&self.text))
    }
}

fn body_of(schema: &str) -> Json {
    json!({ "schema": schema })
}

/// The subject as part of a path; topics hold nothing that would need escaping.
fn segment(subject: &str) -> Result<&str, Error> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !subject.is_empty() && subject.chars().all(legal) {
        Ok(subject)
    } else {
        let reason = "a subject is a topic name (letters, digits, '.', '_', '-') and -value".to_owned();
        Err(Error::BadSchema { name: short(subject), reason })
    }
}

fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_appear_neither_in_debug_output_nor_in_errors() {
        let mut settings = RegistrySettings::new("http://me:secret@registry:8081/x");
        settings.password = Some("hidden".to_owned());
        let debug = format!("{settings:?}");
        assert!(!debug.contains("secret") && !debug.contains("hidden"), "{debug}");
        let error = Registry::new(&settings).err().unwrap().to_string();
        assert!(!error.contains("secret") && error.contains("http://registry:8081/x"), "{error}");
    }

    #[test]
    fn a_subject_that_would_change_the_path_is_refused() {
        assert!(segment("agency.police-koper.alerts-value").is_ok());
        assert!(segment("../config").is_err() && segment("").is_err());
    }
}
