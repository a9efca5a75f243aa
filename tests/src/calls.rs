//! Calls that a test makes for their effect: each expects the answer of a success, and returns its body.

use std::panic::Location;

use serde_json::{Value, json};

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
        let agent = json!({"id": all, "name": all});
        client.create("/agents", agent).await;
        let channel = json!({"id": all, "provider": "zapi", "name": all, "credentials": world::credentials("zapi")});
        client.create("/channels", channel).await;
        let conversation =
            json!({"id": all, "agentId": all, "channelId": all, "to": world::OTHER_CUSTOMER});
        client.create("/conversations", conversation).await;
        client
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
        assert!(self.text.contains(part), "{}: {}", self.url, self.text);
    }
}
