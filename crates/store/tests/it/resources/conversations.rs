//! Conversations.

use recado_store::{Conversation, ConversationFilter, Page, Store, StoreError};
use rstest::rstest;

use crate::world::{ALL, World, agent_id, at, conversation, gives, id, ok, org, refused};

async fn listed(store: &Store, filter: ConversationFilter, page: &Page) -> Vec<Conversation> {
    let listed = store.list_conversations(&org(1), &filter, page).await;
    listed.unwrap().data
}

#[tokio::test]
async fn a_conversation_is_created_found_and_listed() {
    let World { store, .. } = &World::new().await;
    let ours = conversation("org_1", "conv-456");
    ok(store.create_conversation(&ours, None)).await;
    gives!(store.get::<Conversation>(&org(1), &ours.id) => Some(ours.clone()));
    let found =
        ok(store.find_conversation(&org(1), &agent_id(), &id("chn_1"), &ours.recipient)).await;
    assert_eq!(found, Some(ours.clone()));
    let told = listed(store, ConversationFilter::default(), &ALL).await;
    assert_eq!(told, [ours]);
}

#[tokio::test]
async fn another_agent_channel_or_recipient_is_another_conversation() {
    let World { store, .. } = &World::new().await;
    let ours = conversation("org_1", "conv-456");
    ok(store.create_conversation(&ours, None)).await;
    let (agent, channel, recipient) = (&ours.agent_id, &ours.channel_id, &ours.recipient);
    for (agent, channel, recipient) in [
        (&id("agent-9"), channel, recipient),
        (agent, &id("chn_9"), recipient),
        (agent, channel, &id("190000000000001@lid")),
    ] {
        gives!(store.find_conversation(&org(1), agent, channel, recipient) => None);
    }
}

#[rstest]
#[case::of_the_id("conv-456", "5521900000009")]
#[case::of_agent_channel_and_recipient("conv-457", "5521988887777")]
#[tokio::test]
async fn a_second_conversation_is_a_conflict(#[case] text: &str, #[case] recipient: &str) {
    let World { store, .. } = &World::new().await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    let mut second = conversation("org_1", text);
    second.recipient = id(recipient);
    refused!(store.create_conversation(&second, None) => StoreError::Conflict);
    second.organization_id = org(2);
    ok(store.create_conversation(&second, None)).await;
}

/// Conversations of two agents with two customers and a group over two channels, oldest first.
async fn several(store: &Store) {
    for (number, (agent, channel, recipient)) in [
        ("agent-1", "chn_1", "5511900000001"),
        // The same customer, as an old account knows the number.
        ("agent-2", "chn_2", "551100000001"),
        ("agent-1", "chn_2", "BR.1"),
        ("agent-2", "chn_1", "190000000000001@lid"),
        ("agent-1", "chn_1", "120363000000000001@g.us"),
        ("agent-1", "chn_2", "5511900000001"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = i64::try_from(number).unwrap();
        let conversation = Conversation::new(
            org(1),
            id(&format!("c{number}")),
            id(agent),
            id(channel),
            id(recipient),
            at(9_000 + number),
        );
        ok(store.create_conversation(&conversation, None)).await;
        let elsewhere = Conversation {
            organization_id: org(2),
            ..conversation
        };
        ok(store.create_conversation(&elsewhere, None)).await;
    }
}

#[rstest]
#[case::all(None, None, None, &["c0", "c1", "c2", "c3", "c4", "c5"])]
#[case::agent(None, Some("agent-1"), None, &["c0", "c2", "c4", "c5"])]
#[case::channel(None, None, Some("chn_2"), &["c1", "c2", "c5"])]
#[case::agent_and_channel(None, Some("agent-1"), Some("chn_2"), &["c2", "c5"])]
#[case::phone(Some("5511900000001"), None, None, &["c0", "c1", "c5"])]
#[case::phone_in_the_other_form(Some("551100000001"), None, None, &["c0", "c1", "c5"])]
#[case::phone_and_agent(Some("5511900000001"), Some("agent-1"), None, &["c0", "c5"])]
#[case::phone_and_channel(Some("5511900000001"), None, Some("chn_2"), &["c1", "c5"])]
#[case::everything(Some("5511900000001"), Some("agent-1"), Some("chn_2"), &["c5"])]
#[case::user_id(Some("BR.1"), None, None, &["c2"])]
#[case::lid(Some("190000000000001@lid"), None, None, &["c3"])]
#[case::group(Some("120363000000000001@g.us"), Some("agent-1"), None, &["c4"])]
#[case::unknown(Some("5511900000009"), None, None, &[])]
#[case::unknown_agent(None, Some("agent-9"), None, &[])]
#[tokio::test]
async fn conversations_are_found_by_recipient_agent_and_channel(
    #[case] recipient: Option<&str>,
    #[case] agent: Option<&str>,
    #[case] channel: Option<&str>,
    #[case] expected: &[&str],
) {
    let World { store, .. } = &World::new().await;
    several(store).await;
    let filter = ConversationFilter {
        recipient: recipient.map(id),
        agent: agent.map(id),
        channel: channel.map(id),
    };
    let ids = |found: Vec<Conversation>| found.into_iter().map(|it| it.id.to_string());
    let found: Vec<_> = ids(listed(store, filter.clone(), &ALL).await).collect();
    assert_eq!(found, expected);
    // In parts of one.
    let (mut page, mut found) = (
        Page {
            after: None,
            limit: 1,
        },
        Vec::new(),
    );
    loop {
        let part = ok(store.list_conversations(&org(1), &filter, &page)).await;
        found.extend(ids(part.data));
        page.after = part.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
}
