//! The messages of one conversation leave in their order, and wait for no other conversation.

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::prelude::*;
use recado_tests::sent::text_of;

use super::{queued, until_it_is};

/// The texts that the providers got, in their order.
fn texts(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests();
    requests.iter().filter_map(text_of).collect()
}

#[tokio::test]
async fn messages_of_a_conversation_leave_in_the_order_in_which_they_were_queued() {
    let world = World::start().await;
    world.client.unlimit("whatsapp").await;
    let expected: Vec<_> = (0..20).map(|number| format!("Number {number}")).collect();
    let mut last = String::new();
    for text in &expected {
        last = queued(&world, "conv-456", text).await;
    }
    until_it_is(&world, &last, "accepted").await;
    assert_eq!(texts(&world), expected);
}

#[tokio::test]
async fn a_message_that_is_tried_again_holds_up_its_conversation_and_no_other() {
    let world = World::start().await;
    let (client, agent) = (&world.client, "agent-123");
    client.unlimit("whatsapp").await;
    client
        .open("conv-other", agent, "whatsapp", world::OTHER_CUSTOMER)
        .await;
    let mut fault = Fault::new(Provider::Whatsapp, Effect::ResetBefore);
    fault.to = Some(CUSTOMER.to_owned());
    world.sandbox.fail_next(fault, 1);
    // An answer that was lost before anything was sent looks the same to us: the message is unknown.
    let lost = queued(&world, "conv-456", "Lost").await;
    until_it_is(&world, &lost, "unknown").await;
    world.sandbox.clear();

    let throttled =
        recado_sandbox::Answer::new(503, json!({"error": {"code": 2, "message": "down"}}));
    let mut fault = Fault::new(Provider::Whatsapp, Effect::Answer(throttled));
    fault.to = Some(CUSTOMER.to_owned());
    world.sandbox.fail_next(fault, 1);
    let first = queued(&world, "conv-456", "First").await;
    let second = queued(&world, "conv-456", "Second").await;
    let other = queued(&world, "conv-other", "Other").await;
    until_it_is(&world, &other, "accepted").await;
    until_it_is(&world, &second, "accepted").await;
    until_it_is(&world, &first, "accepted").await;
    let texts = texts(&world);
    let place = |text: &str| {
        texts
            .iter()
            .rposition(|it| it == text)
            .expect("it was sent")
    };
    assert!(place("Other") < place("First"), "{texts:?}");
    assert!(place("First") < place("Second"), "{texts:?}");
    assert_eq!(texts.len(), 4, "the first was tried twice: {texts:?}");
}

#[tokio::test]
async fn a_scheduled_message_lets_those_pass_that_are_due_before() {
    let (world, ahead) = World::with_clock().await;
    let at = Timestamp::now() + Duration::from_hours(2);
    let path = format!("{SEND}?sendAt={at}");
    let scheduled = world
        .client
        .post(&path, message_of("conv-zapi", "Tomorrow"))
        .await;
    let scheduled = id(&scheduled.expect(202)["message"]).to_owned();
    let now = queued(&world, "conv-zapi", "Now").await;
    until_it_is(&world, &now, "accepted").await;
    assert_eq!(texts(&world), ["Now"]);
    ahead.pass(Duration::from_hours(2));
    until_it_is(&world, &scheduled, "accepted").await;
    assert_eq!(texts(&world), ["Now", "Tomorrow"]);
}
