//! Channels and their secrets.

use std::path::Path;

use recado_store::{Channel, ChannelChange, MasterKey, Store, StoreError};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::Row;

use crate::world::{
    ALL, World, at, by, channel, create_channel, gives, id, object, ok, org, refused, some,
};

#[tokio::test]
async fn a_channel_is_created_found_listed_and_deleted() {
    let World { store, .. } = &World::new().await;
    let sales = create_channel(store, "org_1", "chn_1").await;
    gives!(store.get::<Channel>(&org(1), &sales.id) => Some(sales.clone()));
    let listed = ok(store.list::<Channel>(&org(1), &ALL)).await.data;
    assert_eq!(listed, std::slice::from_ref(&sales));
    assert!(ok(store.delete_channel(&org(1), &sales.id, &by(9_000))).await);
    assert!(!ok(store.delete_channel(&org(1), &sales.id, &by(9_000))).await);
    assert_eq!(ok(store.get::<Channel>(&org(1), &sales.id)).await, None);
}

#[tokio::test]
async fn a_channel_id_is_unique_among_all_organizations() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1").await;
    refused!(store.create_channel(channel("org_2", "chn_1"), &by(9_000)) => StoreError::Conflict);
}

#[tokio::test]
async fn the_secrets_come_back_as_they_went_in() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1").await;
    let kept = some(store.get::<Channel>(&org(1), &id("chn_1"))).await;
    let secrets = store.secrets(&kept).unwrap();
    assert_eq!(
        secrets.credentials,
        channel("org_1", "chn_1").secrets.credentials
    );
    assert_eq!(
        secrets.webhook_secret.expose_secret(),
        "webhook-secret-in-clear"
    );
    assert!(!format!("{secrets:?} {kept:?}").contains("clear"));
}

#[tokio::test]
async fn a_change_touches_only_what_it_names_and_raises_the_version() {
    let World { store, .. } = &World::new().await;
    let before = create_channel(store, "org_1", "chn_1").await;
    let change = ChannelChange {
        name: Some("Support".into()),
        ..Default::default()
    };
    let after = some(store.update_channel(&org(1), &before.id, change, &by(9_000))).await;
    assert_eq!(
        (after.name.as_str(), after.updated_at),
        ("Support", at(9_000))
    );
    assert_eq!(after.version, before.version + 1);
    assert_eq!(
        (&after.settings, after.created_at),
        (&before.settings, before.created_at)
    );
    assert_eq!(
        store.secrets(&after).unwrap().credentials,
        store.secrets(&before).unwrap().credentials
    );
    gives!(store.get::<Channel>(&org(1), &before.id) => Some(after));
}

#[tokio::test]
async fn a_change_that_was_checked_against_an_older_version_changes_nothing() {
    let World { store, .. } = &World::new().await;
    let before = create_channel(store, "org_1", "chn_1").await;
    let named = |name: &str| ChannelChange {
        version: Some(before.version),
        name: Some(name.into()),
        credentials: Some(object(json!({ "instanceToken": "new" }))),
        ..Default::default()
    };
    let change = async |name| {
        let (organization, author) = (org(1), by(9_000));
        let changed = store.update_channel(&organization, &before.id, named(name), &author);
        changed.await.unwrap()
    };
    let first = change("first").await.expect("a channel");
    assert_eq!(change("second").await, None);
    gives!(store.get::<Channel>(&org(1), &before.id) => Some(first));
}

#[tokio::test]
async fn new_credentials_and_settings_keep_the_webhook_secret() {
    let World { store, .. } = &World::new().await;
    let before = create_channel(store, "org_1", "chn_1").await;
    let change = ChannelChange {
        version: None,
        name: None,
        settings: Some(object(json!({ "baseUrl": "https://example.com" }))),
        agent_id: Some(id("agent-9")),
        credentials: Some(object(json!({ "instanceToken": "new" }))),
        number: None,
        budget: None,
    };
    let after = some(store.update_channel(&org(1), &before.id, change, &by(9_000))).await;
    assert_eq!(after.settings["baseUrl"], "https://example.com");
    assert_eq!(after.agent_id, Some(id("agent-9")));
    let kept = some(store.get::<Channel>(&org(1), &before.id)).await;
    assert_eq!(kept, after);
    let secrets = store.secrets(&kept).unwrap();
    assert_eq!(secrets.credentials["instanceToken"], "new");
    assert_eq!(
        secrets.webhook_secret.expose_secret(),
        "webhook-secret-in-clear"
    );
}

#[tokio::test]
async fn a_change_of_a_channel_that_is_not_there_changes_nothing() {
    let World { store, .. } = &World::new().await;
    let mine = create_channel(store, "org_1", "chn_1").await;
    for credentials in [None, Some(object(json!({})))] {
        let change = ChannelChange {
            credentials,
            ..Default::default()
        };
        gives!(store.update_channel(&org(2), &mine.id, change, &by(9_000)) => None);
    }
    gives!(store.get::<Channel>(&org(1), &mine.id) => Some(mine));
}

