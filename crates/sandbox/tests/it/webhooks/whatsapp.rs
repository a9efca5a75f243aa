//! WhatsApp's webhooks: statuses, taps, escaping and signature.

use recado_sandbox::{BsuidMode, Failure, PhoneError, Provider, Shape};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Pair, row, signature};
use crate::assert_has;
use crate::whatsapp::{message, send};

const CUSTOMER: &str = "5511900000001";

async fn start() -> Pair {
    Pair::start(Provider::Whatsapp).await
}

/// The only value of a call with one change.
fn value(body: &Value) -> &Value {
    assert_eq!(body["object"], "whatsapp_business_account");
    let entry = &body["entry"][0];
    assert_eq!(entry["id"], "900000000000001");
    assert_eq!(entry["changes"][0]["field"], "messages");
    let value = &entry["changes"][0]["value"];
    let metadata =
        json!({"display_phone_number": "15550001111", "phone_number_id": "800000000000001"});
    assert_eq!(value["metadata"], metadata);
    assert_eq!(value["messaging_product"], "whatsapp");
    value
}

#[tokio::test]
async fn w16_sent_and_delivered_follow_a_message_with_its_callback_data() {
    let pair = start().await;
    let mut body = message();
    body["biz_opaque_callback_data"] = json!("gw:1");
    let id = send(&pair, &body).await.json["messages"][0]["id"].clone();
    let bodies = pair.told().await;
    assert_eq!(bodies.len(), 2);
    for (body, status) in bodies.iter().zip(["sent", "delivered"]) {
        let told = &value(body)["statuses"][0];
        assert!(told["timestamp"].is_string());
        let expected = json!({
            "id": id, "status": status, "timestamp": told["timestamp"], "recipient_id": CUSTOMER,
            "biz_opaque_callback_data": "gw:1",
            "pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"},
        });
        assert_eq!(*told, expected);
        assert!(value(body).get("contacts").is_none());
    }
}

#[tokio::test]
async fn read_follows_when_the_phone_reads() {
    let pair = start().await;
    let id = pair.send().await;
    pair.read(&id).expect("a message");
    let bodies = pair.told().await;
    let told = &value(&bodies[2])["statuses"][0];
    assert_has(told, &json!({"status": "read", "id": id, "pricing": null}));
}

#[rstest]
#[case::w19_it_fails(false)]
#[case::s54_it_comes_outside_of_the_window(true)]
#[tokio::test]
async fn a_message_that_fails_or_comes_outside_of_the_window_is_not_shown(
    #[case] is_outside: bool,
) {
    let pair = start().await;
    pair.change_settings(|settings| {
        if is_outside {
            settings.whatsapp.closed_windows = [CUSTOMER.to_owned()].into();
        } else {
            settings.webhooks.fail_with = Some(Failure::default());
        }
    });
    let id = pair.send().await;
    let bodies = pair.bodies();
    assert_eq!(bodies.len(), 1);
    let told = &value(&bodies[0])["statuses"][0];
    let details = "Message failed to send because more than 24 hours have passed since the customer last replied to this number.";
    let error = json!({
        "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
        "error_data": {"details": details},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    });
    let failed = json!({"status": "failed", "id": id, "errors": [error]});
    assert_has(told, &failed);
    pair.shows_nothing();
}

#[tokio::test]
async fn only_the_recipient_that_is_named_fails() {
    let pair = start().await;
    pair.switch(&json!({"failWith": {"to": "+55 11 90000-0009"}}));
    pair.send().await;
    assert_eq!(value(&pair.bodies()[0])["statuses"][0]["status"], "sent");
}

#[tokio::test]
async fn w10_a_tap_names_the_message_the_button_and_the_customer() {
    let pair = start().await;
    pair.switch(&json!({"steps": []}));
    let id = pair.send().await;
    let by_id = pair.tap(&id, "b", None).expect("a tap");
    let by_index = pair.tap(&id, 1, None).expect("a tap");
    assert_ne!(by_id, by_index);
    pair.settled().await;
    for (body, tap) in pair.bodies().iter().zip([by_id, by_index]) {
        let value = value(body);
        let contacts = json!([{"profile": {"name": "Ana"}, "wa_id": CUSTOMER}]);
        assert_eq!(value["contacts"], contacts);
        let expected = json!({
            "context": {"from": "15550001111", "id": id}, "from": CUSTOMER, "id": tap,
            "timestamp": value["messages"][0]["timestamp"], "type": "interactive",
            "interactive": {"type": "button_reply", "button_reply": {"id": "b", "title": "Não"}},
        });
        assert_eq!(value["messages"], json!([expected]));
    }
    assert_eq!(pair.bodies().len(), 2);
}

#[tokio::test]
async fn w13_a_list_choice_may_lack_its_description() {
    let pair = start().await;
    pair.switch(&json!({"steps": []}));
    let id = pair.send().await;
    let row = row("slot-14", "14h–16h", "");
    pair.pick(&id, &row).expect("a choice");
    pair.settled().await;
    let told = &value(&pair.bodies()[0])["messages"][0]["interactive"].clone();
    let reply = json!({"id": "slot-14", "title": "14h–16h"});
    assert_eq!(*told, json!({"type": "list_reply", "list_reply": reply}));
}

