//! Webhooks: what each provider says, to whom, in which order and how often.

mod connections;
mod delivery;
mod receiver;
mod registration;
mod whatsapp;
mod wuzapi;
mod zapi;
mod zapperhub;

use std::ops::Deref;

use hmac::{Hmac, KeyInit, Mac};
use recado_sandbox::{ListRow, Provider, Shape, Webhook};
use serde_json::{Value, json};
use sha2::Sha256;

use self::receiver::Receiver;
use crate::{Server, faults::send};

/// A sandbox, with a receiver for the webhooks of one provider.
struct Pair {
    server: Server,
    receiver: Receiver,
    provider: Provider,
}

impl Deref for Pair {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Pair {
    async fn start(provider: Provider) -> Self {
        let receiver = Receiver::start().await;
        let webhook = Webhook::new(provider, &receiver.url);
        Self::with(webhook, receiver).await
    }

    async fn with(webhook: Webhook, receiver: Receiver) -> Self {
        let server = Server::start().await;
        let provider = webhook.provider;
        let registered = server.register_webhook(webhook).await;
        registered.expect("a webhook");
        Self {
            server,
            receiver,
            provider,
        }
    }

    /// Changes the switches that are named, as in JSON.
    fn switch(&self, changes: &Value) {
        self.change_settings(|settings| {
            let mut switches = json!(settings.webhooks);
            for (name, value) in changes.as_object().expect("switches") {
                switches[name] = value.clone();
            }
            settings.webhooks = serde_json::from_value(switches).expect("switches");
        });
    }

    /// Sends a message and waits for its webhooks; gives the message's id.
    async fn send(&self) -> String {
        let reply = send(&self.server, self.provider).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        self.server.settled().await;
        let request = self.server.requests().pop().expect("a request");
        request.message_id.expect("an accepted message")
    }

    /// Sends a message and taps its first button; gives the ids of both messages, and the webhook of the tap.
    async fn tapped(&self, shape: Option<Shape>) -> (String, String, Value) {
        let id = self.send().await;
        let tap = self.tap(&id, 0, shape).expect("a tap");
        let told = self.told().await.pop().expect("a webhook");
        (id, tap, told)
    }

    /// Picks a row of a list and says "Oi"; gives the webhooks of both.
    async fn picked_and_said(&self, id: &str, row: &ListRow, to: &str, from: &str) -> [Value; 2] {
        self.pick(id, row).expect("a choice");
        self.say(self.provider, to, from, "Oi").expect("a text");
        let mut bodies = self.told().await;
        let text = bodies.pop().expect("a text");
        [bodies.pop().expect("a choice"), text]
    }

    /// Waits for the webhooks on their way, and returns all bodies.
    async fn told(&self) -> Vec<Value> {
        self.settled().await;
        self.bodies()
    }

    /// Asserts the attempts of the first delivery and the last answer to it.
    #[track_caller]
    fn tried(&self, attempts: u32, status: impl Into<Option<u16>>) {
        let delivery = &self.deliveries()[0];
        assert_eq!(
            (delivery.attempts, delivery.status),
            (attempts, status.into()),
            "{delivery:?}"
        );
    }

    /// The bodies that were posted.
    fn bodies(&self) -> Vec<Value> {
        let posts = self.receiver.posts();
        posts.iter().map(receiver::Got::json).collect()
    }
}

/// A row of a list; without a description if that is empty.
fn row(id: &str, title: &str, description: &str) -> ListRow {
    ListRow {
        id: id.to_owned(),
        title: title.to_owned(),
        description: (!description.is_empty()).then(|| description.to_owned()),
    }
}

/// HMAC-SHA256 in hexadecimal digits.
fn signature(key: &str, body: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    hmac.update(body.as_bytes());
    let bytes = hmac.finalize().into_bytes().into_iter();
    bytes.fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
