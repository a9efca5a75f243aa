//! Users of an organization: who they are, how they get a password, and what the audit log says of them.

use recado_server::sign_in::set_password_by_link;
use recado_tests::people::{self, ORGANIZATION, PASSWORD};
use recado_tests::prelude::*;

const EMAIL: &str = "ana@example.com";

/// Creates a user, and returns it with the secret of its link.
async fn create(client: &Client, path: &str, role: &str) -> (Value, String) {
    let user = json!({"email": EMAIL, "name": "Ana Souza", "role": role});
    let user = client.create(path, user).await;
    let secret = secret_of(&user["link"]);
    (user, secret)
}

fn secret_of(link: &Value) -> String {
    let url = link["url"].as_str().expect("a URL");
    let (_, secret) = url.split_once("/set-password/").expect("a page");
    secret.to_owned()
}

#[tokio::test]
async fn a_user_gets_a_password_by_a_link_that_works_once() {
    let world = World::start().await;
    for (client, path) in [
        (&world.client, "/users".to_owned()),
        (
            &world.operator,
            format!("/organizations/{ORGANIZATION}/users"),
        ),
    ] {
        let (user, first) = create(client, &path, "agent").await;
        assert_eq!(user["hasPassword"], false);
        assert!(
            user["link"]["url"]
                .as_str()
                .expect("a URL")
                .starts_with(&world.url)
        );
        let id = user["id"].as_str().expect("an id");
        let link = client.post(&format!("{path}/{id}/link"), json!({})).await;
        let second = secret_of(&link.expect(201));
        let set = async |secret: &str, password: &str| {
            let password = password.to_owned().into();
            set_password_by_link(&world.app, secret, password, None).await
        };
        let short = set(&second, "too short").await.expect_err("a password");
        assert!(short.details.is_some());
        let replaced = set(&first, PASSWORD).await.expect("an answer");
        assert!(replaced.is_none(), "a new link replaces the one before it");
        let done = set(&second, PASSWORD).await.expect("an answer");
        assert_eq!(done.expect("the user").id.as_str(), id);
        let again = set(&second, PASSWORD).await.expect("an answer");
        assert!(again.is_none(), "it works once");
        let body = json!({"email": EMAIL, "password": PASSWORD});
        world.client.anonymous().create("/sessions", body).await;
        world.client.remove(&format!("/users/{id}")).await;
    }
}

#[tokio::test]
async fn users_are_shown_changed_and_deleted() {
    let world = World::start().await;
    let owner = people::session(&world, "owner").await;
    let (user, _) = create(&owner, "/users", "agent").await;
    let path = format!("/users/{}", user["id"].as_str().expect("an id"));
    let again = json!({"email": " ANA@example.com", "name": "Ana", "role": "viewer"});
    let again = owner.post("/users", again).await;
    again.refused(409, "already_exists");
    again.says("e-mail");
    for body in [
        json!({"email": "ana", "name": "Ana", "role": "viewer"}),
        json!({"email": "bia@example.com", "name": "", "role": "viewer"}),
        json!({"email": "bia@example.com", "name": "Bia", "role": "admin"}),
    ] {
        let wrong = owner.post("/users", body).await;
        wrong.refused(400, "invalid_body");
    }
    let patched = owner
        .change(&path, json!({"name": "Ana", "role": "viewer"}))
        .await;
    assert_eq!(
        (&patched["name"], &patched["role"]),
        (&json!("Ana"), &json!("viewer"))
    );
    let shown = owner.read(&path).await;
    assert_eq!(shown, patched);
    let listed = owner.read("/users").await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    for client in [&owner, &world.operator] {
        let path = format!("/organizations/{ORGANIZATION}/users");
        assert_eq!(client.read(&path).await, listed);
    }
    owner.remove(&path).await;
    for gone in [owner.get(&path).await, owner.delete(&path).await] {
        gone.refused(404, "user_not_found");
    }
}

