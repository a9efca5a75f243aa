//! Channels: what goes into them, what comes out, and where they may lead.

use recado_sandbox::{Connection, Session, Settings};
use recado_tests::binaries::Place;
use recado_tests::prelude::*;

#[tokio::test]
async fn the_webhook_url_leads_to_the_channel_and_a_secret_is_told_where_the_url_has_none() {
    let world = World::start().await;
    for (provider, told) in [("whatsapp", true), ("zapi", false), ("zapperhub", true)] {
        let channel = world.client.read(&format!("/channels/{provider}")).await;
        let url = channel["webhookUrl"].as_str().expect("a URL");
        assert!(
            url.starts_with(&format!("{}/webhooks/{provider}/{provider}", world.url)),
            "{url}"
        );
        assert_eq!(channel["webhookSecret"].is_string(), told, "{provider}");
    }
}

#[tokio::test]
async fn new_credentials_are_used_by_the_very_next_send() {
    let world = World::start().await;
    for (provider, conversation, wrong) in [
        (
            "whatsapp",
            "conv-456",
            json!({"phoneNumberId": "800000000000001", "accessToken": "T-EXPIRED"}),
        ),
        (
            "zapi",
            "conv-zapi",
            json!({"instanceId": "INST-01", "instanceToken": "TOKEN-01", "clientToken": "wrong-token"}),
        ),
        (
            "zapperhub",
            "conv-zapperhub",
            json!({"instanceId": "inst_5f2c", "apiKey": "wrong-key"}),
        ),
    ] {
        let path = format!("/channels/{provider}");
        for _ in 0..2 {
            world.client.accepted(smallest_body(conversation)).await;
            world
                .client
                .change(&path, json!({"credentials": wrong}))
                .await;
            let refused = world.client.send(smallest_body(conversation)).await;
            refused.refused(500, "channel_unauthorized");
            world
                .client
                .change(&path, json!({"credentials": credentials(provider)}))
                .await;
        }
        world.client.accepted(smallest_body(conversation)).await;
    }
}

#[tokio::test]
async fn a_channel_that_is_created_again_with_the_same_id_uses_its_own_credentials() {
    let world = World::start().await;
    world.client.accepted(smallest_body("conv-zapi")).await;
    world.client.remove("/channels/zapi").await;
    let wrong = json!({"instanceId": "INST-01", "instanceToken": "other-token", "clientToken": "CLIENT-TOKEN-01"});
    let channel = json!({"id": "zapi", "provider": "zapi", "name": "again", "credentials": wrong});
    world.client.create("/channels", channel).await;
    assert_ne!(
        world.client.send(smallest_body("conv-zapi")).await.status,
        200
    );
}

#[tokio::test]
async fn a_change_that_is_refused_changes_nothing() {
    let world = World::start().await;
    let before = world.client.get("/channels/zapi").await.text;
    let credentials = |name: &str, value: Value| json!({"credentials": {name: value}});
    let settings = |name: &str, value: &str| json!({"settings": {name: value}});
    for (patch, field) in [
        (
            credentials("instanceToken", Value::Null),
            "credentials.instanceToken",
        ),
        (
            credentials("clientToken", "short".into()),
            "credentials.clientToken",
        ),
        (
            credentials("acessToken", Value::Null),
            "credentials.acessToken",
        ),
        (
            settings("buttonsEndpoint", "carousel"),
            "settings.buttonsEndpoint",
        ),
        (settings("baseUrl", "ftp://example.com"), "settings.baseUrl"),
        (json!({"name": "   "}), "name"),
        (json!({"credentials": "secret"}), "credentials"),
    ] {
        let answer = world
            .client
            .patch("/channels/zapi", patch)
            .await
            .expect(400);
        assert!(answer["details"].get(field).is_some(), "{field}: {answer}");
    }
    assert_eq!(world.client.get("/channels/zapi").await.text, before);
    world.client.accepted(smallest_body("conv-zapi")).await;
}

async fn server(database: &TestDatabase, allows_private_networks: &str) -> Server {
    let place = Place::of(database);
    let allows = [("RECADO_ALLOW_PRIVATE_NETWORKS", allows_private_networks)];
    let environment = [&place.variables()[..], &allows].concat();
    Server::start(&environment).await.expect("a server")
}

