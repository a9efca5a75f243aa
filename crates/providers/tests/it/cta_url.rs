//! A text with a link: the exact requests, and what arrives on the phone.

use recado_core::CtaUrl;
use recado_providers::OutboundMessage;

use crate::support::{Subject, World, message, shown};

/// A message with every part.
fn full() -> OutboundMessage {
    let link = CtaUrl::new(
        "Seu pedido saiu.",
        "Acompanhar",
        "https://loja.example/p/4411",
    );
    let link = link.expect("a message").with_header("Pedido 4411");
    message("5521988887777", link.with_footer("Loja Exemplo"))
}

#[test]
fn whatsapp_is_sent_one_button() {
    let preview = Subject::WhatsApp.preview("https://graph.facebook.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://graph.facebook.com/v25.0/800000000000001/messages
    authorization: ***
    content-type: application/json

    {"messaging_product":"whatsapp","recipient_type":"individual","to":"5521988887777","type":"interactive","interactive":{"type":"cta_url","header":{"type":"text","text":"Pedido 4411"},"body":{"text":"Seu pedido saiu."},"footer":{"text":"Loja Exemplo"},"action":{"name":"cta_url","parameters":{"display_text":"Acompanhar","url":"https://loja.example/p/4411"}}},"biz_opaque_callback_data":"msg_0199f3aa4a1e7c109d7b000000000001"}
    "#);
}

#[test]
fn k58_zapi_is_sent_an_action() {
    let preview = Subject::Zapi.preview("https://api.z-api.io", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.z-api.io/instances/***/token/***/send-button-actions
    client-token: ***
    content-type: application/json

    {"phone":"5521988887777","title":"Pedido 4411","message":"Seu pedido saiu.","footer":"Loja Exemplo","buttonActions":[{"id":"1","type":"URL","url":"https://loja.example/p/4411","label":"Acompanhar"}]}
    "#);
}

#[test]
fn k165_zapperapi_is_sent_a_button_of_type_url() {
    let preview = Subject::ZapperHub.preview("https://api.zapperapi.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.zapperapi.com/inst_5f2c/messages/buttons
    x-api-key: ***
    content-type: application/json

    {"jid":"5521988887777","title":"Pedido 4411","body":"Seu pedido saiu.","footer":"Loja Exemplo","buttons":[{"type":"url","id":"1","displayText":"Acompanhar","url":"https://loja.example/p/4411"}]}
    "#);
}

#[test]
fn wuzapi_is_sent_the_same_with_an_id() {
    let preview = Subject::Wuzapi.preview("http://wuzapi.example:8080", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST http://wuzapi.example:8080/chat/send/buttons
    token: ***
    content-type: application/json

    {"Phone":"5521988887777","Id":"3EB0FFFCAE1775EFAF3954","title":"Pedido 4411","body":"Seu pedido saiu.","footer":"Loja Exemplo","buttons":[{"type":"url","id":"1","displayText":"Acompanhar","url":"https://loja.example/p/4411"}]}
    "#);
}

#[tokio::test]
async fn the_phone_shows_a_button_with_the_link() {
    for subject in Subject::ALL {
        let world = World::start().await;
        let sent = world.channel(subject).send(&full()).await;
        sent.expect("accepted");
        let phone = world.sandbox.phone_messages();
        let [button] = phone[0].buttons() else {
            panic!("{subject:?}: one button");
        };
        assert_eq!(button.url.as_deref(), Some("https://loja.example/p/4411"));
        assert_eq!(phone[0].header(), Some("Pedido 4411"), "{subject:?}");
    }
}
