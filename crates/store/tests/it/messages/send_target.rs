//! The one look-up of a send.

use recado_store::AgentOwner;
use recado_store::testing::TestDatabase;

use crate::world::{
    World, agent, agent_id, at, by, conv, conversation, create_channel, id, ok, org,
};

#[tokio::test]
async fn an_agent_is_the_callers_or_anothers_or_missing() {
    let World { store, .. } = &World::new().await;
    let owner = async |number| {
        let target = ok(store.send_target(&org(number), Some(&agent_id()), &conv(), at(0))).await;
        assert_eq!(target.conversation, None);
        target.agent
    };
    assert_eq!(owner(1).await, AgentOwner::Missing);
    ok(store.create_agent(&agent("org_2", "agent-123"), None)).await;
    let found = (owner(1).await, owner(2).await);
    assert_eq!(found, (AgentOwner::Other, AgentOwner::Caller));
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    let listed = (owner(1).await, owner(2).await);
    assert_eq!(listed, (AgentOwner::Caller, AgentOwner::Caller));
}

#[tokio::test]
async fn without_an_agent_that_of_the_conversation_is_asked_about() {
    let World { store, .. } = &World::new().await;
    let owner = async || {
        ok(store.send_target(&org(1), None, &conv(), at(0)))
            .await
            .agent
    };
    assert_eq!(owner().await, AgentOwner::Missing);
    create_channel(store, "org_1", "chn_1").await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    assert_eq!(owner().await, AgentOwner::Missing, "it was deleted");
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    assert_eq!(owner().await, AgentOwner::Caller);
}

#[tokio::test]
async fn slow_lists_on_sqlite_keep_no_send_and_no_webhook_waiting() {
    let database = TestDatabase::in_file().await;
    let store = database.store().await;
    let slow_lists = store.occupy_lists().await;
    let target = store
        .send_target(&org(1), Some(&agent_id()), &conv(), at(0))
        .await;
    assert_eq!(target.unwrap().agent, AgentOwner::Missing);
    let key = store.find_api_key_by_secret("recado_unknown", at(1)).await;
    assert!(key.unwrap().is_none());
    assert_eq!(ok(store.get_channel_by_id(&id("chn_1"))).await, None);
    drop(slow_lists);
}

#[tokio::test]
async fn the_conversation_comes_with_its_channel_and_secrets() {
    let World { store, .. } = &World::new().await;
    let channel = create_channel(store, "org_1", "chn_1").await;
    let ours = conversation("org_1", "conv-456");
    ok(store.create_conversation(&ours, None)).await;
    let target = ok(store.send_target(&org(1), Some(&agent_id()), &conv(), at(0))).await;
    let found = target.conversation.unwrap();
    assert_eq!(
        (found.id, found.agent_id, found.recipient),
        (ours.id, ours.agent_id, ours.recipient)
    );
    assert_eq!(found.channel.as_ref(), Some(&channel));
    let secrets = store.secrets(&found.channel.unwrap()).unwrap();
    assert_eq!(secrets.credentials["instanceToken"], "credential-in-clear");
}

#[tokio::test]
async fn a_conversation_outlives_its_channel() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1").await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    ok(store.delete_channel(&org(1), &id("chn_1"), &by(9_000))).await;
    let target = ok(store.send_target(&org(1), Some(&agent_id()), &conv(), at(0))).await;
    assert_eq!(target.conversation.unwrap().channel, None);
}

#[tokio::test]
async fn neither_a_conversation_nor_a_channel_of_another_organization_is_seen() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_2", "chn_1").await;
    ok(store.create_conversation(&conversation("org_2", "conv-456"), None)).await;
    let target = ok(store.send_target(&org(1), Some(&agent_id()), &conv(), at(0))).await;
    assert_eq!(target.conversation, None);
    // A conversation that names a channel of another organization gets no channel.
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    let target = ok(store.send_target(&org(1), Some(&agent_id()), &conv(), at(0))).await;
    assert_eq!(target.conversation.unwrap().channel, None);
}
