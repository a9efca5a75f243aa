//! Servers end by force while the queue is full.

use std::collections::HashMap;

use recado_sandbox::{Effect, Fault, Provider, ReceivedRequest};
use recado_store::DatabaseKind;
use recado_tests::prelude::*;
use recado_tests::sent::text_of;

/// Conversations of each provider.
const CONVERSATIONS_EACH: usize = 8;
/// Messages of each conversation.
const LENGTH: usize = 10;
/// How often a server is killed.
const KILLS: usize = 5;

/// Opens many conversations on the channel of each provider; returns their ids.
async fn open_conversations(client: &Client) -> Vec<String> {
    client.unlimit("whatsapp").await;
    let mut conversations = Vec::new();
    for (channel, _) in CONVERSATIONS {
        for number in 0..CONVERSATIONS_EACH {
            let (id, phone) = (
                format!("{channel}-{number}"),
                format!("551190000100{number}"),
            );
            client.open(&id, "agent-123", channel, &phone).await;
            conversations.push(id);
        }
    }
    conversations
}

/// Queues all messages, each under a key of its own, and returns the answer.
async fn queue_all(client: &Client, conversations: &[String]) -> Answer {
    let texts = (0..LENGTH).flat_map(|number| {
        conversations
            .iter()
            .map(move |conversation| (conversation, number))
    });
    let messages: Vec<_> = texts
        .map(|(conversation, number)| {
            let text = format!("{conversation} {number}");
            json!({"kind": "buttons", "idempotencyKey": text, "message": message_of(conversation, &text)})
        })
        .collect();
    client
        .post("/messages/batch", json!({ "messages": messages }))
        .await
}

async fn messages(client: &Client, conversations: &[String]) -> Vec<Value> {
    let mut messages = Vec::new();
    for conversation in conversations {
        messages.extend(
            client
                .list(&format!("/conversations/{conversation}/messages?limit=100"))
                .await,
        );
    }
    messages
}

/// How often each text was sent; the texts of each conversation were sent in their order.
fn sent_in_order(requests: &[ReceivedRequest]) -> HashMap<String, usize> {
    let (mut sent, mut last) = (HashMap::new(), HashMap::new());
    for text in requests.iter().filter_map(text_of) {
        let (conversation, number) = text.rsplit_once(' ').expect("a conversation and a number");
        let number: usize = number.parse().expect("a number");
        let before = last.insert(conversation.to_owned(), number);
        assert!(
            before.is_none_or(|before| before < number),
            "{conversation}: {before:?}, then {number}"
        );
        *sent.entry(text).or_default() += 1;
    }
    sent
}

fn is_open(message: &Value) -> bool {
    message["status"] == "queued" || message["status"] == "sending"
}

#[tokio::test]
async fn servers_that_are_killed_with_a_full_queue_lose_nothing_and_double_nothing() {
    let Deployment {
        database,
        sandbox,
        urls,
        mut server,
        client,
    } = Deployment::start().await;
    // So that a kill meets calls under way.
    for provider in Provider::ALL {
        let slow = Fault {
            delay_ms: 10,
            ..Fault::new(provider, Effect::Delay)
        };
        sandbox.fail_next(slow, u32::MAX);
    }
    let conversations = open_conversations(&client).await;
    let all = conversations.len() * LENGTH;
    queue_all(&client, &conversations)
        .await
        .expect(200)
        .assert_has(json!({"taken": all}));
    for kill in 1..=KILLS {
        let sent = async || (sandbox.requests().len() >= kill * all / (KILLS + 3)).then_some(());
        until("some messages are sent", sent).await;
        server.kill().await.expect("a server to kill");
        if database.kind() == DatabaseKind::Postgres {
            database.end_servers().await;
        }
        server = Server::on(&database, &urls).await.expect("a restart");
    }
    let client = client.at(&server.url);
    let again = queue_all(&client, &conversations).await.expect(200);
    let replayed = entries(&again["data"])
        .iter()
        .filter(|item| item["replayed"] == true);
    assert_eq!(replayed.count(), all, "the repeated batch queues nothing");
    let settled = async || {
        let messages = messages(&client, &conversations).await;
        let is_settled = messages.len() == all && !messages.iter().any(is_open);
        is_settled.then_some(messages)
    };
    let messages = until("every message has its outcome", settled).await;
    server.stop().await.expect("an orderly end");
    let sent = sent_in_order(&sandbox.requests());
    let mut unknown = 0;
    for message in &messages {
        let times = sent
            .get(text(&message["text"]))
            .copied()
            .unwrap_or_default();
        match text(&message["status"]) {
            "accepted" => assert_eq!(times, 1, "{message}"),
            "unknown" => {
                unknown += 1;
                assert!(times <= 1, "{message}");
            }
            other => panic!("{other}: {message}"),
        }
    }
    assert!(unknown < all / 2, "{unknown} of {all} are unknown");
}
