//! Conversations.

use recado_store::StoreError;
use rstest::rstest;

use crate::world::{ALL, World, agent_id, conversation, id, org};

#[tokio::test]
async fn a_conversation_is_created_found_and_listed() {
    let World { store, .. } = &World::new().await;
    let ours = conversation("org_1", "conv-456");
    store.create_conversation(&ours).await.unwrap();
    let found = store.get_conversation(&org(1), &ours.id).await.unwrap();
    assert_eq!(found, Some(ours.clone()));
    let found = store
        .find_conversation(&org(1), &agent_id(), &id("chn_1"), &ours.recipient)
        .await
        .unwrap();
    assert_eq!(found, Some(ours.clone()));
    assert_eq!(
        store.list_conversations(&org(1), &ALL).await.unwrap().data,
        [ours]
    );
}

#[tokio::test]
async fn another_agent_channel_or_recipient_is_another_conversation() {
    let World { store, .. } = &World::new().await;
    let ours = conversation("org_1", "conv-456");
    store.create_conversation(&ours).await.unwrap();
    let (agent, channel, recipient) = (&ours.agent_id, &ours.channel_id, &ours.recipient);
    for (agent, channel, recipient) in [
        (&id("agent-9"), channel, recipient),
        (agent, &id("chn_9"), recipient),
        (agent, channel, &id("190000000000001@lid")),
    ] {
        let found = store
            .find_conversation(&org(1), agent, channel, recipient)
            .await;
        assert_eq!(found.unwrap(), None);
    }
}

#[rstest]
#[case::of_the_id("conv-456", "5521900000009")]
#[case::of_agent_channel_and_recipient("conv-457", "5521988887777")]
#[tokio::test]
async fn a_second_conversation_is_a_conflict(#[case] text: &str, #[case] recipient: &str) {
    let World { store, .. } = &World::new().await;
    store
        .create_conversation(&conversation("org_1", "conv-456"))
        .await
        .unwrap();
    let mut second = conversation("org_1", text);
    second.recipient = id(recipient);
    let again = store.create_conversation(&second).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    second.organization_id = org(2);
    store.create_conversation(&second).await.unwrap();
}
