//! The rules that hold for the webhooks of every provider.

use std::collections::HashSet;

use proptest::prelude::*;
use recado_core::inbound::{Inbound, InboundContent, InboundMessage, ReceivedContent};
use recado_providers::{MAX_ITEMS, WebhookUnreadable};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::webhooks::{FORM, admit, channel, message, read};
use crate::{
    webhooks_shapes, webhooks_whatsapp, webhooks_wuzapi, webhooks_zapi, webhooks_zapperhub,
};

const MULTIPART: &str = "multipart/form-data; boundary=x";

fn examples(subject: Subject) -> Vec<Value> {
    let mut examples = match subject {
        WhatsApp => webhooks_whatsapp::examples(),
        Zapi => webhooks_zapi::examples(),
        ZapperHub => webhooks_zapperhub::examples(),
        Wuzapi => webhooks_wuzapi::examples(),
    };
    examples.extend(webhooks_shapes::shapes(subject));
    examples
}

/// What a provider might put where something else should be.
fn surprises() -> [Value; 12] {
    [
        json!(null),
        json!(true),
        json!(-1),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("a\u{0}b@lid"),
        json!("ç".repeat(600)),
        json!([]),
        json!([[{}]]),
        json!({"low": i64::MAX, "high": i64::MIN}),
        (0..125).fold(json!(7), |inner, _| json!({"a": inner})),
    ]
}

/// The paths of all values inside a value.
fn paths(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(member, &format!("{at}/{key}"), into);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                paths(element, &format!("{at}/{index}"), into);
            }
        }
        _ => {}
    }
}

/// What the server relies on, whatever was sent.
fn hold(items: &[Inbound]) {
    let is_id = |id: &String| (1..=512).contains(&id.len()) && !id.contains('\0');
    for item in items {
        match item {
            Inbound::Message(message) => {
                assert!(is_id(&message.external_id), "{item:?}");
                assert!(message.from.addresses().next().is_some(), "{item:?}");
                assert!(message.sent_at.is_none_or(|at| at >= 0), "{item:?}");
                if let InboundContent::NumberChange { to, .. } = &message.content {
                    assert!(to.addresses().next().is_some(), "{item:?}");
                }
                hold_content(message);
            }
            Inbound::OwnMessage(own) => assert!(is_id(&own.external_id), "{item:?}"),
            Inbound::Status(news) => {
                let named = news.external_ids.iter().all(is_id);
                let known = !news.external_ids.is_empty() || news.message_id.is_some();
                assert!(named && known, "{item:?}");
            }
            Inbound::Call(call) => {
                assert!(call.from.addresses().next().is_some(), "{item:?}");
                assert!(call.at.is_none_or(|at| at >= 0), "{item:?}");
            }
            Inbound::Connection(_) | Inbound::AccountAlert(_) | Inbound::Ignored(_) => {}
        }
    }
}

/// What the server relies on in what a message holds: a database takes it, and an event can be read back.
fn hold_content(message: &InboundMessage) {
    let held = message.content.received();
    let parts = [
        serde_json::to_string(&held),
        serde_json::to_string(&message.context),
        serde_json::to_string(&message.referral),
    ];
    let [json, context, referral] = parts.map(|json| json.expect("JSON"));
    let event = format!(r#"{{"data":{{"message":[{json},{context},{referral}]}}}}"#);
    assert!(!event.contains("\\u0000"), "{event}");
    assert!(serde_json::from_str::<Value>(&event).is_ok(), "{event}");
    let read: Result<Option<ReceivedContent>, _> = serde_json::from_str(&json);
    assert!(read.is_ok(), "{json}");
    if let Some(ReceivedContent::Location(place)) = held {
        assert!(place.latitude.abs() <= 90.0, "{json}");
        assert!(place.longitude.abs() <= 180.0, "{json}");
    }
}

fn received(subject: Subject, content_type: &str, body: &[u8]) -> Result<usize, WebhookUnreadable> {
    let items = channel(subject).parse_webhook(Some(content_type), body)?;
    let items: Vec<_> = items.into_iter().map(|item| item.what).collect();
    hold(&items);
    Ok(items.len())
}

#[rstest]
fn any_value_in_any_place_is_read_without_harm(
    #[values(WhatsApp, Zapi, ZapperHub, Wuzapi)] subject: Subject,
) {
    let channel = channel(subject);
    let mut seen = HashSet::new();
    for example in examples(subject) {
        assert!(!read(channel, &example).is_empty(), "{example}");
        let mut places = Vec::new();
        paths(&example, "", &mut places);
        // What surrounds a message is the same in most examples.
        places.retain(|place| seen.insert((place.clone(), example.pointer(place).cloned())));
        for place in places {
            for surprise in surprises() {
                let mut changed = example.clone();
                *changed.pointer_mut(&place).expect("a path of it") = surprise;
                let body = changed.to_string();
                if let Ok(items) = channel.parse_webhook(None, body.as_bytes()) {
                    hold(&items.into_iter().map(|item| item.what).collect::<Vec<_>>());
                }
            }
        }
    }
}

#[test]
fn what_is_no_json_object_or_nests_too_deeply_is_unreadable() {
    let nested = "{\"message\":".repeat(100_000);
    for subject in Subject::ALL {
        for body in ["", "{", "null", "7", "\"text\"", "[7]", &nested] {
            let read = received(subject, "application/json", body.as_bytes());
            let start = &body[..body.len().min(10)];
            assert_eq!(read, Err(WebhookUnreadable), "{subject:?}: {start}");
        }
    }
}

#[rstest]
fn a_form_is_unreadable_where_a_provider_sends_none(
    #[values(WhatsApp, Zapi, ZapperHub)] subject: Subject,
) {
    assert_eq!(
        received(subject, FORM, b"jsonData=%7B%7D"),
        Err(WebhookUnreadable)
    );
}

fn subjects() -> impl Strategy<Value = Subject> {
    prop::sample::select(Subject::ALL.to_vec())
}

/// An example with some of its bytes replaced.
fn damaged() -> impl Strategy<Value = (Subject, Vec<u8>)> {
    let example = subjects().prop_flat_map(|subject| {
        let examples = examples(subject).into_iter().map(|it| it.to_string());
        (
            Just(subject),
            prop::sample::select(examples.collect::<Vec<_>>()),
        )
    });
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (example, edits).prop_map(|((subject, example), edits)| {
        let mut bytes = example.into_bytes();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        (subject, bytes)
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(
        subject in subjects(),
        form in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
        header in "[ -~]{0,80}",
        query in "[ -~]{0,80}",
    ) {
        let content_type = if form { FORM } else { "application/json" };
        let _ = received(subject, content_type, &body);
        let channel = channel(subject);
        let value = HeaderValue::from_str(&header).expect("printable ASCII");
        for name in ["authorization", "x-hub-signature-256", "x-hmac-signature"] {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.clone())]);
            for method in [Method::GET, Method::POST] {
                let admitted = admit(channel, &method, &query, &headers, &body).is_ok();
                // Z-API's proof is the URL.
                prop_assert!(!admitted || subject == Zapi);
            }
        }
    }

    #[test]
    fn a_damaged_example_does_no_harm((subject, body) in damaged()) {
        let _ = received(subject, "application/json", &body);
    }

    #[test]
    fn a_damaged_multipart_form_does_no_harm((subject, body) in damaged(), end in "[-\r\nx]{0,8}") {
        let head = b"--x\r\nContent-Disposition: form-data; name=\"jsonData\"\r\n\r\n";
        let form = [&head[..], &*body, b"\r\n--x", end.as_bytes()].concat();
        let _ = received(subject, MULTIPART, &form);
    }

    #[test]
    fn a_damaged_form_does_no_harm((subject, body) in damaged()) {
        let form = [b"jsonData=", &*body].concat();
        let _ = received(subject, FORM, &form);
    }
}

