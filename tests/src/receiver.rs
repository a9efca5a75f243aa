//! A receiver of webhooks, as a customer would run one: it keeps what it got and answers as it is told.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::sync::watch;

use crate::json::text;
use crate::soon::soon;
use crate::world::free_port;

/// One call that was received.
#[derive(Debug, Clone)]
pub struct Call {
    pub headers: HeaderMap,
    pub body: Bytes,
    /// What it was answered.
    pub status: u16,
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    /// What every call is answered.
    answer: Arc<Mutex<(u16, HeaderMap)>>,
    count: watch::Sender<usize>,
}

impl Call {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.and_then(Result::ok).unwrap_or_default()
    }

    /// Whether the scheme's own library signs the call in the same way; its check of the time is left
    /// out, because tests have clocks of their own.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let at = self.header("webhook-timestamp").parse().expect("seconds");
        let webhook = Webhook::new(secret).expect("a secret");
        let signature = webhook.sign(self.header("webhook-id"), at, &self.body);
        let signature = signature.expect("a signature");
        self.header("webhook-signature")
            .split(' ')
            .any(|given| given == signature)
    }
}

impl Receiver {
    /// Starts one that answers 200.
    pub async fn start() -> Self {
        let (listener, url) = free_port().await;
        let receiver = Self {
            url: format!("{url}/hook"),
            calls: Arc::default(),
            answer: Arc::new(Mutex::new((200, HeaderMap::new()))),
            count: watch::Sender::new(0),
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn answer(&self, status: u16) {
        self.answer_with(status, &[]);
    }

    pub fn answer_with(&self, status: u16, headers: &[(&'static str, &str)]) {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, value.parse().expect("a header value"))
        });
        *self.answer.lock().expect("a lock") = (status, headers.collect());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().expect("a lock")
    }

    pub fn calls(&self) -> Vec<Call> {
        self.lock().clone()
    }

    /// The bodies that were answered 200, in their order.
    pub fn arrived(&self) -> Vec<Value> {
        let calls = self.lock();
        let arrived = calls.iter().filter(|call| call.status == 200);
        arrived.map(Call::json).collect()
    }

    /// The types of the events that arrived.
    pub fn types(&self) -> Vec<String> {
        let arrived = self.arrived();
        let types = arrived.iter().map(|event| text(&event["type"]).to_owned());
        types.collect()
    }

    /// Waits until there were so many calls.
    pub async fn wait_for(&self, calls: usize) {
        let mut count = self.count.subscribe();
        let come = count.wait_for(|count| *count >= calls);
        soon("the calls come", come).await.expect("a receiver");
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap) {
    let (status, answer) = receiver.answer.lock().expect("a lock").clone();
    receiver.lock().push(Call {
        headers,
        body,
        status,
    });
    receiver.count.send_modify(|count| *count += 1);
    let status = StatusCode::from_u16(status).expect("a status");
    (status, answer)
}
