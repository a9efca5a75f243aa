//! What all providers share: headers, redaction, and the way from an exchange to a [`ChannelError`].

use std::time::Duration;

use recado_core::{FieldErrors, Provider};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::channel::{Health, HealthState, Preview};
use crate::error::{ChannelError, ConfigError, ErrorKind};
use crate::http::client::{Answer, Failure, HttpClient};
use crate::lenient_json;
use crate::redact::{BLANK, Redactor};

/// One account at one provider, over HTTP.
pub(crate) struct Connection {
    provider: &'static str,
    http: HttpClient,
    headers: HeaderMap,
    redactor: Redactor,
}

impl Connection {
    pub(crate) fn new(
        provider: Provider,
        http: &HttpClient,
        headers: HeaderMap,
        redactor: Redactor,
    ) -> Self {
        Self {
            provider: provider.as_str(),
            http: http.clone(),
            headers,
            redactor,
        }
    }

    /// The request of [`post`](Self::post), with secret headers blanked; `shown_url` has no secret.
    pub(crate) fn preview(
        &self,
        shown_url: &Url,
        body: &impl Serialize,
    ) -> Result<Preview, ChannelError> {
        let headers = self.posted_headers();
        let shown = headers.iter().map(|(name, value)| {
            let secret = value.is_sensitive();
            let value = if secret { None } else { value.to_str().ok() };
            (name.to_string(), value.unwrap_or(BLANK).to_owned())
        });
        let body = serde_json::to_value(body).map_err(|e| self.unwritable(&e))?;
        Ok(Preview {
            headers: shown.collect(),
            ..Preview::new(&Method::POST, shown_url, body)
        })
    }

    /// Makes one POST with a JSON body.
    pub(crate) async fn post(
        &self,
        url: &Url,
        body: &impl Serialize,
    ) -> Result<Answer, ChannelError> {
        self.with_body(Method::POST, url, body).await
    }

    /// Makes one request that may be repeated; a lost answer is no more than an unreachable provider.
    pub(crate) async fn order(
        &self,
        method: Method,
        url: &Url,
        body: &impl Serialize,
    ) -> Result<Answer, ChannelError> {
        let sent = self.with_body(method, url, body).await;
        sent.map_err(harmless)
    }

    /// Makes one GET, which changes nothing: a lost answer is no more than an unreachable provider.
    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, ChannelError> {
        let mut request = Request::new(Method::GET, url.clone());
        *request.headers_mut() = self.headers.clone();
        self.exchange(request).await.map_err(harmless)
    }

    /// The same connection for a call that carries one more secret.
    pub(crate) fn hiding(&self, secret: &SecretString) -> Self {
        Self {
            provider: self.provider,
            http: self.http.clone(),
            headers: self.headers.clone(),
            redactor: self.redactor.and(secret),
        }
    }

    /// The provider's words, without secrets and whole phone numbers.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.redactor.clean(text)
    }

    /// An error in the provider's words, cleaned.
    pub(crate) fn error(&self, kind: ErrorKind, text: &str) -> ChannelError {
        ChannelError::new(self.provider, kind, self.redactor.clean(text))
    }

    /// An answer that is a refusal, with the wait that it asks for.
    pub(crate) fn refusal(
        &self,
        kind: ErrorKind,
        retry_after: Option<Duration>,
        text: Option<&str>,
        status: u16,
    ) -> ChannelError {
        let error = match text {
            Some(text) if !text.trim().is_empty() => self.error(kind, text),
            _ => self.error(kind, &format!("HTTP status {status} without a reason")),
        };
        ChannelError {
            retry_after,
            ..error
        }
    }

    /// An answer that should be a success and cannot be read as one: the message may be on its way.
    pub(crate) fn unreadable(&self, status: u16) -> ChannelError {
        let text =
            format!("the answer (HTTP status {status}) does not say whether the request was taken");
        self.error(ErrorKind::Indeterminate, &text)
    }

    /// The state of a number whose question was refused.
    pub(crate) fn health_of(error: ChannelError) -> Result<Health, ChannelError> {
        let state = match error.kind {
            ErrorKind::NotConnected => HealthState::Disconnected,
            ErrorKind::BillingBlocked => HealthState::Unpaid,
            _ => return Err(harmless(error)),
        };
        Ok(Health::new(state, Some(error.message)))
    }

    /// A state with what the provider says about it, cleaned.
    pub(crate) fn health(&self, state: HealthState, detail: Option<&str>) -> Health {
        Health::new(state, detail.map(|text| self.redactor.clean(text)))
    }

    fn posted_headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers
    }

    async fn with_body(
        &self,
        method: Method,
        url: &Url,
        body: &impl Serialize,
    ) -> Result<Answer, ChannelError> {
        let body = serde_json::to_vec(body).map_err(|e| self.unwritable(&e))?;
        let mut request = Request::new(method, url.clone());
        *request.headers_mut() = self.posted_headers();
        *request.body_mut() = Some(body.into());
        self.exchange(request).await
    }

    async fn exchange(&self, request: Request) -> Result<Answer, ChannelError> {
        let answer = self.answer(request).await?;
        if !(300..400).contains(&answer.status) {
            return Ok(answer);
        }
        // Redirects are not followed: they would carry the credentials elsewhere.
        let target = answer.redirects_to.as_deref().unwrap_or("another address");
        let text = format!(
            "the base URL answers with a redirect to {target} (HTTP status {}); set it to the final address",
            answer.status
        );
        Err(self.error(ErrorKind::Misconfigured, &text))
    }

    async fn answer(&self, request: Request) -> Result<Answer, ChannelError> {
        self.http
            .exchange(request)
            .await
            .map_err(|failure| match failure {
                Failure::NotSent(cause) => self.error(
                    ErrorKind::Unavailable,
                    &format!("could not be reached: {cause}"),
                ),
                Failure::Refused(error) => self.error(ErrorKind::Misconfigured, &error.to_string()),
                Failure::Lost(cause) => {
                    self.error(ErrorKind::Indeterminate, &format!("answer lost: {cause}"))
                }
            })
    }

    fn unwritable(&self, error: &serde_json::Error) -> ChannelError {
        self.error(
            ErrorKind::Rejected,
            &format!("not writable as JSON: {error}"),
        )
    }
}

/// The header that carries a secret.
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

/// The body as a JSON object, if it is one.
pub(crate) fn json(answer: &Answer) -> Option<Value> {
    lenient_json::parse(&answer.body).filter(Value::is_object)
}

/// A non-empty text at `path` of a JSON body.
pub(crate) fn text<'a>(body: &'a Value, path: &str) -> Option<&'a str> {
    body.pointer(path)?.as_str().filter(|text| !text.is_empty())
}

/// The error of a request that may be repeated.
pub(crate) fn harmless(error: ChannelError) -> ChannelError {
    match error.kind {
        ErrorKind::Indeterminate => ChannelError {
            kind: ErrorKind::Unavailable,
            ..error
        },
        _ => error,
    }
}
