//! API keys of organizations: their secret, scopes, end and deletion.

use jiff::SignedDuration;
use recado_tests::people::second_key;
use recado_tests::prelude::*;

const KEYS: &str = "/organizations/demo/api-keys";

#[tokio::test]
async fn a_deleted_key_stops_working_at_once_on_open_connections_too() {
    let world = World::start().await;
    let (id, client) = second_key(&world).await;
    client.accepted(smallest_body("conv-456")).await;
    world.client.remove(&format!("{KEYS}/{id}")).await;
    let refused = client.send(smallest_body("conv-456")).await;
    refused.refused(401, "unauthorized");
    assert_eq!(world.sandbox.phone_messages().len(), 1);
    let other = world.client.get("/agents").await;
    assert_eq!(other.status, 200, "the other key works on");
}

#[tokio::test]
async fn a_deleted_key_stops_working_at_once_on_every_server() {
    let world = World::start().await;
    let Some(other) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let (id, client) = second_key(&world).await;
    let there = client.at(&other.url);
    assert_eq!(there.get("/agents").await.status, 200);
    world.client.remove(&format!("{KEYS}/{id}")).await;
    assert_eq!(there.get("/agents").await.status, 401);
}

#[tokio::test]
async fn the_secret_of_a_key_is_shown_once() {
    let world = World::start().await;
    let made = world.client.create(KEYS, json!({"name": "shop"})).await;
    let secret = text(&made["key"]);
    assert!(secret.starts_with("recado_"), "{secret}");
    for client in [&world.client, &world.operator] {
        let listed = client.get(KEYS).await;
        assert!(!listed.text.contains(secret), "{}", listed.text);
        // People recognize it by its beginning.
        let shop = json!({
            "id": made["id"], "name": "shop", "scopes": ["read", "send", "manage"], "prefix": secret[..13],
            "messagesPerMinute": null,
            "userId": null, "createdAt": made["createdAt"], "expiresAt": null, "lastUsedAt": null,
        });
        assert_eq!(listed.body["data"][1], shop);
    }
}

#[tokio::test]
async fn a_key_has_the_scopes_and_the_end_that_it_was_made_with() {
    let (world, ahead) = World::with_clock().await;
    let start = Timestamp::now();
    for (field, value) in [
        ("scopes", json!([])),
        ("scopes", json!(["write"])),
        ("scopes", json!("read")),
        ("expiresAt", json!("tomorrow")),
        ("expiresAt", json!(start.to_string())),
        ("expiresAt", json!(7)),
        ("scope", json!(["read"])),
        ("expires_at", json!("2030-01-01T00:00:00Z")),
        ("days", json!(1)),
    ] {
        let wrong = json!({"name": "x", field: value});
        let wrong = world.client.post(KEYS, wrong).await;
        wrong.refused(400, "invalid_body");
        assert!(!wrong.body["details"][field].is_null(), "{}", wrong.text);
    }
    assert_eq!(world.client.list(KEYS).await.len(), 1);
    let end = start + SignedDuration::from_hours(1);
    let made = async |scope: &str| {
        let new = json!({"name": scope, "scopes": [scope], "expiresAt": end.to_string()});
        let made = world.client.create(KEYS, new).await;
        assert_eq!(made["expiresAt"], format!("{end:.3}"));
        world.client.with_key(text(&made["key"]))
    };
    let (key, reader) = (made("send").await, made("read").await);
    key.accepted(smallest_body("conv-456")).await;
    key.get("/agents").await.refused(403, "forbidden");
    let mut stream = EventStream::open(&reader, "", None).await;
    ahead.pass(Duration::from_hours(1));
    ends_within(&mut stream, Duration::from_secs(1)).await;
    for ended in [
        key.send(smallest_body("conv-456")).await,
        reader.get("/agents").await,
    ] {
        ended.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_key_tells_when_it_was_last_used_and_deletes_itself() {
    let world = World::start().await;
    let key = people::key(&world, &["send"]).await;
    let unused = world.client.read(KEYS).await;
    assert!(unused["data"][1]["lastUsedAt"].is_null());
    key.read("/api-keys/current").await;
    // The use is noted beside the request.
    let shown = until("the last use of the key", async || {
        let shown = key.read("/api-keys/current").await;
        shown["lastUsedAt"].is_string().then_some(shown)
    });
    let shown = shown.await;
    shown.assert_has(json!({"scopes": ["send"], "organizationId": "demo"}));
    let operator = world.operator.read("/api-keys/current").await;
    assert!(operator["organizationId"].is_null());
    let kept = world.operator.delete("/api-keys/current").await;
    kept.refused(403, "forbidden");
    key.remove("/api-keys/current").await;
    assert_eq!(key.get("/api-keys/current").await.status, 401);
}

#[tokio::test]
async fn an_organization_manages_its_own_keys_and_an_operator_those_of_all() {
    let world = World::start().await;
    let other = world.operator.organization("other").await;
    let keys = "/organizations/other/api-keys";
    let listed = other.list(keys).await;
    let id = id(&listed[0]);
    let path = format!("{keys}/{id}");
    let foreign = world.client.delete(&path).await;
    foreign.refused(404, "organization_not_found");
    let elsewhere = world.operator.delete(&format!("{KEYS}/{id}")).await;
    elsewhere.refused(404, "api_key_not_found");
    assert_eq!(other.get("/agents").await.status, 200);
    other.remove(&path).await;
    let after = other.get("/agents").await;
    assert_eq!(after.status, 401, "it has deleted itself");
    let missing = "/organizations/unknown/api-keys";
    let missing = world.operator.post(missing, json!({"name": "x"})).await;
    missing.refused(404, "organization_not_found");
}
