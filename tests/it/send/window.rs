//! WhatsApp's 24-hour window: it belongs to the customer, and is open in every conversation with them.

use recado_tests::prelude::*;

/// The other spelling of [`CUSTOMER`].
const SPELLED: &str = "551100000001";

/// Sends in every conversation; tells what each answered: nothing of a success, the reason and the code of an error.
async fn send(world: &World) -> Vec<Option<Value>> {
    let mut answers = Vec::new();
    for (agent, conversation) in [
        ("agent-123", "conv-456"),
        ("agent-2", "conv-2"),
        ("agent-2", "conv-spelled"),
    ] {
        let mut body = smallest_body(conversation);
        body["agentId"] = agent.into();
        let sent = world.client.send(body).await;
        let error = json!([sent.body["reason"], sent.body["code"]]);
        answers.push((sent.status != 200).then_some(error));
    }
    answers
}

#[tokio::test]
async fn a_message_or_a_call_opens_it_in_every_conversation_with_the_customer() {
    let (world, ahead) = World::with_clock().await;
    let callbacks = world.callbacks().await;
    let agent = json!({"id": "agent-2", "name": "Second"});
    world.client.create("/agents", agent).await;
    for (id, to) in [("conv-2", CUSTOMER), ("conv-spelled", SPELLED)] {
        world.client.open(id, "agent-2", "whatsapp", to).await;
    }
    // A message of that customer at that time, in seconds; what comes later is applied later.
    let said = |from: &str, at: i64| {
        let message = json!({"from": from, "id": format!("wamid.{from}"), "timestamp": at.to_string(),
            "type": "text", "text": {"body": "Oi"}});
        change(NUMBER, &json!({"messages": [message]}))
    };
    let refused = json!(["window_closed", 131_047]);
    let (open, closed) = (vec![None; 3], vec![Some(refused); 3]);
    let at = world.app.clock.now().as_second();
    callbacks.deliver_change(said(CUSTOMER, at)).await;
    world.events("message.received", 1).await;
    let end = Timestamp::from_second(at).expect("a time") + Duration::from_hours(24);
    for conversation in ["conv-456", "conv-2", "conv-spelled"] {
        let path = format!("/conversations/{conversation}");
        let shown = world.client.read(&path).await;
        assert_eq!(
            shown["windowExpiresAt"],
            format!("{end:.3}"),
            "{conversation}"
        );
    }
    let other = world.client.read("/conversations/conv-zapi").await;
    assert_eq!(other["windowExpiresAt"], Value::Null);
    assert_eq!(send(&world).await, open);
    ahead.pass(Duration::from_hours(25));
    let before = world.sandbox.requests().len();
    assert_eq!(send(&world).await, closed, "it ended everywhere");
    assert_eq!(world.sandbox.requests().len(), before, "nothing is sent");

    let now = world.app.clock.now().as_second();
    let call = json!({"id": "wacid.1", "from": SPELLED, "to": "15550001111", "event": "connect",
        "timestamp": now.to_string(), "direction": "USER_INITIATED"});
    let mut call = change(NUMBER, &json!({"calls": [call]}));
    call["field"] = json!("calls");
    callbacks.deliver_change(call).await;
    callbacks.deliver_change(said("5511955555555", now)).await;
    world.events("message.received", 2).await;
    assert_eq!(send(&world).await, open);
}
