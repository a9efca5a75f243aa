//! Channels: what goes into them, what comes out, and where they may lead.

use recado_core::Provider;
use recado_sandbox::{Account, Connection, Session, Settings};
use recado_tests::binaries::Place;
use recado_tests::prelude::*;

/// A change of the channel to credentials that its provider refuses.
fn wrong(provider: &str) -> Value {
    let (name, value) = match provider {
        "whatsapp" => ("accessToken", "T-EXPIRED"),
        "zapi" => ("clientToken", "wrong-token"),
        _ => ("apiKey", "wrong-key"),
    };
    json!({"credentials": {name: value}})
}

#[tokio::test]
async fn the_webhook_url_leads_to_the_channel_and_a_secret_is_told_where_the_url_has_none() {
    let world = World::start().await;
    for (provider, told) in [("whatsapp", true), ("zapi", false), ("zapperhub", true)] {
        let channel = world.client.read(&format!("/channels/{provider}")).await;
        let url = format!("{}/webhooks/{provider}/{provider}", world.url);
        let shown = text(&channel["webhookUrl"]);
        assert!(shown.starts_with(&url), "{shown}");
        assert_eq!(channel["webhookSecret"].is_string(), told, "{provider}");
    }
}

#[tokio::test]
async fn credentials_and_the_ids_of_accounts_go_in_and_never_come_out() {
    let world = World::start().await;
    let client = world.operator.organization("another").await;
    let mut shown = Vec::new();
    for (provider, _) in CONVERSATIONS {
        let (id, credentials) = (format!("another-{provider}"), credentials(provider));
        let channel =
            json!({"id": id, "provider": provider, "name": "Another", "credentials": credentials});
        shown.push(client.post("/channels", channel).await);
        let path = format!("/channels/{id}");
        let change = json!({"name": "Renamed", "credentials": credentials});
        shown.push(client.patch(&path, change).await);
        shown.push(client.get(&path).await);
        shown.push(client.post(&format!("{path}/check"), json!({})).await);
    }
    shown.push(client.get("/channels").await);
    for answer in &shown {
        assert!(answer.status.is_success(), "{}", answer.text);
        for (provider, _) in CONVERSATIONS {
            for (name, value) in credentials(provider).as_object().expect("an object") {
                let leaks = answer.text.contains(&value.to_string());
                assert!(!leaks, "{name}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn new_credentials_are_used_by_the_very_next_send() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let path = format!("/channels/{provider}");
        for _ in 0..2 {
            world.client.accepted(smallest_body(conversation)).await;
            world.client.change(&path, wrong(provider)).await;
            let refused = world.client.send(smallest_body(conversation)).await;
            refused.refused(500, "channel_unauthorized");
            let right = json!({"credentials": credentials(provider)});
            world.client.change(&path, right).await;
        }
        world.client.accepted(smallest_body(conversation)).await;
    }
}

#[tokio::test]
async fn a_channel_that_is_created_again_with_the_same_id_uses_its_own_credentials() {
    let world = World::start().await;
    world.client.accepted(smallest_body("conv-zapi")).await;
    world.client.remove("/channels/zapi").await;
    let mut wrong = credentials("zapi");
    wrong["instanceToken"] = "other-token".into();
    let channel = json!({"id": "zapi", "provider": "zapi", "name": "again", "credentials": wrong});
    world.client.create("/channels", channel).await;
    let refused = world.client.send(smallest_body("conv-zapi")).await;
    assert_ne!(refused.status, 200);
}

#[tokio::test]
async fn a_change_that_is_refused_changes_nothing() {
    let world = World::start().await;
    let before = world.client.get("/channels/zapi").await.text;
    let credentials = |name: &str, value: Value| json!({"credentials": {name: value}});
    let settings = |name: &str, value: &str| json!({"settings": {name: value}});
    let (endpoint, url) = ("settings.buttonsEndpoint", "settings.baseUrl");
    for (field, patch) in [
        (
            "credentials.instanceToken",
            credentials("instanceToken", Value::Null),
        ),
        (
            "credentials.clientToken",
            credentials("clientToken", "short".into()),
        ),
        (
            "credentials.acessToken",
            credentials("acessToken", Value::Null),
        ),
        (endpoint, settings("buttonsEndpoint", "carousel")),
        (url, settings("baseUrl", "ftp://example.com")),
        ("name", json!({"name": "   "})),
        ("credentials", json!({"credentials": "secret"})),
    ] {
        let answer = world.client.patch("/channels/zapi", patch).await;
        let answer = answer.expect(400);
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
    let path = format!("/channels/{}", id(&public));
    let settings = |url: &str| json!({"settings": {"baseUrl": url}});
    let private = settings("http://127.0.0.1:8090/zapi");
    let refused = client.patch(&path, private).await.expect(400);
    let fault = refused["details"].get("settings.baseUrl");
    assert!(fault.is_some(), "{refused}");
    // A name is looked at when it is resolved.
    let named = settings("https://localhost:8090/zapi");
    let changed = client.change(&path, named.clone()).await;
    changed.assert_has(named);
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
    client.lead("zapi", "http://api.example.com").await;
    old_server.stop().await.expect("an end");

    let server = server(&database, "false").await;
    let client = client.at(&server.url);
    let name = json!({"name": "Old"});
    let renamed = client.change("/channels/zapi", name).await;
    assert_eq!(renamed["name"], "Old");
    let check = client.act("/channels/zapi/check", json!({})).await;
    assert_eq!(check["state"], "misconfigured", "{check}");
    let refused = client.send(smallest_body("conv-zapi")).await;
    refused.refused(500, "channel_misconfigured");
    let mut stream = EventStream::open(&client, "?type=message.received", None).await;
    let callbacks = Callbacks::of(&client, &server.url).await;
    let said = zapi(&Text::from(CUSTOMER));
    callbacks.deliver("zapi", &said).await;
    let received = stream.next_event().await;
    assert_eq!(received.data["channelId"], "zapi");
}

#[tokio::test]
async fn a_channel_that_was_stored_with_a_short_secret_still_works() {
    let world = World::start().await;
    let account = Account::Zapperhub {
        instance_id: "inst_old".to_owned(),
        api_key: "hunter2".to_owned(),
    };
    let (provider, credentials) = (Provider::ZapperHub, account.credentials_json());
    world.sandbox.add_account(account);
    world::store_channel(&world.store, "old", provider, &credentials).await;
    let check = world.client.act("/channels/old/check", json!({})).await;
    assert_eq!(check["state"], "connected");
    let settings = json!({"settings": {"recipientForm": "plus"}});
    world.client.change("/channels/old", settings).await;
    world
        .client
        .open("conv-old", "agent-123", "old", CUSTOMER)
        .await;
    world.client.accepted(smallest_body("conv-old")).await;
    let short = json!({"credentials": {"apiKey": "hunter3"}});
    let refused = world.client.patch("/channels/old", short).await;
    refused.refused(400, "invalid_body");
}

/// What a check says, by what the provider's side is like.
#[tokio::test]
async fn a_check_tells_every_state_apart() {
    let world = World::start().await;
    let state = async |channel: &str| {
        let check = format!("/channels/{channel}/check");
        let check = world.client.act(&check, json!({})).await;
        text(&check["state"]).to_owned()
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
    for channel in ["whatsapp", "zapperhub"] {
        let path = format!("/channels/{channel}");
        world.client.change(&path, wrong(channel)).await;
        assert_eq!(state(channel).await, "unauthorized", "{channel}");
    }
    world.client.lead("whatsapp", "http://127.0.0.1:1").await;
    assert_eq!(state("whatsapp").await, "unavailable");
}
