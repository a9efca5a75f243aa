//! Who is who, after a change of number.

use recado_tests::World;
use recado_tests::callbacks::{Callbacks, NUMBER, Text, change, whatsapp, whatsapp_texts};
use recado_tests::world::{CUSTOMER, smallest_body};
use serde_json::json;

const NEW_NUMBER: &str = "5511966666666";

#[tokio::test]
async fn who_changes_number_stays_in_the_conversation_and_is_answered_there() {
    let world = World::start().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let moved = json!({"from": CUSTOMER, "id": "wamid.M", "timestamp": "1790000000", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": NEW_NUMBER, "user_id": "BR.2",
            "previous_user_id": "BR.1", "body": "changed"}});
    let news = whatsapp(&[vec![change(NUMBER, &json!({"messages": [moved]}))]]);
    for _ in 0..2 {
        callbacks.deliver("whatsapp", &news).await;
    }
    let text = whatsapp_texts(NUMBER, &[Text::from(NEW_NUMBER)]);
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![text]]))
        .await;
    let received = world.events("message.received", 2).await;
    assert_eq!(received.len(), 2);
    assert_eq!(received[0]["data"]["from"]["phone"], CUSTOMER);
    assert_eq!(received[0]["data"]["movedTo"]["phone"], NEW_NUMBER);
    for event in &received {
        assert_eq!(event["conversationId"], "conv-456", "{event}");
    }
    let shown = world
        .client
        .get("/conversations/conv-456")
        .await
        .expect(200);
    assert_eq!(shown["to"], NEW_NUMBER);
    world
        .client
        .send(smallest_body("conv-456"))
        .await
        .expect(200);
    let requests = world.sandbox.requests();
    assert_eq!(requests.last().expect("a request").body["to"], NEW_NUMBER);
}
