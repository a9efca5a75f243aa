//! The one HTTP client: deadlines, bounded answers, no redirects, one shape of error.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE,
};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::failure::{Failure, Refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Above the server's own deadline for a send, which is 20 s.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// A stream that is silent for longer is dead: the server says every 15 s that it lives.
const LONGEST_SILENCE: Duration = Duration::from_secs(45);
/// A stream ends at last, and its reader opens the next.
const STREAM_TIMEOUT: Duration = Duration::from_hours(24);
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// A connection to one server, for one key or session.
pub(crate) struct Client {
    http: reqwest::Client,
    server: Url,
    /// The header that proves who calls; `None` before a sign-in.
    proof: Option<(HeaderName, HeaderValue)>,
}

/// What the server answered: its text as it is, and read.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) value: Value,
}

/// Whether a request that got no answer may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Changes,
}

/// Reads the address of a server, as given on the command line.
pub(crate) fn parse_server(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{error}; give it like http://127.0.0.1:8080"))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err("the address begins with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address holds no user name or password; the key goes into RECADO_KEY".to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address ends before any ? or #".to_owned());
    }
    Ok(url)
}

impl Client {
    /// A client for `server` with an API key.
    pub(crate) fn new(server: Url, key: &SecretString) -> Result<Self, Failure> {
        if key.expose_secret().is_empty() {
            return Err(Failure::NoKey);
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
            .map_err(|_| {
            Failure::Usage("the API key has characters that no key has".to_owned())
        })?;
        authorization.set_sensitive(true);
        Ok(Self {
            http: http(&server)?,
            server,
            proof: Some((AUTHORIZATION, authorization)),
        })
    }

    /// Signs a user in; returns the client of the session, and the session.
    pub(crate) async fn sign_in(server: Url, who: &Value) -> Result<(Self, Answer), Failure> {
        let mut client = Self {
            http: http(&server)?,
            server,
            proof: None,
        };
        let request = client.request(Method::POST, &["sessions"], &[])?;
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(who.to_string());
        let response = client.send(request, Effect::Changes).await?;
        let cookie = response.headers().get(SET_COOKIE);
        let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok());
        client.proof = cookie.map(|mut cookie| {
            cookie.set_sensitive(true);
            (COOKIE, cookie)
        });
        let text = client.read(response, Effect::Changes).await?;
        let session = client.accept(text, Effect::Changes)?;
        Ok((client, session))
    }

    /// Reads a resource.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, Failure> {
        self.call(Method::GET, path, query, None, Effect::Reads)
            .await
    }

    /// Creates a resource.
    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        self.call(Method::POST, path, &[], Some(body), Effect::Changes)
            .await
    }

    /// Changes a resource.
    pub(crate) async fn patch(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        self.call(Method::PATCH, path, &[], Some(body), Effect::Changes)
            .await
    }

    /// Deletes a resource.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.call(Method::DELETE, path, &[], None, Effect::Changes)
            .await
    }

    /// Sends any request; `effect` says what a lost answer means.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
        effect: Effect,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, path, query)?;
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let sent = self.send(request, effect).await;
        let response = sent.map_err(|failure| failure.with_kind_of_id(path, query, body))?;
        let text = self.read(response, effect).await?;
        self.accept(text, effect)
    }

    /// Opens a stream of server-sent events, behind `last_event_id` if there is one.
    pub(crate) async fn stream(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        last_event_id: Option<&str>,
    ) -> Result<Response, Failure> {
        let mut request = self
            .request(Method::GET, path, query)?
            .header(ACCEPT, "text/event-stream")
            .timeout(STREAM_TIMEOUT);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let sent = self.send(request, Effect::Reads).await;
        let response = sent.map_err(|failure| failure.with_kind_of_id(path, query, None))?;
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/event-stream") {
            Ok(response)
        } else {
            Err(self.senseless(
                "is no stream of events; is it a Recado server?",
                Effect::Reads,
            ))
        }
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<RequestBuilder, Failure> {
        let request = self.http.request(method, self.url(path, query)?);
        Ok(match &self.proof {
            Some((name, value)) => request.header(name, value),
            None => request,
        })
    }

    /// Sends a request; an answer that is no success is a failure.
    async fn send(&self, request: RequestBuilder, effect: Effect) -> Result<Response, Failure> {
        let response = (request.send().await).map_err(|error| self.no_answer(&error, effect))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let text = self.read(response, effect).await?;
        if let Some(refusal) = Refusal::read(status.as_u16(), retry_after, text) {
            return Err(Failure::Refused(Box::new(refusal)));
        }
        Err(self.strange(status.as_u16(), effect))
    }

    fn url(&self, path: &[&str], query: &[(&str, String)]) -> Result<Url, Failure> {
        let mut url = self.server.clone();
        // A dot segment would be taken out of the URL, and another resource asked for.
        if path
            .iter()
            .any(|segment| matches!(*segment, "." | ".." | ""))
        {
            return Err(Failure::Usage(
                "an id is not empty, and not only dots".to_owned(),
            ));
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn read(&self, mut response: Response, effect: Effect) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) =
            (response.chunk().await).map_err(|error| self.no_answer(&error, effect))?
        {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(self.senseless("is larger than 8 MiB", effect));
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).map_err(|_| self.senseless("is no UTF-8", effect))
    }

    fn accept(&self, text: String, effect: Effect) -> Result<Answer, Failure> {
        if text.is_empty() {
            return Ok(Answer {
                text,
                value: Value::Null,
            });
        }
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Answer { text, value }),
            Err(_) => Err(self.senseless("is no JSON; is it a Recado server?", effect)),
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

    fn no_answer(&self, error: &reqwest::Error, effect: Effect) -> Failure {
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

/// What sends requests to `server`; one on this machine is never asked through a proxy.
pub(crate) fn http(server: &Url) -> Result<reqwest::Client, Failure> {
    let mut http = ClientBuilder::new()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .read_timeout(LONGEST_SILENCE)
        .redirect(Policy::none())
        .user_agent(concat!("recado/", env!("CARGO_PKG_VERSION")));
    if is_loopback(server) {
        http = http.no_proxy();
    }
    http.build()
        .map_err(|error| Failure::Own(format!("cannot prepare the HTTP client: {}", cause(&error))))
}

/// Returns whether a server is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The innermost reason, which is the one that a person can act on.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: Option<&dyn std::error::Error> = error.source();
    while let Some(next) = innermost.and_then(std::error::Error::source) {
        innermost = Some(next);
    }
    innermost.map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
