//! HTTP as a channel needs it: one request, and the certainty of whether it may have arrived.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Request, Response, StatusCode, redirect, retry};
use serde_json::Value;
use url::Url;

use super::public_address::{literal_is_public, may_be_reached};
use super::resolver::{HostResolver, LookupError};
use crate::error::ConfigError;
use crate::lenient_json;

/// No provider's answer is nearly that long.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Most bytes that are read of a discarded body, so that its connection can be used again.
const MAX_UNREAD_BYTES: usize = 16 * 1024;

/// How long a file may take, from the first step to its last byte.
const MEDIA_TIMEOUT: Duration = Duration::from_mins(1);

/// A provider may close an idle connection just when we write on it, which would lose an answer.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// How long one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// From the first step to the last byte of the answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(10),
        }
    }
}

/// The HTTP client of all channels of a process; clones share its connections.
///
/// It follows no redirect and uses no proxy from the environment, for both would carry secrets elsewhere.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    /// Reaches the public internet only.
    internet: Client,
    guarded: bool,
}

/// The client could not be made, for example because the system has no CA certificates.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be made")]
pub struct HttpClientError(#[source] reqwest::Error);

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Scheme, host and port that a redirect leads to.
    pub(crate) redirects_to: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Tells whether the provider says that it took the request.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the body if it is a JSON object.
    pub(crate) fn json(&self) -> Option<Value> {
        lenient_json::parse(&self.body).filter(Value::is_object)
    }
}

/// The answer to a request for a file.
pub(crate) enum MediaResponse {
    /// The file, whose bytes are not read yet.
    File(Response),
    /// What the provider says instead.
    Refused(Answer),
}

/// The answer of a receiver; its body is discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The HTTP status.
    pub status: u16,
    /// How long it asks us to wait, in its own words: seconds or a date.
    pub retry_after: Option<String>,
}

/// Why a request got no answer; the texts come from below HTTP, and name no URL and no header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Nothing was sent, because the address is not allowed.
    #[error(
        "the address is private, loopback or reserved, or not https, and private networks are not allowed"
    )]
    Refused(ConfigError),
    /// Surely nothing was sent.
    #[error("not reached: {0}")]
    NotReached(String),
    /// The request may have arrived.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

impl HttpClient {
    /// Makes a client; unless `allow_private_networks`, it reaches the public internet only.
    pub fn new(timeouts: Timeouts, allow_private_networks: bool) -> Result<Self, HttpClientError> {
        let client = |public_only| {
            Client::builder()
                .user_agent(concat!("recado/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(timeouts.connect)
                .timeout(timeouts.total)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .tcp_nodelay(true)
                .pool_idle_timeout(MAX_IDLE)
                // A POST must never go out twice. Below reqwest, hyper-util repeats a request by itself only
                // if a pooled connection was closed before the request was taken off its queue, that is,
                // before its first byte was written (hyper hands the request back in that case alone).
                .retry(retry::never())
                .dns_resolver(HostResolver::new(public_only))
                .build()
                .map_err(HttpClientError)
        };
        let internet = client(true)?;
        Ok(Self {
            client: if allow_private_networks {
                client(false)?
            } else {
                internet.clone()
            },
            internet,
            guarded: !allow_private_networks,
        })
    }

    /// Whether this client may post to `url`: https only, unless private networks are allowed, and never
    /// to a literal address that is not public. What a name leads to is checked when it is resolved.
    pub fn may_post_to(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => !self.guarded || literal_is_public(url),
            "http" => !self.guarded,
            _ => false,
        }
    }

    /// Whether a provider may be told to call `url`: what the internet cannot reach, only if private networks
    /// are allowed.
    pub fn may_be_called_at(&self, url: &Url) -> bool {
        !self.guarded || may_be_reached(url)
    }

    /// Posts `body` to a receiver of our own customers, within `deadline` in all.
    pub async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Result<Posted, PostError> {
        if !self.may_post_to(&url) {
            let refused = self.check_allowed(&url).err();
            return Err(PostError::Refused(
                refused.unwrap_or(ConfigError::PrivateAddress),
            ));
        }
        let request = self
            .client
            .post(url)
            .headers(headers)
            .body(body)
            .timeout(deadline);
        let response = request.send().await.map_err(|e| failure(&e))?;
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok());
        let posted = Posted {
            status: response.status().as_u16(),
            retry_after: retry_after.map(str::to_owned),
        };
        skip(response).await;
        Ok(posted)
    }

