//! A receiver of webhook endpoints that sometimes fails, and keeps what it took.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use fastrand::Rng;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

/// Deliveries of a hundred that fail.
const FAILING: u32 = 8;

/// Deliveries of a hundred that are slow.
const SLOW: u32 = 4;

/// Longest that a slow answer takes, in milliseconds.
const SLOWEST: u64 = 1500;

/// A running receiver; clones share what it took.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    state: Arc<Mutex<Received>>,
    failing: Arc<AtomicBool>,
}

struct Received {
    random: Rng,
    secret: Option<Webhook>,
    /// Each delivery fails once at most: the pause before a third attempt would outlast the storm.
    failed: HashSet<String>,
    taken: Vec<Value>,
    refused: Vec<String>,
}

/// What one call is answered.
enum Plan {
    Take(Duration),
    Fail(u16),
    Refuse,
}

impl Receiver {
    /// Starts one that fails until it is told to [recover](Self::recover).
    pub async fn start(random: Rng) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let receiver = Self {
            url: format!("http://{}/hook", listener.local_addr()?),
            state: Arc::new(Mutex::new(Received {
                random,
                secret: None,
                failed: HashSet::new(),
                taken: Vec::new(),
                refused: Vec::new(),
            })),
            failing: Arc::new(AtomicBool::new(true)),
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(receiver)
    }

    /// Checks signatures with that secret from now on.
    pub fn trust(&self, secret: &str) -> anyhow::Result<()> {
        self.lock().secret = Some(Webhook::new(secret)?);
        Ok(())
    }

    /// Fails no more.
    pub fn recover(&self) {
        self.failing.store(false, Ordering::Relaxed);
    }

    /// Returns what it took, in order.
    pub fn taken(&self) -> Vec<Value> {
        self.lock().taken.clone()
    }

    /// Returns what was not signed, or no JSON.
    pub fn refused(&self) -> Vec<String> {
        self.lock().refused.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Received> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what becomes of a call.
    fn plan(&self, headers: &HeaderMap, body: &[u8]) -> Plan {
        let mut received = self.lock();
        let verified = received
            .secret
            .as_ref()
            .map(|secret| secret.verify(body, headers));
        let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
        let (Some(Ok(())), Some(id)) = (verified, id) else {
            let call = String::from_utf8_lossy(body).into_owned();
            received.refused.push(call);
            return Plan::Refuse;
        };
        let chance = received.random.u32(0..100);
        if !self.failing.load(Ordering::Relaxed) {
            return Plan::Take(Duration::ZERO);
        }
        if chance < FAILING && received.failed.insert(id.to_owned()) {
            let statuses = [500, 503, 429, 404];
            return Plan::Fail(statuses[received.random.usize(0..statuses.len())]);
        }
        let slow = chance >= 100 - SLOW;
        let pause = if slow {
            received.random.u64(0..SLOWEST)
        } else {
            0
        };
        Plan::Take(Duration::from_millis(pause))
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    // So that a failed delivery comes again within the storm.
    let soon = [("retry-after", "1")];
    match receiver.plan(&headers, &body) {
        Plan::Take(pause) => {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            match serde_json::from_slice(&body) {
                Ok(event) => receiver.lock().taken.push(event),
                Err(error) => receiver.lock().refused.push(error.to_string()),
            }
            (StatusCode::OK, soon)
        }
        Plan::Fail(status) => {
            let status = StatusCode::from_u16(status);
            (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), soon)
        }
        Plan::Refuse => (StatusCode::UNAUTHORIZED, soon),
    }
}
