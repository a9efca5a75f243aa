//! An organization connects each number once.

use recado_core::Provider;
use recado_store::MasterKey;
use recado_tests::binaries::rotate;
use recado_tests::prelude::*;
use rstest::rstest;

#[rstest]
#[case("whatsapp", "phoneNumberId", "800000000000002", Some("accessToken"))]
#[case("zapi", "instanceId", "INST-02", Some("instanceToken"))]
#[case("zapperhub", "instanceId", "inst_other", Some("apiKey"))]
#[case("wuzapi", "apiKey", "WUZAPI-TOKEN-02", None)]
#[tokio::test]
async fn a_number_is_connected_once_and_the_refusal_names_the_first_channel(
    #[case] first: &str,
    #[case] number: &str,
    #[case] another: &str,
    #[case] secret: Option<&str>,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    let client = &world.client;
    let mut same = credentials(first);
    // A number is the same with a new secret.
    if let Some(secret) = secret {
        same[secret] = "SECRET-NEW".into();
    }
    let mut other = same.clone();
    other[number] = another.into();
    let (provider, settings) = match first {
        "wuzapi" => {
            let settings = json!({"dialect": "wuzapi", "baseUrl": world.sandbox_urls.of(recado_sandbox::Provider::Wuzapi)});
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
    let other = world.operator.organization("other").await;
    other.connect("theirs", "zapi").await;
}

fn assert_connected_already(answer: &Answer, first: &str) {
    answer.refused(409, "already_exists");
    answer.says(&format!("connected already by the channel {first}:"));
}

#[tokio::test]
async fn an_id_that_is_taken_is_told_as_such() {
    let world = World::start().await;
    let credentials = json!({"instanceId": "INST-02", "instanceToken": "TOKEN-02"});
    let channel =
        json!({"id": "zapi", "provider": "zapi", "name": "z", "credentials": credentials});
    let refused = world.client.post("/channels", channel).await;
    refused.refused(409, "already_exists");
    refused.says("choose another id");
}

#[tokio::test]
async fn numbers_of_older_channels_are_known_after_a_start_and_after_a_new_master_key() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    server.stop().await.expect("an end");
    let store = database.store().await;
    for (id, instance) in [("old", "INST-09"), ("twin", "INST-01")] {
        let credentials = json!({"instanceId": instance, "instanceToken": "TOK"});
        world::store_channel(&store, id, Provider::Zapi, &credentials).await;
    }
    store.close().await;
    let new_key = MasterKey::generate().expect("random bytes");
    for key in [database.key(), &new_key] {
        let server = Server::with_key(&database, key, &urls).await;
        let server = server.expect("a start, also with one number on two channels");
        let client = client.at(&server.url);
        for (instance, first) in [("INST-09", "old"), ("INST-01", "zapi")] {
            let credentials = json!({"instanceId": instance, "instanceToken": "TOKEN-NEW"});
            let channel = json!({"provider": "zapi", "name": "z", "credentials": credentials});
            assert_connected_already(&client.post("/channels", channel).await, first);
        }
        let twin = json!({"name": "Twin"});
        client.change("/channels/twin", twin).await;
        let log = server.stop().await.expect("an end");
        let lines = log.lines();
        let told = lines.filter(|line| line.contains("two channels connect the same number"));
        let [line] = told.collect::<Vec<_>>()[..] else {
            panic!("{log}");
        };
        assert!(
            line.contains("\"twin\"") && line.contains("\"zapi\""),
            "{line}"
        );
        if key.id() != new_key.id() {
            ran(&mut rotate(&database, key, &new_key)).await.succeeded();
        }
    }
}
