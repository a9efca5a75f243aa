//! An organization with one of everything.

use crate::callbacks::Callbacks;
use crate::client::answer;
use crate::world::{self, smallest_body};
use crate::{Client, World};
use serde_json::json;

use crate::json::id;

/// What one organization owns.
pub struct Owned {
    pub organization: &'static str,
    pub client: Client,
    pub agent: &'static str,
    pub channel: &'static str,
    pub conversation: &'static str,
    pub message: String,
    pub key: String,
    pub endpoint: String,
    pub delivery: String,
    pub call: String,
    pub user: String,
}

impl Owned {
    pub async fn make(
        world: &World,
        [organization, agent, channel, conversation]: [&'static str; 4],
    ) -> Self {
        let client = world.operator.organization(organization).await;
        client
            .create("/agents", json!({"id": agent, "name": agent}))
            .await;
        let zapi = json!({"id": channel, "provider": "zapi", "name": channel, "credentials": world::credentials("zapi")});
        client.create("/channels", zapi).await;
        let to = json!({"id": conversation, "agentId": agent, "channelId": channel, "to": "5511900000003"});
        client.create("/conversations", to).await;
        // No receiver listens there, so that the delivery stays.
        let endpoint = client.create("/webhook-endpoints", json!({"url": "http://127.0.0.1:9/"}));
        let endpoint = id(&endpoint.await).to_owned();
        let mut body = smallest_body(conversation);
        body["agentId"] = agent.into();
        let sent = client.accepted(body).await;
        let deliveries = format!("/webhook-endpoints/{endpoint}/deliveries");
        let delivery = id(&client.read(&deliveries).await["data"][0]).to_owned();
        let call = set_aside(&client, &world.url, channel).await;
        let keys = format!("/organizations/{organization}/api-keys");
        let key = client
            .create(&keys, json!({"name": format!("second of {organization}")}))
            .await;
        // Every organization has a user of this e-mail.
        let email = "ana@example.com";
        let user =
            json!({"email": email, "name": format!("Ana of {organization}"), "role": "owner"});
        let user = id(&client.create("/users", user).await).to_owned();
        Self {
            organization,
            client,
            agent,
            channel,
            conversation,
            message: id(&sent["message"]).to_owned(),
            key: id(&key).to_owned(),
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

    /// What no other organization may read.
    pub fn ids(&self) -> [&str; 10] {
        [
            self.organization,
            self.agent,
            self.channel,
            self.conversation,
            &self.message,
            &self.key,
            &self.endpoint,
            &self.delivery,
            &self.call,
            &self.user,
        ]
    }
}

/// The id of a call of the provider that cannot be read.
async fn set_aside(client: &Client, url: &str, channel: &str) -> String {
    let callbacks = Callbacks::of(client, url).await;
    answer(callbacks.call(channel, "unreadable"))
        .await
        .expect(200);
    loop {
        let listed = client.read("/webhook-calls").await;
        if let Some(call) = listed["data"].get(0) {
            return id(call).to_owned();
        }
        tokio::task::yield_now().await;
    }
}
