//! What the tests of webhooks share, and the rules that hold for every provider.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use recado_core::inbound::{
    Choice, Contact, Ignored, Inbound, InboundContent, InboundMessage, Media, StatusUpdate,
};
use recado_core::{Recipient, Status};
use recado_providers::{
    Admission, Channel, MAX_ITEMS, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::{webhooks_whatsapp, webhooks_wuzapi, webhooks_zapi, webhooks_zapperhub};

/// The channel's webhook secret.
pub(crate) const SECRET: &str = "5c1d0a94e5b4f0e9a1f22b3c4d5e6f7a";

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=x";

/// What becomes of a POST with one header.
pub(crate) fn post(
    channel: &dyn Channel,
    header: Option<(&'static str, &str)>,
    body: &[u8],
) -> Result<Admission, WebhookRefused> {
    let header = header.map(|(name, value)| {
        let value = HeaderValue::from_str(value).expect("a header's value");
        (HeaderName::from_static(name), value)
    });
    admit(
        channel,
        &Method::POST,
        "",
        &header.into_iter().collect(),
        body,
    )
}

pub(crate) fn admit(
    channel: &dyn Channel,
    method: &Method,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Admission, WebhookRefused> {
    let secret = SecretString::from(SECRET);
    let head = WebhookHead::new(method, Some(SECRET), headers, &secret);
    channel.verify_webhook(&WebhookCall::new(head, query, body))
}

/// What a JSON body says.
pub(crate) fn read(channel: &dyn Channel, body: &Value) -> Vec<Inbound> {
    read_bytes(channel, "application/json", body.to_string().as_bytes())
}

/// What a body says.
pub(crate) fn read_bytes(channel: &dyn Channel, content_type: &str, body: &[u8]) -> Vec<Inbound> {
    let items = channel.parse_webhook(Some(content_type), body);
    let items = items.expect("a readable body").into_iter();
    items.map(|item| item.what).collect()
}

/// An item that is ignored for the reason of that word.
pub(crate) fn ignored(word: &str) -> Inbound {
    let reason = Ignored::ALL.into_iter().find(|it| it.as_str() == word);
    Inbound::Ignored(reason.expect("a reason"))
}

/// The only message that a body holds.
pub(crate) fn message(channel: &dyn Channel, body: &Value) -> InboundMessage {
    only(&read(channel, body))
}

/// The only item, which is a message.
pub(crate) fn only(items: &[Inbound]) -> InboundMessage {
    match items {
        [Inbound::Message(message)] => message.clone(),
        other => panic!("not one message: {other:?}"),
    }
}

/// Every status of a body: the ids, the step, and the reason of a failure.
pub(crate) fn statuses(channel: &dyn Channel, body: &Value) -> Vec<StatusUpdate> {
    let news = read(channel, body).into_iter().map(|item| match item {
        Inbound::Status(news) => news,
        other => panic!("no status: {other:?}"),
    });
    news.collect()
}

/// A status as its ids and its step.
pub(crate) fn step(news: &StatusUpdate) -> (Vec<&str>, Status) {
    let ids = news.external_ids.iter().map(String::as_str);
    (ids.collect(), news.status)
}

pub(crate) fn button(id: &str, title: &str) -> InboundContent {
    InboundContent::Button(choice(id, title))
}

pub(crate) fn list(id: &str, title: &str) -> InboundContent {
    InboundContent::List(choice(id, title))
}

fn choice(id: &str, title: &str) -> Choice {
    Choice::new(id, title)
}

pub(crate) fn other(kind: &str, text: Option<&str>) -> InboundContent {
    InboundContent::Other {
        kind: kind.to_owned(),
        text: text.map(str::to_owned),
    }
}

/// A file without anything that the provider may tell of it.
pub(crate) fn file(kind: &str, caption: Option<&str>) -> Media {
    with(Media::new(kind), |file| {
        file.caption = caption.map(str::to_owned);
    })
}

/// Returns a value with a change.
pub(crate) fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

/// An address as text.
pub(crate) fn address<'a>(recipient: impl Into<Option<&'a Recipient>>) -> Option<&'a str> {
    recipient.into().map(Recipient::as_str)
}

pub(crate) fn phone_and_lid(contact: &Contact) -> (Option<&str>, Option<&str>) {
    (address(&contact.phone), address(&contact.lid))
}

/// A channel of each kind, made once: reading needs no more.
pub(crate) fn channel(subject: Subject) -> &'static dyn Channel {
    static CHANNELS: LazyLock<[Arc<dyn Channel>; 4]> =
        LazyLock::new(|| Subject::ALL.map(|subject| subject.channel("https://provider.example")));
    &*CHANNELS[subject as usize]
}

fn examples(subject: Subject) -> Vec<Value> {
    match subject {
        WhatsApp => webhooks_whatsapp::examples(),
        Zapi => webhooks_zapi::examples(),
        ZapperHub => webhooks_zapperhub::examples(),
        Wuzapi => webhooks_wuzapi::examples(),
    }
}

/// What a provider might put where something else should be.
fn surprises() -> [Value; 11] {
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
    for example in examples(subject) {
        assert!(!read(channel, &example).is_empty(), "{example}");
        let mut places = Vec::new();
        paths(&example, "", &mut places);
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
