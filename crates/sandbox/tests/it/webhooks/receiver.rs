//! A receiver of webhooks that keeps what it gets and answers as told.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;

/// In place of a status: the request is never answered.
pub(super) const NO_ANSWER: u16 = 0;

/// One request, as received.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) method: Method,
    pub(super) uri: String,
    headers: HeaderMap,
    pub(super) body: String,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("text"))
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

#[derive(Default)]
struct Memory {
    got: Vec<Got>,
    answers: VecDeque<u16>,
}

/// A receiver on a free port of this machine.
pub(super) struct Receiver {
    pub(super) url: String,
    memory: Arc<Mutex<Memory>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let memory = Arc::new(Mutex::new(Memory::default()));
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&memory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}/hooks/s3cret"),
            memory,
        }
    }

    /// The statuses of the next answers to POST; then 200 again.
    pub(super) fn answer_next(&self, statuses: &[u16]) {
        let mut memory = self.memory.lock().expect("no panic");
        memory.answers.extend(statuses);
    }

    /// Everything that was posted, oldest first.
    pub(super) fn posts(&self) -> Vec<Got> {
        let mut got = self.all();
        got.retain(|got| got.method == Method::POST);
        got
    }

    pub(super) fn all(&self) -> Vec<Got> {
        self.memory.lock().expect("no panic").got.clone()
    }
}

async fn receive(
    State(memory): State<Arc<Mutex<Memory>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let is_verification = method == Method::GET;
    match keep(&memory, method, &uri, headers, &body) {
        _ if is_verification => verify(uri.query().unwrap_or_default()),
        NO_ANSWER => pending().await,
        status => (
            StatusCode::from_u16(status).expect("a status"),
            String::new(),
        ),
    }
}

/// Keeps a request; gives the status to answer a POST with.
fn keep(
    memory: &Mutex<Memory>,
    method: Method,
    uri: &Uri,
    headers: HeaderMap,
    body: &Bytes,
) -> u16 {
    let mut memory = memory.lock().expect("no panic");
    memory.got.push(Got {
        method,
        uri: uri.to_string(),
        headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    });
    memory.answers.pop_front().unwrap_or(200)
}

/// Meta's verification: the challenge, for those who know the token.
fn verify(query: &str) -> (StatusCode, String) {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    };
    let is_known = value("hub.verify_token").as_deref() == Some("verify-token-01");
    match value("hub.challenge") {
        Some(challenge) if is_known && value("hub.mode").as_deref() == Some("subscribe") => {
            (StatusCode::OK, challenge)
        }
        _ => (StatusCode::FORBIDDEN, "no".to_owned()),
    }
}