#[tokio::test]
async fn the_last_owner_stays_one() {
    let world = World::start().await;
    let owner = people::session(&world, "owner").await;
    let id = owner.read("/sessions/current").await["user"]["id"].clone();
    let path = format!("/users/{}", id.as_str().expect("an id"));
    for refused in [
        owner.patch(&path, json!({"role": "agent"})).await,
        owner.delete(&path).await,
    ] {
        refused.refused(409, "last_owner");
    }
    // An owner who has not set a password cannot sign in.
    create(&owner, "/users", "owner").await;
    let refused = owner.delete(&path).await;
    refused.refused(409, "last_owner");
    people::session(&world, "owner").await;
    owner.change(&path, json!({"role": "agent"})).await;
    assert_eq!(owner.get("/users").await.status, 401, "it is signed out");
}

#[tokio::test]
async fn a_personal_key_may_do_what_its_user_may_and_goes_with_the_user() {
    let world = World::start().await;
    let owner = people::session(&world, "owner").await;
    let agent = people::session(&world, "agent").await;
    let me = agent.read("/sessions/current").await;
    let past = json!({"name": "laptop", "expiresAt": "2020-01-01T00:00:00Z"});
    let past = agent.post("/sessions/current/api-key", past).await;
    past.refused(400, "invalid_body");
    let made = agent
        .create("/sessions/current/api-key", json!({"name": "laptop"}))
        .await;
    made.assert_has(json!({"userId": me["user"]["id"], "scopes": ["read", "send"]}));
    assert!(made["expiresAt"].is_string());
    let key = world.client.with_key(made["key"].as_str().expect("a key"));
    key.accepted(smallest_body("conv-456")).await;
    let current = key.read("/api-keys/current").await;
    assert_eq!(
        (&current["id"], &current["organizationId"]),
        (&made["id"], &json!("demo"))
    );
    let user = format!("/users/{}", me["user"]["id"].as_str().expect("an id"));
    owner.change(&user, json!({"role": "viewer"})).await;
    let refused = key.send(smallest_body("conv-456")).await;
    refused.refused(403, "forbidden");
    let mut stream = EventStream::open(&key, "", None).await;
    owner.remove(&user).await;
    ends_within(&mut stream, Duration::from_secs(1)).await;
    assert_eq!(key.get("/agents").await.status, 401);
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_when_and_from_where() {
    let world = World::start().await;
    let (user, secret) = create(&world.client, "/users", "owner").await;
    let set = set_password_by_link(&world.app, &secret, PASSWORD.to_owned().into(), None);
    set.await.expect("an answer").expect("a user");
    for password in ["a wrong password", PASSWORD] {
        let body = json!({"email": EMAIL, "password": password});
        world.client.anonymous().post("/sessions", body).await;
    }
    world.client.remove("/channels/zapi").await;
    let log = world.client.read("/audit").await;
    let entries = log["data"].as_array().expect("a list");
    let newest: Vec<_> = entries
        .iter()
        .take(6)
        .map(|entry| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&entry["action"]), text(&entry["actor"]["kind"]))
        })
        .collect();
    let expected = [
        ("channel.deleted", "api_key"),
        ("session.created", "user"),
        ("sign_in.failed", "anonymous"),
        ("user.link_used", "user"),
        ("user.link_created", "api_key"),
        ("user.created", "api_key"),
    ]
    .map(|(action, kind)| (action.to_owned(), kind.to_owned()));
    assert_eq!(newest, expected);
    assert_eq!(entries[0]["targetId"], "zapi");
    entries[1].assert_has(json!({
        "actor": {"id": user["id"]}, "targetId": user["id"], "address": "127.0.0.1"
    }));
    for secret in [PASSWORD, secret.as_str(), world.client.key()] {
        assert!(!log.to_string().contains(secret));
    }
    let operators = world.operator.read("/audit").await;
    let actions: Vec<_> = operators["data"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    assert_eq!(
        actions.last().expect("an entry")["actor"]["kind"],
        "command_line"
    );
    let log = operators.to_string();
    assert!(log.contains("organization.created"), "{log}");
    let page = world.client.read("/audit?limit=2").await;
    let after = page["nextCursor"].as_str().expect("a cursor");
    let next = world
        .client
        .read(&format!("/audit?limit=1&cursor={after}"))
        .await;
    assert_eq!(next["data"][0], entries[2]);
}
