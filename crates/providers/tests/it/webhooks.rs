//! What the tests of webhooks share.

use std::sync::{Arc, LazyLock};

use recado_core::inbound::{
    Choice, Contact, Ignored, Inbound, InboundContent, InboundMessage, StatusUpdate,
};
use recado_core::{Recipient, Status};
use recado_providers::{Admission, Channel, WebhookCall, WebhookHead, WebhookRefused};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Subject, merged};

/// The channel's webhook secret.
pub(crate) const SECRET: &str = "5c1d0a94e5b4f0e9a1f22b3c4d5e6f7a";

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

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
        content: None,
    }
}

/// A content without what it holds in addition to its text.
pub(crate) fn words_of(mut content: InboundContent) -> InboundContent {
    if let InboundContent::Other { content, .. } = &mut content {
        *content = None;
    }
    content
}

/// What a content holds in addition to its text, as an event has it.
pub(crate) fn held(content: &InboundContent) -> Value {
    serde_json::to_value(content.received()).expect("JSON")
}

/// A file in an event, with these members and without anything else that the provider may tell of it.
pub(crate) fn file(kind: &str, members: &Value) -> Value {
    let media = json!({"id": null, "providerUrl": null, "mimeType": null, "fileName": null, "size": null,
        "available": false});
    json!({"type": kind, "media": merged(media, members)})
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
