//! A receiver of webhooks that keeps what it gets and answers as told.

use std::sync::{Arc, Mutex};
use std::{collections::VecDeque, future::pending};

use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::{Router, extract::State};
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

/// What came, and the statuses of the next answers.
type Memory = Arc<Mutex<(Vec<Got>, VecDeque<u16>)>>;

/// A receiver on a free port of this machine.
pub(super) struct Receiver {
    pub(super) url: String,
    memory: Memory,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let memory = Memory::default();
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
        self.memory.lock().expect("no panic").1.extend(statuses);
    }

    /// Everything that was posted, oldest first.
    pub(super) fn posts(&self) -> Vec<Got> {
        let mut got = self.all();
        got.retain(|got| got.method == Method::POST);
        got
    }

    pub(super) fn all(&self) -> Vec<Got> {
        self.memory.lock().expect("no panic").0.clone()
    }
}

/// Keeps a request, and answers it: Meta's verification with the challenge, for those who know the token.
async fn receive(
    State(memory): State<Memory>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let known = "hub.mode=subscribe&hub.verify_token=verify-token-01&hub.challenge=";
    let query = uri.query().unwrap_or_default().to_owned();
    let got = Got {
        method,
        uri: uri.to_string(),
        headers,
        body,
    };
    let (status, answer) = match query.split_once(known) {
        Some((_, challenge)) => (200, challenge),
        None if got.method == Method::GET => (403, "no"),
        None => (
            memory
                .lock()
                .expect("no panic")
                .1
                .pop_front()
                .unwrap_or(200),
            "",
        ),
    };
    memory.lock().expect("no panic").0.push(got);
    match StatusCode::from_u16(status) {
        Ok(status) => (status, answer.to_owned()),
        Err(_) => pending().await,
    }
}
