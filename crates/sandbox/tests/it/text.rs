//! Plain texts: what each simulated provider takes, refuses and shows.

use recado_sandbox::Provider;
use serde_json::{Value, json};

use crate::{Server, parsed, rows};

fn call(provider: Provider) -> &'static str {
    match provider {
        Provider::Whatsapp => "POST 800000000000001/messages",
        Provider::Zapi => "POST send-text",
        Provider::Zapperhub => "POST messages/text",
        Provider::Wuzapi => "POST chat/send/text",
    }
}

/// A text as each provider takes it.
fn text(provider: Provider) -> Value {
    match provider {
        Provider::Whatsapp => json!({
            "messaging_product": "whatsapp", "to": "5521988887777", "type": "text",
            "text": {"body": "Olá", "preview_url": true},
        }),
        Provider::Zapi => json!({"phone": "5521988887777", "message": "Olá"}),
        Provider::Zapperhub => json!({"jid": "5521988887777", "message": "Olá"}),
        Provider::Wuzapi => json!({"Phone": "5521988887777", "Body": "Olá", "LinkPreview": true}),
    }
}

#[tokio::test]
async fn a_text_is_taken_and_shown_without_buttons() {
    for provider in Provider::ALL {
        let server = Server::start().await;
        let reply = server.ask(provider, call(provider), &text(provider)).await;
        assert_eq!(reply.status, 200, "{provider:?}: {}", reply.text);
        server.shows(&json!({"to": "5521988887777", "body": "Olá", "buttons": []}));
    }
}

#[tokio::test]
async fn what_a_provider_refuses_is_refused_in_its_words() {
    let server = Server::start().await;
    let long = "x".repeat(4097);
    let table = format!(
        r#"
no text | whatsapp | /text/body | null | (#100) The parameter text['body'] is required.
a long text | whatsapp | /text/body | "{long}" | Text length invalid. Min length: 1, Max length: 4096
a preview in words | whatsapp | /text/preview_url | "yes" | (#100) Param text['preview_url'] must be a boolean.
no text | zapi | /message | "" | The field 'message' is empty
no text | zapperhub | /message | "" | body/message must NOT have fewer than 1 characters
another key | zapperhub | /text | "a" | body must NOT have additional properties
no text | wuzapi | /Body | "" | missing Body in Payload
no recipient | wuzapi | /Phone | "" | missing Phone in Payload
a preview in words | wuzapi | /LinkPreview | "yes" | could not decode Payload"#
    );
    for [name, provider, pointer, value, problem] in rows(&table) {
        let provider = provider.parse().expect("a provider");
        let mut body = text(provider);
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent")[key] = parsed(value);
        let reply = server.ask(provider, call(provider), &body).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        assert!(reply.text.contains(problem), "{name}: {}", reply.text);
    }
    server.shows_nothing();
}
