//! What Z-API sends: one object, told apart by `type` (Z-API docs, webhooks).

mod content;

use serde_json::Value;

use super::errors::{is_error, meaning};
use crate::error::{BUTTON_TERMS_NOT_ACCEPTED, RESTRICTED};
use crate::webhook::prelude::*;

/// Our words for the texts of `DeliveryCallback` as a whole (Z-API docs, on-message-send examples).
///
/// Four reasons exist for Z-API alone, because only its queue detects these failures. `*` stands for one word.
const REASONS: [(&str, &[&str]); 6] = [
    (
        BUTTON_TERMS_NOT_ACCEPTED,
        &["you must accept buttons message terms in panel to send this message"],
    ),
    (
        ErrorKind::InvalidRecipient.reason(),
        &[
            "phone number does not exist",
            "message has not been sent because it got invalid phone number",
        ],
    ),
    (
        "not_permitted",
        &[
            "did not have permission to send this message",
            "does not have permission to send the message",
            "you can't message this group as you don't have permission",
            "this type of message can only be sent in groups",
        ],
    ),
    (
        ErrorKind::Rejected.reason(),
        &[
            "whatsapp rejected sending this message",
            "whatsapp did not allow sending this message",
        ],
    ),
    (
        OUTCOME_UNKNOWN,
        &["timeout on send message", "error on send message"],
    ),
    (
        "bad_media",
        &[
            "message not send caused by invalid media url",
            "got a 404 error while trying to send message",
            "the url informed is not a valid url in the media format, apparently it can be an html",
            "unsupported sticker format: *",
        ],
    ),
];

/// WhatsApp did not confirm the message to Z-API in time: it may have arrived all the same.
const OUTCOME_UNKNOWN: &str = ErrorKind::Indeterminate.reason();

/// Parses one call; the caller has compared its `instanceId`.
pub(super) fn news(redactor: &Redactor, body: &Value) -> Vec<Inbound> {
    let kind = text(body, "/type").unwrap_or_default();
    // The documentation itself writes both `ReceivedCallback` and `ReceivedCallBack`.
    match &*kind.to_ascii_lowercase() {
        "receivedcallback" => vec![received(body)],
        "deliverycallback" => vec![delivery(redactor, body)],
        "messagestatuscallback" => statuses(redactor, body),
        "connectedcallback" => vec![connected(
            body.get("connected") != Some(&false.into()),
            None,
        )],
        "disconnectedcallback" => {
            let detail = text(body, "/error").map(|text| redactor.clean(text));
            vec![connected(false, detail)]
        }
        "presencechatcallback" => vec![Inbound::Ignored(Ignored::Presence)],
        _ => vec![Inbound::Ignored(Ignored::Unknown)],
    }
}

fn received(body: &Value) -> Inbound {
    if let Some(reason) = ignored_reason(body) {
        return Inbound::Ignored(reason);
    }
    let chat = text(body, "/phone").unwrap_or_default();
    let group = Some(chat).filter(|_| is_group(body));
    // In a group, `phone` is the group, and so are the names of the chat.
    let (addresses, chat_name) = match group {
        Some(_) => (["/participantPhone", "/participantLid", "/senderLid"], None),
        None => (["/phone", "/senderLid", "/chatLid"], body.get("chatName")),
    };
    let name = short_words(body.get("senderName")).or_else(|| short_words(chat_name));
    let quoted = id(body.get("referenceMessageId"));
    let about = body.get("reaction").and_then(content::reaction_target);
    let content = content::content(body);
    message_of(Said {
        external_id: external_id(body, &content),
        from: contact(addresses.map(|path| text(body, path)), name),
        group,
        sent_at: instant(body.get("momment")),
        in_reply_to: quoted.clone().or(about),
        content,
        context: MessageContext {
            replied_to_external_id: quoted,
            forwarded: body.get("forwarded") == Some(&Value::Bool(true)),
            ..MessageContext::default()
        },
        referral: content::referral(body),
    })
}

