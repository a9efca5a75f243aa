//! Our own database fails, before and after the provider was asked.

use recado_core::{MessageId, Status};
use recado_store::Message;
use recado_tests::prelude::*;

use super::SENDERS;

/// The customer's tap on the button of that message, as Meta tells it.
pub(super) fn tap(external_id: &str) -> Value {
    let button = json!({"id": "one", "title": "One"});
    let message = json!({"from": CUSTOMER, "id": "wamid.tap", "timestamp": "1790000009",
        "type": "interactive", "context": {"from": "15550001111", "id": external_id},
        "interactive": {"type": "button_reply", "button_reply": button}});
    let contact = json!({"profile": {"name": "Ana"}, "wa_id": CUSTOMER});
    let members = json!({"contacts": [contact], "messages": [message]});
    whatsapp(&[vec![change(NUMBER, &members)]])
}

async fn status_of(world: &World, id: &Value) -> Status {
    let id: MessageId = text(id).parse().expect("an id");
    let store = world.database.store().await;
    let organization = "demo".parse().expect("an id");
    let message = store.get::<Message>(&organization, &id).await;
    let message = message.expect("an answer of the database");
    store.close().await;
    message.expect("a message").status
}

#[tokio::test]
async fn without_a_database_nothing_is_sent_and_nothing_of_the_inside_is_told() {
    let world = World::start().await;
    world.store.clone().close().await;
    for (_, conversation) in SENDERS {
        let answer = world.client.send(smallest_body(conversation)).await;
        answer.refused(503, "unavailable");
        assert_eq!(answer.headers["retry-after"], "1");
        let shown = answer.text.to_lowercase();
        for inside in ["sqlite", "postgres", "sqlx", "pool", "database", ".db"] {
            assert!(!shown.contains(inside), "{shown}");
        }
        let request_id = text(&answer.body["requestId"]);
        assert_eq!(answer.headers["x-request-id"], request_id);
    }
    assert_eq!(world.sandbox.requests(), []);
}

#[tokio::test]
async fn an_outcome_is_stored_when_the_database_takes_it_again() {
    let world = World::start().await;
    let held = world.client.hold("whatsapp").await;
    let mut send = world.client.begin_send("conv-456");
    let request = held.receive().await;
    let id = request.body["biz_opaque_callback_data"].clone();
    let away = "alter table events rename to events_away";
    world.database.execute(away).await;
    let taken = json!({"messages": [{"id": "wamid.1"}]});
    request.answer(&taken).await;
    let early = tokio::time::timeout(Duration::from_secs(1), &mut send).await;
    assert!(early.is_err(), "the outcome is tried again: {early:?}");
    assert_eq!(status_of(&world, &id).await, Status::Sending);
    let back = "alter table events_away rename to events";
    world.database.execute(back).await;
    let callbacks = world.callbacks().await;
    callbacks.deliver("whatsapp", &tap("wamid.1")).await;

    let answer = soon("an answer", send).await.expect("no panic").expect(200);
    answer["message"].assert_has(json!({"status": "accepted", "id": id, "externalId": "wamid.1"}));
    assert_eq!(world.events("message.accepted", 1).await.len(), 1);
    assert!(world.events("message.unknown", 0).await.is_empty());
    let tapped = world.events("button.pressed", 1).await;
    let answered = &tapped[0]["data"]["inReplyTo"];
    assert_eq!(*answered, id, "a tap that comes first waits for it");
}

#[tokio::test]
async fn an_acceptance_that_cannot_be_written_down_is_unknown() {
    let world = World::start().await;
    let held = world.client.hold("whatsapp").await;
    let send = world.client.begin_send("conv-456");
    let request = held.receive().await;
    let id = request.body["biz_opaque_callback_data"].clone();
    let before = status_of(&world, &id).await;
    assert_eq!(before, Status::Sending, "on disk before it leaves");
    world.store.clone().close().await;
    let taken = json!({"messages": [{"id": "wamid.1"}]});
    request.answer(&taken).await;

    let answer = soon("an answer", send).await.expect("no panic");
    answer.refused(500, "outcome_unknown");
    assert_eq!(answer.body["messageId"], id);
    let after = status_of(&world, &id).await;
    assert_eq!(after, Status::Sending, "settled when a server starts");
}
