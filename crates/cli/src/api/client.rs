//! The client of one server: each failure says what to change.

use std::time::Duration;

use recado_providers::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::exchange::{Proof, RawAnswer, Unread, cause, exchange, http};
use super::refusal::Refusal;
use crate::{Failure, Result};

/// The header of an answer that tells what an earlier request with the same key did.
const REPLAYED: &str = "idempotent-replayed";

/// The server ends a stream at last, and its reader opens the next.
const STREAM_TIMEOUT: Duration = Duration::from_hours(24);

/// Above the server's own deadline for a file, which is a minute.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(75);

/// A connection to one server, for one key or session.
pub(crate) struct Client {
    http: reqwest::Client,
    server: Url,
    proof: Proof,
    /// Whether messages are queued.
    is_async: bool,
}

/// What the server answered: the text for programs, and its JSON for people.
pub(crate) struct Answer {
    pub(crate) text: String,
    /// Null if the text is empty.
    pub(crate) value: Value,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        let text = value.to_string();
        Self { text, value }
    }
}

pub(crate) type Query<'a> = &'a [(&'a str, String)];

/// Whether a request whose answer is lost may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Changes,
}

impl Client {
    pub(crate) fn new(server: Url, key: &SecretString) -> Result<Self> {
        if key.expose_secret().is_empty() {
            return Err(Failure::NoKey);
        }
        if HeaderValue::from_str(key.expose_secret()).is_err() {
            let reason = "the API key has characters that no key has";
            return Err(Failure::Usage(reason.to_owned()));
        }
        Self::with_proof(server, Proof::Key(key.clone()))
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    fn with_proof(server: Url, proof: Proof) -> Result<Self> {
        let http = http(&server).map_err(|error| {
            Failure::Own(format!("cannot prepare the HTTP client: {}", cause(&error)))
        })?;
        Ok(Self {
            http,
            server,
            proof,
            is_async: false,
        })
    }

    /// Has messages queued: `Prefer: respond-async`.
    pub(crate) fn queueing(self, is_async: bool) -> Self {
        Self { is_async, ..self }
    }

    /// Signs a user in; returns the client of the session, and the session.
    pub(crate) async fn sign_in(server: Url, who: &Value) -> Result<(Self, Answer)> {
        let mut client = Self::with_proof(server, Proof::None)?;
        let request = client.request(Method::POST, &["sessions"], &[], Some(who))?;
        let raw = client.exchange(request, Effect::Changes).await?;
        let cookie = raw.headers.get(SET_COOKIE);
        let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        if let Some(cookie) = cookie {
            client.proof = Proof::Session(cookie.into());
        }
        let session = client.accept(raw, Effect::Changes)?;
        Ok((client, session))
    }

    pub(crate) async fn get(&self, path: &[&str], query: Query<'_>) -> Result<Answer> {
        self.call(Method::GET, path, query, None, Effect::Reads)
            .await
    }

    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> Result<Answer> {
        self.call(Method::POST, path, &[], Some(body), Effect::Changes)
            .await
    }

    /// Does what the path says, which needs no body.
    pub(crate) async fn act(&self, path: &[&str]) -> Result<Answer> {
        self.call(Method::POST, path, &[], None, Effect::Changes)
            .await
    }

    pub(crate) async fn patch(&self, path: &[&str], body: &Value) -> Result<Answer> {
        self.call(Method::PATCH, path, &[], Some(body), Effect::Changes)
            .await
    }

    pub(crate) async fn delete(&self, path: &[&str], query: Query<'_>) -> Result<Answer> {
        self.call(Method::DELETE, path, query, None, Effect::Changes)
            .await
    }

    /// Sends any request; `effect` says what a lost answer means.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: Query<'_>,
        body: Option<&Value>,
        effect: Effect,
    ) -> Result<Answer> {
        let request = self.request(method, path, query, body)?;
        let answer = self.answer(request, effect).await;
        answer.map_err(|failure| failure.with_kind_of_id(path, query, body))
    }

    pub(super) async fn answer(&self, request: RequestBuilder, effect: Effect) -> Result<Answer> {
        let raw = self.exchange(request, effect).await?;
        self.accept(raw, effect)
    }

    /// Opens a stream of server-sent events, behind `last_event_id` if there is one.
    pub(crate) async fn stream(
        &self,
        path: &[&str],
        query: Query<'_>,
        last_event_id: Option<&str>,
    ) -> Result<Response> {
        let effect = Effect::Reads;
        let mut request = self
            .request(Method::GET, path, query, None)?
            .header(ACCEPT, "text/event-stream")
            .timeout(STREAM_TIMEOUT);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = self.open(request, path, query).await?;
        let kind = response.headers().get(CONTENT_TYPE);
        if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            return Ok(response);
        }
        let what = "is not a stream of events; is it a Recado server?";
        Err(self.senseless(what, effect))
    }

    /// Begins to fetch a file.
    pub(crate) async fn download(&self, path: &[&str]) -> Result<Response> {
        let request = self.request(Method::GET, path, &[], None)?;
        let request = request.timeout(DOWNLOAD_TIMEOUT);
        self.open(request, path, &[]).await
    }

    /// Returns what is fetched of a file next, or `None` at its end.
    pub(crate) async fn next_bytes(&self, response: &mut Response) -> Result<Option<Bytes>> {
        let chunk = response.chunk().await;
        chunk.map_err(|error| self.lost(&error, Effect::Reads))
    }

    /// Reads the beginning of an answer that is not read whole.
    async fn open(
        &self,
        request: RequestBuilder,
        path: &[&str],
        query: Query<'_>,
    ) -> Result<Response> {
        let effect = Effect::Reads;
        let response = request.send().await;
        let response = response.map_err(|error| self.lost(&error, effect))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let raw = RawAnswer::read(response).await;
        let raw = raw.map_err(|unread| self.unread(&unread, effect))?;
        Err((self.refused(raw, effect)).with_kind_of_id(path, query, None))
    }

    pub(super) fn request(
        &self,
        method: Method,
        path: &[&str],
        query: Query<'_>,
        body: Option<&Value>,
    ) -> Result<RequestBuilder> {
        let request = self.http.request(method, self.url(path, query)?);
        let mut request = self.proof.add_to(request);
        if self.is_async {
            request = request.header("prefer", "respond-async");
        }
        Ok(match body {
            Some(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string()),
            None => request,
        })
    }

    fn url(&self, path: &[&str], query: Query<'_>) -> Result<Url> {
        // A dot segment would be taken out of the URL, and another resource asked for.
        if path.iter().any(|part| matches!(*part, "." | ".." | "")) {
            let reason = "an id is not empty, and not only dots";
            return Err(Failure::Usage(reason.to_owned()));
        }
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn exchange(&self, request: RequestBuilder, effect: Effect) -> Result<RawAnswer> {
        exchange(request)
            .await
            .map_err(|unread| self.unread(&unread, effect))
    }

    fn accept(&self, raw: RawAnswer, effect: Effect) -> Result<Answer> {
        if !raw.status.is_success() {
            return Err(self.refused(raw, effect));
        }
        let text = raw.text;
        let value = match text.as_str() {
            "" => Value::Null,
            json => serde_json::from_str(json)
                .map_err(|_| self.senseless("is not JSON; is it a Recado server?", effect))?,
        };
        Ok(Answer { text, value })
    }

    fn refused(&self, raw: RawAnswer, effect: Effect) -> Failure {
        let retry_after = raw.headers.get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let status = raw.status.as_u16();
        match Refusal::read(status, retry_after, raw.text) {
            Some(mut refusal) => {
                refusal.is_replayed = raw.headers.contains_key(REPLAYED);
                refusal.into()
            }
            None => self.strange(status, effect),
        }
    }

    /// An error that Recado itself never answers.
    fn strange(&self, status: u16, effect: Effect) -> Failure {
        let server = &self.server;
        match (status, effect) {
            // A proxy in between gave up: the server behind it may have gone on.
            (500.., Effect::Changes) => Failure::OutcomeUnknown(format!(
                "{server} answered {status}, which is not Recado's own answer"
            )),
            (500.., Effect::Reads) => Failure::Unreachable(format!(
                "{server} answered {status}, which is not Recado's own answer; is the server running behind it?"
            )),
            (300..400, _) => Failure::Usage(format!(
                "{server} redirects; set --server to the address that it leads to"
            )),
            _ => Failure::Own(format!(
                "{server} answered {status}, which is not Recado's own answer; does --server lead to a Recado server?"
            )),
        }
    }

    fn unread(&self, unread: &Unread, effect: Effect) -> Failure {
        match unread {
            Unread::Lost(error) => self.lost(error, effect),
            Unread::TooLarge | Unread::NotUtf8 => self.senseless(&unread.to_string(), effect),
        }
    }

    fn lost(&self, error: &reqwest::Error, effect: Effect) -> Failure {
        let (server, cause) = (&self.server, cause(error));
        if error.is_builder() {
            Failure::Own(format!("cannot make the request: {cause}"))
        } else if error.is_connect() {
            Failure::Unreachable(format!(
                "no server answers at {server} ({cause}); start one with `recado-server`, or set --server or RECADO_SERVER"
            ))
        } else if effect == Effect::Changes {
            Failure::OutcomeUnknown(format!("the answer of {server} was lost ({cause})"))
        } else {
            Failure::Unreachable(format!(
                "the answer of {server} was lost ({cause}); try again"
            ))
        }
    }

    fn senseless(&self, what: &str, effect: Effect) -> Failure {
        let sentence = format!("the answer of {} {what}", self.server);
        match effect {
            Effect::Changes => Failure::OutcomeUnknown(sentence),
            Effect::Reads => Failure::Own(sentence),
        }
    }
}

#[cfg(test)]
mod tests;
