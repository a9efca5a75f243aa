//! Texts with a link: what each simulated provider takes, refuses and shows.

use recado_sandbox::Provider;
use serde_json::{Value, json};

use crate::{Server, parsed, rows};

fn call(provider: Provider) -> &'static str {
    match provider {
        Provider::Whatsapp => "POST 800000000000001/messages",
        Provider::Zapi => "POST send-button-actions",
        Provider::Zapperhub => "POST messages/buttons",
        Provider::Wuzapi => "POST chat/send/buttons",
    }
}

/// A text with a link as each provider takes it.
fn link(provider: Provider) -> Value {
    let url = "https://loja.example/p/4411";
    let button = json!([{"type": "url", "id": "1", "displayText": "Abrir", "url": url}]);
    match provider {
        Provider::Whatsapp => json!({
            "messaging_product": "whatsapp", "to": "5521988887777", "type": "interactive",
            "interactive": {
                "type": "cta_url", "body": {"text": "Saiu"},
                "action": {"name": "cta_url", "parameters": {"display_text": "Abrir", "url": url}},
            },
        }),
        Provider::Zapi => json!({
            "phone": "5521988887777", "message": "Saiu",
            "buttonActions": [{"id": "1", "type": "URL", "url": url, "label": "Abrir"}],
        }),
        Provider::Zapperhub => json!({"jid": "5521988887777", "body": "Saiu", "buttons": button}),
        Provider::Wuzapi => json!({"Phone": "5521988887777", "body": "Saiu", "buttons": button}),
    }
}

#[tokio::test]
async fn a_link_is_taken_and_its_button_cannot_be_answered() {
    for provider in Provider::ALL {
        let server = Server::start().await;
        let reply = server.ask(provider, call(provider), &link(provider)).await;
        assert_eq!(reply.status, 200, "{provider:?}: {}", reply.text);
        server.shows(&json!({"to": "5521988887777", "body": "Saiu"}));
        let messages = server.phone_messages();
        let [button] = messages[0].buttons() else {
            panic!("one button");
        };
        let url = Some("https://loja.example/p/4411");
        assert_eq!((&*button.title, button.url.as_deref()), ("Abrir", url));
        let tap = json!({"messageId": messages[0].message_id, "button": 0});
        let tapped = server.post("/_sandbox/phone/tap", &tap).await;
        assert!(
            tapped.text.contains("the button opens a link"),
            "{}",
            tapped.text
        );
    }
}

#[tokio::test]
async fn what_a_provider_refuses_is_refused_in_its_words() {
    let server = Server::start().await;
    let table = r#"
no link | whatsapp | /interactive/action/parameters/url | null | (#100) The parameter interactive['action']['parameters']['url'] is required.
s64 a long button | whatsapp | /interactive/action/parameters/display_text | "123456789012345678901" | Button display text length invalid. Min length: 1, Max length: 20
another scheme | whatsapp | /interactive/action/parameters/url | "ftp://x" | Button url must be a valid URL
another action | whatsapp | /interactive/action/name | "flow" | (#100)
no link | zapi | /buttonActions/0/url | "" | The field 'url' is empty
another scheme | zapi | /buttonActions/0/url | "ftp://x" | The field 'url' is invalid
no link | zapperhub | /buttons/0/url | "" | body/buttons/0/url must NOT have fewer than 1 characters"#;
    for [name, provider, pointer, value, problem] in rows(table) {
        let provider = provider.parse().expect("a provider");
        let mut body = link(provider);
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent")[key] = parsed(value);
        let reply = server.ask(provider, call(provider), &body).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        assert!(reply.text.contains(problem), "{name}: {}", reply.text);
    }
    server.shows_nothing();
}
