//! People and keys of the organization `demo` of a world, made without waiting for a password to be hashed.

use jiff::Timestamp;
use recado_core::{ApiKeyId, SessionId, UserId};
use recado_store::{ApiKey, ApiKeySecret, Author, Session, SessionSecret, Store, User};
use serde_json::json;
use uuid::Uuid;

use crate::json::{id, text};
use crate::{Client, World};

/// The organization of a world.
pub const ORGANIZATION: &str = "demo";

/// The password of every user that this module makes.
pub const PASSWORD: &str = "correct horse battery";

/// What argon2 makes of [`PASSWORD`]; hashing it for each test would take longer than most tests.
pub const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$co7F4pc/GYGvbB10PgG27w$N7uGUp67nsjFzNVMCN/p+TWCbcSa4OKt/PxYSNIwz5Q";

/// Makes a user of that organization who has [`PASSWORD`].
pub async fn user(store: &Store, organization: &str, role: &str, email: &str) -> User {
    let user = User {
        id: UserId::from_uuid(Uuid::now_v7()),
        organization_id: organization.parse().expect("an id"),
        email: email.to_owned(),
        name: format!("The {role}"),
        role: role.parse().expect("a role"),
        has_password: true,
        created_at: Timestamp::now(),
        last_sign_in_at: None,
    };
    let author = Author::command_line(Timestamp::now());
    store.create_user(&user, &author).await.expect("a user");
    let (organization, id) = (&user.organization_id, &user.id);
    let set = store.set_password(organization, id, PASSWORD_HASH, &author);
    assert!(set.await.expect("a password"));
    user
}

/// Makes a session of a user that begins at that time; returns its secret.
pub async fn session_of(store: &Store, user: &User, at: Timestamp) -> (Session, String) {
    let secret = SessionSecret::generate().expect("random bytes");
    let session = Session::new(SessionId::from_uuid(Uuid::now_v7()), user, at);
    let author = Author::command_line(at);
    let created = store.create_session(&session, &secret, PASSWORD_HASH, &author);
    assert!(created.await.expect("a session"));
    (session, secret.expose().to_owned())
}

/// A client with a session of a new user of the organization [`ORGANIZATION`] who has that role.
pub async fn session(world: &World, role: &str) -> Client {
    session_of_role(world, ORGANIZATION, role).await
}

/// A client with a session of a new user of that organization and role.
pub async fn session_of_role(world: &World, organization: &str, role: &str) -> Client {
    let email = format!("{}@example.com", Uuid::now_v7().simple());
    let user = user(&world.store, organization, role, &email).await;
    let (_, secret) = session_of(&world.store, &user, world.app.clock.now()).await;
    world.client.with_session(&secret)
}

/// A client with a new key of the organization [`ORGANIZATION`] that has those scopes.
pub async fn key(world: &World, scopes: &[&str]) -> Client {
    key_of(world, ORGANIZATION, scopes).await
}

/// A client with a new key of that organization that has those scopes.
pub async fn key_of(world: &World, organization: &str, scopes: &[&str]) -> Client {
    let secret = ApiKeySecret::generate().expect("random bytes");
    let id = ApiKeyId::from_uuid(Uuid::now_v7());
    let organization = organization.parse().expect("an id");
    let at = world.app.clock.now();
    let key = ApiKey {
        scopes: scopes.join(" ").parse().expect("scopes"),
        ..ApiKey::new(id, Some(organization), "test", &secret, at)
    };
    let author = Author::command_line(at);
    let created = world.store.create_api_key(&key, &secret, &author);
    created.await.expect("a key");
    world.client.with_key(secret.expose())
}

/// A new key of the organization `demo`: its id, and a client that uses it.
pub async fn second_key(world: &World) -> (String, Client) {
    let (keys, second) = ("/organizations/demo/api-keys", json!({"name": "second"}));
    let made = world.client.create(keys, second).await;
    // An HTTP client of its own, so that its connection is its own too.
    let client = Client::new(&world.url, text(&made["key"]));
    (id(&made).to_owned(), client)
}
