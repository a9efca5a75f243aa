//! Numbers: an organization connects each once, and the database keeps no number in clear.

use recado_store::{ChannelChange, NewChannel, StoreError};
use sqlx::Row as _;

use crate::world::{World, by, channel, create_channel, gives, ok, org, refused};

fn numbered(organization: &str, id: &str, number: &str) -> NewChannel {
    NewChannel {
        number: Some(number.into()),
        ..channel(organization, id)
    }
}

fn of_number(number: &str) -> ChannelChange {
    ChannelChange {
        version: None,
        name: None,
        settings: None,
        agent_id: None,
        credentials: None,
        number: Some(number.into()),
        budget: None,
    }
}

#[tokio::test]
async fn an_organization_has_one_channel_of_a_number() {
    let World { store, .. } = &World::new().await;
    let org_1 = org(1);
    let first = store
        .create_channel(numbered("org_1", "chn_1", "zapi 1"), &by(9_000))
        .await;
    let first = first.unwrap();
    refused!(store.create_channel(numbered("org_1", "chn_2", "zapi 1"), &by(9_000))
        => StoreError::Conflict);
    ok(store.create_channel(numbered("org_2", "chn_3", "zapi 1"), &by(9_000))).await;
    let second = store
        .create_channel(numbered("org_1", "chn_2", "zapi 2"), &by(9_000))
        .await;
    let second = second.unwrap();
    refused!(store.update_channel(&org_1, &second.id, of_number("zapi 1"), &by(2))
        => StoreError::Conflict);
    gives!(store.channel_of_number(&org(1), &"zapi 1".into()) => Some(first.clone()));
    // The number that a channel leaves is free.
    ok(store.update_channel(&org_1, &first.id, of_number("zapi 3"), &by(3))).await;
    ok(store.update_channel(&org_1, &second.id, of_number("zapi 1"), &by(4))).await;
}

#[tokio::test]
async fn a_number_that_is_missing_is_stored_later_and_never_in_clear() {
    let world = World::new().await;
    let store = &world.store;
    let first = create_channel(store, "org_1", "chn_1").await;
    let second = create_channel(store, "org_1", "chn_2").await;
    gives!(store.channels_without_number() => [first.clone(), second.clone()]);
    ok(store.set_number(&first, &"wuzapi T1".into())).await;
    refused!(store.set_number(&second, &"wuzapi T1".into()) => StoreError::Conflict);
    // What a change stored meanwhile is newer.
    ok(store.set_number(&first, &"wuzapi T2".into())).await;
    gives!(store.channel_of_number(&org(1), &"wuzapi T1".into()) => Some(first));
    assert_eq!(ok(store.channels_without_number()).await, [second]);
    let row = sqlx::query("select number from channels where id = 'chn_1'")
        .fetch_one(&mut world.raw().await)
        .await
        .unwrap();
    let number: String = row.get("number");
    assert!(!number.contains("T1"), "{number}");
}
