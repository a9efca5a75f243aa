//! Z-API's callbacks: the queue's result, statuses and the forms of a tap.

use recado_sandbox::{Provider, Shape};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Pair, row};
use crate::{assert_has, zapi};

/// A pair, and the answer to a message with buttons whose webhooks have arrived.
async fn sent() -> (Pair, Value) {
    let pair = Pair::start(Provider::Zapi).await;
    let answer = send(&pair).await;
    (pair, answer)
}

async fn send(pair: &Pair) -> Value {
    let reply = zapi::send(pair, "send-button-list", &zapi::list()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    pair.settled().await;
    reply.json
}

#[tokio::test]
async fn z26_z30_the_queues_result_and_the_statuses_follow_a_message() {
    let (pair, answer) = sent().await;
    let id = answer["messageId"].as_str().expect("an id");
    pair.read(id).expect("a message");
    let bodies = pair.told().await;
    let time = &bodies[0]["momment"];
    assert!(time.as_i64().is_some_and(|time| time > 1_000_000_000_000));
    let delivery = json!({
        "type": "DeliveryCallback", "instanceId": "INST-01", "phone": "5521988887777",
        "zaapId": answer["zaapId"], "messageId": id, "momment": time,
    });
    assert_eq!(bodies[0], delivery);
    for (body, status) in bodies[1..].iter().zip(["SENT", "RECEIVED", "READ"]) {
        let expected = json!({
            "type": "MessageStatusCallback", "instanceId": "INST-01", "status": status,
            "ids": [id], "phone": "5521988887777", "phoneDevice": 0, "isGroup": false,
            "momment": body["momment"],
        });
        assert_eq!(*body, expected);
    }
    assert_eq!(bodies.len(), 4);
}

#[tokio::test]
async fn z27_z28_z29_a_failure_names_only_the_id_of_the_queue() {
    let terms = "You must accept buttons message terms in panel to send this message.";
    for (text, code) in [
        (Some("Phone number does not exist"), None),
        (None, None),
        (None, Some("SHADOW_BAN")),
    ] {
        let pair = Pair::start(Provider::Zapi).await;
        pair.switch(&json!({"failWith": {"text": text, "errorCode": code}}));
        let answer = send(&pair).await;
        assert_ne!(answer["zaapId"], answer["messageId"]);
        let bodies = pair.bodies();
        assert_eq!(bodies.len(), 1);
        let id = &answer["zaapId"];
        let text = text.unwrap_or(terms);
        let expected = json!({"zaapId": id, "messageId": id, "error": text, "errorCode": code});
        assert_has(&bodies[0], &expected);
    }
}

#[rstest]
#[case(None, "buttonsResponseMessage", json!({"buttonId": "visit_no", "message": "Cancelar"}))]
#[case(Some(Shape::ButtonsResponseMessage), "buttonsResponseMessage", json!({"buttonId": "visit_no", "message": "Cancelar"}))]
#[case(Some(Shape::ButtonReply), "buttonReply", json!({"buttonId": "visit_no", "message": "Cancelar"}))]
#[case(Some(Shape::ButtonReplyId), "buttonReply", json!({"id": "visit_no", "text": "Cancelar"}))]
#[case(Some(Shape::TemplateButtonReplyMessage), "templateButtonReplyMessage", json!({"selectedId": "visit_no", "selectedDisplayText": "Cancelar"}))]
#[case(Some(Shape::Text), "text", json!({"message": "Cancelar"}))]
#[tokio::test]
async fn z36_a_tap_has_the_form_that_was_chosen(
    #[case] shape: Option<Shape>,
    #[case] key: &str,
    #[case] content: Value,
) {
    let (pair, answer) = sent().await;
    let id = answer["messageId"].as_str().expect("an id");
    let tap = pair.tap(id, "visit_no", shape).expect("a tap");
    let body = pair.told().await.pop().expect("a callback");
    let lid = body["chatLid"].as_str().expect("a LID");
    assert!(lid.ends_with("@lid") && !lid.contains("5521988887777"));
    let mut expected = json!({
        "type": "ReceivedCallback", "instanceId": "INST-01", "messageId": tap,
        "phone": "5521988887777", "chatLid": lid, "senderLid": lid,
        "connectedPhone": "5521300000000", "fromMe": false, "fromApi": false, "isGroup": false,
        "isNewsletter": false, "isEdit": false, "waitingMessage": false,
        "momment": body["momment"], "status": "RECEIVED", "senderName": "Ana", "chatName": "Ana",
        "participantPhone": null, "participantLid": null, "referenceMessageId": id,
    });
    expected[key] = content;
    assert_eq!(body, expected);
}

#[tokio::test]
async fn z38_a_text_and_a_list_choice_come_as_documented() {
    let (pair, answer) = sent().await;
    let id = answer["messageId"].as_str().expect("an id");
    let row = row("h09", "09:00", "Sala 2");
    let told = pair.picked_and_said(id, &row, "INST-01", "5521988887777");
    let [choice, text] = told.await;
    let expected = json!({"selectedRowId": "h09", "title": "09:00", "message": "Sala 2"});
    assert_eq!(choice["listResponseMessage"], expected);
    assert_eq!(text["text"], json!({"message": "Oi"}));
    assert_eq!(text["referenceMessageId"], Value::Null);
}

#[tokio::test]
async fn the_token_header_can_be_switched_off() {
    let (pair, _) = sent().await;
    pair.switch(&json!({"zapiToken": false}));
    send(&pair).await;
    let posts = pair.receiver.posts();
    assert_eq!(posts[0].header("z-api-token"), Some("TOKEN-01"));
    assert_eq!(posts[3].header("z-api-token"), None);
}

#[tokio::test]
async fn what_waited_for_the_phone_is_told_when_it_is_connected_again() {
    let pair = Pair::start(Provider::Zapi).await;
    let connect = |connected| {
        pair.change_settings(|settings| settings.zapi.connected = connected);
    };
    connect(false);
    let answer = send(&pair).await;
    pair.settled().await;
    assert_eq!(pair.bodies()[0]["type"], "DisconnectedCallback");
    assert_eq!(pair.bodies().len(), 1);
    connect(true);
    let bodies = pair.told().await;
    assert_eq!(bodies[1]["type"], "ConnectedCallback");
    assert_eq!(bodies[2]["zaapId"], answer["zaapId"]);
    assert_eq!(bodies.len(), 5);
}

#[tokio::test]
async fn z33_a_batch_puts_the_same_status_of_messages_into_one_callback() {
    let pair = Pair::start(Provider::Zapi).await;
    pair.switch(&json!({"batch": 10, "steps": ["delivered"], "duplicate": 1, "order": "shuffled"}));
    let id = send(&pair).await["messageId"].clone();
    assert_eq!(pair.bodies().len(), 1);
    assert_eq!(pair.bodies()[0]["ids"], json!([id, id]));
}
