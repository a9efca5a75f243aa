//! What one organization has, another neither sees nor touches, by any method.

use recado_store::{
    Agent, ApiKey, ApiKeySecret, Channel, ChannelChange, Conversation, ConversationFilter, Message,
};

use crate::world::{
    ALL, World, accepted, agent, agent_id, at, by, conv, conversation, create_channel, gives, id,
    message, msg, ok, org, some,
};

async fn furnished() -> World {
    let world = World::new().await;
    let store = &world.store;
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    create_channel(store, "org_1", "chn_1").await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let secret = ApiKeySecret::generate().unwrap();
    let key = ApiKey::new(id("key_1"), Some(org(1)), "CRM", &secret, at(1_500));
    ok(store.create_api_key(&key, &secret, &by(1_500))).await;
    world
}

#[tokio::test]
async fn no_look_up_reaches_across() {
    let World { store, .. } = &furnished().await;
    let (other, recipient) = (org(2), id("5521988887777"));
    assert_eq!(ok(store.get::<Agent>(&other, &agent_id())).await, None);
    assert_eq!(ok(store.get::<Channel>(&other, &id("chn_1"))).await, None);
    assert_eq!(ok(store.get::<Conversation>(&other, &conv())).await, None);
    assert_eq!(ok(store.get::<Message>(&other, &msg("msg_1"))).await, None);
    gives!(store.find_conversation(&other, &agent_id(), &id("chn_1"), &recipient) => None);
}

#[tokio::test]
async fn no_list_reaches_across() {
    let World { store, .. } = &furnished().await;
    let other = org(2);
    assert_eq!(ok(store.list::<ApiKey>(&other, &ALL)).await.data, []);
    assert_eq!(ok(store.list::<Agent>(&other, &ALL)).await.data, []);
    assert_eq!(ok(store.list::<Channel>(&other, &ALL)).await.data, []);
    assert_eq!(
        ok(store.list_conversations(&other, &ConversationFilter::default(), &ALL))
            .await
            .data,
        []
    );
    let listed = ok(store.list_messages(&other, &conv(), &ALL)).await.data;
    assert_eq!(listed, []);
    assert_eq!(ok(store.list::<ApiKey>(&org(1), &ALL)).await.data.len(), 1);
    assert_eq!(
        ok(store.list_messages(&org(1), &conv(), &ALL))
            .await
            .data
            .len(),
        1
    );
}

#[tokio::test]
async fn no_write_reaches_across() {
    let World { store, .. } = &furnished().await;
    let other = org(2);
    let before = ok(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    assert!(!ok(store.delete_api_key(&other, &id("key_1"), &by(9))).await);
    assert!(!ok(store.delete_agent(&other, &agent_id(), &by(9_000))).await);
    assert!(!ok(store.delete_channel(&other, &id("chn_1"), &by(9_000))).await);
    let change = ChannelChange {
        name: Some("Taken".into()),
        ..Default::default()
    };
    gives!(store.update_channel(&other, &id("chn_1"), change, &by(9_000)) => None);
    gives!(store.finish_send(&other, &msg("msg_1"), &accepted(), at(9_000)) => None);

    gives!(store.get::<Message>(&org(1), &msg("msg_1")) => before);
    let channel = some(store.get::<Channel>(&org(1), &id("chn_1"))).await;
    assert_eq!(channel.name, "Sales");
    assert!(ok(store.get::<Agent>(&org(1), &agent_id())).await.is_some());
    assert_eq!(ok(store.list::<ApiKey>(&org(1), &ALL)).await.data.len(), 1);
}

#[tokio::test]
async fn both_may_use_the_same_ids_for_their_own() {
    let World { store, .. } = &furnished().await;
    ok(store.create_agent(&agent("org_2", "agent-123"), None)).await;
    ok(store.create_conversation(&conversation("org_2", "conv-456"), None)).await;
    ok(store.begin_send(&message("org_2", "msg_1"))).await;
    ok(store.finish_send(&org(2), &msg("msg_1"), &accepted(), at(6_000))).await;
    let mine = some(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    assert_eq!(mine.external_id, None);
}
