//! Two thousand customers write at once, and each message is one event.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use recado_store::{Conversation, Event};
use recado_tests::prelude::*;
use tokio::task::JoinSet;

const CUSTOMERS: usize = 2000;
const CONNECTIONS: usize = 50;

/// The calls that tell these texts: batches of every shape, and single ones of the other providers.
fn calls(texts: &[Text]) -> Vec<(&'static str, Value)> {
    let (in_whatsapp, single) = texts.split_at(texts.len() * 4 / 5);
    let mut calls = Vec::new();
    let mut rest = in_whatsapp;
    for shape in 0_usize.. {
        let mut take = |most: usize| {
            let (taken, left) = rest.split_at(most.min(rest.len()));
            rest = left;
            taken
        };
        // Up to 3 entries of up to 3 changes of up to 6 messages.
        let mut changes = |entry| -> Vec<_> {
            let changes = 0..=(shape + entry) % 3;
            let texts = changes.map(|change| take(1 + (shape + 2 * entry + change) % 6));
            let texts = texts.filter(|texts| !texts.is_empty());
            texts.map(|texts| whatsapp_texts(NUMBER, texts)).collect()
        };
        let entries: Vec<_> = (0..=shape % 3).map(&mut changes).collect();
        calls.push(("whatsapp", whatsapp(&entries)));
        if rest.is_empty() {
            break;
        }
    }
    for pair in single.chunks(2) {
        calls.push(("zapi", zapi(&pair[0])));
        calls.extend(pair.get(1).map(|text| ("zapperhub", zapperhub(text))));
    }
    calls
}

/// Spreads the calls over the connections so that neighbours go out at once, every tenth twice.
fn spread(calls: Vec<(&'static str, Value)>) -> Vec<Vec<(&'static str, Value)>> {
    let mut connections = vec![Vec::new(); CONNECTIONS];
    for (place, call) in calls.into_iter().enumerate() {
        if place % 10 == 0 {
            connections[(place + 1) % CONNECTIONS].push(call.clone());
        }
        connections[place % CONNECTIONS].push(call);
    }
    connections
}

async fn deliver_all(callbacks: &Callbacks, calls: Vec<(&'static str, Value)>) {
    let start = Arc::new(tokio::sync::Barrier::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    for calls in spread(calls) {
        let (callbacks, start) = (callbacks.clone(), Arc::clone(&start));
        connections.spawn(async move {
            start.wait().await;
            for (provider, body) in calls {
                callbacks.deliver(provider, &body).await;
            }
        });
    }
    soon("all is delivered", connections.join_all()).await;
}

/// The customer of each event by its conversation; every customer has one, and no two share one.
fn conversations(events: &[Event]) -> HashMap<&str, &str> {
    let mut customers = HashMap::new();
    for event in events {
        let conversation = event.conversation_id.as_ref().expect("a conversation");
        let phone = text(&event.data["from"]["phone"]);
        let before = customers.insert(conversation.as_str(), phone);
        assert_eq!(before, None, "two customers share {conversation}");
    }
    let different: HashSet<_> = customers.values().collect();
    let (phones, conversations) = (different.len(), customers.len());
    assert_eq!(phones, conversations, "a customer has two conversations");
    customers
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_customers_at_once_are_heard_once_each() {
    let (world, callbacks) = World::with_callbacks().await;
    let phone = |number| format!("551198{number:07}");
    let texts = (0..CUSTOMERS).map(|number| Text::from(&phone(number)));
    deliver_all(&callbacks, calls(&texts.collect::<Vec<_>>())).await;
    world.stop().await;

    let received = stored(&world.database, "message.received").await;
    assert_eq!(received.len(), CUSTOMERS);
    for event in &received {
        let phone = text(&event.data["from"]["phone"]);
        let text = Text::from(phone);
        event.data.assert_has(json!({
            "externalId": text.id, "text": text.body, "from": {"name": format!("Name {phone}")}
        }));
    }
    let created = stored(&world.database, "conversation.created").await;
    assert_eq!(conversations(&received), conversations(&created));
    let store = world.database.store().await;
    let organization = "demo".parse().expect("an id");
    for (conversation, phone) in conversations(&received) {
        let id = conversation.parse().expect("an id");
        let kept = store.get::<Conversation>(&organization, &id).await;
        let kept = kept.expect("an answer").expect("a conversation");
        let kept = kept.person.phone.expect("a phone").to_string();
        assert_eq!(kept, phone, "{conversation}");
    }
    store.close().await;
}
