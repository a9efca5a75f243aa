//! `ZapperHUB`'s webhooks: the echo, updates and the forms of a tap.

use recado_sandbox::{MessageTimestamp, Provider, Shape, Webhook};
use serde_json::json;

use super::{Pair, receiver::Receiver, row};

const JID: &str = "5511900000001@s.whatsapp.net";

async fn start() -> Pair {
    Pair::start(Provider::Zapperhub).await
}

#[tokio::test]
async fn h13_h36_the_echo_and_the_updates_follow_a_message() {
    let pair = start().await;
    let id = pair.send().await;
    pair.read(&id).expect("a message");
    let bodies = pair.told().await;
    let key = json!({"remoteJid": JID, "fromMe": true, "id": id});
    let echo = json!({
        "type": "messages.upsert", "instanceId": "inst_5f2c", "key": key,
        "messageTimestamp": bodies[0]["messageTimestamp"],
        "message": {"interactiveMessage": {
            "header": {"title": null}, "body": {"text": null}, "footer": {"text": null},
            "nativeFlowMessage": {"buttons": [
                {"name": "quick_reply", "buttonParamsJson": "{\"display_text\":\"A\",\"id\":\"a\"}"},
            ]},
        }},
    });
    assert_eq!(bodies[0], echo);
    for (body, status) in bodies[1..].iter().zip([2, 3, 4]) {
        let expected = json!({
            "type": "messages.update", "instanceId": "inst_5f2c", "key": key,
            "update": {"status": status},
        });
        assert_eq!(*body, expected);
    }
    assert_eq!(bodies.len(), 4);
}

#[tokio::test]
async fn h38_a_failure_is_status_0() {
    let pair = start().await;
    pair.switch(&json!({"failWith": {}}));
    pair.send().await;
    assert_eq!(pair.bodies().len(), 1);
    assert_eq!(pair.bodies()[0]["update"], json!({"status": 0}));
}

#[tokio::test]
async fn h29_h30_h31_a_tap_has_the_form_that_was_chosen() {
    let pair = start().await;
    let template = json!({"selectedId": "a", "selectedDisplayText": "A", "selectedIndex": 0});
    let flow = json!({"name": "quick_reply", "paramsJson": "{\"id\":\"a\"}", "version": 1});
    let flow = json!({"body": {"text": "A"}, "nativeFlowResponseMessage": flow});
    let buttons = json!({"selectedButtonId": "a", "selectedDisplayText": "A"});
    for (shape, kind, mut content) in [
        (None, "templateButtonReplyMessage", template),
        (
            Some(Shape::InteractiveResponseMessage),
            "interactiveResponseMessage",
            flow,
        ),
        (
            Some(Shape::ButtonsResponseMessage),
            "buttonsResponseMessage",
            buttons,
        ),
    ] {
        let (id, tap, body) = pair.tapped(shape).await;
        content["contextInfo"] =
            json!({"stanzaId": id, "participant": "5521300000000@s.whatsapp.net"});
        let expected = json!({
            "type": "messages.upsert", "instanceId": "inst_5f2c",
            "key": {"remoteJid": JID, "fromMe": false, "id": tap},
            "messageTimestamp": body["messageTimestamp"], "pushName": "Ana",
            "message": {kind: content},
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn h33_a_list_choice_and_a_text_come_as_baileys_writes_them() {
    let pair = start().await;
    pair.change_settings(|settings| settings.zapperhub.message_timestamp = MessageTimestamp::Long);
    let id = pair.send().await;
    let row = row("h09", "09:00", "");
    let told = pair.picked_and_said(&id, &row, "", "190000000000001@lid");
    let [choice, text] = told.await;
    let choice = &choice["message"]["listResponseMessage"];
    assert_eq!(choice["singleSelectReply"], json!({"selectedRowId": "h09"}));
    assert_eq!(text["message"], json!({"conversation": "Oi"}));
    assert_eq!(text["key"]["remoteJid"], "190000000000001@lid");
    assert_eq!(text["messageTimestamp"]["unsigned"], true);
}

#[tokio::test]
async fn h23_the_secret_comes_as_a_bearer_token() {
    let receiver = Receiver::start().await;
    let webhook = Webhook {
        secret: Some("hook-secret".to_owned()),
        ..Webhook::new(Provider::Zapperhub, &receiver.url)
    };
    let pair = Pair::with(webhook, receiver).await;
    pair.send().await;
    let post = &pair.receiver.posts()[0];
    assert_eq!(post.header("authorization"), Some("Bearer hook-secret"));
    assert_eq!(post.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn h27_a_batch_is_an_array() {
    let pair = start().await;
    pair.switch(&json!({"batch": 10}));
    pair.send().await;
    let bodies = pair.bodies();
    assert_eq!(bodies.len(), 1);
    let events = bodies[0].as_array().expect("an array").iter();
    let types: Vec<_> = events.map(|event| &event["type"]).collect();
    assert_eq!(
        types,
        ["messages.upsert", "messages.update", "messages.update"]
    );
}
