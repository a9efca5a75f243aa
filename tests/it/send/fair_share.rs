//! The places of sends in flight: what one organization takes is not missing to another.

use std::collections::BTreeMap;

use recado_tests::prelude::*;
use tokio::task::JoinSet;

const PLACES: usize = 12;

/// Sends as many messages as there are places, and returns the refusals by the share that they name, once
/// only `kept` sends are left.
async fn flood(
    sends: &mut JoinSet<Answer>,
    client: &Client,
    conversation: &'static str,
    kept: usize,
) -> BTreeMap<String, usize> {
    for _ in 0..PLACES {
        let client = client.clone();
        sends.spawn(async move { client.send(smallest_body(conversation)).await });
    }
    let mut refused = BTreeMap::new();
    while sends.len() > kept {
        let answer = soon("an answer", sends.join_next()).await;
        let answer = answer.expect("a send").expect("no panic");
        answer.refused(429, "rate_limited");
        assert_eq!(answer.headers["retry-after"], "1");
        let error = text(&answer.body["error"]);
        let share = error
            .strip_prefix("Too many sends of this ")
            .unwrap_or(error);
        let share = share.split([' ', ':', ';', ',']).next().unwrap_or_default();
        *refused.entry(share.to_owned()).or_default() += 1;
    }
    refused
}

#[tokio::test]
async fn a_slow_provider_of_one_organization_leaves_places_for_another() {
    let options = Options {
        max_sends_in_flight: PLACES,
        ..Options::default()
    };
    let world = World::with(options).await;
    let held = HeldProvider::start().await;
    for channel in ["whatsapp", "zapi"] {
        world.client.lead(channel, &held.url).await;
    }
    let other = world.operator.organization("other").await;
    other.agent("agent-123").await;
    for (provider, conversation) in CONVERSATIONS {
        let id = format!("other-{provider}");
        other.connect(&id, provider).await;
        other.open(conversation, "agent-123", &id, CUSTOMER).await;
    }

    let mut sends = JoinSet::new();
    let refused = flood(&mut sends, &world.client, "conv-456", 4).await;
    assert_eq!(refused, BTreeMap::from([("channel".to_owned(), 8)]));
    let refused = flood(&mut sends, &world.client, "conv-zapi", 6).await;
    assert_eq!(refused, BTreeMap::from([("organization".to_owned(), 10)]));

    for _ in 0..3 {
        for (_, conversation) in CONVERSATIONS {
            other.accepted(smallest_body(conversation)).await;
        }
    }
    for _ in 0..6 {
        let taken = json!({"messages": [{"id": "M1"}], "messageId": "M1"});
        held.receive().await.answer(&taken).await;
    }
    for answer in soon("the answers", sends.join_all()).await {
        answer.expect(200);
    }
    world.client.accepted(smallest_body("conv-zapperhub")).await;
}