#[tokio::test]
async fn a_text_is_escaped_and_its_bytes_are_signed() {
    let pair = start().await;
    let (to, from) = ("15550001111", "+55 11 90000-0001");
    let said = pair.say(Provider::Whatsapp, to, from, "a/b café 😀");
    let said = said.expect("a text");
    pair.settled().await;
    let post = &pair.receiver.posts()[0];
    assert!(post.body.is_ascii());
    assert!(post.body.contains(r#""a\/b caf\u00e9 \ud83d\ude00""#));
    let json = post.json();
    let told = &value(&json)["messages"][0];
    assert_has(
        told,
        &json!({"type": "text", "id": said, "text": {"body": "a/b café 😀"}}),
    );
    let signature = format!("sha256={}", signature("sim-app-secret-01", &post.body));
    for (name, value) in [
        ("x-hub-signature-256", signature.as_str()),
        ("content-type", "application/json"),
        ("user-agent", "facebookexternalua"),
        ("accept", "*/*"),
    ] {
        assert_eq!(post.header(name), Some(value));
    }
}

#[tokio::test]
async fn w27_a_customer_is_named_as_the_mode_says() {
    for (mode, phone, user) in [
        (BsuidMode::Off, true, false),
        (BsuidMode::Both, true, true),
        (BsuidMode::Only, false, true),
    ] {
        let pair = start().await;
        pair.change_settings(|settings| settings.whatsapp.bsuid_mode = mode);
        let id = pair.send().await;
        pair.tap(&id, "a", None).expect("a tap");
        let bodies = pair.told().await;
        let status = &value(&bodies[0])["statuses"][0];
        let (message, contact) = (
            &value(&bodies[2])["messages"][0],
            &value(&bodies[2])["contacts"][0],
        );
        for (object, phone_key, user_key) in [
            (status, "recipient_id", "recipient_user_id"),
            (message, "from", "from_user_id"),
            (contact, "wa_id", "user_id"),
        ] {
            let has = |key: &str| object.get(key).is_some();
            let named = (has(phone_key), has(user_key));
            assert_eq!(named, (phone, user), "{mode:?}: {object}");
        }
        if user {
            let told = &status["recipient_user_id"];
            assert_eq!(message["from_user_id"], *told, "{mode:?}");
            let user = message["from_user_id"].as_str().expect("an id");
            let is_id = user.starts_with("BR.") && user.len() == 19;
            assert!(is_id, "{mode:?}: {user}");
        }
    }
}

/// What `convert` makes of every element.
fn each(list: &Value, convert: impl Fn(&Value) -> Value) -> Value {
    let elements = list.as_array().expect("a list").iter();
    elements.map(convert).collect()
}

#[tokio::test]
async fn w25_a_batch_has_several_of_everything() {
    let pair = start().await;
    pair.switch(&json!({"batch": 8, "steps": ["sent", "delivered", "read"], "duplicate": 2, "order": "reversed"}));
    pair.send().await;
    let bodies = pair.bodies();
    let status = |told: &Value| told["status"].clone();
    let statuses_of = |body: &Value| {
        each(&body["entry"], |entry| {
            each(&entry["changes"], |change| {
                each(&change["value"]["statuses"], status)
            })
        })
    };
    assert_eq!(bodies.len(), 2);
    let all = json!([
        [["read", "read"], ["read", "delivered"]],
        [["delivered", "delivered"], ["sent", "sent"]],
    ]);
    assert_eq!(statuses_of(&bodies[0]), all);
    assert_eq!(statuses_of(&bodies[1]), json!([[["sent"]]]));
}

#[tokio::test]
async fn two_customers_in_one_value_are_both_named() {
    let pair = start().await;
    pair.switch(&json!({"batch": 2}));
    // Nothing else runs between the two, so that they leave together.
    for customer in ["5511900000001", "5511900000002"] {
        let said = pair.say(Provider::Whatsapp, "", customer, "oi");
        said.expect("a text");
    }
    pair.settled().await;
    let bodies = pair.bodies();
    assert_eq!(bodies.len(), 1);
    let value = value(&bodies[0]);
    for (index, customer) in ["5511900000001", "5511900000002"].iter().enumerate() {
        assert_eq!(value["contacts"][index]["wa_id"], *customer);
        assert_eq!(value["messages"][index]["from"], *customer);
    }
}

#[tokio::test]
async fn s35_a_message_to_nowhere_has_no_webhook() {
    let pair = start().await;
    let mut body = message();
    body["to"] = json!("BR.0000000000000001");
    assert_eq!(send(&pair, &body).await.status, 200);
    pair.settled().await;
    assert!(pair.receiver.posts().is_empty());
}

#[tokio::test]
async fn a_phone_only_does_what_it_can() {
    let pair = start().await;
    let id = pair.send().await;
    let (unknown, shape) = (PhoneError::UnknownMessage, Shape::ButtonReply);
    assert_eq!(pair.tap("?", "a", None), Err(unknown));
    assert_eq!(pair.tap(&id, "c", None), Err(PhoneError::UnknownButton));
    assert_eq!(pair.tap(&id, 2, None), Err(PhoneError::UnknownButton));
    assert_eq!(pair.tap(&id, 0, shape), Err(PhoneError::UnknownShape));
    assert_eq!(pair.read("?"), Err(PhoneError::UnknownMessage));
    let said = pair.say(Provider::Zapi, "?", "1", "oi");
    assert_eq!(said, Err(PhoneError::UnknownAccount));
}
