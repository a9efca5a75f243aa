//! API keys of organizations: their secret, scopes, end and deletion.

use jiff::SignedDuration;
use recado_tests::people::second_key;
use recado_tests::prelude::*;

#[tokio::test]
async fn a_deleted_key_stops_working_at_once_on_open_connections_too() {
    let world = World::start().await;
    let (id, client) = second_key(&world).await;
    client.accepted(smallest_body("conv-456")).await;
    world
        .client
        .remove(&format!("/organizations/demo/api-keys/{id}"))
        .await;
    client
        .send(smallest_body("conv-456"))
        .await
        .refused(401, "unauthorized");
    assert_eq!(world.sandbox.phone_messages().len(), 1);
    assert_eq!(
        world.client.get("/agents").await.status,
        200,
        "the other key works on"
    );
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
    world
        .client
        .remove(&format!("/organizations/demo/api-keys/{id}"))
        .await;
    assert_eq!(there.get("/agents").await.status, 401);
}

#[tokio::test]
async fn the_secret_of_a_key_is_shown_once() {
    let world = World::start().await;
    let made = world
        .client
        .create("/organizations/demo/api-keys", json!({"name": "shop"}))
        .await;
    let secret = made["key"].as_str().expect("the secret");
    assert!(secret.starts_with("recado_"), "{secret}");
    for client in [&world.client, &world.operator] {
        let listed = client.get("/organizations/demo/api-keys").await;
        assert!(!listed.text.contains(secret), "{}", listed.text);
        // People recognize it by its beginning.
        let shop = json!({
            "id": made["id"], "name": "shop", "scopes": ["read", "send", "manage"], "prefix": secret[..13],
            "userId": null, "createdAt": made["createdAt"], "expiresAt": null, "lastUsedAt": null,
        });
        assert_eq!(listed.body["data"][1], shop);
    }
}

#[tokio::test]
async fn a_key_has_the_scopes_and_the_end_that_it_was_made_with() {
    let (world, ahead) = World::with_clock().await;
    let start = Timestamp::now();
    let path = "/organizations/demo/api-keys";
    for (field, value) in [
        ("scopes", json!([])),
        ("scopes", json!(["write"])),
        ("scopes", json!("read")),
        ("expiresAt", json!("tomorrow")),
        ("expiresAt", json!(start.to_string())),
        ("expiresAt", json!(7)),
    ] {
        let wrong = json!({"name": "x", field: value});
        let wrong = world.client.post(path, wrong).await;
        wrong.refused(400, "invalid_body");
        assert!(!wrong.body["details"][field].is_null(), "{}", wrong.text);
    }
    let end = start + SignedDuration::from_hours(1);
    let new = json!({"name": "sender", "scopes": ["send"], "expiresAt": end.to_string()});
    let made = world.client.create(path, new).await;
    assert_eq!(made["expiresAt"], format!("{end:.3}"));
    let key = world.client.with_key(made["key"].as_str().expect("a key"));
    key.accepted(smallest_body("conv-456")).await;
    key.get("/agents").await.refused(403, "forbidden");
    let reader = json!({"name": "reader", "scopes": ["read"], "expiresAt": end.to_string()});
    let reader = world.client.create(path, reader).await;
    let reader = world
        .client
        .with_key(reader["key"].as_str().expect("a key"));
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
    let unused = world.client.read("/organizations/demo/api-keys").await;
    assert!(unused["data"][1]["lastUsedAt"].is_null());
    key.read("/api-keys/current").await;
    // The use is noted beside the request.
    let mut shown = Value::Null;
    while shown["lastUsedAt"].is_null() {
        shown = key.read("/api-keys/current").await;
    }
    assert_eq!(
        (&shown["scopes"], &shown["organizationId"]),
        (&json!(["send"]), &json!("demo"))
    );
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
    let listed = other.read("/organizations/other/api-keys").await;
    let id = listed["data"][0]["id"].as_str().expect("an id");
    let foreign = world
        .client
        .delete(&format!("/organizations/other/api-keys/{id}"))
        .await;
    foreign.refused(404, "organization_not_found");
    let elsewhere = world
        .operator
        .delete(&format!("/organizations/demo/api-keys/{id}"))
        .await;
    elsewhere.refused(404, "api_key_not_found");
    assert_eq!(other.get("/agents").await.status, 200);
    other
        .remove(&format!("/organizations/other/api-keys/{id}"))
        .await;
    assert_eq!(
        other.get("/agents").await.status,
        401,
        "it has deleted itself"
    );
    let missing = world
        .operator
        .post("/organizations/unknown/api-keys", json!({"name": "x"}))
        .await;
    missing.refused(404, "organization_not_found");
}

#[tokio::test]
async fn a_key_with_a_misspelled_field_is_not_created() {
    let world = World::start().await;
    let keys = async || {
        let listed = world.client.read("/organizations/demo/api-keys").await;
        listed["data"].as_array().map(Vec::len)
    };
    let before = keys().await;
    for (name, value) in [
        ("scope", json!(["read"])),
        ("expires_at", json!("2030-01-01T00:00:00Z")),
        ("days", json!(1)),
    ] {
        let body = json!({"name": "site", name: value});
        let refused = world
            .client
            .post("/organizations/demo/api-keys", body)
            .await;
        refused.refused(400, "invalid_body");
        assert!(
            refused.body["details"][name].is_object(),
            "{}",
            refused.text
        );
    }
    assert_eq!(keys().await, before);
}
