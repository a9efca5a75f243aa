//! A queue that is full: what does not fit is refused, and what is stored is sent.

use recado_tests::prelude::*;

use super::{queue, until_it_is};

#[tokio::test]
async fn what_does_not_fit_into_the_queue_is_refused_and_what_was_queued_is_sent() {
    let world = World::with(Options {
        max_queued_mib: 1,
        ..Options::default()
    })
    .await;
    world.client.unlimit("whatsapp").await;
    for (channel, _) in CONVERSATIONS {
        let path = format!("/channels/{channel}/pause");
        world.client.act(&path, json!({})).await;
    }
    let conversations = CONVERSATIONS.into_iter().cycle();
    let messages = conversations.take(1_000).enumerate();
    let messages: Vec<_> = messages
        .map(|(number, (_, conversation))| {
            let message = message_of(conversation, &format!("Number {number}"));
            json!({"kind": "buttons", "message": message})
        })
        .collect();
    let batch = json!({ "messages": messages });
    let answer = world.client.act("/messages/batch", batch).await;
    let (taken, refused) = (&answer["taken"], &answer["refused"]);
    let taken = usize::try_from(taken.as_u64().expect("a count")).expect("a count");
    assert!(
        (500..1_000).contains(&taken),
        "{taken} taken, {refused} refused"
    );
    let reasons: Vec<_> = entries(&answer["data"])
        .iter()
        .filter_map(|item| item["error"]["reason"].as_str())
        .collect();
    assert!(reasons.contains(&"queue_full"), "{reasons:?}");

    let full = queue(&world.client, "", smallest_body("conv-zapi")).await;
    full.refused(503, "queue_full");
    assert_eq!(full.headers["retry-after"], "10");
    let other = world.operator.neighbour("other", "conv-other").await;
    let mut body = smallest_body("conv-other");
    body["agentId"] = json!("conv-other");
    queue(&other, "", body).await.expect(202);

    let mut last = None;
    for item in entries(&answer["data"]) {
        last = item["message"]["id"].as_str().or(last);
    }
    for (channel, _) in CONVERSATIONS {
        let path = format!("/channels/{channel}/resume");
        world.client.act(&path, json!({})).await;
    }
    until_it_is(&world, last.expect("a message"), "accepted").await;
    // With the one of the other organization.
    let sent = async || (world.sandbox.phone_messages().len() == taken + 1).then_some(());
    until("everything that was queued is sent", sent).await;
    let has_room = async || {
        let answer = queue(&world.client, "", smallest_body("conv-zapi")).await;
        (answer.status == 202).then_some(())
    };
    until("there is room again", has_room).await;
}
