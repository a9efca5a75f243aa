//! Whatever the providers send in, however often and in whatever order, counts once and where it belongs.

use futures_util::future::join_all;
use recado_tests::World;
use recado_tests::callbacks::{
    Callbacks, NUMBER, Text, change, signature, whatsapp, whatsapp_status, whatsapp_texts, zapi,
};
use recado_tests::client::answer;
use recado_tests::events::stored;
use recado_tests::held::HeldProvider;
use recado_tests::json::AssertHas as _;
use recado_tests::world::{CUSTOMER, organization, smallest_body};
use serde_json::{Value, json};

pub(super) async fn world() -> (World, Callbacks) {
    let world = World::start().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    (world, callbacks)
}

fn texts(numbers: std::ops::Range<u32>) -> Vec<Text> {
    let phone = |number| format!("551197777{number:04}");
    numbers.map(|number| Text::from(&phone(number))).collect()
}

#[tokio::test]
async fn every_message_of_every_change_of_every_entry_is_an_event() {
    let (world, callbacks) = world().await;
    let texts = texts(0..8);
    let changes: Vec<_> = texts
        .chunks(2)
        .map(|two| whatsapp_texts(NUMBER, two))
        .collect();
    let entries: Vec<_> = changes.chunks(2).map(<[Value]>::to_vec).collect();
    callbacks.deliver("whatsapp", &whatsapp(&entries)).await;
    let events = world.events("message.received", 8).await;
    assert_eq!(events.len(), 8);
    for (event, text) in events.iter().zip(&texts) {
        event["data"].assert_has(json!({
            "externalId": text.id, "text": text.body,
            "from": {"phone": text.from, "name": format!("Name {}", text.from)}
        }));
    }
}

#[tokio::test]
async fn a_call_of_several_hundred_messages_is_taken_in_whole() {
    let (world, callbacks) = world().await;
    let texts = texts(0..450);
    let call = whatsapp(&[vec![whatsapp_texts(NUMBER, &texts)]]);
    callbacks.deliver("whatsapp", &call).await;
    let events = world.events("message.received", 450).await;
    let told: Vec<_> = events.iter().map(|event| &event["data"]["text"]).collect();
    let said: Vec<_> = texts.iter().map(|text| &text.body).collect();
    assert_eq!(told, said);
}

#[tokio::test]
async fn messages_and_statuses_in_one_value_both_count() {
    let (world, callbacks) = world().await;
    let sent = world.client.accepted(smallest_body("conv-456")).await;
    let wamid = sent["message"]["externalId"].as_str().expect("an id");
    let mut both = whatsapp_texts(NUMBER, &texts(0..1));
    both["value"]["statuses"] = json!([whatsapp_status(wamid, "delivered")]);
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![both]]))
        .await;
    assert_eq!(world.events("message.received", 1).await.len(), 1);
    let delivered = world.events("message.delivered", 1).await;
    assert_eq!(delivered[0]["data"]["messageId"], sent["message"]["id"]);
}

#[tokio::test]
async fn the_same_message_many_times_at_once_is_one_event() {
    let (world, callbacks) = world().await;
    let text = texts(0..1);
    let in_whatsapp = whatsapp(&[vec![whatsapp_texts(NUMBER, &text)]]);
    let in_zapi = zapi(&text[0]);
    let calls = (0..20).flat_map(|_| {
        [
            callbacks.deliver("whatsapp", &in_whatsapp),
            callbacks.deliver("zapi", &in_zapi),
        ]
    });
    join_all(calls).await;
    world.stop().await;
    // The ids of different channels have nothing to do with one another.
    let events = stored(&world.database, "message.received").await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_ne!(events[0].channel_id, events[1].channel_id);
    let created = stored(&world.database, "conversation.created").await;
    assert_eq!(created.len(), 2, "{created:?}");
}

#[tokio::test]
async fn a_status_of_a_message_that_is_not_known_yet_waits_for_it() {
    let (world, callbacks) = world().await;
    let held = HeldProvider::start().await;
    let settings = json!({"settings": {"baseUrl": held.url}});
    world.client.change("/channels/whatsapp", settings).await;
    let sending = tokio::spawn({
        let client = world.client.clone();
        async move { client.send(smallest_body("conv-456")).await }
    });
    let request = held.receive().await;
    let statuses = ["wamid.OURS", "wamid.NOBODYS"].map(|id| whatsapp_status(id, "delivered"));
    let early = change(NUMBER, &json!({"statuses": statuses}));
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![early]]))
        .await;
    // Calls are applied in their order: when the text is told, the statuses have been seen.
    let text = whatsapp_texts(NUMBER, &texts(0..1));
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![text]]))
        .await;
    world.events("message.received", 1).await;
    assert!(world.events("message.delivered", 0).await.is_empty());
    request
        .answer(&json!({"messages": [{"id": "wamid.OURS"}]}))
        .await;
    let sent = sending.await.expect("an end").expect(200);
    let delivered = world.events("message.delivered", 1).await;
    assert_eq!(delivered[0]["data"]["messageId"], sent["message"]["id"]);
    world.stop().await;
    let delivered = stored(&world.database, "message.delivered").await;
    assert_eq!(delivered.len(), 1, "a stranger's status is nobody's");
}

