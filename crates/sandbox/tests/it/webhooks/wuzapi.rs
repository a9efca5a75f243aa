//! wuzapi's webhooks: receipts, the forms of a tap, both formats and the signature.

use recado_sandbox::{Provider, Shape, Webhook, WebhookFormat};
use serde_json::{Value, json};

use super::receiver::{Got, Receiver};
use super::{Pair, row, signature};

const JID: &str = "5511900000001@s.whatsapp.net";
const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn start(format: WebhookFormat) -> Pair {
    let receiver = Receiver::start().await;
    let webhook = Webhook {
        secret: Some(KEY.to_owned()),
        ..Webhook::new(Provider::Wuzapi, &receiver.url)
    };
    let pair = Pair::with(webhook, receiver).await;
    pair.change_settings(|settings| settings.wuzapi.webhook_format = format);
    pair
}

fn assert_signed(post: &Got) {
    let signature = signature(KEY, &post.body);
    assert_eq!(post.header("x-hmac-signature"), Some(signature.as_str()));
}

#[tokio::test]
async fn h57_receipts_follow_a_message_that_arrives() {
    let pair = start(WebhookFormat::Json).await;
    let id = pair.send().await;
    pair.read(&id).expect("a message");
    let bodies = pair.told().await;
    for (body, (state, kind)) in bodies.iter().zip([("Delivered", ""), ("Read", "read")]) {
        let expected = json!({
            "type": "ReadReceipt", "state": state, "userID": "1", "instanceName": "user 1",
            "event": {
                "MessageIDs": [id], "Chat": JID, "Timestamp": body["event"]["Timestamp"],
                "Type": kind,
            },
        });
        assert_eq!(*body, expected);
    }
    assert_eq!(bodies.len(), 2);
    assert_signed(&pair.receiver.posts()[0]);
}

#[tokio::test]
async fn a_message_that_fails_has_no_webhook() {
    let pair = start(WebhookFormat::Json).await;
    pair.switch(&json!({"failWith": {}}));
    pair.send().await;
    assert!(pair.receiver.posts().is_empty());
}

#[tokio::test]
async fn h54_a_form_carries_the_event_as_json_and_is_signed_as_it_is() {
    let pair = start(WebhookFormat::Form).await;
    pair.send().await;
    let post = &pair.receiver.posts()[0];
    let content_type = "application/x-www-form-urlencoded";
    assert_eq!(post.header("content-type"), Some(content_type));
    assert_signed(post);
    let fields: Vec<_> = form_urlencoded::parse(post.body.as_bytes()).collect();
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_ref()).collect();
    assert_eq!(names, ["instanceName", "jsonData", "userID"]);
    let event: Value = serde_json::from_str(&fields[1].1).expect("JSON");
    assert_eq!(
        (&event["type"], &event["userID"]),
        (&json!("ReadReceipt"), &json!("1"))
    );
    assert_eq!(
        (fields[0].1.as_ref(), fields[2].1.as_ref()),
        ("user 1", "1")
    );
}

#[tokio::test]
async fn h55_a_tap_has_the_form_that_was_chosen() {
    let pair = start(WebhookFormat::Json).await;
    let template = json!({"selectedID": "a", "selectedDisplayText": "A", "selectedIndex": 0});
    let buttons =
        json!({"selectedButtonID": "a", "Response": {"SelectedDisplayText": "A"}, "type": 1});
    let flow = json!({"name": "quick_reply", "paramsJSON": "{\"id\":\"a\"}", "version": 1});
    let flow = json!({"InteractiveResponseMessage": {"NativeFlowResponseMessage": flow}, "body": {"text": "A"}});
    for (shape, kind, mut content) in [
        (None, "templateButtonReplyMessage", template),
        (
            Some(Shape::ButtonsResponseMessage),
            "buttonsResponseMessage",
            buttons,
        ),
        (
            Some(Shape::InteractiveResponseMessage),
            "interactiveResponseMessage",
            flow,
        ),
    ] {
        let (id, tap, body) = pair.tapped(shape).await;
        content["contextInfo"] =
            json!({"stanzaID": id, "participant": "5521300000000@s.whatsapp.net"});
        let info = &body["event"]["Info"];
        assert!(info["Sender"].as_str().expect("a JID").ends_with(":3@lid"));
        let info = json!({
            "ID": tap, "Chat": JID, "Sender": info["Sender"], "SenderAlt": JID, "IsFromMe": false,
            "IsGroup": false, "PushName": "Ana", "Type": "text", "Timestamp": info["Timestamp"],
        });
        let expected = json!({
            "type": "Message", "userID": "1", "instanceName": "user 1",
            "event": {"Info": info, "Message": {kind: content}},
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn a_list_choice_and_a_text_come_in_gos_spelling() {
    let pair = start(WebhookFormat::Json).await;
    let id = pair.send().await;
    let row = row("h09", "09:00", "");
    let told = pair.picked_and_said(&id, &row, "1", "5511900000001");
    let [told, text] = told.await;
    let choice = json!({"title": "09:00", "listType": 1, "singleSelectReply": {"selectedRowID": "h09"},
        "contextInfo": {"stanzaID": id, "participant": "5521300000000@s.whatsapp.net"}});
    assert_eq!(told["event"]["Message"]["listResponseMessage"], choice);
    assert_eq!(text["event"]["Message"], json!({"conversation": "Oi"}));
}

#[tokio::test]
async fn a_batch_of_receipts_is_one_receipt() {
    let pair = start(WebhookFormat::Json).await;
    pair.switch(&json!({"batch": 5, "duplicate": 1}));
    let id = pair.send().await;
    assert_eq!(pair.bodies().len(), 1);
    assert_eq!(pair.bodies()[0]["event"]["MessageIDs"], json!([id, id]));
}
