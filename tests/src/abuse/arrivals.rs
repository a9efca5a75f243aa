//! When each tap of the other organization arrived: in its event stream, and at its endpoint.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::client::Client;
use crate::events::EventStream;

/// When each event arrived at one place, by the provider's id; clones share it.
#[derive(Clone)]
pub(super) struct Arrivals {
    times: Arc<Mutex<HashMap<String, Instant>>>,
    count: watch::Sender<usize>,
}

impl Arrivals {
    fn new() -> Self {
        Self {
            times: Arc::default(),
            count: watch::Sender::new(0),
        }
    }

    fn note(&self, event: &Value) {
        if let Some(id) = event["data"]["externalId"].as_str() {
            let mut times = self.times();
            times.entry(id.to_owned()).or_insert_with(Instant::now);
        }
        self.count.send_modify(|count| *count += 1);
    }

    /// Waits for the event of that id, and returns when it arrived.
    pub(super) async fn of(&self, id: &str) -> Instant {
        let mut count = self.count.subscribe();
        loop {
            if let Some(at) = self.times().get(id).copied() {
                return at;
            }
            // The sender lives as long as this value.
            let _ = count.changed().await;
        }
    }

    fn times(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a receiver; returns its URL.
pub(super) async fn at_endpoint() -> std::io::Result<(String, Arrivals)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    let arrivals = Arrivals::new();
    let router = Router::new().fallback(receive).with_state(arrivals.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, arrivals))
}

async fn receive(State(arrivals): State<Arrivals>, body: Bytes) -> StatusCode {
    arrivals.note(&serde_json::from_slice(&body).unwrap_or_default());
    StatusCode::OK
}

/// Opens an event stream, and reads it to its end.
pub(super) async fn in_stream(client: &Client, query: &str) -> Arrivals {
    let mut stream = EventStream::open(client, query, None).await;
    let arrivals = Arrivals::new();
    let noting = arrivals.clone();
    tokio::spawn(async move {
        while let Some(frame) = stream.next().await {
            noting.note(&frame.data);
        }
    });
    arrivals
}
