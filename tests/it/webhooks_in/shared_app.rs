//! One app of Meta serves several numbers, and never those of other organizations.

use recado_tests::callbacks::{APP_SECRET, signature};
use recado_tests::prelude::*;

/// One more channel of WhatsApp, with that number and that secret of the app.
async fn number(client: &Client, id: &str, number: &str, app_secret: &str) {
    let channel = json!({"id": id, "provider": "whatsapp", "name": id, "credentials": {
        "phoneNumberId": number, "accessToken": "T-WORKING", "appSecret": app_secret}});
    client.create("/channels", channel).await;
}

#[tokio::test]
async fn one_app_serves_several_numbers_and_never_those_of_others() {
    let (world, callbacks) = World::with_callbacks().await;
    let other = world.operator.organization("other").await;
    other.agent("agent-123").await;
    number(&world.client, "second", "2", APP_SECRET).await;
    number(&world.client, "third", "3", "another-secret").await;
    number(&other, "fourth", "4", APP_SECRET).await;
    number(&other, "fifth", NUMBER, APP_SECRET).await;
    let texts: Vec<_> = (0..5)
        .map(|n| Text::from(&format!("551197777000{n}")))
        .collect();
    let numbers = [NUMBER, "2", "3", "4", "5"].iter().zip(texts.chunks(1));
    let changes = numbers.map(|(number, text)| whatsapp_texts(number, text));
    let call = whatsapp(&[changes.collect()]);
    callbacks.deliver("whatsapp", &call).await;
    let events = world.events("message.received", 2).await;
    let told = events.iter().map(|event| {
        let phone = text(&event["data"]["from"]["phone"]);
        (text(&event["channelId"]), phone)
    });
    let expected = [("whatsapp", &*texts[0].from), ("second", &texts[1].from)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(other.read("/events").await["data"], json!([]));
    // Each channel takes what its own secret has signed, and that alone.
    let body = whatsapp(&[vec![whatsapp_texts("3", &texts[2..3])]]).to_string();
    for (secret, status) in [(APP_SECRET, 401), ("another-secret", 200)] {
        let call = callbacks.unproved("/webhooks/whatsapp/third", body.clone());
        let call = call.header("x-hub-signature-256", signature(secret, body.as_bytes()));
        assert_eq!(answer(call).await.status, status, "{secret}");
    }
    assert_eq!(world.events("message.received", 3).await.len(), 3);
}
