//! What is not proved, not meant for us or too large leaves nothing.

use jiff::Timestamp;
use recado_tests::World;
use recado_tests::callbacks::{NUMBER, Text, whatsapp, whatsapp_texts, zapi, zapperhub};
use recado_tests::client::answer;
use serde_json::json;

const MIB: usize = 1024 * 1024;

fn text() -> Text {
    Text::from("5511955554444")
}

/// Nothing was told, and nothing is kept that could still be.
async fn assert_nothing_is_stored(world: &World) {
    assert_eq!(world.client.read("/events").await["data"], json!([]));
    let kept = world
        .store
        .organizations_with_webhook_calls(Timestamp::MAX)
        .await;
    assert_eq!(kept.expect("an answer"), []);
    let claimed = world.store.claimed_webhook_calls().await;
    assert_eq!(claimed.expect("an answer"), Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_secret_in_the_url_leads_nowhere() {
    let (world, callbacks) = super::once::world().await;
    for (provider, body) in [("zapi", zapi(&text())), ("zapperhub", zapperhub(&text()))] {
        let path = callbacks.path(provider);
        let (channel, secret) = path.rsplit_once('/').expect("a secret");
        for wrong in [
            format!("{channel}/wrong"),
            format!("{channel}/{}", &secret[1..]),
            format!("{path}0"),
            format!("{channel}/"),
            channel.to_owned(),
        ] {
            let call = callbacks.unproved(&wrong, body.to_string());
            assert_eq!(answer(call).await.status, 404, "{provider}");
        }
    }
    assert_nothing_is_stored(&world).await;
}

#[tokio::test]
async fn zapperhub_has_to_show_the_secret_too() {
    let (world, callbacks) = super::once::world().await;
    let body = zapperhub(&text()).to_string();
    let call = || callbacks.unproved(callbacks.path("zapperhub"), body.clone());
    assert_eq!(answer(call()).await.status, 401);
    for wrong in ["", "Bearer", "Bearer ", "Bearer wrong", "Basic eDp5"] {
        let call = call().header("authorization", wrong);
        assert_eq!(answer(call).await.status, 401, "{wrong}");
    }
    assert_nothing_is_stored(&world).await;
}

#[tokio::test]
async fn meta_has_to_sign_every_byte() {
    let (world, callbacks) = super::once::world().await;
    let body = whatsapp(&[vec![whatsapp_texts(NUMBER, &[text()])]]).to_string();
    let signature = recado_tests::callbacks::signature("sim-app-secret-01", body.as_bytes());
    let changed = body.replacen("5511955554444", "5511955554445", 1);
    let path = callbacks.path("whatsapp");
    for (body, signature) in [
        (&body, ""),
        (&body, "sha256="),
        (&body, &signature[7..]),
        (&body, &signature[..70]),
        (&changed, &*signature),
    ] {
        let call = callbacks.unproved(path, body.clone());
        let call = call.header("x-hub-signature-256", signature);
        assert_eq!(answer(call).await.status, 401, "{signature}");
    }
    assert_nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_call_of_another_instance_of_zapi_tells_nothing() {
    let (world, callbacks) = super::once::world().await;
    let mut foreign = zapi(&text());
    foreign["instanceId"] = "INST-02".into();
    callbacks.deliver("zapi", &foreign).await;
    let mut own = zapi(&text());
    own["messageId"] = "OWN".into();
    callbacks.deliver("zapi", &own).await;
    let events = world.events("message.received", 1).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["data"]["externalId"], "OWN");
}

#[tokio::test]
async fn a_call_of_three_megabytes_is_taken_and_one_over_four_mebibytes_is_not() {
    let (world, callbacks) = super::once::world().await;
    let mut body = whatsapp(&[vec![whatsapp_texts(NUMBER, &[text()])]]);
    body["padding"] = "x"
        .repeat(4 * MIB - body.to_string().len() - r#","padding":"""#.len())
        .into();
    let largest = body.to_string();
    assert_eq!(largest.len(), 4 * MIB);
    let refused = answer(callbacks.call("whatsapp", largest.clone() + " ")).await;
    refused.refused(413, "body_too_large");
    assert_nothing_is_stored(&world).await;

    answer(callbacks.call("whatsapp", largest))
        .await
        .expect(200);
    assert_eq!(world.events("message.received", 1).await.len(), 1);
    body["padding"] = "x".repeat(3_000_000).into();
    let again = answer(callbacks.call("whatsapp", body.to_string())).await;
    again.expect(200);
}

#[tokio::test]
async fn without_a_database_the_provider_is_asked_to_come_back() {
    let (world, callbacks) = super::once::world().await;
    world.store.clone().close().await;
    let calls = [
        (
            "whatsapp",
            whatsapp(&[vec![whatsapp_texts(NUMBER, &[text()])]]),
        ),
        ("zapi", zapi(&text())),
        ("zapperhub", zapperhub(&text())),
    ];
    for (provider, body) in calls {
        let refused = answer(callbacks.call(provider, body.to_string())).await;
        assert_eq!(refused.status, 503, "{provider}: {}", refused.text);
    }
}
