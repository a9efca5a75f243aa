//! Users of an organization: who they are, how they get a password, and what the audit log says of them.

use recado_server::sign_in::set_password_by_link;
use recado_tests::people::PASSWORD;
use recado_tests::prelude::*;

const EMAIL: &str = "ana@example.com";

/// Where operators find the users of the organization.
const OF_OPERATORS: &str = "/organizations/demo/users";

/// Creates a user, and returns it with the secret of its link.
async fn create(client: &Client, path: &str, role: &str) -> (Value, String) {
    let user = json!({"email": EMAIL, "name": "Ana Souza", "role": role});
    let user = client.create(path, user).await;
    let secret = secret_of(&user["link"]);
    (user, secret)
}

fn secret_of(link: &Value) -> String {
    let (_, secret) = text(&link["url"])
        .split_once("/set-password/")
        .expect("a page");
    secret.to_owned()
}

#[tokio::test]
async fn a_user_gets_a_password_by_a_link_that_works_once() {
    let world = World::start().await;
    for (client, path) in [(&world.client, "/users"), (&world.operator, OF_OPERATORS)] {
        let (user, first) = create(client, path, "agent").await;
        assert_eq!(user["hasPassword"], false);
        assert!(text(&user["link"]["url"]).starts_with(&world.url));
        let id = id(&user);
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
    let path = format!("/users/{}", id(&user));
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
    let change = json!({"name": "Ana", "role": "viewer"});
    let patched = owner.change(&path, change.clone()).await;
    patched.assert_has(change);
    let shown = owner.read(&path).await;
    assert_eq!(shown, patched);
    let listed = owner.list("/users").await;
    assert_eq!(listed.len(), 2);
    for client in [&owner, &world.operator] {
        assert_eq!(client.list(OF_OPERATORS).await, listed);
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
    let session = owner.read("/sessions/current").await;
    let path = format!("/users/{}", id(&session["user"]));
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
    let keys = "/sessions/current/api-key";
    let past = agent.post(keys, past).await;
    past.refused(400, "invalid_body");
    let made = agent.create(keys, json!({"name": "laptop"})).await;
    made.assert_has(json!({"userId": me["user"]["id"], "scopes": ["read", "send"]}));
    assert!(made["expiresAt"].is_string());
    let key = world.client.with_key(text(&made["key"]));
    key.accepted(smallest_body("conv-456")).await;
    let current = key.read("/api-keys/current").await;
    current.assert_has(json!({"id": made["id"], "organizationId": "demo"}));
    let user = format!("/users/{}", id(&me["user"]));
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
    let entries = entries(&log);
    let newest = entries.iter().take(6);
    let newest = newest.map(|entry| (text(&entry["action"]), text(&entry["actor"]["kind"])));
    let newest: Vec<_> = newest.collect();
    let expected = [
        ("channel.deleted", "api_key"),
        ("session.created", "user"),
        ("sign_in.failed", "anonymous"),
        ("user.link_used", "user"),
        ("user.link_created", "api_key"),
        ("user.created", "api_key"),
    ];
    assert_eq!(newest, expected);
    assert_eq!(entries[0]["targetId"], "zapi");
    entries[1].assert_has(json!({
        "actor": {"id": user["id"]}, "targetId": user["id"], "address": "127.0.0.1"
    }));
    for secret in [PASSWORD, secret.as_str(), world.client.key()] {
        assert!(!log.to_string().contains(secret));
    }
    let operators = world.operator.list("/audit").await;
    let first = operators.last().expect("an entry");
    assert_eq!(first["actor"]["kind"], "command_line");
    assert_contains(&json!(operators).to_string(), "organization.created");
    let page = world.client.read("/audit?limit=2").await;
    let after = text(&page["nextCursor"]);
    let next = format!("/audit?limit=1&cursor={after}");
    assert_eq!(world.client.read(&next).await["data"][0], entries[2]);
}
