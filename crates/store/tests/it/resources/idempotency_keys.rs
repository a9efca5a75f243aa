//! Idempotency keys: what was made under a key is made once.

use recado_core::Status;
use recado_store::{
    ApiKeySecret, Author, Channel, DatabaseKind, FirstRequest, IdempotencyKey, LinkSecret,
    MasterKey, Message, Retention, Store, StoreError,
};
use tokio::task::JoinSet;

use crate::world::{
    ALL, World, agent, at, by, channel, conv, gives, id, message, msg, ok, org, prune, refused,
    some,
};

const ROUTE: &str = "POST /messages/interactive/send-buttons";
const DAY: i64 = 24 * 3_600_000;

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(ROUTE, text, "{}")
}

async fn first(store: &Store, key: &IdempotencyKey) -> Option<FirstRequest> {
    ok(store.first_request(Some(&org(1)), key)).await
}

async fn count(store: &Store) -> usize {
    let listed = ok(store.list_messages(&org(1), &conv(), &ALL)).await;
    listed.data.len()
}

#[tokio::test]
async fn a_message_is_stored_once_under_its_key() {
    let World { store, .. } = &World::with_conversations().await;
    gives!(store.begin_send_once(&message("org_1", "msg_1"), &key("k")) => None);
    let repeated = some(store.begin_send_once(&message("org_1", "msg_2"), &key("k"))).await;
    assert_eq!(
        (&*repeated.target, repeated.created_at),
        ("msg_1", at(5_000))
    );
    assert_eq!(first(store, &key("k")).await, Some(repeated));
    gives!(store.get::<Message>(&org(1), &msg("msg_2")) => None);
    let stored = some(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    assert_eq!(stored.status, Status::Sending);
}

#[tokio::test]
async fn a_key_counts_for_one_organization_and_one_route() {
    let World { store, .. } = &World::with_conversations().await;
    gives!(store.begin_send_once(&message("org_1", "msg_1"), &key("k")) => None);
    gives!(store.begin_send_once(&message("org_2", "msg_1"), &key("k")) => None);
    let other = IdempotencyKey::new("POST /messages/interactive/send-list", "k", "{}");
    gives!(store.begin_send_once(&message("org_1", "msg_2"), &other) => None);
}

#[tokio::test]
async fn another_body_under_a_key_is_no_repeat() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send_once(&message("org_1", "msg_1"), &key("k"))).await;
    let kept = first(store, &key("k")).await.unwrap();
    assert!(kept.is_repeated_by(&key("k")));
    let other = IdempotencyKey::new(ROUTE, "k", r#"{"a":1}"#);
    assert!(!kept.is_repeated_by(&other));
    gives!(store.begin_send_once(&message("org_1", "msg_2"), &other) => Some(kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_messages_at_once_under_one_key_one_is_stored_and_the_others_are_not_held_up() {
    let world = World::with_conversations().await;
    let mut stores = vec![world.store.clone()];
    if world.database.kind() == DatabaseKind::Postgres {
        stores.extend([world.database.store().await, world.database.store().await]);
    }
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let store = stores[number % stores.len()].clone();
        tasks.spawn(async move {
            let new = message("org_1", &format!("msg_{number}"));
            if number % 5 == 0 {
                ok(store.begin_send(&new)).await;
                return None;
            }
            Some(ok(store.begin_send_once(&new, &key("k"))).await)
        });
    }
    let begun = tasks.join_all().await;
    let under_key: Vec<_> = begun.into_iter().flatten().collect();
    let new = under_key.iter().filter(|first| first.is_none());
    assert_eq!((under_key.len(), new.count()), (48, 1));
    assert_eq!(count(&world.store).await, 12 + 1);
    let kept = first(&world.store, &key("k")).await.unwrap();
    for repeated in under_key.into_iter().flatten() {
        assert_eq!(repeated.target, kept.target);
    }
}

#[tokio::test]
async fn a_message_that_is_not_stored_leaves_its_key_free() {
    let World { store, .. } = &World::with_conversations().await;
    let mut nowhere = message("org_1", "msg_1");
    nowhere.conversation_id = id("conv-9");
    refused!(store.begin_send_once(&nowhere, &key("k")) => StoreError::UnknownConversation);
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    refused!(store.begin_send_once(&message("org_1", "msg_2"), &key("k")) => StoreError::Conflict);
    assert_eq!(first(store, &key("k")).await, None);
    gives!(store.begin_send_once(&message("org_1", "msg_1"), &key("k")) => None);
}

#[tokio::test]
async fn the_key_of_a_message_that_was_not_sent_can_be_freed() {
    let World { store, .. } = &World::with_conversations().await;
    gives!(store.begin_send_once(&message("org_1", "msg_1"), &key("k")) => None);
    ok(store.forget_key(&org(1), &msg("msg_2"), &key("k"))).await;
    assert!(
        first(store, &key("k")).await.is_some(),
        "it is of another message"
    );
    ok(store.forget_key(&org(1), &msg("msg_1"), &key("k"))).await;
    gives!(store.begin_send_once(&message("org_1", "msg_2"), &key("k")) => None);
}

#[tokio::test]
async fn a_key_is_kept_for_a_day() {
    let World { store, .. } = &World::with_conversations().await;
    gives!(store.begin_send_once(&message("org_1", "msg_1"), &key("k")) => None);
    assert_eq!(prune(store, 5_000 + DAY, Retention::default()).await, 0);
    assert!(first(store, &key("k")).await.is_some());
    assert_eq!(prune(store, 5_001 + DAY, Retention::default()).await, 1);
    gives!(store.begin_send_once(&message("org_1", "msg_2"), &key("k")) => None);
}

#[tokio::test]
async fn what_a_request_creates_is_created_with_its_key_or_not_at_all() {
    let World { store, .. } = &World::new().await;
    let author = by(3_000).with_key(Some(key("k")));
    ok(store.create_channel(channel("org_1", "chn_1"), &author)).await;
    assert_eq!(first(store, &key("k")).await.unwrap().target, "chn_1");
    refused!(store.create_channel(channel("org_1", "chn_2"), &author) => StoreError::Conflict);
    gives!(store.get::<Channel>(&org(1), &id("chn_2")) => None);
    let author = by(3_000).with_key(Some(key("other")));
    refused!(store.create_channel(channel("org_1", "chn_1"), &author) => StoreError::Conflict);
    assert_eq!(first(store, &key("other")).await, None);
    // Only what creates something keeps the key.
    assert!(ok(store.delete_channel(&org(1), &id("chn_1"), &author)).await);
    assert_eq!(first(store, &key("other")).await, None);
}

#[tokio::test]
async fn an_agent_and_a_conversation_are_created_with_their_keys() {
    let World { store, .. } = &World::new().await;
    let (one, other) = (agent("org_1", "agent-1"), agent("org_1", "agent-2"));
    ok(store.create_agent(&one, Some(&key("a")))).await;
    refused!(store.create_agent(&other, Some(&key("a"))) => StoreError::Conflict);
    let conversation = crate::world::conversation("org_1", "conv-1");
    ok(store.create_conversation(&conversation, Some(&key("c")))).await;
    refused!(store.create_conversation(&conversation, Some(&key("c"))) => StoreError::Conflict);
    let targets = [first(store, &key("a")).await, first(store, &key("c")).await];
    let targets = targets.map(|first| first.unwrap().target);
    assert_eq!(targets, ["agent-1", "conv-1"]);
}

#[tokio::test]
async fn an_operator_has_keys_of_no_organization() {
    let World { store, .. } = &World::new().await;
    let author: Author = by(3_000).with_key(Some(key("k")));
    ok(store.create_organization(&crate::world::organization("org_3"), &author)).await;
    let kept = some(store.first_request(None, &key("k"))).await;
    assert_eq!(kept.target, "org_3");
    gives!(store.first_request(Some(&id("org_3")), &key("k")) => None);
}

#[tokio::test]
async fn the_secret_of_a_request_can_be_made_again_with_its_key_alone() {
    let World { store, database } = &World::new().await;
    let secret = |key: Option<&IdempotencyKey>, target: &str, time: i64| {
        let made = ApiKeySecret::of_request(store, key, target, at(time)).unwrap();
        made.expose().to_owned()
    };
    let made = secret(Some(&key("k")), "key_1", 1);
    assert_eq!(made.len(), "recado_".len() + 43);
    assert_eq!(secret(Some(&key("k")), "key_1", 1), made);
    let link = LinkSecret::of_request(store, Some(&key("k")), "key_1", at(1)).unwrap();
    assert!(
        made.ends_with(link.expose()),
        "the prefix is all that differs"
    );
    for other in [
        secret(Some(&key("l")), "key_1", 1),
        secret(Some(&key("k")), "key_2", 1),
        secret(Some(&key("k")), "key_1", 2),
        secret(None, "key_1", 1),
        secret(None, "key_1", 1),
    ] {
        assert_ne!(other, made);
    }
    let elsewhere = Store::connect(database.url(), MasterKey::generate().unwrap());
    let elsewhere = ok(elsewhere).await;
    let other = ApiKeySecret::of_request(&elsewhere, Some(&key("k")), "key_1", at(1));
    assert_ne!(
        other.unwrap().expose(),
        made,
        "the master key is another one"
    );
    assert!(!format!("{:?}", key("k")).contains("seed"));
}
