//! Calls that a test makes for their effect: each expects the answer of a success, and returns its body.

use std::panic::Location;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::client::SEND;
use crate::held::HeldProvider;
use crate::json::{assert_contains, id};
use crate::{Answer, Client, world};

impl Client {
    /// Gets, and expects 200.
    #[track_caller]
    pub fn read(&self, path: &str) -> impl Future<Output = Value> {
        expect(self.get(path), 200)
    }

    /// Posts, and expects 201.
    #[track_caller]
    pub fn create(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        expect(self.post(path, body), 201)
    }

    /// Posts what creates nothing, and expects 200.
    #[track_caller]
    pub fn act(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        expect(self.post(path, body), 200)
    }

    /// Patches, and expects 200.
    #[track_caller]
    pub fn change(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        expect(self.patch(path, body), 200)
    }

    /// Deletes, and expects 204.
    #[track_caller]
    pub fn remove(&self, path: &str) -> impl Future<Output = Value> {
        expect(self.delete(path), 204)
    }

    /// Sends reply buttons, and expects 200.
    #[track_caller]
    pub fn accepted(&self, body: Value) -> impl Future<Output = Value> {
        expect(self.send(body), 200)
    }
}

impl Client {
    /// Creates an organization as an operator, and returns a client with a key of it.
    pub async fn organization(&self, id: &str) -> Self {
        self.with_key(&world::organization(self, id).await)
    }

    /// Creates an organization as an operator, with an agent, a channel of Z-API and a conversation of the id `all`.
    pub async fn neighbour(&self, id: &str, all: &str) -> Self {
        let client = self.organization(id).await;
        client.agent(all).await;
        client.connect(all, "zapi").await;
        client.open(all, all, all, world::OTHER_CUSTOMER).await;
        client
    }

    /// Creates an agent of that id.
    pub async fn agent(&self, id: &str) {
        let agent = json!({"id": id, "name": "Agent"});
        self.create("/agents", agent).await;
    }

    /// Creates a channel of that id, with the sandbox's account at the provider.
    pub async fn connect(&self, id: &str, provider: &str) {
        let credentials = world::credentials(provider);
        let channel =
            json!({"id": id, "provider": provider, "name": id, "credentials": credentials});
        self.create("/channels", channel).await;
    }

    /// Lets a channel of WhatsApp send as fast as a test does.
    pub async fn unlimit(&self, channel: &str) {
        let settings = json!({"settings": world::unlimited()});
        self.patch(&format!("/channels/{channel}"), settings)
            .await
            .expect(200);
    }

    /// Opens a conversation of that id.
    pub async fn open(&self, id: &str, agent: &str, channel: &str, to: &str) {
        let conversation = json!({"id": id, "agentId": agent, "channelId": channel, "to": to});
        self.create("/conversations", conversation).await;
    }

    /// Begins to send the smallest message.
    pub fn begin_send(&self, conversation: &str) -> JoinHandle<Answer> {
        let (client, body) = (self.clone(), world::smallest_body(conversation));
        tokio::spawn(async move { client.send(body).await })
    }

    /// Sends messages that `body` makes, one after the other, until the server is gone; tells `accepted` the id of
    /// each that it accepted. Any other answer is a failure.
    pub async fn send_until_gone(&self, body: impl Fn(usize) -> Value, accepted: impl Fn(String)) {
        for number in 0.. {
            let request = self.request(Method::POST, SEND).json(&body(number));
            let Ok(response) = request.send().await else {
                return;
            };
            let status = response.status();
            let Ok(answer) = response.json::<Value>().await else {
                return;
            };
            assert_eq!(status, 200, "{answer}");
            accepted(id(&answer["message"]).to_owned());
        }
    }

    /// Leads a channel to a provider that answers when the test says so.
    pub async fn hold(&self, channel: &str) -> HeldProvider {
        let held = HeldProvider::start().await;
        self.lead(channel, &held.url).await;
        held
    }

    /// Makes a channel call a provider at that address.
    pub async fn lead(&self, channel: &str, url: &str) {
        let settings = json!({"settings": {"baseUrl": url}});
        self.change(&format!("/channels/{channel}"), settings).await;
    }
}

/// Returns the body of an answer; a failure names the line that made the call, which an `async fn` could not.
#[track_caller]
fn expect(call: impl Future<Output = Answer>, status: u16) -> impl Future<Output = Value> {
    let caller = Location::caller();
    async move {
        let answer = call.await;
        assert_eq!(answer.status.as_u16(), status, "{caller}: {}", answer.text);
        answer.body
    }
}

impl Answer {
    /// Expects the error with that status and that reason.
    #[track_caller]
    pub fn refused(&self, status: u16, reason: &str) {
        let Self { url, text, .. } = self;
        assert_eq!(self.error(), (status, reason.to_owned()), "{url}: {text}");
    }

    /// Expects that text somewhere in the body.
    #[track_caller]
    pub fn says(&self, part: &str) {
        assert_contains(&self.text, part);
    }
}