#[tokio::test]
async fn a_private_address_and_http_are_refused_unless_the_server_allows_them() {
    let database = TestDatabase::fresh().await;
    let operator_key = world::operator_key(&database.store().await).await;
    let server = server(&database, "false").await;
    let operator = Client::new(&server.url, &operator_key);
    let client = operator.organization("demo").await;
    let channel = |url: &str| json!({"provider": "zapi", "name": "x", "credentials": credentials("zapi"), "settings": {"baseUrl": url}});
    for (url, problem) in [
        ("https://127.0.0.1:8090/zapi", "private"),
        ("http://10.0.0.1", "private"),
        ("http://169.254.169.254/latest", "private"),
        ("https://[::1]/", "private"),
        ("http://2130706433/", "private"),
        ("http://8.8.8.8", "is not https"),
        ("http://api.example.com", "is not https"),
    ] {
        let answer = client.post("/channels", channel(url)).await.expect(400);
        let said = answer["details"]["settings.baseUrl"].to_string();
        assert!(said.contains(problem), "{url}: {answer}");
    }
    let public = client.create("/channels", channel("https://8.8.8.8")).await;
    let path = format!("/channels/{}", public["id"].as_str().expect("an id"));
    let moved = client
        .patch(
            &path,
            json!({"settings": {"baseUrl": "http://127.0.0.1:8090/zapi"}}),
        )
        .await
        .expect(400);
    assert!(
        moved["details"].get("settings.baseUrl").is_some(),
        "{moved}"
    );
    // A name is looked at when it is resolved.
    let named = client
        .change(
            &path,
            json!({"settings": {"baseUrl": "https://localhost:8090/zapi"}}),
        )
        .await;
    assert_eq!(named["settings"]["baseUrl"], "https://localhost:8090/zapi");
    let check = client.act(&format!("{path}/check"), json!({})).await;
    assert_eq!(check["state"], "misconfigured", "{check}");
}

#[tokio::test]
async fn a_stored_channel_that_the_server_no_longer_allows_sends_nothing_and_still_receives() {
    let database = TestDatabase::fresh().await;
    let operator_key = world::operator_key(&database.store().await).await;
    let old_server = server(&database, "true").await;
    let operator = Client::new(&old_server.url, &operator_key);
    let client = operator.organization("demo").await;
    open_conversations(&client, &[("zapi", "conv-zapi")]).await;
    let settings = json!({"settings": {"baseUrl": "http://api.example.com"}});
    client.change("/channels/zapi", settings).await;
    old_server.stop().await.expect("an end");

    let server = server(&database, "false").await;
    let client = client.at(&server.url);
    let renamed = client
        .change("/channels/zapi", json!({"name": "Old"}))
        .await;
    assert_eq!(renamed["name"], "Old");
    let check = client.act("/channels/zapi/check", json!({})).await;
    assert_eq!(check["state"], "misconfigured", "{check}");
    let refused = client.send(smallest_body("conv-zapi")).await;
    refused.refused(500, "channel_misconfigured");
    let mut stream = EventStream::open(&client, "?type=message.received", None).await;
    let callbacks = Callbacks::of(&client, &server.url).await;
    callbacks
        .deliver("zapi", &zapi(&Text::from(CUSTOMER)))
        .await;
    let received = stream.next_event().await;
    assert_eq!(received.data["channelId"], "zapi");
}

/// What a check says, by what the provider's side is like.
#[tokio::test]
async fn a_check_tells_every_state_apart() {
    let world = World::start().await;
    let state = async |channel: &str| {
        let check = world
            .client
            .act(&format!("/channels/{channel}/check"), json!({}))
            .await;
        check["state"].as_str().expect("a word").to_owned()
    };
    for channel in ["whatsapp", "zapi", "zapperhub"] {
        assert_eq!(state(channel).await, "connected", "{channel}");
    }
    let mut settings = Settings::default();
    settings.zapi.connected = false;
    settings.zapperhub.connection = Connection::Close;
    settings.wuzapi.session = Session::LoggedOut;
    world.sandbox.set_settings(settings.clone());
    assert_eq!(state("zapi").await, "disconnected");
    assert_eq!(state("zapperhub").await, "disconnected");
    settings.zapi.subscribed = false;
    settings.zapperhub.connection = Connection::Unpaired;
    world.sandbox.set_settings(settings);
    assert_eq!(state("zapi").await, "unpaid");
    assert_eq!(state("zapperhub").await, "needs_pairing");
    for (channel, wrong) in [
        (
            "whatsapp",
            json!({"phoneNumberId": "800000000000001", "accessToken": "T-EXPIRED"}),
        ),
        (
            "zapperhub",
            json!({"instanceId": "inst_5f2c", "apiKey": "wrong-key"}),
        ),
    ] {
        world
            .client
            .change(
                &format!("/channels/{channel}"),
                json!({"credentials": wrong}),
            )
            .await;
        assert_eq!(state(channel).await, "unauthorized", "{channel}");
    }
    world.client.lead("whatsapp", "http://127.0.0.1:1").await;
    assert_eq!(state("whatsapp").await, "unavailable");
}
