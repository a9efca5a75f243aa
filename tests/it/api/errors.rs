//! Errors say what to change.

use recado_tests::World;
use recado_tests::world::{CONVERSATIONS, smallest_body};
use rstest::rstest;
use serde_json::json;

#[tokio::test]
async fn a_limit_names_the_field_the_limit_and_the_length_on_every_provider() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let title = match provider {
            "whatsapp" => "WhatsApp Cloud API",
            "zapi" => "Z-API",
            _ => "ZapperHUB",
        };
        for (field, length, limit) in [
            ("button_1_title", 21, 20),
            ("button_1_id", 257, 256),
            ("body_text", 1025, 1024),
            ("header_text", 61, 60),
            ("footer_text", 61, 60),
        ] {
            let mut body = smallest_body(conversation);
            body[field] = "ç".repeat(length).into();
            let refused = world.client.send(body).await;
            refused.refused(500, "content_refused");
            let says = format!("{field} has {length} characters; {title} allows {limit}");
            refused.says(&says);
        }
        let mut body = smallest_body(conversation);
        for number in 2..=4 {
            body[format!("button_{number}_id")] = number.to_string().into();
            body[format!("button_{number}_title")] = number.to_string().into();
        }
        let refused = world.client.send(body).await;
        let says = format!("the message has 4 buttons; {title} allows 3");
        refused.says(&says);
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_field_that_is_ignored_although_it_looks_like_ours_is_a_warning() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let mut body = smallest_body(conversation);
        body["footerText"] = "Bye".into();
        body["foo"] = "bar".into();
        let sent = world.client.accepted(body).await;
        let warning = json!({"field": "footerText", "message": "Unknown field; write footer_text"});
        assert_eq!(sent["message"]["warnings"], json!([warning]), "{provider}");
    }
}

#[rstest]
#[case::digits("5511900000001")]
#[case::plus("+5511900000001")]
#[case::pasted("+55 11 90000-0001")]
#[case::parentheses("(55) 11 90000-0001")]
#[tokio::test]
async fn a_phone_number_in_the_place_of_its_id_is_told_from_a_wrong_id(#[case] number: &str) {
    let world = World::start().await;
    let credentials = |id: &str| json!({"phoneNumberId": id, "accessToken": "EAAGEXAMPLE"});
    let channel =
        |id: &str| json!({"provider": "whatsapp", "name": "Main", "credentials": credentials(id)});
    let refused = world.client.post("/channels", channel(number)).await;
    let fault = &refused.expect(400)["details"]["credentials.phoneNumberId"]["_errors"][0];
    let fault = fault.as_str().expect("a sentence").to_owned();
    assert!(fault.starts_with("This is a phone number"), "{fault}");
    let refused = world.client.post("/channels", channel("main")).await;
    let fault = &refused.expect(400)["details"]["credentials.phoneNumberId"]["_errors"][0];
    assert_eq!(fault, "Must be the number's id at Meta: digits only");
}

#[tokio::test]
async fn an_id_that_meta_does_not_know_is_explained() {
    let world = World::start().await;
    let credentials = json!({"phoneNumberId": "800000000000099", "accessToken": "T-WORKING"});
    let channel =
        json!({"id": "wrong", "provider": "whatsapp", "name": "Wrong", "credentials": credentials});
    world.client.create("/channels", channel).await;
    let conversation = json!({"id": "wrong", "agentId": "agent-123", "channelId": "wrong", "to": "+5511900000001"});
    world.client.create("/conversations", conversation).await;
    let refused = world.client.send(smallest_body("wrong")).await;
    refused.refused(500, "channel_misconfigured");
    let says = "Meta knows no number with this id";
    refused.says(says);
}
