//! An organization with one of everything.

use recado_tests::callbacks::Callbacks;
use recado_tests::client::answer;
use recado_tests::world;
use recado_tests::{Client, World};
use serde_json::json;

use super::{body, id_of};

/// What one organization owns.
pub(crate) struct Owned {
    pub(crate) organization: &'static str,
    pub(crate) client: Client,
    pub(crate) agent: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) conversation: &'static str,
    pub(crate) message: String,
    pub(crate) key: String,
    pub(crate) endpoint: String,
    pub(crate) delivery: String,
    pub(crate) call: String,
    pub(crate) user: String,
}

impl Owned {
    pub(crate) async fn make(
        world: &World,
        [organization, agent, channel, conversation]: [&'static str; 4],
    ) -> Self {
        let client = world
            .client
            .with_key(&world::organization(&world.operator, organization).await);
        client
            .create("/agents", json!({"id": agent, "name": agent}))
            .await;
        let zapi = json!({"id": channel, "provider": "zapi", "name": channel, "credentials": world::credentials("zapi")});
        client.create("/channels", zapi).await;
        let to = json!({"id": conversation, "agentId": agent, "channelId": channel, "to": "5511900000003"});
        client.create("/conversations", to).await;
        // Nobody listens there, so that the delivery stays.
        let endpoint = client.post("/webhook-endpoints", json!({"url": "http://127.0.0.1:9/"}));
        let endpoint = id_of(&endpoint.await.expect(201));
        let sent = client.accepted(body(agent, conversation)).await;
        let deliveries = format!("/webhook-endpoints/{endpoint}/deliveries");
        let delivery = id_of(&client.read(&deliveries).await["data"][0]);
        let call = set_aside(&client, &world.url, channel).await;
        let keys = format!("/organizations/{organization}/api-keys");
        let key = client
            .create(&keys, json!({"name": format!("second of {organization}")}))
            .await;
        // Every organization has a user of this e-mail.
        let email = "ana@example.com";
        let user =
            json!({"email": email, "name": format!("Ana of {organization}"), "role": "owner"});
        let user = id_of(&client.create("/users", user).await);
        Self {
            organization,
            client,
            agent,
            channel,
            conversation,
            message: id_of(&sent["message"]),
            key: id_of(&key),
            endpoint,
            delivery,
            call,
            user,
        }
    }

    /// Everything that its lists and its things show.
    pub(crate) async fn shown(&self) -> Vec<String> {
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
    pub(crate) fn ids(&self) -> [&str; 10] {
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
            return id_of(call);
        }
        tokio::task::yield_now().await;
    }
}
