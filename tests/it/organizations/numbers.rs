//! An organization connects each number once.

use recado_store::{Author, ChannelSecrets, MasterKey, NewChannel};
use recado_tests::binaries::rotate;
use recado_tests::prelude::*;
use rstest::rstest;
use serde_json::Map;

#[rstest]
#[case::whatsapp(
    "whatsapp",
    json!({"phoneNumberId": "800000000000001", "accessToken": "T-RENEWED"}),
    json!({"phoneNumberId": "800000000000002", "accessToken": "T-RENEWED"})
)]
#[case::zapi(
    "zapi",
    json!({"instanceId": "INST-01", "instanceToken": "TOKEN-NEW"}),
    json!({"instanceId": "INST-02", "instanceToken": "TOKEN-NEW"})
)]
#[case::zapperhub(
    "zapperhub",
    json!({"instanceId": "inst_5f2c", "apiKey": "API-KEY-NEW"}),
    json!({"instanceId": "inst_other", "apiKey": "API-KEY-NEW"})
)]
#[case::wuzapi("wuzapi", json!({"apiKey": "WUZAPI-TOKEN-01"}), json!({"apiKey": "WUZAPI-TOKEN-02"}))]
#[tokio::test]
async fn a_number_is_connected_once_and_the_refusal_names_the_first_channel(
    #[case] first: &str,
    #[case] same: Value,
    #[case] other: Value,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    let client = &world.client;
    let (provider, settings) = match first {
        "wuzapi" => {
            let settings = json!({"dialect": "wuzapi", "baseUrl": world.sandbox_urls.wuzapi});
            ("zapperhub", settings)
        }
        // A base URL of its own makes no other number.
        provider => (provider, json!({"baseUrl": "https://api.example.com"})),
    };
    let channel = |id: &str, credentials: &Value| json!({"id": id, "provider": provider, "name": "Again", "settings": settings, "credentials": credentials});
    let refused = client.post("/channels", channel("again", &same)).await;
    assert_connected_already(&refused, first);
    client.create("/channels", channel("second", &other)).await;
    let path = "/channels/second";
    let refused = client.patch(path, json!({"credentials": same})).await;
    assert_connected_already(&refused, first);
    // The same credentials again are the channel's own number.
    for change in [json!({"credentials": other}), json!({"name": "Renamed"})] {
        client.change(path, change).await;
    }
    client.remove(&format!("/channels/{first}")).await;
    client.create("/channels", channel("again", &same)).await;
}

#[tokio::test]
async fn another_organization_may_connect_the_number_as_well() {
    let world = World::start().await;
    let other = organization(&world.operator, "other").await;
    let channel = json!({"provider": "zapi", "name": "z", "credentials": credentials("zapi")});
    let client = world.operator.with_key(&other);
    client.create("/channels", channel).await;
}

fn assert_connected_already(answer: &Answer, first: &str) {
    answer.refused(409, "already_exists");
    let said = answer.body["error"].as_str().expect("a sentence");
    assert!(
        said.contains(&format!("connected already by the channel {first}:")),
        "{said}"
    );
}

#[tokio::test]
async fn an_id_that_is_taken_is_told_as_such() {
    let world = World::start().await;
    let credentials = json!({"instanceId": "INST-02", "instanceToken": "TOKEN-02"});
    let channel =
        json!({"id": "zapi", "provider": "zapi", "name": "z", "credentials": credentials});
    let answer = world.client.post("/channels", channel).await.expect(409);
    let said = answer["error"].as_str().expect("a sentence");
    assert!(said.contains("choose another id"), "{said}");
}

/// A channel as servers stored them before they knew its number.
fn stored_before(id: &str, instance: &str) -> NewChannel {
    let credentials = json!({"instanceId": instance, "instanceToken": "TOK"});
    NewChannel {
        id: id.parse().expect("an id"),
        organization_id: "demo".parse().expect("an id"),
        provider: recado_core::Provider::Zapi,
        name: id.to_owned(),
        settings: Map::new(),
        agent_id: None,
        number: None,
        secrets: ChannelSecrets {
            credentials: credentials.as_object().cloned().expect("an object"),
            webhook_secret: "secret".into(),
        },
        created_at: Timestamp::now(),
    }
}

#[tokio::test]
async fn numbers_of_older_channels_are_known_after_a_start_and_after_a_new_master_key() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    server.stop().await.expect("an end");
    let store = database.store().await;
    for (id, instance) in [("old", "INST-09"), ("twin", "INST-01")] {
        let channel = stored_before(id, instance);
        store
            .create_channel(channel, &Author::command_line(Timestamp::now()))
            .await
            .expect("created");
    }
    store.close().await;
    let new_key = MasterKey::generate().expect("random bytes");
    for key in [database.key(), &new_key] {
        let server = Server::with_key(&database, key, &urls)
            .await
            .expect("a start, also with one number on two channels");
        let client = client.at(&server.url);
        for (instance, first) in [("INST-09", "old"), ("INST-01", "zapi")] {
            let credentials = json!({"instanceId": instance, "instanceToken": "TOKEN-NEW"});
            let channel = json!({"provider": "zapi", "name": "z", "credentials": credentials});
            assert_connected_already(&client.post("/channels", channel).await, first);
        }
        client
            .change("/channels/twin", json!({"name": "Twin"}))
            .await;
        let log = server.stop().await.expect("an end");
        let told: Vec<_> = log
            .lines()
            .filter(|line| line.contains("two channels connect the same number"))
            .collect();
        assert!(
            matches!(told[..], [line] if line.contains("\"twin\"") && line.contains("\"zapi\"")),
            "{log}"
        );
        if key.id() != new_key.id() {
            let rotated = rotate(&database, key, &new_key).status().await;
            assert!(rotated.expect("a process").success());
        }
    }
}
