//! An organization with one of everything.

use serde_json::{Value, json};

use crate::callbacks::Callbacks;
use crate::client::answer;
use crate::json::{entries, id};
use crate::soon::until;
use crate::world::smallest_body;
use crate::{Client, World};

/// What one organization owns.
pub struct Owned {
    pub organization: String,
    pub client: Client,
    pub agent: String,
    pub channel: String,
    pub conversation: String,
    pub message: String,
    pub key: String,
    pub endpoint: String,
    pub delivery: String,
    pub call: String,
    pub user: String,
}

impl Owned {
    /// Makes an organization of that name; the ids of its things begin with it.
    pub async fn make(world: &World, name: &str) -> Self {
        let [organization, agent, channel, conversation] =
            ["org", "agent", "channel", "conv"].map(|thing| format!("{name}-{thing}"));
        let client = world.operator.organization(&organization).await;
        client.agent(&agent).await;
        client.connect(&channel, "zapi").await;
        let to = "5511900000003";
        client.open(&conversation, &agent, &channel, to).await;
        let create =
            async |path: &str, body: Value| id(&client.create(path, body).await).to_owned();
        // No receiver listens there, so that the delivery stays.
        let endpoint = create("/webhook-endpoints", json!({"url": "http://127.0.0.1:9/"})).await;
        let mut body = smallest_body(&conversation);
        body["agentId"] = json!(agent);
        let sent = client.accepted(body).await;
        let deliveries = format!("/webhook-endpoints/{endpoint}/deliveries");
        let delivery = id(&client.read(&deliveries).await["data"][0]).to_owned();
        let call = set_aside(&client, &world.url, &channel).await;
        let keys = format!("/organizations/{organization}/api-keys");
        let key = create(&keys, json!({"name": format!("second of {organization}")})).await;
        // Every organization has a user of this e-mail.
        let user = json!({"email": "ana@example.com", "name": format!("Ana of {organization}"), "role": "owner"});
        let user = create("/users", user).await;
        Self {
            message: id(&sent["message"]).to_owned(),
            organization,
            client,
            agent,
            channel,
            conversation,
            key,
            endpoint,
            delivery,
            call,
            user,
        }
    }

    /// Everything that its lists and its things show.
    pub async fn shown(&self) -> Vec<String> {
        let mut shown = Vec::new();
        for path in [
            "/agents".to_owned(),
            "/channels".to_owned(),
            "/conversations".to_owned(),
            format!("/conversations/{}/messages", self.conversation),
            format!("/messages/{}", self.message),
            format!("/organizations/{}/api-keys", self.organization),
            "/events".to_owned(),
            "/webhook-calls".to_owned(),
            "/users".to_owned(),
        ] {
            let answer = self.client.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            shown.push(answer.text);
        }
        shown
    }

    /// What no other organization may read: nouns and ids.
    pub fn ids(&self) -> [(&'static str, &str); 10] {
        [
            ("organization", &self.organization),
            ("agent", &self.agent),
            ("channel", &self.channel),
            ("conversation", &self.conversation),
            ("message", &self.message),
            ("key", &self.key),
            ("endpoint", &self.endpoint),
            ("delivery", &self.delivery),
            ("call", &self.call),
            ("user", &self.user),
        ]
    }
}

/// The id of a call of the provider that cannot be read.
async fn set_aside(client: &Client, url: &str, channel: &str) -> String {
    let callbacks = Callbacks::of(client, url).await;
    let unreadable = callbacks.call(channel, "unreadable");
    answer(unreadable).await.expect(200);
    let calls = set_aside_calls(client, 1).await;
    id(&calls[0]).to_owned()
}

/// The provider webhook calls that are set aside, as soon as there are so many.
pub async fn set_aside_calls(client: &Client, count: usize) -> Vec<Value> {
    until("calls that are set aside", async || {
        let calls = client.read("/webhook-calls").await;
        let calls = entries(&calls).to_vec();
        (calls.len() >= count).then_some(calls)
    })
    .await
}
