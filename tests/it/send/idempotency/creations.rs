//! What a request creates under a key is created once, and its secret can be read again.

use recado_tests::prelude::*;

/// What is created: the path, the body, the secret that the answer shows, and the path under which it is deleted.
fn creations() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let channel = json!({"provider": "zapi", "name": "Main", "credentials": {"instanceId": "other", "instanceToken": "instance-token"}});
    let user = |email: &str| json!({"email": email, "name": "Bia", "role": "agent"});
    vec![
        ("/agents", json!({"name": "Ana"}), "", "/agents/{id}"),
        (
            "/conversations",
            json!({"agentId": "agent-123", "channelId": "zapi", "to": "+5511900000003"}),
            "",
            "",
        ),
        ("/channels", channel, "/webhookUrl", "/channels/{id}"),
        (
            "/webhook-endpoints",
            json!({"url": "http://127.0.0.1:9/"}),
            "/secret",
            "/webhook-endpoints/{id}",
        ),
        (
            "/users",
            user("bia@example.com"),
            "/link/url",
            "/users/{id}",
        ),
        (
            "/organizations/demo/users",
            user("eva@example.com"),
            "/link/url",
            "/users/{id}",
        ),
        (
            "/organizations/demo/api-keys",
            json!({"name": "site"}),
            "/key",
            "/organizations/demo/api-keys/{id}",
        ),
    ]
}

#[tokio::test]
async fn what_is_created_under_a_key_is_created_once_and_shown_again_with_its_secret() {
    let world = World::start().await;
    for (path, body, secret, deletion) in creations() {
        let first = world.client.post_once(path, "k", body.clone()).await;
        assert!(!first.is_replayed(), "{path}");
        let first = first.expect(201);
        let again = world.client.post_once(path, "k", body.clone()).await;
        assert!(again.is_replayed(), "{path}");
        assert_eq!(again.expect(201), first, "{path}");
        if !secret.is_empty() {
            assert!(
                first.pointer(secret).is_some_and(Value::is_string),
                "{path}: {first}"
            );
        }
        let mut other = body.clone();
        other["name"] = "Another".into();
        if path != "/conversations" && path != "/webhook-endpoints" {
            let refused = world.client.post_once(path, "k", other).await;
            refused.refused(422, "idempotency_key_reused");
        }
        if !deletion.is_empty() {
            let removed = world
                .client
                .delete(&deletion.replace("{id}", id(&first)))
                .await;
            assert!(removed.status.is_success(), "{path}: {}", removed.text);
            let gone = world.client.post_once(path, "k", body).await;
            assert_eq!(gone.status, 404, "{path}: {}", gone.text);
        }
    }
}

#[tokio::test]
async fn the_secrets_that_are_shown_again_work() {
    let world = World::start().await;
    let keys = "/organizations/demo/api-keys";
    for _ in 0..2 {
        let made = world
            .client
            .post_once(keys, "k", json!({"name": "site"}))
            .await;
        let client = world.client.with_key(text(&made.expect(201)["key"]));
        assert_eq!(client.read("/api-keys/current").await["name"], "site");
    }
    let user = json!({"email": "bia@example.com", "name": "Bia", "role": "agent"});
    let user = world.client.create("/users", user).await;
    let link = format!("/users/{}/link", id(&user));
    let first = world
        .client
        .post_once(&link, "k", json!({}))
        .await
        .expect(201);
    let again = world
        .client
        .post_once(&link, "k", json!({}))
        .await
        .expect(201);
    assert_eq!(first, again);
    assert_ne!(
        first["url"], user["link"]["url"],
        "a new link replaces the one before"
    );
    let page = text(&first["url"])
        .trim_start_matches(&world.url)
        .to_owned();
    assert_eq!(world.client.anonymous().get(&page).await.status, 200);
    world.client.create(&link, json!({})).await;
    let replaced = world.client.post_once(&link, "k", json!({})).await;
    replaced.refused(409, "already_exists");
}

#[tokio::test]
async fn an_operator_creates_an_organization_once() {
    let world = World::start().await;
    let body = json!({"name": "Loja"});
    let first = world
        .operator
        .post_once("/organizations", "k", body.clone())
        .await;
    let again = world
        .operator
        .post_once("/organizations", "k", body.clone())
        .await;
    assert_eq!((first.is_replayed(), again.is_replayed()), (false, true));
    let first = first.expect(201);
    assert_eq!(again.expect(201), first);
    let path = format!("/organizations/{0}?confirm={0}", id(&first));
    world.operator.remove(&path).await;
    let gone = world.operator.post_once("/organizations", "k", body).await;
    gone.refused(404, "organization_not_found");
}

#[tokio::test]
async fn the_personal_key_of_one_person_is_not_shown_to_another() {
    let world = World::start().await;
    let path = "/sessions/current/api-key";
    let mut made = Vec::new();
    for role in ["owner", "agent"] {
        let person = people::session_of_role(&world, "demo", role).await;
        let first = person
            .post_once(path, "k", json!({"name": "laptop"}))
            .await
            .expect(201);
        let again = person
            .post_once(path, "k", json!({"name": "laptop"}))
            .await
            .expect(201);
        assert_eq!(first["key"], again["key"]);
        made.push(first["key"].clone());
    }
    assert_ne!(made[0], made[1]);
}

#[tokio::test]
async fn of_many_creations_at_once_under_one_key_one_takes_effect() {
    let world = World::start().await;
    let requests = (0..20).map(|_| {
        let client = world.client.clone();
        tokio::spawn(async move {
            let body = json!({"name": "site"});
            client
                .post_once("/organizations/demo/api-keys", "k", body)
                .await
        })
    });
    let requests: Vec<_> = requests.collect();
    let mut keys = std::collections::BTreeSet::new();
    let mut created = 0;
    for request in requests {
        let made = soon("an answer", request).await.expect("no panic");
        created += usize::from(!made.is_replayed());
        keys.insert(text(&made.expect(201)["key"]).to_owned());
    }
    assert_eq!((created, keys.len()), (1, 1));
}