#[tokio::test]
async fn a_later_channel_of_the_same_id_has_a_higher_version() {
    let World { store, .. } = &World::new().await;
    let first = create_channel(store, "org_1", "chn_1").await;
    ok(store.delete_channel(&org(1), &first.id, &by(9_000))).await;
    let mut second = channel("org_2", "chn_1");
    second.created_at = at(3_001);
    assert!(ok(store.create_channel(second, &by(9_000))).await.version > first.version);
}

#[tokio::test]
async fn another_master_key_is_named_and_refused() {
    let world = World::new().await;
    let kept = create_channel(&world.store, "org_1", "chn_1").await;
    let key = MasterKey::generate().unwrap();
    let given_id = key.id();
    let other = ok(Store::connect(world.database.url(), key)).await;
    match other.secrets(&kept) {
        Err(StoreError::WrongKey { sealed_with, given }) => {
            assert_eq!((sealed_with, given), (world.database.key().id(), given_id));
        }
        unexpected => panic!("{unexpected:?}"),
    }
    let change = ChannelChange {
        name: Some("Lost".into()),
        credentials: Some(object(json!({}))),
        ..Default::default()
    };
    refused!(other.update_channel(&org(1), &kept.id, change, &by(9_000))
        => StoreError::WrongKey { .. });
    // The name went into the same transaction, and must not be half of a change.
    gives!(world.store.get::<Channel>(&org(1), &kept.id) => Some(kept));
}

#[tokio::test]
async fn a_tampered_or_moved_secret_is_refused() {
    let world = World::new().await;
    let (store, mut raw) = (&world.store, world.raw().await);
    create_channel(store, "org_1", "chn_1").await;
    create_channel(store, "org_1", "chn_2").await;
    create_channel(store, "org_2", "chn_3").await;
    let sealed: Vec<u8> = sqlx::query("select secrets from channels where id = 'chn_1'")
        .fetch_one(&mut raw)
        .await
        .unwrap()
        .get(0);
    let mut flipped = sealed.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cases = [
        ("chn_1", flipped),
        ("chn_1", vec![]),
        ("chn_2", sealed.clone()),
        ("chn_3", sealed),
    ];
    for (text, bytes) in cases {
        sqlx::query("update channels set secrets = $1 where id = $2")
            .bind(bytes)
            .bind(text)
            .execute(&mut raw)
            .await
            .unwrap();
        let owner = if text == "chn_3" { org(2) } else { org(1) };
        let kept = some(store.get::<Channel>(&owner, &id(text))).await;
        match store.secrets(&kept) {
            Err(StoreError::Corrupt { table, column, id }) => {
                assert_eq!((table, column, id.as_str()), ("channels", "secrets", text));
            }
            unexpected => panic!("{text}: {unexpected:?}"),
        }
    }
}

#[tokio::test]
async fn a_corrupt_row_is_named_and_its_value_is_not_shown() {
    let world = World::new().await;
    create_channel(&world.store, "org_1", "chn_1").await;
    world
        .database
        .execute("update channels set settings = 'private[' where id = 'chn_1'")
        .await;
    let error = world
        .store
        .get::<Channel>(&org(1), &id("chn_1"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column settings of channels chn_1 is corrupt"
    );
    assert!(!format!("{error:?}").contains("private"));
}

#[tokio::test]
async fn no_secret_stands_in_clear_in_the_database() {
    let world = World::new().await;
    let sales = create_channel(&world.store, "org_1", "chn_1").await;
    let change = ChannelChange {
        credentials: Some(object(json!({ "apiKey": "another-in-clear" }))),
        ..Default::default()
    };
    ok(world
        .store
        .update_channel(&org(1), &sales.id, change, &by(9_000)))
    .await;
    let everything = match world.database.directory() {
        Some(directory) => files_of(directory),
        None => vec![columns_of(&mut world.raw().await).await],
    };
    let contains = |text: &str| {
        everything.iter().any(|bytes| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    };
    assert!(
        contains("buttonsEndpoint"),
        "the search finds what is in clear"
    );
    assert!(!contains("in-clear"));
}

/// The database file and its log.
fn files_of(directory: &Path) -> Vec<Vec<u8>> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

async fn columns_of(raw: &mut sqlx::AnyConnection) -> Vec<u8> {
    let row = sqlx::query("select settings, key_id, name, secrets from channels")
        .fetch_one(raw)
        .await
        .unwrap();
    let texts: Vec<String> = (0..3).map(|index| row.get(index)).collect();
    [texts.concat().as_bytes(), &row.get::<Vec<u8>, _>(3)].concat()
}
