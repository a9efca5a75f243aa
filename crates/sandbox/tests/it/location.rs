//! Places: what each simulated provider takes, refuses and shows.

use recado_sandbox::Provider;
use serde_json::{Value, json};

use crate::{Server, parsed, rows};

fn call(provider: Provider) -> &'static str {
    match provider {
        Provider::Whatsapp => "POST 800000000000001/messages",
        Provider::Zapi => "POST send-location",
        Provider::Zapperhub => "POST messages/location",
        Provider::Wuzapi => "POST chat/send/location",
    }
}

/// A place as each provider takes it.
fn place(provider: Provider) -> Value {
    match provider {
        Provider::Whatsapp => json!({
            "messaging_product": "whatsapp", "to": "5521988887777", "type": "location",
            "location": {"latitude": -22.9, "longitude": -47.06, "name": "Loja", "address": "Rua A, 10"},
        }),
        Provider::Zapi => json!({
            "phone": "5521988887777", "title": "Loja", "address": "Rua A, 10", "latitude": "-22.9", "longitude": "-47.06",
        }),
        Provider::Zapperhub => {
            json!({"jid": "5521988887777", "location": {"lat": -22.9, "lon": -47.06}})
        }
        Provider::Wuzapi => {
            json!({"Phone": "5521988887777", "Name": "Loja", "Latitude": -22.9, "Longitude": -47.06})
        }
    }
}

#[tokio::test]
async fn a_place_is_taken_and_shown() {
    for provider in Provider::ALL {
        let server = Server::start().await;
        let reply = server.ask(provider, call(provider), &place(provider)).await;
        assert_eq!(reply.status, 200, "{provider:?}: {}", reply.text);
        server.shows(&json!({"to": "5521988887777", "latitude": -22.9, "longitude": -47.06}));
        let shown = server.phone_messages();
        let place = shown[0].content.as_location().expect("a place");
        let (name, address) = match provider {
            Provider::Whatsapp | Provider::Zapi => (Some("Loja"), Some("Rua A, 10")),
            Provider::Zapperhub => (None, None),
            Provider::Wuzapi => (Some("Loja"), None),
        };
        let texts = (place.name.as_deref(), place.address.as_deref());
        assert_eq!(texts, (name, address), "{provider:?}");
    }
}

#[tokio::test]
async fn what_a_provider_refuses_is_refused_in_its_words() {
    let server = Server::start().await;
    let table = r#"
no latitude | whatsapp | /location/latitude | null | (#100) The parameter location['latitude'] is required.
words | whatsapp | /location/latitude | "north" | (#100) Param location['latitude'] must be a number.
too far north | whatsapp | /location/latitude | 91 | Latitude must be between -90 and 90
no address | zapi | /address | "" | The field 'address' is empty
no number | zapi | /latitude | "NaN" | The field 'latitude'
too far north | zapi | /latitude | "91" | The field 'latitude'
a number | zapi | /latitude | -22.9 | The field 'latitude'
no longitude | zapperhub | /location/lon | null | body/location/lon must be number
a name | zapperhub | /location/name | "Loja" | body/location must NOT have additional properties
k85 the equator | wuzapi | /Latitude | 0 | missing Latitude in Payload
no longitude | wuzapi | /Longitude | null | missing Longitude in Payload
a text | wuzapi | /Latitude | "-22.9" | could not decode Payload"#;
    for [name, provider, pointer, value, problem] in rows(table) {
        let provider = provider.parse().expect("a provider");
        let mut body = place(provider);
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent")[key] = parsed(value);
        let reply = server.ask(provider, call(provider), &body).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        assert!(reply.text.contains(problem), "{name}: {}", reply.text);
    }
    server.shows_nothing();
}

#[tokio::test]
async fn whatsapp_takes_a_text_that_asks_for_a_place() {
    let server = Server::start().await;
    let mut body = json!({
        "messaging_product": "whatsapp", "to": "5521988887777", "type": "interactive",
        "interactive": {"type": "location_request_message", "body": {"text": "Onde?"}, "action": {"name": "send_location"}},
    });
    let provider = Provider::Whatsapp;
    let reply = server.ask(provider, call(provider), &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    server.shows(&json!({"body": "Onde?", "asksForLocation": true}));
    body["interactive"]["footer"] = json!({"text": "Loja"});
    let reply = server.ask(provider, call(provider), &body).await;
    assert!(
        reply.text.contains("Header and footer are not allowed"),
        "{}",
        reply.text
    );
}
