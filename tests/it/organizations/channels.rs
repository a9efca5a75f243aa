//! Channels: what goes into them, what comes out, and where they may lead.

use recado_sandbox::{Connection, Session, Settings};
use recado_store::testing::TestDatabase;
use recado_tests::binaries::Server;
use recado_tests::callbacks::{Callbacks, Text, zapi};
use recado_tests::events::EventStream;
use recado_tests::world::{self, CUSTOMER, credentials, organization, smallest_body};
use recado_tests::{Client, World};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

#[tokio::test]
async fn credentials_go_in_and_never_come_out() {
    let world = World::start().await;
    let client = world
        .operator
        .with_key(&organization(&world.operator, "another").await);
    let mut shown = Vec::new();
    for provider in ["whatsapp", "zapi", "zapperhub"] {
        let id = format!("another-{provider}");
        let channel = json!({"id": id, "provider": provider, "name": "Another", "credentials": credentials(provider)});
        shown.push(client.post("/channels", channel).await);
        let path = format!("/channels/{id}");
        shown.push(client.get(&path).await);
        shown.push(client.patch(&path, json!({"name": "Renamed"})).await);
        shown.push(
            client
                .patch(&path, json!({"credentials": credentials(provider)}))
                .await,
        );
        shown.push(client.post(&format!("{path}/check"), json!({})).await);
    }
    shown.push(client.get("/channels").await);
    for answer in &shown {
        assert!(answer.status.is_success(), "{}", answer.text);
        assert!(!answer.text.contains("\"credentials\""), "{}", answer.text);
        for secret in [
            "T-WORKING",
            "TOKEN-01",
            "CLIENT-TOKEN-01",
            "INST-01",
            "\"API-KEY-01\"",
            "800000000000001",
        ] {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
    }
}

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
async fn a_channel_of_the_same_id_made_anew_uses_its_own_credentials() {
    let world = World::start().await;
    world.client.accepted(smallest_body("conv-zapi")).await;
    world.client.remove("/channels/zapi").await;
    let wrong = json!({"instanceId": "INST-01", "instanceToken": "other-token", "clientToken": "CLIENT-TOKEN-01"});
    let channel = json!({"id": "zapi", "provider": "zapi", "name": "anew", "credentials": wrong});
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
    for (patch, field) in [
        (
            json!({"credentials": {"instanceToken": null}}),
            "credentials.instanceToken",
        ),
        (
            json!({"credentials": {"clientToken": "short"}}),
            "credentials.clientToken",
        ),
        (
            json!({"credentials": {"acessToken": null}}),
            "credentials.acessToken",
        ),
        (
            json!({"settings": {"buttonsEndpoint": "carousel"}}),
            "settings.buttonsEndpoint",
        ),
        (
            json!({"settings": {"baseUrl": "ftp://example.com"}}),
            "settings.baseUrl",
        ),
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

#[rstest]
#[case::whatsapp("whatsapp", json!({"phoneNumberId": "1", "token": "x"}), &["credentials.accessToken", "credentials.token"])]
#[case::zapi("zapi", json!({"apiKey": "x"}), &["credentials.instanceId", "credentials.instanceToken", "credentials.apiKey"])]
#[case::zapperhub("zapperhub", json!({"instanceId": "x", "key": "y"}), &["credentials.apiKey", "credentials.key"])]
#[tokio::test]
async fn missing_and_unknown_credentials_are_named_all_at_once(
    #[case] provider: &str,
    #[case] credentials: Value,
    #[case] fields: &[&str],
) {
    let world = World::start().await;
    let channel = json!({"provider": provider, "name": "x", "credentials": credentials});
    let answer = world.client.post("/channels", channel).await.expect(400);
    let details = answer["details"].as_object().expect("a tree");
    let named: Vec<_> = details
        .keys()
        .filter(|name| *name != "_errors")
        .map(String::as_str)
        .collect();
    let mut expected = fields.to_vec();
    expected.sort_unstable();
    assert_eq!(named, expected, "{answer}");
}

async fn server(database: &TestDatabase, allows_private_networks: &str) -> Server {
    let master_key = database.key().to_base64();
    let environment = [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", master_key.expose_secret()),
        ("RECADO_ALLOW_PRIVATE_NETWORKS", allows_private_networks),
    ];
    Server::start(&environment).await.expect("a server")
}

#[tokio::test]
async fn a_private_address_and_http_are_refused_unless_the_server_allows_them() {
    let database = TestDatabase::fresh().await;
    let operator_key = world::operator_key(&database.store().await).await;
    let server = server(&database, "false").await;
    let operator = Client::new(&server.url, &operator_key);
    let client = operator.with_key(&organization(&operator, "demo").await);
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
    let client = operator.with_key(&organization(&operator, "demo").await);
    world::open_conversations(&client, &[("zapi", "conv-zapi")]).await;
    let settings = json!({"settings": {"baseUrl": "http://api.example.com"}});
    client.change("/channels/zapi", settings).await;
    old_server.stop().await.expect("an end");

    let server = server(&database, "false").await;
    let client = client.at(&server.url);
    let renamed = client.patch("/channels/zapi", json!({"name": "Old"})).await;
    assert_eq!(renamed.expect(200)["name"], "Old");
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
    world
        .client
        .change(
            "/channels/whatsapp",
            json!({"settings": {"baseUrl": "http://127.0.0.1:1"}}),
        )
        .await;
    assert_eq!(state("whatsapp").await, "unavailable");
}
