//! One app of Meta serves several numbers, and never those of other organizations.

use recado_tests::callbacks::signature;
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
    other
        .create("/agents", json!({"id": "agent-123", "name": "Agent"}))
        .await;
    number(&world.client, "second", "2", "sim-app-secret-01").await;
    number(&world.client, "third", "3", "another-secret").await;
    number(&other, "fourth", "4", "sim-app-secret-01").await;
    number(&other, "fifth", NUMBER, "sim-app-secret-01").await;
    let phones = [
        "5511977770000",
        "5511977770001",
        "5511977770002",
        "5511977770003",
        "5511977770004",
    ];
    let texts = phones.map(Text::from);
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
