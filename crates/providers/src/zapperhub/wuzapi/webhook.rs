//! wuzapi's events: whatsmeow's structures as Go prints them (wuzapi in the vendor's version, `wmiau.go`).

use std::borrow::Cow;

use serde_json::Value;
use url::form_urlencoded;

use super::multipart;
use crate::webhook::prelude::*;
use crate::zapperhub::engine::content::{content, ignored_reason, is_group, own};
use crate::zapperhub::engine::own_message::own_message;

/// The bytes that the signature of a body covers: itself, or the text fields of a multipart form.
pub(super) fn signed<'a>(content_type: Option<&str>, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    match content_type.filter(|kind| multipart::is_multipart(kind)) {
        None => Some(Cow::Borrowed(body)),
        Some(kind) => {
            let fields = multipart::fields(kind, body).ok()?;
            Some(Cow::Owned(multipart::signed_text(&fields)))
        }
    }
}

/// JSON, or a form of either kind with the same JSON in `jsonData`; what does not begin as JSON is a form, whatever its type says.
pub(super) fn news(
    redactor: &Redactor,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Vec<Inbound>, WebhookUnreadable> {
    let event = match content_type.filter(|kind| multipart::is_multipart(kind)) {
        Some(kind) => {
            let fields = multipart::fields(kind, body)?;
            object(fields.get("jsonData").ok_or(WebhookUnreadable)?)
        }
        None if is_object(body) => object(body),
        None => {
            let json = form_urlencoded::parse(body).find(|(key, _)| key == "jsonData");
            object(json.ok_or(WebhookUnreadable)?.1.as_bytes())
        }
    };
    Ok(of_event(redactor, &event?))
}

/// Tells whether a body begins as a JSON object, with or without a byte order mark.
fn is_object(body: &[u8]) -> bool {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    body.trim_ascii_start().starts_with(b"{")
}

fn of_event(redactor: &Redactor, body: &Value) -> Vec<Inbound> {
    let event = body.get("event").unwrap_or(&Value::Null);
    let cut_off = |words: &str| vec![connected(false, Some(words.to_owned()))];
    match text(body, "/type").unwrap_or_default() {
        "Message" => vec![message(event, body.pointer("/s3/url"))],
        "ReadReceipt" => receipt(body, event),
        "Connected" => vec![connected(true, None)],
        "Disconnected" => vec![connected(false, None)],
        "LoggedOut" => cut_off("logged out: a phone must be paired"),
        "QR" => cut_off("a phone must be paired"),
        "TemporaryBan" => cut_off("WhatsApp has banned the number for some time"),
        "ConnectFailure" => {
            let reason = text(body, "/error").or_else(|| text(body, "/reason"));
            vec![connected(false, reason.map(|text| redactor.clean(text)))]
        }
        "PairSuccess" | "QRTimeout" => vec![Inbound::Ignored(Ignored::Pairing)],
        _ => vec![Inbound::Ignored(Ignored::Unknown)],
    }
}

/// `file_url` is where wuzapi has put the message's file, if it was told a store for files.
fn message(event: &Value, file_url: Option<&Value>) -> Inbound {
    let info = |key| own(own(event, "Info")?, key);
    let said = |key| info(key).and_then(Value::as_str);
    let is = |key| info(key) == Some(&true.into());
    let chat = said("Chat").unwrap_or_default();
    if let Some(reason) = ignored_reason(chat) {
        return Inbound::Ignored(reason);
    }
    let in_a_group = is("IsGroup") || is_group(chat);
    let external_id = id(info("ID"));
    let message = own(event, "Message").unwrap_or(&Value::Null);
    let sent_at = instant(info("Timestamp"));
    if is("IsFromMe") {
        if in_a_group {
            return Inbound::Ignored(Ignored::Group);
        }
        let to = contact([said("Chat")], None);
        return own_message(external_id, to, sent_at, message);
    }
    let Some((content, in_reply_to)) = content(message, file_url) else {
        return Inbound::Ignored(Ignored::Empty);
    };
    // One of the first two is the phone, the other the LID, if both are there.
    let addresses = ["Sender", "SenderAlt", "Chat"].map(said);
    message_of(Said {
        external_id,
        from: contact(addresses, short_words(info("PushName"))),
        group: Some(chat).filter(|_| in_a_group),
        sent_at,
        in_reply_to,
        content,
    })
}

/// wuzapi sends no receipt for "sent", which is the answer to the request, and none for a failure.
fn receipt(body: &Value, event: &Value) -> Vec<Inbound> {
    let step = match text(body, "/state") {
        Some("Delivered") => Status::Delivered,
        Some("Read") => Status::Read,
        // Our own number read the chat.
        Some("ReadSelf") => return vec![Inbound::Ignored(Ignored::ReadByMe)],
        _ => return vec![Inbound::Ignored(Ignored::Status)],
    };
    let ids = own(event, "MessageIDs").and_then(Value::as_array);
    let ids = ids.map_or(&[][..], Vec::as_slice).iter();
    let ids = ids.take(MAX_ITEMS + 1);
    ids.map(|it| status(id(Some(it)), step, None)).collect()
}
