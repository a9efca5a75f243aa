//! What is no message of a customer, and what is no webhook at all.

use recado_tests::callbacks::{NUMBER, Text, change, whatsapp, whatsapp_texts, zapi, zapperhub};
use recado_tests::client::answer;
use serde_json::{Value, json};

use super::{connected, send};

const CUSTOMER: &str = "5511933332222";

/// The body with other values at these places.
fn with<const N: usize>(mut body: Value, places: [(&str, Value); N]) -> Value {
    for (place, value) in places {
        body[place] = value;
    }
    body
}

fn of_meta() -> Vec<Value> {
    let unknown_field = with(
        change("1", &json!({})),
        [("field", "account_update".into())],
    );
    let elsewhere = whatsapp_texts("800000000000999", &[Text::from(CUSTOMER)]);
    let warning = json!({"errors": [{"code": 130_429, "title": "Rate limit hit"}]});
    vec![
        json!({"object": "page", "entry": [{"changes": []}]}),
        whatsapp(&[vec![unknown_field]]),
        whatsapp(&[vec![elsewhere]]),
        whatsapp(&[vec![change(NUMBER, &warning)]]),
    ]
}

fn of_zapi() -> Vec<Value> {
    let but = |places| with(zapi(&Text::from(CUSTOMER)), places);
    let buttons = json!({"message": "Oi", "buttons": [
        {"buttonId": "a", "type": 1, "buttonText": {"displayText": "A"}}]});
    vec![
        but([("fromMe", true.into()), ("buttonsMessage", buttons)]),
        but([("waitingMessage", true.into()), ("text", Value::Null)]),
        but([("notification", "REVOKE".into()), ("text", Value::Null)]),
        but([
            ("isGroup", true.into()),
            ("participantPhone", CUSTOMER.into()),
        ]),
        but([("type", "HologramCallback".into()), ("text", Value::Null)]),
        but([
            ("type", "PresenceChatCallback".into()),
            ("text", Value::Null),
        ]),
    ]
}

fn of_zapperhub() -> Vec<Value> {
    let but = |place: &str, value: Value| {
        let mut body = zapperhub(&Text::from(CUSTOMER));
        *body.pointer_mut(place).expect("a place") = value;
        body
    };
    vec![
        but("/key/fromMe", true.into()),
        but("/key/remoteJid", "120363000000000001@g.us".into()),
        but("/key/remoteJid", "status@broadcast".into()),
        but("/type", "messages.reaction".into()),
        but("/type", "presence.update".into()),
    ]
}

#[tokio::test]
async fn what_is_no_message_of_a_customer_is_taken_and_tells_nothing() {
    let (world, callbacks) = connected().await;
    for (channel, bodies) in [
        ("whatsapp", of_meta()),
        ("zapi", of_zapi()),
        ("zapperhub", of_zapperhub()),
    ] {
        for body in bodies {
            callbacks.deliver(channel, &body).await;
        }
    }
    // Calls are applied in their order: when this text is told, the others have been seen.
    let text = zapi(&Text::from(CUSTOMER));
    callbacks.deliver("zapi", &text).await;
    world.events("message.received", 1).await;
    let events = world.client.read("/events").await;
    let kinds: Vec<_> = events["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect();
    assert_eq!(kinds, ["conversation.created", "message.received"]);
}

#[tokio::test]
async fn our_own_reading_at_zapi_is_no_reading_of_the_customer() {
    let (world, callbacks) = connected().await;
    let (message, external_id) = send(&world, "conv-zapi").await;
    let status = |word: &str| {
        json!({"type": "MessageStatusCallback", "instanceId": "INST-01",
        "status": word, "ids": [external_id, "SOMETHING-ELSE"], "phone": CUSTOMER})
    };
    callbacks.deliver("zapi", &status("READ_BY_ME")).await;
    callbacks.deliver("zapi", &status("RECEIVED")).await;
    world.events("message.delivered", 1).await;
    assert!(world.events("message.read", 0).await.is_empty());
    callbacks.deliver("zapi", &status("READ")).await;
    let read = world.events("message.read", 1).await;
    assert_eq!(read[0]["data"]["messageId"], message);
}

#[tokio::test]
async fn zapi_may_have_to_show_its_token_too() {
    let (world, callbacks) = connected().await;
    let required = json!({"settings": {"webhookToken": "required"}});
    world.client.change("/channels/zapi", required).await;
    let body = zapi(&Text::from(CUSTOMER)).to_string();
    let call = || callbacks.call("zapi", body.clone());
    assert_eq!(answer(call()).await.status, 401);
    for (token, status) in [("TOKEN-02", 401), ("", 401), ("TOKEN-01", 200)] {
        let call = call().header("z-api-token", token);
        assert_eq!(answer(call).await.status, status, "{token}");
    }
    assert_eq!(world.events("message.received", 1).await.len(), 1);
}
