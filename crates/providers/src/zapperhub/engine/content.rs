//! WhatsApp's own message, as Baileys and as Go spell it.
//!
//! Both print the same protobuf: Go writes `selectedID` for `selectedId`, and puts the members of a
//! *oneof* under one more name. So keys are compared without case, and searched inside a tap, but never
//! inside its `contextInfo`, which quotes the question with all its buttons.

use serde_json::Value;

use super::kinds::{Found, Origin, anything_else};
use super::members::{own, within};
use crate::webhook::prelude::*;

/// What wraps another message.
const WRAPPERS: [&str; 10] = [
    "ephemeralMessage",
    // A picture of an album.
    "associatedChildMessage",
    "groupMentionedMessage",
    "botInvokeMessage",
    VIEW_ONCE[0],
    VIEW_ONCE[1],
    VIEW_ONCE[2],
    "documentWithCaptionMessage",
    "lottieStickerMessage",
    EDITED,
];

/// The wrappers of what is to be seen only once.
const VIEW_ONCE: [&str; 3] = [
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
];

/// The wrapper of a message's new text.
const EDITED: &str = "editedMessage";

/// Members that belong to the protocol and say nothing by themselves. The pictures of an album come one by one.
const SILENT: [&str; 5] = [
    "protocolMessage",
    "secretEncryptedMessage",
    "senderKeyDistributionMessage",
    "messageContextInfo",
    "albumMessage",
];

/// The number and the name of a change of a message's words (whatsmeow, `waE2E`).
const EDIT: (i64, &str) = (14, "MESSAGE_EDIT");

/// The same of a change that is encrypted.
const ENCRYPTED_EDIT: (i64, &str) = (2, "MESSAGE_EDIT");

/// The number and the name of a deletion for everyone (whatsmeow, `waE2E`).
const REVOKE: (i64, &str) = (0, "REVOKE");

/// How often a message was passed on at least that WhatsApp calls that often (observed).
const OFTEN_FORWARDED: i64 = 5;

/// What a message says, and what it refers to.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) content: InboundContent,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) context: MessageContext,
    pub(crate) referral: Option<Referral>,
}

impl Heard {
    /// Creates what a message says that refers to nothing.
    pub(crate) fn alone(content: InboundContent) -> Self {
        Self {
            content,
            in_reply_to: None,
            context: MessageContext::default(),
            referral: None,
        }
    }
}

/// What a message says; nothing if it says nothing.
pub(crate) fn content(message: &Value, origin: Origin<'_>) -> Option<Heard> {
    if let Some(change) = change(unwrapped(message), origin) {
        return Some(Heard::alone(change));
    }
    let is_edit = is_edit(message);
    let is_view_once = is_wrapped(message, &VIEW_ONCE);
    let message = unwrapped(message);
    let says = |key: &String| !SILENT.iter().any(|silent| key.eq_ignore_ascii_case(silent));
    if !message.as_object()?.keys().any(says) {
        return None;
    }
    let found = template_tap(message)
        .or_else(|| interactive_tap(message))
        .or_else(|| legacy_tap(message))
        .or_else(|| list_choice(message))
        .or_else(|| anything_else(message, origin));
    let Some((member, mut content)) = found else {
        return Some(Heard::alone(unknown(message)));
    };
    if is_view_once && let Some(media) = content.received_mut().and_then(ReceivedContent::media_mut)
    {
        media.view_once = true;
    }
    let quoted = quoted(member);
    let about = own(member, "key").filter(|_| own(message, "reactionMessage").is_some());
    Some(Heard {
        content: if is_edit {
            edit(None, content)
        } else {
            content
        },
        in_reply_to: quoted.clone().or_else(|| id(own(about?, "id"))),
        context: context(member, quoted),
        referral: referral(member),
    })
}

/// A change of an earlier message, or its deletion. Newer apps encrypt the change, and no engine opens it.
fn change(message: &Value, origin: Origin<'_>) -> Option<InboundContent> {
    let target = |member: &Value, key: &str| id(own(own(member, key)?, "id"));
    if let Some(protocol) = own(message, "protocolMessage") {
        let kind = own(protocol, "type")?;
        if is(kind, REVOKE) {
            // Without its target, a deletion says nothing.
            return target(protocol, "key").map(|target| revoked(Some(target)));
        }
        if !is(kind, EDIT) {
            return None;
        }
        let target = target(protocol, "key");
        let new = own(protocol, EDITED).and_then(|new| content(new, origin));
        return Some(match new {
            Some(heard) => edit(target, heard.content),
            None => unread_edit(target),
        });
    }
    let secret = own(message, "secretEncryptedMessage")?;
    let is_edit = is(own(secret, "secretEncType")?, ENCRYPTED_EDIT);
    is_edit.then(|| unread_edit(target(secret, "targetMessageKey")))
}

fn is(kind: &Value, (number, name): (i64, &str)) -> bool {
    kind.as_i64() == Some(number) || kind.as_str() == Some(name)
}