#[tokio::test]
async fn statuses_advance_and_failed_only_gives_way_to_a_proof_of_delivery() {
    let (world, callbacks) = world().await;
    let mut ends = Vec::new();
    let climbs = [
        (&["read", "delivered", "sent"][..], "read"),
        (&["sent", "sent", "read", "delivered"], "read"),
        (&["failed", "sent"], "failed"),
        (&["failed", "sent", "delivered", "read", "failed"], "read"),
    ];
    for (statuses, end) in climbs {
        let sent = world.client.accepted(smallest_body("conv-456")).await;
        let wamid = sent["message"]["externalId"].as_str().expect("an id");
        for status in statuses {
            let news = json!({"statuses": [whatsapp_status(wamid, status)]});
            let body = whatsapp(&[vec![change(NUMBER, &news)]]);
            callbacks.deliver("whatsapp", &body).await;
        }
        ends.push((sent["message"]["id"].clone(), end));
    }
    world.stop().await;
    let store = world.database.store().await;
    let organization = "demo".parse().expect("an id");
    for (id, end) in ends {
        let id = id.as_str().expect("an id").parse().expect("an id");
        let message = store.get_message(&organization, &id).await;
        let message = message.expect("an answer").expect("a message");
        assert_eq!(message.status.as_str(), end);
    }
    store.close().await;
    for (kind, count) in [("sent", 1), ("delivered", 1), ("read", 3), ("failed", 2)] {
        let events = stored(&world.database, &format!("message.{kind}")).await;
        assert_eq!(events.len(), count, "{kind} {events:?}");
    }
}

/// One more channel of WhatsApp, with that number and that secret of the app.
async fn number(client: &recado_tests::Client, id: &str, number: &str, app_secret: &str) {
    let channel = json!({"id": id, "provider": "whatsapp", "name": id, "credentials": {
        "phoneNumberId": number, "accessToken": "T-WORKING", "appSecret": app_secret}});
    client.create("/channels", channel).await;
}

#[tokio::test]
async fn one_app_serves_several_numbers_and_never_those_of_others() {
    let (world, callbacks) = world().await;
    let other = world
        .client
        .with_key(&organization(&world.operator, "other").await);
    other
        .create("/agents", json!({"id": "agent-123", "name": "Agent"}))
        .await;
    number(&world.client, "second", "2", "sim-app-secret-01").await;
    number(&world.client, "third", "3", "another-secret").await;
    number(&other, "fourth", "4", "sim-app-secret-01").await;
    number(&other, "fifth", NUMBER, "sim-app-secret-01").await;
    let texts = texts(0..5);
    let numbers = [NUMBER, "2", "3", "4", "5"];
    let changes = numbers.iter().zip(texts.chunks(1));
    let changes = changes.map(|(number, text)| whatsapp_texts(number, text));
    callbacks
        .deliver("whatsapp", &whatsapp(&[changes.collect()]))
        .await;
    let events = world.events("message.received", 2).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["channelId"].as_str(),
                event["data"]["from"]["phone"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("whatsapp"), Some(&*texts[0].from)),
            (Some("second"), Some(&*texts[1].from))
        ]
    );
    assert_eq!(other.read("/events").await["data"], json!([]));
    // Each channel takes what its own secret has signed, and that alone.
    let body = whatsapp(&[vec![whatsapp_texts("3", &texts[2..3])]]).to_string();
    for (secret, status) in [("sim-app-secret-01", 401), ("another-secret", 200)] {
        let call = callbacks.unproved("/webhooks/whatsapp/third", body.clone());
        let call = call.header("x-hub-signature-256", signature(secret, body.as_bytes()));
        assert_eq!(answer(call).await.status, status, "{secret}");
    }
    assert_eq!(world.events("message.received", 3).await.len(), 3);
}

#[tokio::test]
async fn a_customer_who_is_known_stays_in_the_conversation() {
    let (world, callbacks) = world().await;
    // Brazil's ninth digit may be missing in what a provider reports.
    let phones = [CUSTOMER, "5511987654321", "551187654321", CUSTOMER];
    for (id, phone) in phones.iter().enumerate() {
        let mut text = Text::from(phone);
        text.id = format!("ID-{id}");
        let body = whatsapp(&[vec![whatsapp_texts(NUMBER, &[text])]]);
        callbacks.deliver("whatsapp", &body).await;
    }
    let events = world.events("message.received", phones.len()).await;
    let created = world.events("conversation.created", 1).await;
    assert_eq!(created.len(), 1, "{created:?}");
    let opened = &created[0]["conversationId"];
    let places = [&json!("conv-456"), opened, opened, &json!("conv-456")];
    for ((event, phone), place) in events.iter().zip(phones).zip(places) {
        event.assert_has(json!({"conversationId": place, "data": {"from": {"phone": phone}}}));
    }
}
