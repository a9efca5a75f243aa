//! ZapperHUB's two webhooks: one with a secret for messages, one without for statuses.

use recado_tests::prelude::*;

/// A world in which the vendor tells its legacy webhook no statuses, and the server has registered itself.
async fn registered() -> World {
    let world = World::start().await;
    let mut settings = world.sandbox.settings();
    settings.zapperhub.legacy_without_updates = true;
    world.sandbox.set_settings(settings);
    register(&world).await;
    world
}

async fn register(world: &World) {
    let path = "/channels/zapperhub/register-webhook";
    world.client.act(path, json!({})).await;
}

#[tokio::test]
async fn taps_and_statuses_come_even_if_the_legacy_webhook_hears_of_no_statuses() {
    let world = registered().await;
    let sent = world.sent("conv-zapperhub").await;
    let tapped = world.sandbox.tap(&sent.external_id, "a", None);
    tapped.expect("a tap");
    world.sandbox.read(&sent.external_id).expect("read");
    for kind in [
        "message.sent",
        "message.delivered",
        "message.read",
        "button.pressed",
    ] {
        assert_eq!(world.events(kind, 1).await.len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn registering_again_makes_no_further_webhook() {
    let world = registered().await;
    register(&world).await;
    let webhooks = world.sandbox.webhooks().into_iter();
    let names = webhooks.map(|webhook| webhook.name);
    assert_eq!(names.collect::<Vec<_>>(), [None, Some("recado".to_owned())]);
}

#[tokio::test]
async fn without_the_secret_only_statuses_are_taken_in() {
    let world = registered().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let path = callbacks.path("zapperhub");
    let update = json!({"type": "messages.update", "instanceId": "inst_5f2c",
        "key": {"id": "3EB0", "fromMe": true}, "update": {"status": 3}});
    let text = zapperhub(&Text::from("5511911111111"));
    let status = async |body: &Value| {
        let call = callbacks.unproved(path, body.to_string());
        answer(call).await.status
    };
    assert_eq!(status(&update).await, 200);
    let wrong = callbacks.unproved(path, update.to_string());
    assert_eq!(answer(wrong.bearer_auth("wrong")).await.status, 401);
    assert_eq!(status(&text).await, 401);
    assert_eq!(status(&json!([update, text])).await, 401);
    let events = world.client.read("/events").await;
    assert_eq!(events["data"], json!([]));
}
