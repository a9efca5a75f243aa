//! Errors say what to change.

use recado_tests::prelude::*;

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
            refused.says(&format!(
                "{field} has {length} characters; {title} allows {limit}"
            ));
        }
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
