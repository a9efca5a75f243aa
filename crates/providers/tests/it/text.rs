//! A plain text: the exact requests, and what arrives on the phone.

use recado_core::Text;
use recado_providers::OutboundMessage;

use crate::support::{Subject, World, message, shown};

const PHONE: &str = "5521988887777";

fn plain() -> OutboundMessage {
    message(PHONE, Text::new("Olá").expect("a text"))
}

/// A text that asks for a preview of its link.
fn with_preview() -> OutboundMessage {
    let text = Text::new("Pedido: https://loja.example/4711").expect("a text");
    message(PHONE, text.with_link_preview(true))
}

#[test]
fn k01_k02_whatsapp_is_told_of_the_preview_only_if_the_caller_says_something() {
    let preview = Subject::WhatsApp.preview("https://graph.facebook.com", &plain());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://graph.facebook.com/v25.0/800000000000001/messages
    authorization: ***
    content-type: application/json

    {"messaging_product":"whatsapp","recipient_type":"individual","to":"5521988887777","type":"text","text":{"body":"Olá"},"biz_opaque_callback_data":"msg_0199f3aa4a1e7c109d7b000000000001"}
    "#);
    let body = Subject::WhatsApp
        .preview("https://graph.facebook.com", &with_preview())
        .body;
    insta::assert_snapshot!(body["text"].to_string(), @r#"{"body":"Pedido: https://loja.example/4711","preview_url":true}"#);
}

#[test]
fn zapi_is_sent_the_text_alone() {
    let preview = Subject::Zapi.preview("https://api.z-api.io", &with_preview());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.z-api.io/instances/***/token/***/send-text
    client-token: ***
    content-type: application/json

    {"phone":"5521988887777","message":"Pedido: https://loja.example/4711"}
    "#);
}

#[test]
fn zapperapi_is_sent_the_text_alone() {
    let preview = Subject::ZapperHub.preview("https://api.zapperapi.com", &with_preview());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.zapperapi.com/inst_5f2c/messages/text
    x-api-key: ***
    content-type: application/json

    {"jid":"5521988887777","message":"Pedido: https://loja.example/4711"}
    "#);
}

#[test]
fn wuzapi_is_told_of_the_preview_only_if_the_caller_says_something() {
    let preview = Subject::Wuzapi.preview("http://wuzapi.example:8080", &with_preview());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST http://wuzapi.example:8080/chat/send/text
    token: ***
    content-type: application/json

    {"Phone":"5521988887777","Id":"3EB0FFFCAE1775EFAF3954","Body":"Pedido: https://loja.example/4711","LinkPreview":true}
    "#);
    let body = Subject::Wuzapi
        .preview("http://wuzapi.example:8080", &plain())
        .body;
    assert_eq!(body.get("LinkPreview"), None);
}

#[tokio::test]
async fn the_phone_shows_the_text() {
    for subject in Subject::ALL {
        let world = World::start().await;
        for sent in [plain(), with_preview()] {
            world.channel(subject).send(&sent).await.expect("accepted");
        }
        let phone = world.sandbox.phone_messages();
        let shown: Vec<_> = phone.iter().filter_map(|message| message.body()).collect();
        assert_eq!(shown, ["Olá", "Pedido: https://loja.example/4711"]);
        assert!(phone[0].buttons().is_empty(), "{subject:?}");
    }
}

#[tokio::test]
async fn a_text_goes_to_a_group_where_the_provider_knows_groups() {
    for subject in Subject::ALL {
        let world = World::start().await;
        let mut sent = plain();
        sent.to = "120363000000000001@g.us".parse().expect("a group");
        let outcome = world.channel(subject).send(&sent).await;
        assert_eq!(outcome.is_ok(), subject != Subject::WhatsApp, "{subject:?}");
    }
}
