//! A place, and a text that asks for one: the exact requests, and what arrives on the phone.

use recado_core::{Location, LocationRequest};
use recado_providers::OutboundMessage;

use crate::support::{Subject, World, message, shown};

const PHONE: &str = "5521988887777";

/// A place with every part.
fn full() -> OutboundMessage {
    let place = Location::new(-22.90555, -47.06083).expect("a place");
    let place = place.with_name("Loja Exemplo");
    message(PHONE, place.with_address("Rua A, 10 - Campinas"))
}

fn on_the_equator() -> OutboundMessage {
    message(PHONE, Location::new(0.0, -47.0).expect("a place"))
}

#[test]
fn k21_whatsapp_is_sent_numbers() {
    let preview = Subject::WhatsApp.preview("https://graph.facebook.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://graph.facebook.com/v25.0/800000000000001/messages
    authorization: ***
    content-type: application/json

    {"messaging_product":"whatsapp","recipient_type":"individual","to":"5521988887777","type":"location","location":{"latitude":-22.90555,"longitude":-47.06083,"name":"Loja Exemplo","address":"Rua A, 10 - Campinas"},"biz_opaque_callback_data":"msg_0199f3aa4a1e7c109d7b000000000001"}
    "#);
}

#[test]
fn k51_zapi_is_sent_texts() {
    let preview = Subject::Zapi.preview("https://api.z-api.io", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.z-api.io/instances/***/token/***/send-location
    client-token: ***
    content-type: application/json

    {"phone":"5521988887777","title":"Loja Exemplo","address":"Rua A, 10 - Campinas","latitude":"-22.90555","longitude":"-47.06083"}
    "#);
}

#[test]
fn k71_zapperapi_is_sent_the_coordinates_alone() {
    let preview = Subject::ZapperHub.preview("https://api.zapperapi.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.zapperapi.com/inst_5f2c/messages/location
    x-api-key: ***
    content-type: application/json

    {"jid":"5521988887777","location":{"lat":-22.90555,"lon":-47.06083}}
    "#);
}

#[test]
fn k85_wuzapi_is_never_sent_a_zero() {
    let preview = Subject::Wuzapi.preview("http://wuzapi.example:8080", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST http://wuzapi.example:8080/chat/send/location
    token: ***
    content-type: application/json

    {"Phone":"5521988887777","Id":"3EB0FFFCAE1775EFAF3954","Name":"Loja Exemplo","Latitude":-22.90555,"Longitude":-47.06083}
    "#);
    let body = Subject::Wuzapi
        .preview("http://wuzapi.example:8080", &on_the_equator())
        .body;
    assert_eq!(body["Latitude"], 0.000_001);
}

#[tokio::test]
async fn the_phone_shows_the_place() {
    for subject in Subject::ALL {
        let world = World::start().await;
        let channel = world.channel(subject);
        channel.send(&full()).await.expect("accepted");
        let phone = world.sandbox.phone_messages();
        let place = phone[0].content.as_location().expect("a place");
        let degrees = (place.latitude, place.longitude);
        assert_eq!(degrees, (-22.90555, -47.06083), "{subject:?}");
        if subject != Subject::Zapi {
            channel.send(&on_the_equator()).await.expect("accepted");
        }
    }
}

#[test]
fn whatsapp_is_sent_a_request_for_a_place() {
    let asked = LocationRequest::new("Onde entregamos?").expect("a message");
    let preview = Subject::WhatsApp.preview("https://graph.facebook.com", &message(PHONE, asked));
    insta::assert_snapshot!(preview.body["interactive"].to_string(), @r#"{"type":"location_request_message","body":{"text":"Onde entregamos?"},"action":{"name":"send_location"}}"#);
}
