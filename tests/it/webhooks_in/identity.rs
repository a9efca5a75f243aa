//! A customer is recognized after a number change, and a message after an answer without an id.

use recado_sandbox::{Effect, Fault, Provider, ResponseShape};
use recado_tests::prelude::*;
use rstest::rstest;

const NEW_NUMBER: &str = "5511966666666";

#[tokio::test]
async fn a_customer_who_changes_number_stays_in_the_conversation_and_is_answered_there() {
    let (world, callbacks) = World::with_callbacks().await;
    let changed = json!({"from": CUSTOMER, "id": "wamid.M", "timestamp": "1790000000", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": NEW_NUMBER, "user_id": "BR.2",
            "previous_user_id": "BR.1", "body": "changed"}});
    for _ in 0..2 {
        let told = change(NUMBER, &json!({"messages": [changed]}));
        callbacks.deliver_change(told).await;
    }
    world.events("message.received", 1).await;
    let shown = world.client.read("/conversations/conv-456").await;
    assert_eq!(shown["to"], NEW_NUMBER);
    world.client.accepted(smallest_body("conv-456")).await;
    let requests = world.sandbox.requests();
    assert_eq!(requests.last().expect("a request").body["to"], NEW_NUMBER);
    let said = whatsapp_texts(NUMBER, &[Text::from(NEW_NUMBER)]);
    callbacks.deliver_change(said).await;
    let received = world.events("message.received", 2).await;
    assert_eq!(received.len(), 2);
    received[0]["data"]
        .assert_has(json!({"from": {"phone": CUSTOMER}, "movedTo": {"phone": NEW_NUMBER}}));
    for event in &received {
        assert_eq!(event["conversationId"], "conv-456", "{event}");
    }
}

#[rstest]
#[case::without_an_id(None)]
#[case::lost(Some(Fault::new(Provider::Zapperhub, Effect::ResetAfter)))]
#[tokio::test]
async fn a_message_of_zapperhub_gets_its_id_when_it_comes_back(#[case] fault: Option<Fault>) {
    let world = World::connected().await;
    let mut settings = world.sandbox.settings();
    settings.zapperhub.response_shape = ResponseShape::Empty;
    world.sandbox.set_settings(settings);
    if let Some(fault) = fault {
        world.sandbox.fail_next(fault, 1);
    }
    world.client.send(smallest_body("conv-zapperhub")).await;
    let delivered = &world.events("message.delivered", 1).await[0]["data"];
    let shown = world.sandbox.phone_messages().remove(0);
    assert_eq!(delivered["externalId"], shown.message_id);
    let tapped = world.sandbox.tap(&shown.message_id, "a", None);
    tapped.expect("a tap");
    let pressed = &world.events("button.pressed", 1).await[0]["data"];
    assert_eq!(pressed["inReplyTo"], delivered["messageId"]);
}