/// The message inside its wrappers.
pub(crate) fn unwrapped(message: &Value) -> &Value {
    let inner = |wrapper: &&str| own(own(message, wrapper)?, "message");
    match WRAPPERS.iter().find_map(inner) {
        Some(inner) => unwrapped(inner),
        None => message,
    }
}

/// Whether one of the wrappers says that the message is the new text of an earlier one.
pub(super) fn is_edit(message: &Value) -> bool {
    is_wrapped(message, &[EDITED])
}

/// Whether one of the wrappers of a message is among these.
fn is_wrapped(message: &Value, wrappers: &[&str]) -> bool {
    wrappers
        .iter()
        .any(|wrapper| own(message, wrapper).is_some())
        || WRAPPERS.iter().any(|wrapper| {
            let inner = own(message, wrapper).and_then(|wrapper| own(wrapper, "message"));
            inner.is_some_and(|inner| is_wrapped(inner, wrappers))
        })
}

/// The usual answer to a quick-reply button (observed).
fn template_tap(message: &Value) -> Found<'_> {
    let tap = own(message, "templateButtonReplyMessage")?;
    let choice = choice(tap, "selectedId", "selectedDisplayText")?;
    Some((tap, InboundContent::Button(choice)))
}

/// The answer to a native flow: a button's id is inside a JSON text (observed), a list's too (inferred).
fn interactive_tap(message: &Value) -> Found<'_> {
    let tap = own(message, "interactiveResponseMessage")?;
    let shown = own(tap, "body").and_then(|body| words(own(body, "text")));
    let flow = within(tap, "nativeFlowResponseMessage");
    let parameters = flow
        .and_then(|flow| own(flow, "paramsJson")?.as_str())
        .and_then(|json| lenient_json::parse(json.as_bytes()));
    let name = flow.and_then(|flow| own(flow, "name"));
    let Some(id) = parameters.as_ref().and_then(|it| choice_id(it.get("id"))) else {
        let form = FormReply {
            name: short_words(name),
            response: parameters.as_ref().and_then(members),
        };
        let content = ReceivedContent::FormReply(form);
        return Some((tap, holding("interactive", shown, content)));
    };
    let title = shown.unwrap_or_default();
    let choice = Choice::new(id, title);
    let content = match name.and_then(Value::as_str) {
        Some("single_select" | "menu_options") => InboundContent::List(choice),
        _ => InboundContent::Button(choice),
    };
    Some((tap, content))
}

fn legacy_tap(message: &Value) -> Found<'_> {
    let tap = own(message, "buttonsResponseMessage")?;
    let choice = choice(tap, "selectedButtonId", "selectedDisplayText")?;
    Some((tap, InboundContent::Button(choice)))
}

fn list_choice(message: &Value) -> Found<'_> {
    let tap = own(message, "listResponseMessage")?;
    let choice = choice(tap, "selectedRowId", "title")?;
    Some((tap, InboundContent::List(choice)))
}

fn choice(tap: &Value, id: &str, title: &str) -> Option<Choice> {
    let title = words(within(tap, title)).unwrap_or_default();
    Some(Choice::new(choice_id(within(tap, id))?, title))
}

/// The message that a message answers.
fn quoted(member: &Value) -> Option<String> {
    id(own(own(member, "contextInfo")?, "stanzaId"))
}

fn context(member: &Value, quoted: Option<String>) -> MessageContext {
    let told = |key| own(own(member, "contextInfo")?, key);
    let times = told("forwardingScore").and_then(integer);
    let often = times.is_some_and(|times| times >= OFTEN_FORWARDED);
    MessageContext {
        replied_to_external_id: quoted,
        forwarded: often || told("isForwarded") == Some(&Value::Bool(true)),
        frequently_forwarded: often,
        referred_product: None,
    }
}

/// The advertisement, which a link that a person sends resembles.
fn referral(member: &Value) -> Option<Referral> {
    let shown = own(own(member, "contextInfo")?, "externalAdReply")?;
    let said = |key| own(shown, key);
    let referral = Referral {
        source_type: short_words(said("sourceType")),
        source_id: id(said("sourceId")),
        source_url: url(said("sourceUrl")),
        headline: words(said("title")),
        body: words(said("body")),
        media_type: advertised_kind(said("mediaType")),
        thumbnail_url: url(said("thumbnailUrl")),
        click_id: id(said("ctwaClid")),
        welcome_text: words(said("greetingMessageBody")),
        ..Referral::default()
    };
    is_advertisement(&referral).then_some(referral)
}

pub(crate) fn is_group(chat: &str) -> bool {
    chat.ends_with("@g.us")
}

/// Returns why a chat is neither with a customer nor a group, or `None` if it is one of them.
pub(crate) fn ignored_reason(chat: &str) -> Option<Ignored> {
    match chat.split_once('@')?.1 {
        "newsletter" => Some(Ignored::Newsletter),
        "broadcast" if chat == "status@broadcast" => Some(Ignored::Story),
        _ => None,
    }
}
