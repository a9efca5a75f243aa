//! Budgets of channels, as their callers meet them.

use recado_tests::prelude::*;

use super::{deliver, options, send};

/// The price of two messages and a half.
const SMALL: &str = "0.08";

async fn set(world: &World, channel: &str, budget: Value) -> Answer {
    let path = format!("/channels/{channel}");
    world.client.patch(&path, json!({ "budget": budget })).await
}

#[tokio::test]
async fn a_send_over_a_budget_that_stops_is_refused_and_names_the_channel_the_budget_and_the_end() {
    let world = World::with(options()).await;
    let (client, callbacks) = (&world.client, world.callbacks().await);
    let earlier = send(&world, "conv-456", 1).await;
    deliver(&callbacks, &earlier, "free_customer_service").await;
    world.events("message.delivered", 1).await;
    let channel = set(&world, "whatsapp", json!({"amount": SMALL, "stop": true})).await;
    channel.expect(200)["budget"].assert_has(json!({
        "amount": SMALL, "currency": "BRL", "messages": null, "stop": true,
    }));
    let sent = send(&world, "conv-456", 2).await;
    let refused = client.send_once("k", smallest_body("conv-456")).await;
    refused.refused(409, "channel_over_budget");
    let error = text(&refused.body["error"]).to_owned();
    let end = recado_store::Month::of(Timestamp::now()).end();
    for part in ["channel whatsapp", "0.08 BRL", &format!("{end:.0}")] {
        assert_contains(&error, part);
    }
    let batch = json!({"messages": [{"kind": "buttons", "message": smallest_body("conv-456")}]});
    let queued = client.act("/messages/batch", batch).await;
    queued["data"][0]
        .assert_has(json!({"status": 409, "error": {"reason": "channel_over_budget"}}));
    let path = "/conversations/conv-456/messages?limit=100";
    assert_eq!(client.list(path).await.len(), 3, "nothing was stored");
    let costs = client.read("/channels/whatsapp/costs").await;
    costs["budget"].assert_has(json!({
        "amount": SMALL, "usedAmount": "0.065", "usedMessages": 2, "percent": 81, "stop": true,
    }));
    let told = world.events("channel.budget", 2).await;
    let percents: Vec<_> = told.iter().map(|event| &event["data"]["percent"]).collect();
    assert_eq!(percents, [80, 100]);
    told[1].assert_has(
        json!({"channelId": "whatsapp", "data": {"amount": SMALL, "currency": "BRL",
        "usedAmount": "0.065", "usedMessages": 2, "stop": true}}),
    );
    // A message that turns out to be free gives its part back, and the key is free.
    deliver(&callbacks, &sent[..1], "free_customer_service").await;
    world.events("message.delivered", 2).await;
    client
        .send_once("k", smallest_body("conv-456"))
        .await
        .expect(200);
    client.accepted(smallest_body("conv-zapi")).await;
}

#[tokio::test]
async fn an_amount_allows_no_message_without_a_price() {
    let world = World::with(options()).await;
    let client = &world.client;
    client
        .open("conv-pt", "agent-123", "whatsapp", "351910000001")
        .await;
    set(&world, "whatsapp", json!({"amount": "10", "stop": true}))
        .await
        .expect(200);
    let refused = client.send(smallest_body("conv-pt")).await;
    refused.refused(409, "channel_over_budget");
    assert_contains(
        text(&refused.body["error"]),
        "no price in BRL for messages to +351",
    );
    client.accepted(smallest_body("conv-456")).await;
    let raised = set(&world, "whatsapp", json!({"amount": "20"})).await;
    raised.expect(200)["budget"].assert_has(json!({"amount": "20.00", "stop": true}));
    set(&world, "whatsapp", json!({"amount": "10", "stop": false}))
        .await
        .expect(200);
    client.accepted(smallest_body("conv-pt")).await;
}

#[tokio::test]
async fn queued_messages_wait_for_a_budget_and_go_on_when_it_is_raised() {
    let (world, ahead) = World::with_clock().await;
    let client = &world.client;
    set(&world, "zapi", json!({"messages": 1, "stop": true}))
        .await
        .expect(200);
    client
        .open("conv-2", "agent-123", "zapi", "5511900000009")
        .await;
    let at = Timestamp::now() + Duration::from_mins(1);
    let messages = ["conv-zapi", "conv-2"].map(|conversation| {
        json!({"kind": "buttons", "sendAt": at.to_string(), "message": smallest_body(conversation)})
    });
    let taken = client
        .act("/messages/batch", json!({ "messages": messages }))
        .await;
    taken.assert_has(json!({"taken": 2}));
    ahead.pass(Duration::from_mins(2));
    world.events("message.accepted", 1).await;
    world.events("channel.budget", 1).await;
    let costs = client.read("/channels/zapi/costs").await;
    costs["budget"].assert_has(json!({"usedMessages": 1}));
    set(&world, "zapi", json!({"messages": 2, "stop": true}))
        .await
        .expect(200);
    world.events("message.accepted", 2).await;
    set(&world, "zapi", Value::Null).await.expect(200);
    client.accepted(smallest_body("conv-zapi")).await;
    assert_eq!(
        client.read("/channels/zapi/costs").await["budget"],
        Value::Null
    );
}

#[tokio::test]
async fn a_budget_that_cannot_be_counted_or_read_is_refused() {
    let world = World::with(options()).await;
    for (channel, budget, says) in [
        (
            "whatsapp",
            json!({}),
            "either an amount or a number of messages",
        ),
        (
            "whatsapp",
            json!({"amount": "1", "messages": 1}),
            "either an amount or a number",
        ),
        ("whatsapp", json!({"amount": 150}), "expected a string"),
        ("whatsapp", json!({"amount": "1,5"}), "expected an amount"),
        ("whatsapp", json!({"amount": "0"}), "above zero"),
        ("whatsapp", json!({"messages": 0}), "nonzero"),
        ("whatsapp", json!({"messages": 5, "stop": "yes"}), "boolean"),
        ("whatsapp", json!({"messages": 5, "stopp": true}), "stopp"),
        ("zapi", json!({"amount": "1"}), "says nothing about prices"),
    ] {
        let refused = set(&world, channel, budget).await;
        refused.refused(400, "invalid_body");
        assert_contains(&refused.body["details"].to_string(), says);
    }
    let without_prices = World::start().await;
    let refused = set(&without_prices, "whatsapp", json!({"amount": "1"})).await;
    refused.refused(400, "invalid_body");
    assert_contains(&refused.body["details"].to_string(), "RECADO_RATES_FILE");
}
