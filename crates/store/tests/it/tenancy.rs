//! What one organization has, another neither sees nor touches, by any method.

use recado_store::{ApiKey, ApiKeySecret, ChannelChange, ConversationFilter};

use crate::world::{
    ALL, World, accepted, agent, agent_id, at, by, conv, conversation, create_channel, id, message,
    msg, org,
};

async fn furnished() -> World {
    let world = World::new().await;
    let store = &world.store;
    store
        .create_agent(&agent("org_1", "agent-123"))
        .await
        .unwrap();
    create_channel(store, "org_1", "chn_1").await;
    store
        .create_conversation(&conversation("org_1", "conv-456"))
        .await
        .unwrap();
    store.begin_send(&message("org_1", "msg_1")).await.unwrap();
    let secret = ApiKeySecret::generate().unwrap();
    let key = ApiKey::new(id("key_1"), Some(org(1)), "CRM", &secret, at(1_500));
    store
        .create_api_key(&key, &secret, &by(1_500))
        .await
        .unwrap();
    world
}

#[tokio::test]
async fn no_look_up_reaches_across() {
    let World { store, .. } = &furnished().await;
    let (other, recipient) = (org(2), id("5521988887777"));
    assert_eq!(store.get_agent(&other, &agent_id()).await.unwrap(), None);
    assert_eq!(store.get_channel(&other, &id("chn_1")).await.unwrap(), None);
    assert_eq!(store.get_conversation(&other, &conv()).await.unwrap(), None);
    assert_eq!(
        store.get_message(&other, &msg("msg_1")).await.unwrap(),
        None
    );
    let found = store
        .find_conversation(&other, &agent_id(), &id("chn_1"), &recipient)
        .await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn no_list_reaches_across() {
    let World { store, .. } = &furnished().await;
    let other = org(2);
    assert_eq!(store.list_api_keys(&other, &ALL).await.unwrap().data, []);
    assert_eq!(store.list_agents(&other, &ALL).await.unwrap().data, []);
    assert_eq!(store.list_channels(&other, &ALL).await.unwrap().data, []);
    assert_eq!(
        store
            .list_conversations(&other, &ConversationFilter::default(), &ALL)
            .await
            .unwrap()
            .data,
        []
    );
    assert_eq!(
        store
            .list_messages(&other, &conv(), &ALL)
            .await
            .unwrap()
            .data,
        []
    );
    assert_eq!(
        store.list_api_keys(&org(1), &ALL).await.unwrap().data.len(),
        1
    );
    assert_eq!(
        store
            .list_messages(&org(1), &conv(), &ALL)
            .await
            .unwrap()
            .data
            .len(),
        1
    );
}

#[tokio::test]
async fn no_write_reaches_across() {
    let World { store, .. } = &furnished().await;
    let other = org(2);
    let before = store.get_message(&org(1), &msg("msg_1")).await.unwrap();
    assert!(
        !store
            .delete_api_key(&other, &id("key_1"), &by(9))
            .await
            .unwrap()
    );
    assert!(
        !store
            .delete_agent(&other, &agent_id(), &by(9_000))
            .await
            .unwrap()
    );
    assert!(
        !store
            .delete_channel(&other, &id("chn_1"), &by(9_000))
            .await
            .unwrap()
    );
    let change = ChannelChange {
        name: Some("Taken".into()),
        ..Default::default()
    };
    let changed = store
        .update_channel(&other, &id("chn_1"), change, &by(9_000))
        .await;
    assert_eq!(changed.unwrap(), None);
    let ended = store
        .finish_send(&other, &msg("msg_1"), &accepted(), at(9_000))
        .await;
    assert_eq!(ended.unwrap(), None);

    assert_eq!(
        store.get_message(&org(1), &msg("msg_1")).await.unwrap(),
        before
    );
    let channel = store
        .get_channel(&org(1), &id("chn_1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(channel.name, "Sales");
    assert!(
        store
            .get_agent(&org(1), &agent_id())
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        store.list_api_keys(&org(1), &ALL).await.unwrap().data.len(),
        1
    );
}

#[tokio::test]
async fn both_may_use_the_same_ids_for_their_own() {
    let World { store, .. } = &furnished().await;
    store
        .create_agent(&agent("org_2", "agent-123"))
        .await
        .unwrap();
    store
        .create_conversation(&conversation("org_2", "conv-456"))
        .await
        .unwrap();
    store.begin_send(&message("org_2", "msg_1")).await.unwrap();
    store
        .finish_send(&org(2), &msg("msg_1"), &accepted(), at(6_000))
        .await
        .unwrap();
    let mine = store
        .get_message(&org(1), &msg("msg_1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(mine.external_id, None);
}