    /// Checks that credentials may be sent to a URL.
    pub(crate) fn check_allowed(&self, url: &Url) -> Result<(), ConfigError> {
        if !self.guarded {
            Ok(())
        } else if !literal_is_public(url) {
            // Names are checked when they are resolved; an IP address never passes the resolver.
            Err(ConfigError::PrivateAddress)
        } else if url.scheme() != "https" {
            Err(ConfigError::NotHttps)
        } else {
            Ok(())
        }
    }

    /// Makes one request and reads the whole answer.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Answer, PostError> {
        answer(self.begin(request).await?, MAX_ANSWER_BYTES).await
    }

    /// Makes one request whose answer holds a file, of which so many bytes are read at most.
    pub(crate) async fn exchange_file(
        &self,
        mut request: Request,
        most_bytes: usize,
    ) -> Result<Answer, PostError> {
        *request.timeout_mut() = Some(MEDIA_TIMEOUT);
        answer(self.begin(request).await?, most_bytes).await
    }

    /// Makes one request for a file on the public internet, whatever else this client may reach.
    pub(crate) async fn open_on_internet(
        &self,
        request: Request,
    ) -> Result<MediaResponse, PostError> {
        let guarded = Self {
            client: self.internet.clone(),
            internet: self.internet.clone(),
            guarded: true,
        };
        guarded.open(request).await
    }

    /// Makes one request for a file, whose bytes are left to be read.
    pub(crate) async fn open(&self, mut request: Request) -> Result<MediaResponse, PostError> {
        *request.timeout_mut() = Some(MEDIA_TIMEOUT);
        let response = self.begin(request).await?;
        Ok(if response.status() == StatusCode::OK {
            MediaResponse::File(response)
        } else {
            MediaResponse::Refused(answer(response, MAX_ANSWER_BYTES).await?)
        })
    }

    async fn begin(&self, request: Request) -> Result<Response, PostError> {
        self.check_allowed(request.url())
            .map_err(PostError::Refused)?;
        let begun = self.client.execute(request).await;
        begun.map_err(|e| failure(&e))
    }
}

/// Where a redirect leads; no more of it, for its path and query may carry secrets.
fn redirects_to(response: &Response) -> Option<String> {
    if !response.status().is_redirection() {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let target = response.url().join(location).ok()?;
    Some(target.origin().ascii_serialization())
}

async fn answer(response: Response, most_bytes: usize) -> Result<Answer, PostError> {
    Ok(Answer {
        status: response.status().as_u16(),
        redirects_to: redirects_to(&response),
        retry_after: retry_after(response.headers()),
        body: read(response, most_bytes).await?,
    })
}

async fn read(mut response: Response, most_bytes: usize) -> Result<Bytes, PostError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e))? {
        if body.len() + chunk.len() > most_bytes {
            return Err(PostError::NoAnswer("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// Reads to the end of a short answer; whatever goes wrong now changes nothing.
async fn skip(mut response: Response) {
    let mut left = MAX_UNREAD_BYTES;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// Only an error of the connector (name, TCP, TLS, connect timeout) surely comes before the first byte.
fn failure(error: &reqwest::Error) -> PostError {
    if LookupError::is_private(error) {
        PostError::Refused(ConfigError::PrivateAddress)
    } else if error.is_connect() || error.is_builder() {
        PostError::NotReached(root_cause(error))
    } else if error.is_timeout() {
        PostError::NoAnswer("no answer in time".to_owned())
    } else {
        PostError::NoAnswer(root_cause(error))
    }
}

/// The innermost cause; reqwest's own text would show the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "request failed".to_owned(), ToString::to_string)
}

/// No provider's limit lasts longer than a day.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Whole seconds; the other form, a date, is not used by any of the providers.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(wait.min(LONGEST_WAIT))
}
