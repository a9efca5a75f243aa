//! What messages cost: counted as the provider charges for them, and estimated by the operator's prices.

mod budget;

use std::sync::Arc;

use recado_server::costs::rates::Rates;
use recado_tests::binaries::command;
use recado_tests::callbacks::{whatsapp_status, with};
use recado_tests::prelude::*;

/// Made-up prices, for Brazil alone.
const RATES: &str = r#"{"date": "2026-10-01", "source": "made up", "currency": "BRL", "rates": [
    {"market": "55", "category": "service", "price": "0.0325"}]}"#;

fn options() -> Options {
    let rates = Rates::parse(RATES).expect("rates");
    Options {
        rates: Some(Arc::new(rates)),
        ..Options::default()
    }
}

/// Meta tells that messages were delivered, and how they are charged.
async fn deliver(callbacks: &Callbacks, external_ids: &[String], kind: &str) {
    let pricing = json!({"pricing_model": "PMP", "type": kind, "category": "service"});
    let statuses = external_ids.iter().map(|id| {
        let status = whatsapp_status(id, "delivered");
        with(status, &json!({ "pricing": pricing }))
    });
    let statuses: Vec<_> = statuses.collect();
    let change = change(NUMBER, &json!({ "statuses": statuses }));
    callbacks.deliver_change(change).await;
}

async fn send(world: &World, conversation: &str, messages: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..messages {
        let body = message_of(conversation, &format!("Hi {number}"));
        let sent = world.client.accepted(body).await;
        ids.push(text(&sent["message"]["externalId"]).to_owned());
    }
    ids
}

#[tokio::test]
async fn a_channel_shows_what_its_messages_cost_by_the_prices_of_the_operator() {
    let world = World::with(options()).await;
    let (client, callbacks) = (&world.client, world.callbacks().await);
    client
        .open("conv-pt", "agent-123", "whatsapp", "351910000001")
        .await;
    let sent = send(&world, "conv-456", 3).await;
    deliver(&callbacks, &sent[..1], "free_customer_service").await;
    deliver(&callbacks, &sent[1..], "regular").await;
    deliver(&callbacks, &sent, "regular").await;
    let abroad = send(&world, "conv-pt", 1).await;
    deliver(&callbacks, &abroad, "regular").await;
    world.events("message.delivered", 4).await;
    let costs = client.read("/channels/whatsapp/costs").await;
    costs.assert_has(json!({
        "delivered": [{"category": "service", "billed": 3, "free": 1}],
        "freeMessages": {"included": 1000, "used": 4, "left": 996, "estimate": true},
        "billed": {
            "amount": "0.065", "currency": "BRL", "ratesDate": "2026-10-01", "ratesSource": "made up",
            "withoutRate": [{"market": "351", "category": "service", "messages": 1}],
        },
    }));
    let mut recado = command("recado").expect("the binary");
    let recado = recado.args(["channel", "costs", "whatsapp"]);
    let recado = recado
        .env("RECADO_SERVER", &world.url)
        .env("RECADO_KEY", client.key());
    ran(recado).await.json()["billed"].assert_has(json!({"amount": "0.065"}));
    let month = client.read("/channels/whatsapp/costs?month=2026-01").await;
    month.assert_has(json!({
        "month": "2026-01", "beginsAt": "2026-01-01T00:00:00.000Z", "endsAt": "2026-02-01T00:00:00.000Z",
        "delivered": [], "freeMessages": {"used": 0, "left": 1000}, "billed": {"amount": "0.00"},
    }));
    let wrong = client.get("/channels/whatsapp/costs?month=november").await;
    wrong.refused(400, "invalid_query");
    let zapi = client.read("/channels/zapi/costs").await;
    zapi.assert_has(json!({"delivered": [], "freeMessages": null}));
}

#[tokio::test]
async fn without_prices_the_messages_are_counted_and_no_amount_is_told() {
    let world = World::start().await;
    let sent = send(&world, "conv-456", 1).await;
    deliver(&world.callbacks().await, &sent, "regular").await;
    world.events("message.delivered", 1).await;
    let costs = world.client.read("/channels/whatsapp/costs").await;
    costs.assert_has(json!({
        "delivered": [{"category": "service", "billed": 1, "free": 0}], "billed": null,
    }));
}

#[tokio::test]
async fn a_dry_run_says_what_a_message_would_cost_and_a_batch_what_all_would() {
    let world = World::with(options()).await;
    let client = &world.client;
    client
        .open("conv-pt", "agent-123", "whatsapp", "351910000001")
        .await;
    use_up(&world, 998).await;
    let path = format!("{SEND}?dryRun=true");
    let shown = client.act(&path, smallest_body("conv-456")).await;
    shown["cost"].assert_has(json!({
        "channelId": "whatsapp", "category": "service", "market": "55", "freeLeft": 2, "free": true,
        "price": {"amount": "0.0325", "currency": "BRL", "ratesDate": "2026-10-01", "ratesSource": "made up"},
    }));
    let shown = client.act(&path, smallest_body("conv-pt")).await;
    shown["cost"].assert_has(json!({"market": "351", "price": null}));
    let shown = client.act(&path, smallest_body("conv-zapi")).await;
    assert_eq!(shown["cost"], Value::Null);
    let conversations = [
        "conv-456",
        "conv-pt",
        "conv-456",
        "conv-zapi",
        "conv-pt",
        "conv-456",
        "conv-none",
    ];
    let messages = conversations
        .map(|conversation| json!({"kind": "buttons", "message": smallest_body(conversation)}));
    let batch = client
        .act(
            "/messages/batch?dryRun=true",
            json!({ "messages": messages }),
        )
        .await;
    batch.assert_has(json!({"taken": 6, "refused": 1}));
    let [cost] = entries_of(&batch["costs"]) else {
        panic!("one channel: {batch}")
    };
    cost.assert_has(json!({
        "channelId": "whatsapp", "messages": 5, "freeLeft": 2, "billed": 3,
        "cost": {"amount": "0.065", "currency": "BRL",
            "withoutRate": [{"market": "351", "category": "service", "messages": 1}]},
    }));
    assert!(world.sandbox.requests().is_empty());
}

fn entries_of(list: &Value) -> &[Value] {
    list.as_array().expect("a list")
}

/// Counts so many service messages as delivered in this month.
async fn use_up(world: &World, messages: i64) {
    let month = recado_store::Month::of(Timestamp::now())
        .begin()
        .as_millisecond();
    let text = format!(
        "insert into message_costs (organization_id, channel_id, month, category, charge, market, messages) \
         values ('demo', 'whatsapp', {month}, 'service', 'free_customer_service', '55', {messages})"
    );
    world.database.execute(&text).await;
}
