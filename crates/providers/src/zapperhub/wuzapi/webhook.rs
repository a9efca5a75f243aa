//! wuzapi's events: whatsmeow's structures as Go prints them (wuzapi in the vendor's version, `wmiau.go`).

use std::borrow::Cow;

use recado_core::inbound::RevokedBy;
use serde_json::Value;
use url::form_urlencoded;

use super::multipart;
use crate::webhook::prelude::*;
use crate::zapperhub::engine::content::{Heard, content, ignored_reason, is_group};
use crate::zapperhub::engine::kinds::Origin;
use crate::zapperhub::engine::members::own;
use crate::zapperhub::engine::own_message::own_message;

/// How long WhatsApp keeps a file for linked devices (inferred).
const MEDIA_DAYS: i64 = 14;

/// The flags of a message that is to be seen only once (whatsmeow, `events.Message`).
const VIEW_ONCE: [&str; 3] = ["IsViewOnce", "IsViewOnceV2", "IsViewOnceV2Extension"];

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
        "UndecryptableMessage" => vec![unread(event)],
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
    let message = own(event, "Message").unwrap_or(&Value::Null);
    let sent_at = instant(info(event, "Timestamp"));
    let origin = Origin {
        file_url,
        url_days: None,
        key_days: Some(MEDIA_DAYS),
        sent_at,
    };
    if info(event, "IsFromMe") == Some(&Value::Bool(true)) {
        let chat = said_of(event, "Chat").unwrap_or_default();
        if let Some(reason) = ignored_reason(chat) {
            return Inbound::Ignored(reason);
        }
        if is_in_group(event) {
            return Inbound::Ignored(Ignored::Group);
        }
        let to = contact([Some(chat)], None);
        return own_message(id(info(event, "ID")), to, sent_at, message);
    }
    if let Some(heard) = content(message, origin) {
        return said(event, flagged(event, heard));
    }
    let chat = said_of(event, "Chat").unwrap_or_default();
    Inbound::Ignored(ignored_reason(chat).unwrap_or(Ignored::Empty))
}

/// Adds what the engine tells beside a message, from which it has taken the wrappers.
fn flagged(event: &Value, mut heard: Heard) -> Heard {
    let is = |flag: &&str| own(event, flag) == Some(&Value::Bool(true));
    let content = heard.content.received_mut();
    if let Some(ReceivedContent::Revoked(revoked)) = content {
        revoked.by = said_of(event, "Edit").and_then(revoked_by);
    } else if let Some(media) = content.and_then(ReceivedContent::media_mut) {
        media.view_once |= VIEW_ONCE.iter().any(is);
    }
    heard
}

/// Who deleted a message (whatsmeow, `EditAttribute`).
fn revoked_by(edit: &str) -> Option<RevokedBy> {
    match edit {
        "7" => Some(RevokedBy::Sender),
        "8" => Some(RevokedBy::Admin),
        _ => None,
    }
}

/// A message that the engine could not decrypt, or that WhatsApp keeps from linked devices.
fn unread(event: &Value) -> Inbound {
    if info(event, "IsFromMe") == Some(&Value::Bool(true)) {
        return Inbound::Ignored(Ignored::OwnMessage);
    }
    let kind = own(event, "UnavailableType").and_then(Value::as_str);
    let is_view_once = kind == Some("view_once");
    said(event, Heard::alone(unavailable(is_view_once)))
}

fn info<'a>(event: &'a Value, key: &str) -> Option<&'a Value> {
    own(own(event, "Info")?, key)
}

fn said_of<'a>(event: &'a Value, key: &str) -> Option<&'a str> {
    info(event, key)?.as_str()
}

fn is_in_group(event: &Value) -> bool {
    info(event, "IsGroup") == Some(&Value::Bool(true))
        || said_of(event, "Chat").is_some_and(is_group)
}

/// A message of a customer or of a member of a group.
fn said(event: &Value, heard: Heard) -> Inbound {
    let chat = said_of(event, "Chat").unwrap_or_default();
    if let Some(reason) = ignored_reason(chat) {
        return Inbound::Ignored(reason);
    }
    // One of the first two is the phone, the other the LID, if both are there.
    let addresses = ["Sender", "SenderAlt", "Chat"].map(|key| said_of(event, key));
    message_of(Said {
        external_id: id(info(event, "ID")),
        from: contact(addresses, short_words(info(event, "PushName"))),
        group: Some(chat).filter(|_| is_in_group(event)),
        sent_at: instant(info(event, "Timestamp")),
        in_reply_to: heard.in_reply_to,
        content: heard.content,
        context: heard.context,
        referral: heard.referral,
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
