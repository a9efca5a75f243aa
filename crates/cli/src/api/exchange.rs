//! One request and its whole answer: who calls, how long it may take, and how much of an answer is read.

use std::{error::Error as _, time::Duration};

use reqwest::header::{COOKIE, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, RequestBuilder, Response, StatusCode, redirect::Policy};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::address::is_loopback;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Above the server's own deadline for a send, which is 20 s.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// A stream that is silent for longer is dead: the server sends a comment every 15 s.
const READ_TIMEOUT: Duration = Duration::from_secs(45);
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// What proves who calls.
#[derive(Clone)]
pub enum Proof {
    /// The caller is anonymous.
    None,
    /// An API key.
    Key(SecretString),
    /// The cookie of a session, as `name=value`.
    Session(SecretString),
}

impl Proof {
    /// Adds the proof to a request.
    pub fn add_to(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Key(key) => request.bearer_auth(key.expose_secret()),
            Self::Session(cookie) => match HeaderValue::from_str(cookie.expose_secret()) {
                Ok(mut cookie) => {
                    cookie.set_sensitive(true);
                    request.header(COOKIE, cookie)
                }
                // The request fails with what is wrong about it, when it is sent.
                Err(_) => request.header(COOKIE, cookie.expose_secret()),
            },
        }
    }
}

/// A whole answer, before anything of it is interpreted.
pub struct RawAnswer {
    /// The URL that answered: another one than was asked if the HTTP client follows redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It did not come, or broke off.
    #[error("was lost ({})", cause(.0))]
    Lost(#[from] reqwest::Error),
    /// It is larger than any answer of Recado.
    #[error("is larger than 8 MiB")]
    TooLarge,
    /// Its body is not a text.
    #[error("is not UTF-8")]
    NotUtf8,
}

/// Sends a request and reads the whole answer.
pub async fn exchange(request: RequestBuilder) -> Result<RawAnswer, Unread> {
    RawAnswer::read(request.send().await?).await
}

impl RawAnswer {
    pub(crate) async fn read(mut response: Response) -> Result<Self, Unread> {
        let (url, status) = (response.url().clone(), response.status());
        let headers = response.headers().clone();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Unread::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(bytes).map_err(|_| Unread::NotUtf8)?;
        Ok(Self {
            url,
            status,
            headers,
            text,
        })
    }
}

/// Returns an HTTP client for `server`, which is not asked through a proxy if it is on this machine.
pub(crate) fn http(server: &Url) -> reqwest::Result<reqwest::Client> {
    let http = ClientBuilder::new()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::none())
        .user_agent(concat!("recado/", env!("CARGO_PKG_VERSION")));
    if is_loopback(server) {
        http.no_proxy().build()
    } else {
        http.build()
    }
}

/// Returns the innermost reason, which is the one that a person can act on.
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
mod tests {
    use super::*;

    #[test]
    fn what_proves_the_caller_is_marked_as_secret() {
        let http = reqwest::Client::new();
        for proof in [
            Proof::Key("k-s3cret".into()),
            Proof::Session("recado-session=s3cret".into()),
        ] {
            let request = proof.add_to(http.get("http://127.0.0.1")).build().unwrap();
            assert!(request.headers().values().all(HeaderValue::is_sensitive));
            assert!(!format!("{request:?}").contains("s3cret"));
        }
    }
}
