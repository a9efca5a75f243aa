//! Secrets of channels have at least 8 characters, except for those that were stored earlier.

use recado_sandbox::Account;
use recado_store::{Author, ChannelSecrets, NewChannel};
use recado_tests::World;
use recado_tests::world::{CUSTOMER, smallest_body};
use serde_json::{Map, json};

/// A channel that was stored when secrets could be shorter, with credentials that the sandbox knows.
async fn store_with_short_secret(world: &World) {
    world.sandbox.add_account(Account::Zapperhub {
        instance_id: "inst_old".to_owned(),
        api_key: "hunter2".to_owned(),
    });
    let credentials = json!({"instanceId": "inst_old", "apiKey": "hunter2"});
    let channel = NewChannel {
        id: "old".parse().expect("an id"),
        organization_id: "demo".parse().expect("an id"),
        provider: recado_core::Provider::ZapperHub,
        name: "Old".to_owned(),
        settings: Map::new(),
        agent_id: None,
        number: None,
        secrets: ChannelSecrets {
            credentials: credentials.as_object().cloned().expect("an object"),
            webhook_secret: "secret".into(),
        },
        created_at: jiff::Timestamp::now(),
    };
    world
        .store
        .create_channel(channel, &Author::command_line(jiff::Timestamp::now()))
        .await
        .expect("created");
}

#[tokio::test]
async fn a_secret_of_less_than_8_characters_is_refused_on_creation_and_on_change() {
    let world = World::start().await;
    let short = json!({"credentials": {"instanceId": "inst_5f2c", "apiKey": "hunter2"}});
    let mut new = json!({"provider": "zapperhub", "name": "Short"});
    new["credentials"] = short["credentials"].clone();
    for refused in [
        world.client.post("/channels", new).await,
        world.client.patch("/channels/zapperhub", short).await,
    ] {
        refused.refused(400, "invalid_body");
        let told = &refused.body["details"]["credentials.apiKey"]["_errors"];
        assert_eq!(told, &json!(["Must have at least 8 characters"]));
    }
}

#[tokio::test]
async fn a_channel_that_was_stored_with_a_shorter_secret_goes_on() {
    let world = World::start().await;
    store_with_short_secret(&world).await;
    let path = "/channels/old";
    let checked = world.client.post(&format!("{path}/check"), json!({})).await;
    assert_eq!(checked.expect(200)["state"], "connected");
    for change in [
        json!({"name": "Older"}),
        json!({"settings": {"recipientForm": "plus"}}),
    ] {
        world.client.change(path, change).await;
    }
    let conversation =
        json!({"id": "conv-old", "agentId": "agent-123", "channelId": "old", "to": CUSTOMER});
    let opened = world.client.post("/conversations", conversation).await;
    opened.expect(201);
    let sent = world.client.send(smallest_body("conv-old")).await;
    sent.expect(200);
}
