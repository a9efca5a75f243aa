//! What is not proved, not meant for us or too large leaves nothing.

use recado_tests::prelude::*;

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
    let (world, callbacks) = World::with_callbacks().await;
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
async fn a_call_of_three_megabytes_is_taken_and_one_over_four_mebibytes_is_not() {
    let (world, callbacks) = World::with_callbacks().await;
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
