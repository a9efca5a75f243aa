//! Texts that are longer than anything is stored: cut between characters, and said to be.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use recado_tests::World;
use recado_tests::callbacks::{Callbacks, NUMBER, Text, change, whatsapp, zapi, zapperhub};
use recado_tests::json::AssertHas as _;
use recado_tests::world::CUSTOMER;
use serde_json::{Value, json};

use super::{connected, from_customer};

/// Most bytes of a text that are stored.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The types of event that hold a customer's text.
const TYPES: [&str; 3] = ["message.received", "button.pressed", "list.selected"];

/// A text one byte longer than it may be, in which no character ends at the bound.
fn long() -> String {
    format!("x{}", "é".repeat(MAX_TEXT_BYTES / 2))
}

/// The most of it that is stored.
fn kept() -> String {
    format!("x{}", "é".repeat(MAX_TEXT_BYTES / 2 - 1))
}

/// An id that no other message has.
fn fresh_id() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("LONG-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A message of Meta with these members.
fn of_meta(members: &Value) -> Value {
    from_customer(&fresh_id(), members)
}

fn interactive(kind: &str, reply: &Value) -> Value {
    of_meta(&json!({"type": "interactive", "interactive": {"type": kind, kind: reply}}))
}

fn of_zapi(member: &str, content: &Value) -> Value {
    let mut body = zapi(&Text::from(CUSTOMER));
    body["messageId"] = fresh_id().into();
    body["text"] = Value::Null;
    body[member] = content.clone();
    body
}

fn of_zapperhub(message: &Value) -> Value {
    let mut body = zapperhub(&Text::from(CUSTOMER));
    body["key"]["id"] = fresh_id().into();
    body["message"] = message.clone();
    body
}

fn of_wuzapi(message: &Value) -> Value {
    let chat = format!("{CUSTOMER}@s.whatsapp.net");
    let info = json!({"ID": fresh_id(), "Chat": chat, "Sender": chat});
    json!({"type": "Message", "event": {"Info": info, "Message": message}})
}

/// The change of a customer's number, as Meta tells it.
fn moved(text: &str) -> Value {
    let message = json!({"from": "5511955554444", "id": fresh_id(), "timestamp": "1790000123", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "5511955554445", "body": text}});
    whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]])
}

/// Calls that bring this text from outside: the channel, the body, and where its event has the text.
fn calls(text: &str) -> Vec<(&'static str, Value, &'static str)> {
    let meta = |kind: &str, member: &str| of_meta(&json!({"type": kind, kind: {member: text}}));
    let choice = json!({"id": "a", "title": text});
    let template = json!({"type": "button", "button": {"payload": "a", "text": text}});
    let zapi = |kind: &str, member: &str| of_zapi(kind, &json!({member: text}));
    let response = json!({"buttonId": "a", "message": text});
    let chosen = json!({"selectedRowId": "a", "title": text});
    let of_both = |of: fn(&Value) -> Value| {
        let tap = json!({"selectedId": "a", "selectedDisplayText": text});
        let row = json!({"title": text, "singleSelectReply": {"selectedRowId": "a"}});
        [
            (of(&json!({"conversation": text})), "/text"),
            (of(&json!({"imageMessage": {"caption": text}})), "/text"),
            (of(&json!({"reactionMessage": {"text": text}})), "/text"),
            (
                of(&json!({"contactMessage": {"displayName": text}})),
                "/text",
            ),
            (
                of(&json!({"templateButtonReplyMessage": tap})),
                "/button/title",
            ),
            (of(&json!({"listResponseMessage": row})), "/list/title"),
        ]
    };
    let of_whatsapp = [
        (meta("text", "body"), "/text"),
        (meta("image", "caption"), "/text"),
        (meta("reaction", "emoji"), "/text"),
        (
            interactive("nfm_reply", &json!({"response_json": text})),
            "/text",
        ),
        (interactive("button_reply", &choice), "/button/title"),
        (interactive("list_reply", &choice), "/list/title"),
        (of_meta(&template), "/button/title"),
        (moved(text), "/text"),
    ];
    let of_zapi = [
        (zapi("text", "message"), "/text"),
        (zapi("image", "caption"), "/text"),
        (zapi("reaction", "value"), "/text"),
        (
            of_zapi("buttonsResponseMessage", &response),
            "/button/title",
        ),
        (of_zapi("listResponseMessage", &chosen), "/list/title"),
    ];
    let of = |channel| move |(body, place)| (channel, body, place);
    let whatsapp = of_whatsapp.into_iter().map(of("whatsapp"));
    let zapi = of_zapi.into_iter().map(of("zapi"));
    let zapperhub = of_both(of_zapperhub).into_iter().map(of("zapperhub"));
    let wuzapi = of_both(of_wuzapi).into_iter().map(of("wuzapi"));
    whatsapp
        .chain(zapi)
        .chain(zapperhub)
        .chain(wuzapi)
        .collect()
}

