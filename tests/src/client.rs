//! Speaks HTTP to a gateway, and keeps what it answered.

use std::time::Duration;

use recado_cli::api::{Proof, exchange};
use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::json::entries;

/// The name of the session's cookie on plain http to this machine.
pub const COOKIE: &str = "recado-session";

/// The path that sends reply buttons.
pub const SEND: &str = "/messages/interactive/send-buttons";

/// Speaks HTTP to the gateway, as one caller.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    url: String,
    proof: Proof,
}

/// What the gateway answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Where the request went.
    pub url: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// Null if the text is not JSON.
    pub body: Value,
}

impl Client {
    /// A client of the gateway at `url`.
    pub fn new(url: &str, key: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_mins(1))
            .build();
        Self {
            http: http.expect("an HTTP client"),
            url: url.to_owned(),
            proof: Proof::Key(key.into()),
        }
    }

    /// The same client with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            proof: Proof::Key(key.into()),
            ..self.clone()
        }
    }

    /// The same client with the cookie of a session instead of a key.
    pub fn with_session(&self, secret: &str) -> Self {
        Self {
            proof: Proof::Session(format!("{COOKIE}={secret}").into()),
            ..self.clone()
        }
    }

    /// The same client with neither a key nor a session.
    pub fn anonymous(&self) -> Self {
        Self {
            proof: Proof::None,
            ..self.clone()
        }
    }

    /// The same client of a gateway at another address.
    pub fn at(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..self.clone()
        }
    }

    /// The key.
    pub fn key(&self) -> &str {
        match &self.proof {
            Proof::Key(key) => key.expose_secret(),
            Proof::None | Proof::Session(_) => panic!("a client without a key"),
        }
    }

    /// A request with the key or the session, for a test that wants to say more.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        self.proof.add_to(request)
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// Posts JSON under an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path);
        answer(request.header("idempotency-key", key).json(&body)).await
    }

    /// Sends reply buttons under an idempotency key.
    pub async fn send_once(&self, key: &str, body: Value) -> Answer {
        self.post_once(SEND, key, body).await
    }

    /// Gets.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// Gets every part of a list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut part = self.read(path).await;
        let mut found = entries(&part).to_vec();
        while let Some(next) = part["nextCursor"].as_str() {
            part = self.read(&format!("{path}{sign}cursor={next}")).await;
            found.extend_from_slice(entries(&part));
        }
        found
    }

    /// Changes with JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Sends reply buttons.
    pub async fn send(&self, body: Value) -> Answer {
        self.post(SEND, body).await
    }
}

/// Makes a request and reads the whole answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = exchange(request).await.expect("a whole answer");
    Answer {
        body: serde_json::from_str(&answer.text).unwrap_or_default(),
        url: answer.url.into(),
        status: answer.status,
        headers: answer.headers,
        text: answer.text,
    }
}

impl Answer {
    /// The secret of the session that the answer gives.
    pub fn session(&self) -> String {
        let cookie = self.headers.get(SET_COOKIE).expect("a cookie");
        let cookie = cookie.to_str().expect("a text");
        let (name, rest) = cookie.split_once('=').expect("a pair");
        let secret = rest.split(';').next().unwrap_or_default();
        assert_eq!(name, COOKIE);
        secret.to_owned()
    }

    /// The body of an answer that has that status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// Whether it tells what an earlier request did.
    pub fn is_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some()
    }

    /// Status and reason of an error.
    pub fn error(&self) -> (u16, String) {
        (
            self.status.as_u16(),
            self.body["reason"].as_str().unwrap_or_default().to_owned(),
        )
    }
}
