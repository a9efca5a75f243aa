//! The hosted API's events, which have Baileys' names.
//!
//! The vendor publishes the names, and receivers the message; the members of the others are inferred.

use serde_json::Value;

use crate::webhook::prelude::*;
use crate::zapperhub::engine::content::{content, ignored_reason, is_group};
use crate::zapperhub::engine::own_message::own_message;

/// A status by its number, its name, and ours.
const STATUSES: [(i64, &str, Status); 5] = [
    (0, "ERROR", Status::Failed),
    (2, "SERVER_ACK", Status::Sent),
    (3, "DELIVERY_ACK", Status::Delivered),
    (4, "READ", Status::Read),
    (5, "PLAYED", Status::Read),
];

/// What the second webhook is told, which can carry no secret (ZapperAPI, `POST /webhooks`).
pub(super) const UPDATES: [&str; 2] = ["messages.update", "message-receipt.update"];

/// An event or several, bare or inside `body`.
pub(super) fn news(
    redactor: &Redactor,
    instance_id: &str,
    body: &[u8],
) -> Result<Vec<Inbound>, WebhookUnreadable> {
    let body = lenient_json::parse(body).ok_or(WebhookUnreadable)?;
    if !one_or_many(&body).iter().all(Value::is_object) {
        return Err(WebhookUnreadable);
    }
    Ok(events(&body)
        .flat_map(|event| match text(event, "/instanceId") {
            Some(named) if named != instance_id => vec![Inbound::Ignored(Ignored::OtherInstance)],
            _ => of_event(redactor, event),
        })
        .take(MAX_ITEMS + 1)
        .collect())
}

/// Whether a body says nothing but what the second webhook is told.
pub(super) fn tells_updates_only(body: &[u8]) -> bool {
    let Some(body) = lenient_json::parse(body) else {
        return false;
    };
    let mut kinds = events(&body).map(|event| text(event, "/type")).peekable();
    kinds.peek().is_some() && kinds.all(|kind| kind.is_some_and(|kind| UPDATES.contains(&kind)))
}

fn events(body: &Value) -> impl Iterator<Item = &Value> {
    let events = one_or_many(body).iter();
    events.flat_map(|event| match event.get("body") {
        Some(inner) if event.get("type").is_none() => one_or_many(inner),
        _ => std::slice::from_ref(event),
    })
}

/// The items of an event are itself, or what is in its `data`.
fn of_event(redactor: &Redactor, event: &Value) -> Vec<Inbound> {
    let read: fn(&Redactor, &Value) -> Inbound = match text(event, "/type") {
        Some("messages.upsert") => |_, item| message(item),
        Some("messages.update") => |_, item| update(item),
        Some("message-receipt.update") => |_, item| receipt(item),
        Some("connection.update") => connection_update,
        Some("messages.reaction") => |_, _| Inbound::Ignored(Ignored::Reaction),
        _ => |_, _| Inbound::Ignored(Ignored::Unknown),
    };
    let items = event
        .get("data")
        .filter(|data| data.is_object() || data.is_array());
    let items = one_or_many(items.unwrap_or(event)).iter();
    let items = items.take(MAX_ITEMS + 1);
    items.map(|item| read(redactor, item)).collect()
}

fn message(item: &Value) -> Inbound {
    let chat = text(item, "/key/remoteJid").unwrap_or_default();
    if let Some(reason) = ignored_reason(chat) {
        return Inbound::Ignored(reason);
    }
    let external_id = id(item.pointer("/key/id"));
    let sent_at = instant(item.get("messageTimestamp"));
    let message = item.get("message").unwrap_or(&Value::Null);
    let address = |key| item.get("key")?.get(key)?.as_str();
    let in_a_group = is_group(chat);
    if item.pointer("/key/fromMe") == Some(&true.into()) {
        if in_a_group {
            return Inbound::Ignored(Ignored::Group);
        }
        let to = contact(["remoteJid", "remoteJidAlt"].map(address), None);
        return own_message(external_id, to, sent_at, message);
    }
    let Some((content, in_reply_to)) = content(message, item.get("mediaUrl")) else {
        return Inbound::Ignored(Ignored::Empty);
    };
    // The vendor shows the first of each; the others are newer members of Baileys' key.
    let addresses = if in_a_group {
        [
            "participant",
            "participantAlt",
            "participantPn",
            "participantLid",
        ]
    } else {
        ["remoteJid", "remoteJidAlt", "senderPn", "senderLid"]
    };
    message_of(Said {
        external_id,
        from: contact(addresses.map(address), short_words(item.get("pushName"))),
        group: Some(chat).filter(|_| in_a_group),
        sent_at,
        in_reply_to,
        content,
    })
}

fn update(item: &Value) -> Inbound {
    let news = item
        .pointer("/update/status")
        .or_else(|| item.get("status"));
    match news.and_then(step) {
        Some(step) => of_ours(item, step),
        None => Inbound::Ignored(Ignored::Status),
    }
}

fn step(news: &Value) -> Option<Status> {
    let word = news.as_str();
    let number = news
        .as_i64()
        .or_else(|| word.and_then(|word| word.parse().ok()));
    let mut known = STATUSES.iter();
    let (.., step) = known.find(|(code, name, _)| number == Some(*code) || word == Some(*name))?;
    Some(*step)
}

fn receipt(item: &Value) -> Inbound {
    let has = |path| item.pointer(path).is_some_and(|at| !at.is_null());
    if has("/receipt/readTimestamp") {
        of_ours(item, Status::Read)
    } else if has("/receipt/receiptTimestamp") {
        of_ours(item, Status::Delivered)
    } else {
        Inbound::Ignored(Ignored::Status)
    }
}

/// A customer's message has a status as well, which is of no interest.
fn of_ours(item: &Value, step: Status) -> Inbound {
    if item.pointer("/key/fromMe") == Some(&false.into()) {
        return Inbound::Ignored(Ignored::Status);
    }
    status(id(item.pointer("/key/id")), step, None)
}

fn connection_update(redactor: &Redactor, item: &Value) -> Inbound {
    let state = text(item, "/connection").or_else(|| text(item, "/status"));
    let reason = text(item, "/lastDisconnect/error/message");
    match state {
        Some("open") => connected(true, None),
        Some("close") => connected(false, reason.map(|text| redactor.clean(text))),
        _ if text(item, "/qr").is_some() => {
            connected(false, Some("a phone must be paired".to_owned()))
        }
        _ => Inbound::Ignored(Ignored::Connecting),
    }
}