/// Delivers the calls, and gives their events by the provider's ids of the messages.
async fn events_of(world: &World, bodies: &[(&str, &Value)]) -> HashMap<String, Value> {
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    for (channel, body) in bodies {
        callbacks.deliver(channel, body).await;
    }
    let mut events = HashMap::new();
    while events.len() < bodies.len() {
        for kind in TYPES {
            for event in world.events(kind, 0).await {
                let id = event["data"]["externalId"].as_str().expect("an id");
                events.insert(id.to_owned(), event);
            }
        }
    }
    events
}

/// The provider's id of the message that a call brings.
fn id_of(body: &Value) -> &str {
    let places = [
        "/entry/0/changes/0/value/messages/0/id",
        "/messageId",
        "/key/id",
        "/event/Info/ID",
    ];
    let found = places
        .iter()
        .find_map(|place| body.pointer(place)?.as_str());
    found.expect("an id")
}

#[tokio::test]
async fn a_text_from_any_provider_is_stored_up_to_64_kib_and_marked_as_cut() {
    let (world, _) = connected().await;
    world.open_wuzapi().await;
    let calls = calls(&long());
    let bodies: Vec<_> = calls
        .iter()
        .map(|(channel, body, _)| (*channel, body))
        .collect();
    let events = events_of(&world, &bodies).await;
    for (channel, body, place) in &calls {
        let (name, event) = (id_of(body), &events[id_of(body)]);
        let name = format!("{channel} {place} {name}");
        let text = event["data"].pointer(place).expect("a text");
        assert!(*text == kept(), "{name}");
        assert_eq!(event["data"]["textTruncated"], true, "{name}");
        let id = event["data"]["messageId"].as_str().expect("an id");
        let shown = world.client.get(&format!("/messages/{id}")).await;
        let shown = shown.expect(200);
        assert!(shown["text"] == kept(), "{name}");
        assert_eq!(shown["metadata"]["textTruncated"], true, "{name}");
    }
}

#[tokio::test]
async fn a_text_of_64_kib_is_stored_whole_and_not_marked() {
    let (world, _) = connected().await;
    world.open_wuzapi().await;
    let calls = calls(&kept());
    let bodies: Vec<_> = calls
        .iter()
        .map(|(channel, body, _)| (*channel, body))
        .collect();
    let events = events_of(&world, &bodies).await;
    for (channel, body, place) in &calls {
        let event = &events[id_of(body)];
        let text = event["data"].pointer(place).expect("a text");
        assert!(*text == kept(), "{channel} {place}");
        assert_eq!(
            event["data"].get("textTruncated"),
            None,
            "{channel} {place}"
        );
        let id = event["data"]["messageId"].as_str().expect("an id");
        let shown = world.client.get(&format!("/messages/{id}")).await;
        let shown = shown.expect(200);
        assert_eq!(shown["metadata"]["textTruncated"], false);
    }
}

#[tokio::test]
async fn the_id_of_a_tap_is_never_cut() {
    let (world, _) = connected().await;
    world.open_wuzapi().await;
    let taps = |id: &str| {
        let choice = json!({"id": id, "title": "Title"});
        let row = json!({"title": "Title", "singleSelectReply": {"selectedRowId": id}});
        let of_zapi = of_zapi("buttonReply", &json!({"buttonId": id, "message": "Title"}));
        let tap = json!({"selectedId": id, "selectedDisplayText": "Title"});
        [
            ("whatsapp", interactive("button_reply", &choice), "button"),
            ("whatsapp", interactive("list_reply", &choice), "list"),
            ("zapi", of_zapi, "button"),
            (
                "zapperhub",
                of_zapperhub(&json!({"templateButtonReplyMessage": tap})),
                "button",
            ),
            (
                "wuzapi",
                of_wuzapi(&json!({"listResponseMessage": row})),
                "list",
            ),
        ]
    };
    let (longest, too_long) = ("i".repeat(MAX_TEXT_BYTES), "i".repeat(MAX_TEXT_BYTES + 1));
    let (whole, without) = (taps(&longest), taps(&too_long));
    let both = whole.iter().chain(&without);
    let bodies: Vec<_> = both.map(|(channel, body, _)| (*channel, body)).collect();
    let events = events_of(&world, &bodies).await;
    for (channel, body, kind) in &whole {
        let data = &events[id_of(body)]["data"];
        assert!(data[kind]["id"] == longest, "{channel} {kind}");
        assert_eq!(data[kind]["title"], "Title");
    }
    for (channel, body, kind) in &without {
        let event = &events[id_of(body)];
        event.assert_has(
            json!({"type": "message.received", "data": {"kind": kind, "text": "Title"}}),
        );
    }
}
