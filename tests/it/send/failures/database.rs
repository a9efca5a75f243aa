//! Our own database fails, before and after the provider was asked.

use recado_core::{MessageId, Status};
use recado_tests::callbacks;
use recado_tests::prelude::*;

use super::{SENDERS, change};
use recado_store::Message;

/// The customer's tap on the button of that message, as Meta tells it.
pub(super) fn tap(external_id: &str) -> Value {
    let button = json!({"id": "one", "title": "One"});
    let message = json!({"from": CUSTOMER, "id": "wamid.tap", "timestamp": "1790000009",
        "type": "interactive", "context": {"from": "15550001111", "id": external_id},
        "interactive": {"type": "button_reply", "button_reply": button}});
    let contact = json!({"profile": {"name": "Ana"}, "wa_id": CUSTOMER});
    let members = json!({"contacts": [contact], "messages": [message]});
    whatsapp(&[vec![callbacks::change(NUMBER, &members)]])
}

async fn status_of(world: &World, id: &Value) -> Status {
    let id: MessageId = id.as_str().expect("a text").parse().expect("an id");
    let store = world.database.store().await;
    let message = store
        .get::<Message>(&"demo".parse().expect("an id"), &id)
        .await;
    store.close().await;
    message
        .expect("an answer of the database")
        .expect("a message")
        .status
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
        for inside in [
            "sqlite",
            "postgres",
            "sqlx",
            "pool",
            "database",
            "recado.db",
        ] {
            assert!(!shown.contains(inside), "{shown}");
        }
        assert_eq!(
            answer.headers["x-request-id"],
            *answer.body["requestId"].as_str().expect("an id")
        );
    }
    assert_eq!(world.sandbox.requests(), []);
}

#[tokio::test]
async fn an_outcome_is_stored_when_the_database_takes_it_again() {
    let world = World::start().await;
    let held = HeldProvider::start().await;
    let settings = json!({"settings": {"baseUrl": held.url}});
    change(&world.client, "whatsapp", settings).await;
    let mut send = tokio::spawn({
        let client = world.client.clone();
        async move { client.send(smallest_body("conv-456")).await }
    });
    let request = held.receive().await;
    let id = request.body["biz_opaque_callback_data"].clone();
    world
        .database
        .execute("alter table events rename to events_away")
        .await;
    request
        .answer(&json!({"messages": [{"id": "wamid.1"}]}))
        .await;
    let early = tokio::time::timeout(Duration::from_secs(1), &mut send).await;
    assert!(early.is_err(), "the outcome is tried again: {early:?}");
    assert_eq!(status_of(&world, &id).await, Status::Sending);
    world
        .database
        .execute("alter table events_away rename to events")
        .await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    callbacks.deliver("whatsapp", &tap("wamid.1")).await;

    let answer = send.await.expect("an answer").expect(200);
    answer["message"].assert_has(json!({"status": "accepted", "id": id, "externalId": "wamid.1"}));
    assert_eq!(world.events("message.accepted", 1).await.len(), 1);
    assert!(world.events("message.unknown", 0).await.is_empty());
    let tapped = world.events("button.pressed", 1).await;
    assert_eq!(
        tapped[0]["data"]["inReplyTo"], id,
        "a tap that comes first waits for it"
    );
}

#[tokio::test]
async fn an_acceptance_that_cannot_be_written_down_is_unknown() {
    let world = World::start().await;
    let held = HeldProvider::start().await;
    change(
        &world.client,
        "whatsapp",
        json!({"settings": {"baseUrl": held.url}}),
    )
    .await;
    let send = tokio::spawn({
        let client = world.client.clone();
        async move { client.send(smallest_body("conv-456")).await }
    });
    let request = held.receive().await;
    let id = request.body["biz_opaque_callback_data"].clone();
    assert_eq!(
        status_of(&world, &id).await,
        Status::Sending,
        "on disk before it leaves"
    );
    world.store.clone().close().await;
    request
        .answer(&json!({"messages": [{"id": "wamid.1"}]}))
        .await;

    let answer = send.await.expect("an answer");
    answer.refused(500, "outcome_unknown");
    assert_eq!(answer.body["messageId"], id);
    assert_eq!(
        status_of(&world, &id).await,
        Status::Sending,
        "settled when a server starts"
    );
}
