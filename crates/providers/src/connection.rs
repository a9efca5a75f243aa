//! One account at one provider, over HTTP: its headers, its secrets, and what an exchange that fails means.

use recado_core::FieldErrors;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::channel::Preview;
use crate::error::{ChannelError, ConfigError, ErrorKind};
use crate::http::client::{Answer, HttpClient, MediaResponse, PostError};
use crate::redact::{BLANK, Redactor};
use crate::refusal::Refusal;

/// One account at one provider, over HTTP.
pub(crate) struct Connection {
    provider: &'static str,
    http: HttpClient,
    headers: HeaderMap,
    pub(crate) redactor: Redactor,
    /// Why no request is made.
    pub(crate) closed: Option<&'static str>,
}

impl Connection {
    pub(crate) fn new(
        provider: &'static str,
        http: &HttpClient,
        headers: HeaderMap,
        redactor: Redactor,
    ) -> Self {
        Self {
            provider,
            http: http.clone(),
            headers,
            redactor,
            closed: None,
        }
    }

    /// Returns a POST as [`request`](Self::request) makes it, with secret headers blanked; `shown_url` has no secret.
    pub(crate) fn preview(&self, shown_url: &Url, body: &str) -> Preview {
        let headers = self.posted_headers();
        let shown = headers.iter().map(|(name, value)| {
            let secret = value.is_sensitive();
            let value = if secret { None } else { value.to_str().ok() };
            (name.to_string(), value.unwrap_or(BLANK).to_owned())
        });
        let body = serde_json::from_str(body).expect("a request is written as JSON");
        Preview {
            headers: shown.collect(),
            ..Preview::new(&Method::POST, shown_url, body)
        }
    }

    /// Makes one request that may be repeated.
    pub(crate) async fn order(
        &self,
        method: Method,
        url: &Url,
        body: &Value,
    ) -> Result<Answer, Refusal> {
        let sent = self.request(method, url, body.to_string()).await;
        sent.map_err(Refusal::harmless)
    }

    /// Makes one GET, which changes nothing.
    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, Refusal> {
        let mut request = Request::new(Method::GET, url.clone());
        *request.headers_mut() = self.headers.clone();
        self.exchange(request).await.map_err(Refusal::harmless)
    }

    /// Begins to fetch a file from an address that gets the credentials.
    pub(crate) async fn open(&self, url: &Url) -> Result<MediaResponse, Refusal> {
        let mut request = Request::new(Method::GET, url.clone());
        *request.headers_mut() = self.headers.clone();
        self.check_open()?;
        let opened = self.http.open(request).await;
        opened.map_err(|error| failed(error).harmless())
    }

    /// Begins to fetch a file from an address that a webhook named, which gets no credentials.
    ///
    /// It is on the public internet, or where `own` is: a customer or a forged call could name any address, also on a server
    /// that may reach private networks.
    pub(crate) async fn open_public(&self, url: &Url, own: &Url) -> Result<MediaResponse, Refusal> {
        let request = Request::new(Method::GET, url.clone());
        let opened = if url.origin() == own.origin() {
            self.http.open(request).await
        } else {
            self.http.open_on_internet(request).await
        };
        opened.map_err(|error| failed(error).harmless())
    }

    /// Makes one request whose answer holds a file, of which so many bytes are read at most.
    pub(crate) async fn request_file(
        &self,
        url: &Url,
        body: &Value,
        most_bytes: usize,
    ) -> Result<Answer, Refusal> {
        let mut request = Request::new(Method::POST, url.clone());
        *request.headers_mut() = self.posted_headers();
        *request.body_mut() = Some(body.to_string().into());
        self.check_open()?;
        let answer = self.http.exchange_file(request, most_bytes).await;
        answer.map_err(|error| failed(error).harmless())
    }

    /// Returns the same connection for a call that carries one more secret.
    pub(crate) fn hiding(&self, secret: &SecretString) -> Self {
        Self {
            provider: self.provider,
            http: self.http.clone(),
            headers: self.headers.clone(),
            redactor: self.redactor.and(secret),
            closed: self.closed,
        }
    }

    /// Returns the error of a refusal, without secrets and whole phone numbers.
    pub(crate) fn error(&self, refusal: &Refusal) -> ChannelError {
        let text = self.redactor.clean(&refusal.text);
        ChannelError {
            code: refusal.code,
            retry_after: refusal.retry_after,
            ..ChannelError::new(self.provider, refusal.kind, text)
        }
    }

    fn posted_headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        url: &Url,
        body: String,
    ) -> Result<Answer, Refusal> {
        let mut request = Request::new(method, url.clone());
        *request.headers_mut() = self.posted_headers();
        *request.body_mut() = Some(body.into());
        self.exchange(request).await
    }

    fn check_open(&self) -> Result<(), Refusal> {
        match self.closed {
            Some(reason) => Err(Refusal::new(ErrorKind::Misconfigured, reason)),
            None => Ok(()),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Answer, Refusal> {
        self.check_open()?;
        let answer = self.http.exchange(request).await.map_err(failed)?;
        if !(300..400).contains(&answer.status) {
            return Ok(answer);
        }
        // Redirects are not followed: they would carry the credentials elsewhere.
        let target = answer.redirects_to.as_deref().unwrap_or("another address");
        let text = format!(
            "the base URL answers with a redirect to {target} (HTTP status {}); set it to the final address",
            answer.status
        );
        Err(Refusal::new(ErrorKind::Misconfigured, text))
    }
}

fn failed(error: PostError) -> Refusal {
    let (kind, text) = match error {
        PostError::NotReached(cause) => (
            ErrorKind::Unavailable,
            format!("could not be reached: {cause}"),
        ),
        PostError::Refused(error) => (ErrorKind::Misconfigured, error.to_string()),
        PostError::NoAnswer(cause) => (ErrorKind::Indeterminate, format!("answer lost: {cause}")),
    };
    Refusal::new(kind, text)
}

pub(crate) fn secret_header(
    name: HeaderName,
    credential: &'static str,
    prefix: &str,
    secret: &SecretString,
) -> Result<HeaderMap, ConfigError> {
    let text = format!("{prefix}{}", secret.expose_secret());
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        let field = format!("credentials.{credential}");
        FieldErrors::field(&field, "Has characters that cannot be sent")
    })?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}