/// The id of a message. A change of an earlier one comes with the id of that one, and needs one of its own.
fn external_id(body: &Value, content: &InboundContent) -> Option<String> {
    let target = content::target(body);
    match content.received() {
        Some(ReceivedContent::Revoked(_)) => derived_id(&target?, "revoke", None),
        Some(ReceivedContent::Edited(_)) => {
            let mark = mark(instant(body.get("momment")), content);
            derived_id(&target?, "edit", mark)
        }
        _ => target,
    }
}

fn is_group(body: &Value) -> bool {
    let phone = text(body, "/phone").unwrap_or_default();
    body.get("isGroup") == Some(&Value::Bool(true))
        || phone.ends_with("-group")
        || phone.ends_with("@g.us")
}

/// Returns why a callback is not a message of a customer, or `None` if it is one.
///
/// The order only decides which reason is counted.
fn ignored_reason(body: &Value) -> Option<Ignored> {
    let is = |key| body.get(key) == Some(&Value::Bool(true));
    let phone = text(body, "/phone").unwrap_or_default();
    if is("fromMe") {
        // An own message is not a reliable match for a send whose answer was lost: Z-API promises neither our text in
        // it nor when it comes (on-message-received). Every other send has its id from the answer.
        Some(Ignored::OwnMessage)
    } else if is("isNewsletter") || phone.ends_with("@newsletter") {
        Some(Ignored::Newsletter)
    } else if body.get("notification").is_some_and(|it| !it.is_null()) && !content::is_revoke(body)
    {
        Some(Ignored::Notification)
    } else {
        None
    }
}

/// The result of the queue; a failure names `zaapId` in both places (Z-API docs, on-message-send examples).
fn delivery(redactor: &Redactor, body: &Value) -> Inbound {
    let mut external_ids: Vec<_> = ["zaapId", "messageId"]
        .into_iter()
        .filter_map(|key| id(body.get(key)))
        .collect();
    external_ids.dedup();
    if external_ids.is_empty() {
        return Inbound::Ignored(Ignored::WithoutId);
    }
    let error = failure(redactor, body);
    let status = error.as_ref().map_or(Status::Sent, failed);
    let mut news = StatusUpdate::new(external_ids, status);
    news.error = error;
    Inbound::Status(news)
}

/// The status of a message that Z-API could not send, or does not know whether it sent it.
fn failed(error: &MessageError) -> Status {
    if error.reason == OUTCOME_UNKNOWN {
        Status::Unknown
    } else {
        Status::Failed
    }
}

fn failure(redactor: &Redactor, body: &Value) -> Option<MessageError> {
    let error = body.get("error").filter(|_| is_error(body))?;
    let said = error
        .as_str()
        .map_or_else(|| error.to_string(), str::to_owned);
    let reason = if text(body, "/errorCode") == Some("SHADOW_BAN") {
        RESTRICTED
    } else {
        meaning(&said, &REASONS).unwrap_or(ErrorKind::Rejected.reason())
    };
    Some(MessageError::new(reason, redactor.clean(&said)))
}

/// One call may name several messages.
fn statuses(redactor: &Redactor, body: &Value) -> Vec<Inbound> {
    let step = match &*text(body, "/status").unwrap_or_default().to_uppercase() {
        "SENT" => Status::Sent,
        "RECEIVED" | "DELIVERED" => Status::Delivered,
        "READ" | "PLAYED" => Status::Read,
        "FAILED" => Status::Failed,
        // Our own number read the chat.
        "READ_BY_ME" => return vec![Inbound::Ignored(Ignored::ReadByMe)],
        _ => return vec![Inbound::Ignored(Ignored::Status)],
    };
    let error = match step {
        Status::Failed => failure(redactor, body),
        _ => None,
    };
    let step = error.as_ref().map_or(step, failed);
    let ids = items(body, "ids").iter().take(MAX_ITEMS + 1);
    ids.map(|it| status(id(Some(it)), step, error.clone()))
        .collect()
}
