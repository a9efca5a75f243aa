//! The hosted API's events, which have Baileys' names.
//!
//! The vendor publishes the names, and receivers the message; the members of the others are inferred.

use serde_json::Value;

use crate::webhook::prelude::*;
use crate::zapperhub::engine::content::{Heard, content, ignored_reason, is_group};
use crate::zapperhub::engine::kinds::Origin;
use crate::zapperhub::engine::members::{own, within};
use crate::zapperhub::engine::own_message::own_message;

/// A status by its number, its name, and ours.
const STATUSES: [(i64, &str, Status); 5] = [
    (0, "ERROR", Status::Failed),
    (2, "SERVER_ACK", Status::Sent),
    (3, "DELIVERY_ACK", Status::Delivered),
    (4, "READ", Status::Read),
    (5, "PLAYED", Status::Read),
];

/// How long ZapperAPI keeps a customer's file (ZapperHUB's vendor).
const MEDIA_DAYS: i64 = 7;

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
        Some("messages.reaction") => |_, item| reacted(item),
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
    let sent_at = instant(item.get("messageTimestamp"));
    let message = item.get("message").unwrap_or(&Value::Null);
    let key = item.get("key").unwrap_or(&Value::Null);
    if is_own(key) {
        if let Some(reason) = ignored_reason(chat) {
            return Inbound::Ignored(reason);
        }
        if is_group(chat) {
            return Inbound::Ignored(Ignored::Group);
        }
        let to = contact(
            ["remoteJid", "remoteJidAlt"].map(|it| address(key, it)),
            None,
        );
        return own_message(id(key.get("id")), to, sent_at, message);
    }
    let origin = Origin {
        file_url: item.get("mediaUrl"),
        url_days: Some(MEDIA_DAYS),
        key_days: None,
        sent_at,
    };
    let heard = content(message, origin).or_else(|| {
        let is_stub = item.get("messageStubType").is_some_and(is_ciphertext);
        is_stub.then(|| Heard::alone(unavailable(false)))
    });
    let Some(heard) = heard else {
        return Inbound::Ignored(ignored_reason(chat).unwrap_or(Ignored::Empty));
    };
    let name = short_words(item.get("pushName"));
    let external_id = change_id(message, &heard.content, sent_at).or_else(|| id(key.get("id")));
    said(key, external_id, name, sent_at, heard)
}

/// The id of a change, which comes as a message and as an update: Baileys gives the update the id of the changed message and
/// the time of the change in seconds (`process-message.ts`).
fn change_id(message: &Value, content: &InboundContent, sent_at: Option<i64>) -> Option<String> {
    match content.received()? {
        ReceivedContent::Revoked(revoked) => {
            derived_id(revoked.target_external_id.as_deref()?, "revoke", None)
        }
        ReceivedContent::Edited(edited) => {
            let at = within(message, "timestampMs").map(|at| instant(Some(at)));
            let at = at.unwrap_or(sent_at).map(|at| at / 1000 * 1000);
            // What is encrypted has no update: the engine does not open it.
            edited.kind.as_ref()?;
            let target = edited.target_external_id.as_deref()?;
            derived_id(target, "edit", mark(at, content))
        }
        _ => None,
    }
}

/// A message of a customer or of a member of a group, by its key.
fn said(
    key: &Value,
    external_id: Option<String>,
    name: Option<String>,
    sent_at: Option<i64>,
    heard: Heard,
) -> Inbound {
    let chat = text(key, "/remoteJid").unwrap_or_default();
    if let Some(reason) = ignored_reason(chat) {
        return Inbound::Ignored(reason);
    }
    let in_a_group = is_group(chat);
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
        from: contact(addresses.map(|it| address(key, it)), name),
        group: Some(chat).filter(|_| in_a_group),
        sent_at,
        in_reply_to: heard.in_reply_to,
        content: heard.content,
        context: heard.context,
        referral: heard.referral,
    })
}

fn address<'a>(key: &'a Value, member: &str) -> Option<&'a str> {
    key.get(member)?.as_str()
}

fn is_own(key: &Value) -> bool {
    key.get("fromMe") == Some(&Value::Bool(true))
}

/// Whether a message without content could not be decrypted (Baileys, `WAMessageStubType`).
fn is_ciphertext(stub: &Value) -> bool {
    stub.as_i64() == Some(2) || stub.as_str() == Some("CIPHERTEXT")
}

/// A reaction, which names its target by `key`, and itself by `reaction.key` (Baileys, `messages.reaction`).
fn reacted(item: &Value) -> Inbound {
    let target = id(item.pointer("/key/id"));
    let told = item.get("reaction").unwrap_or(&Value::Null);
    let key = told.get("key").or(item.get("key"));
    let key = key.unwrap_or(&Value::Null);
    if is_own(key) {
        return Inbound::Ignored(Ignored::OwnMessage);
    }
    let sent_at = instant(told.get("senderTimestampMs"));
    let own_id = told.get("key").and_then(|key| id(key.get("id")));
    let external_id =
        own_id.or_else(|| derived_id(target.as_deref()?, "reaction", Some(sent_at?.to_string())));
    let content = reaction(words(told.get("text")), target.clone());
    let heard = Heard {
        in_reply_to: target,
        ..Heard::alone(content)
    };
    said(key, external_id, None, sent_at, heard)
}

/// A status of a message of ours, or a change of an earlier message.
fn update(item: &Value) -> Inbound {
    if let Some(change) = change(item) {
        return change;
    }
    let news = item
        .pointer("/update/status")
        .or_else(|| item.get("status"));
    match news.and_then(step) {
        Some(step) => of_ours(item, step),
        None => Inbound::Ignored(Ignored::Status),
    }
}

/// New words of an earlier message, or its deletion; it has no id of its own.
fn change(item: &Value) -> Option<Inbound> {
    let update = item.get("update")?;
    let key = item.get("key")?;
    let target = id(key.get("id"));
    let sent_at = instant(update.get("messageTimestamp"));
    let (content, external_id) = match update.get("message")? {
        Value::Null => {
            let stub = update.get("messageStubType")?;
            let is_revoke = stub.as_i64() == Some(1) || stub.as_str() == Some("REVOKE");
            let id = derived_id(target.as_deref()?, "revoke", None);
            (is_revoke.then(|| revoked(target))?, id)
        }
        message => {
            own(message, "editedMessage")?;
            let origin = Origin {
                sent_at,
                ..Origin::default()
            };
            let mut new = content(message, origin)?.content;
            let Some(ReceivedContent::Edited(edited)) = new.received_mut() else {
                return None;
            };
            edited.target_external_id.clone_from(&target);
            let mark = mark(sent_at, &new);
            (new, derived_id(&target?, "edit", mark))
        }
    };
    Some(if is_own(key) {
        Inbound::Ignored(Ignored::OwnMessage)
    } else {
        said(key, external_id, None, sent_at, Heard::alone(content))
    })
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