#[rstest]
#[case::whatsapp(WhatsApp, json!({"object": "whatsapp_business_account", "entry": [{"changes": [
    {"field": "messages", "value": {"statuses": vec![json!({}); MAX_ITEMS + 2]}}]}]}))]
#[case::changes(WhatsApp, json!({"object": "whatsapp_business_account", "entry": [
    {"changes": vec![json!({}); MAX_ITEMS + 2]}]}))]
#[case::calls(WhatsApp, json!({"object": "whatsapp_business_account", "entry": [{"changes": [
    {"field": "calls", "value": {"calls": vec![json!({}); MAX_ITEMS + 2]}}]}]}))]
#[case::zapi(Zapi, json!({"type": "MessageStatusCallback", "status": "READ",
    "ids": vec!["A"; MAX_ITEMS + 2]}))]
#[case::events(ZapperHub, json!(vec![json!({}); MAX_ITEMS + 2]))]
#[case::data(ZapperHub, json!({"type": "messages.update", "data": vec![json!({}); MAX_ITEMS + 2]}))]
#[case::wuzapi(Wuzapi, json!({"type": "ReadReceipt", "state": "Read",
    "event": {"MessageIDs": vec!["A"; MAX_ITEMS + 2]}}))]
fn of_a_call_with_too_many_items_one_more_than_the_bound_is_read(
    #[case] subject: Subject,
    #[case] body: Value,
) {
    let channel = subject.channel("http://127.0.0.1:9");
    assert_eq!(read(channel.as_ref(), &body).len(), MAX_ITEMS + 1);
}

#[test]
fn a_name_is_cut_after_256_characters() {
    let long = "é".repeat(1_000);
    let zapi = json!({"type": "ReceivedCallback", "messageId": "A", "phone": "5511900000001",
        "senderName": long, "text": {"message": "Oi"}});
    let v2 = json!({"type": "messages.upsert", "key": {"remoteJid": "5511900000001@s.whatsapp.net",
        "id": "A"}, "pushName": long, "message": {"conversation": "Oi"}});
    let wuzapi = json!({"type": "Message", "event": {"Info": {"ID": "A", "Chat":
        "5511900000001@s.whatsapp.net", "Sender": "5511900000001@s.whatsapp.net", "PushName": long},
        "Message": {"conversation": "Oi"}}});
    let whatsapp = json!({"object": "whatsapp_business_account", "entry": [{"changes": [
        {"field": "messages", "value": {
            "contacts": [{"wa_id": "5511900000001", "profile": {"name": long}}],
            "messages": [{"id": "A", "from": "5511900000001", "type": "text", "text": {"body": "Oi"}}]
    }}]}]});
    for (subject, body) in [
        (WhatsApp, whatsapp),
        (Zapi, zapi),
        (ZapperHub, v2),
        (Wuzapi, wuzapi),
    ] {
        let channel = subject.channel("http://127.0.0.1:9");
        let name = message(channel.as_ref(), &body).from.name;
        assert_eq!(name, Some("é".repeat(256)), "{subject:?}");
    }
}
