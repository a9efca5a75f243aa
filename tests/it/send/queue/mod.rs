//! Messages that wait in the queue: for their turn, for their time, or because nothing could be sent.

mod backlog;
mod batch;
mod crash;
mod hanging;
mod order;
mod pauses;
mod retries;
mod room;
mod waiting;

use recado_core::Provider;
use recado_tests::prelude::*;

/// Queues a message, and returns the answer.
pub(super) async fn queue(client: &Client, query: &str, body: Value) -> Answer {
    let request = client.request(Method::POST, &format!("{SEND}{query}"));
    answer(request.header("prefer", "respond-async").json(&body)).await
}

/// Queues a message, which is taken, and returns its id.
pub(super) async fn queued(world: &World, conversation: &str, text: &str) -> String {
    let answer = queue(&world.client, "", message_of(conversation, text)).await;
    id(&answer.expect(202)["message"]).to_owned()
}

/// Checks that no message of a conversation is stored.
pub(super) async fn assert_none_stored(world: &World, conversation: &str) {
    let path = format!("/conversations/{conversation}/messages");
    assert_eq!(world.client.list(&path).await, [Value::Null; 0]);
}

/// Waits until a message has a status, and returns the message.
pub(super) async fn until_it_is(world: &World, id: &str, status: &str) -> Value {
    let organization = "demo".parse().expect("an id");
    let mut subscription = world.store.subscribe_events(Some(&organization));
    let come = async {
        loop {
            let message = world.client.read(&format!("/messages/{id}")).await;
            if message["status"] == status {
                return message;
            }
            subscription.changed().await;
        }
    };
    soon(status, come).await
}

#[tokio::test]
async fn a_message_that_its_caller_does_not_wait_for_is_stored_and_sent_on_every_provider() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let answer = queue(&world.client, "", smallest_body(conversation)).await;
        assert_eq!(answer.status, 202);
        assert_eq!(answer.headers["preference-applied"], "respond-async");
        let message = &answer.body["message"];
        let place = format!("/messages/{}", id(message));
        assert_eq!(answer.headers["location"], place.as_str());
        assert_eq!(message["status"], "queued");
        let sent = until_it_is(&world, id(message), "accepted").await;
        assert_ne!(sent["externalId"], Value::Null, "{provider}");
    }
    assert_eq!(world.sandbox.requests().len(), Provider::ALL.len());
    let types = world.events("message.accepted", 3).await.len();
    assert_eq!(
        (types, world.events("message.queued", 3).await.len()),
        (3, 3)
    );
}

#[tokio::test]
async fn the_repeat_of_a_queued_message_under_its_key_is_told_where_it_stands() {
    let (world, ahead) = World::with_clock().await;
    let at = (Timestamp::now() + Duration::from_hours(1)).to_string();
    let ask = async || {
        let path = format!("{SEND}?sendAt={at}");
        let request = world.client.request(Method::POST, &path);
        let request = request.header("idempotency-key", "order-1");
        answer(request.json(&smallest_body("conv-zapi"))).await
    };
    let first = ask().await;
    let again = ask().await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 202));
    assert_eq!((first.is_replayed(), again.is_replayed()), (false, true));
    assert_eq!(first.body["message"]["id"], again.body["message"]["id"]);
    ahead.pass(Duration::from_hours(1));
    until_it_is(&world, id(&first.body["message"]), "accepted").await;
    ahead.pass(Duration::from_mins(10));
    let later = ask().await;
    assert_eq!((later.status.as_u16(), later.is_replayed()), (200, true));
    assert_eq!(world.sandbox.requests().len(), 1);
    let request = world.client.request(Method::POST, SEND);
    let request = request.header("idempotency-key", "order-1");
    let at_once = answer(request.json(&smallest_body("conv-zapi"))).await;
    at_once.refused(422, "idempotency_key_reused");
}
