//! What is not proved, not meant for us or too large leaves nothing.

use recado_tests::callbacks::{APP_SECRET, call_of, hmac, signature};
use recado_tests::prelude::*;

const MIB: usize = 1024 * 1024;

fn said() -> Text {
    Text::from("5511955554444")
}

/// Nothing was told, and nothing is kept that could still be.
async fn assert_nothing_is_stored(world: &World) {
    assert_eq!(world.client.read("/events").await["data"], json!([]));
    let (store, later) = (&world.store, Timestamp::MAX);
    let kept = store.organizations_with_webhook_calls(later).await;
    assert_eq!(kept.expect("an answer"), []);
    let claimed = store.claimed_webhook_calls().await;
    assert_eq!(claimed.expect("an answer"), Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_secret_in_the_url_and_the_path_of_another_provider_lead_nowhere() {
    let (world, callbacks) = World::with_callbacks().await;
    for (provider, other, body) in [
        ("zapi", "zapperhub", zapi(&said())),
        ("zapperhub", "zapi", zapperhub(&said())),
    ] {
        let path = callbacks.path(provider);
        let (channel, secret) = path.rsplit_once('/').expect("a secret");
        for wrong in [
            format!("{channel}/wrong"),
            format!("{channel}/{}", &secret[1..]),
            format!("{path}0"),
            format!("{channel}/"),
            channel.to_owned(),
            format!("/webhooks/{other}/{provider}/{secret}"),
            format!("/webhooks/whatsapp/{provider}"),
        ] {
            // A key that ZapperHUB shows too.
            let call = callbacks.unproved(&wrong, body.to_string());
            let call = call.bearer_auth(secret);
            assert_eq!(answer(call).await.status, 404, "{wrong}");
        }
    }
    assert_nothing_is_stored(&world).await;
}

#[tokio::test]
async fn what_the_secret_of_the_channel_does_not_prove_leaves_nothing() {
    let world = World::start().await;
    world.open_wuzapi().await;
    let callbacks = world.callbacks().await;
    let meta = whatsapp(&[vec![whatsapp_texts(NUMBER, &[said()])]]).to_string();
    let signed = signature(APP_SECRET, meta.as_bytes());
    let changed = meta.replacen("5511955554444", "5511955554445", 1);
    let hosted = zapperhub(&said()).to_string();
    let wuzapi = call_of("wuzapi", "W1", &json!({"conversation": "Oi"})).to_string();
    let (by_meta, by_key, by_wuzapi) = ("x-hub-signature-256", "authorization", "x-hmac-signature");
    for (channel, body, header, proof) in [
        ("whatsapp", &meta, by_meta, ""),
        ("whatsapp", &meta, by_meta, "sha256="),
        ("whatsapp", &meta, by_meta, &signed[7..]),
        ("whatsapp", &meta, by_meta, &signed[..70]),
        ("whatsapp", &changed, by_meta, &signed),
        ("zapperhub", &hosted, by_key, ""),
        ("zapperhub", &hosted, by_key, "Bearer wrong"),
        ("zapperhub", &hosted, by_key, "Basic eDp5"),
        ("wuzapi", &wuzapi, by_wuzapi, ""),
        (
            "wuzapi",
            &wuzapi,
            by_wuzapi,
            &hmac("wrong", wuzapi.as_bytes()),
        ),
    ] {
        let call = callbacks.unproved(callbacks.path(channel), body.as_str());
        let refused = answer(call.header(header, proof)).await;
        assert_eq!(refused.status, 401, "{channel} {header}: {proof}");
    }
    assert_nothing_is_stored(&world).await;
}

#[tokio::test]
async fn a_call_of_three_megabytes_is_taken_and_one_over_four_mebibytes_is_not() {
    let (world, callbacks) = World::with_callbacks().await;
    let mut body = whatsapp(&[vec![whatsapp_texts(NUMBER, &[said()])]]);
    let room = 4 * MIB - body.to_string().len() - r#","padding":"""#.len();
    body["padding"] = "x".repeat(room).into();
    let largest = body.to_string();
    assert_eq!(largest.len(), 4 * MIB);
    let refused = answer(callbacks.call("whatsapp", largest.clone() + " ")).await;
    refused.refused(413, "body_too_large");
    assert_nothing_is_stored(&world).await;

    callbacks.deliver("whatsapp", &body).await;
    assert_eq!(world.events("message.received", 1).await.len(), 1);
    body["padding"] = "x".repeat(3_000_000).into();
    callbacks.deliver("whatsapp", &body).await;
}
