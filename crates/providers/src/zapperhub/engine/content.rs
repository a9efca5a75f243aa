//! WhatsApp's own message, as Baileys and as Go spell it.
//!
//! Both print the same protobuf: Go writes `selectedID` for `selectedId`, and puts the members of a
//! *oneof* under one more name. So keys are compared without case, and searched inside a tap, but never
//! inside its `contextInfo`, which quotes the question with all its buttons.

use recado_core::inbound::Media;
use serde_json::Value;

use crate::webhook::prelude::*;

/// What wraps another message.
const WRAPPERS: [&str; 6] = [
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    EDITED,
];

/// The wrapper of a message's new text.
const EDITED: &str = "editedMessage";

/// The members that carry a content, our word for each, and the key of its text.
const KINDS: [(&str, &str, &str); 13] = [
    ("extendedTextMessage", "text", "text"),
    ("imageMessage", "image", "caption"),
    ("videoMessage", "video", "caption"),
    ("ptvMessage", "video", "caption"),
    ("documentMessage", "document", "caption"),
    ("audioMessage", "audio", "caption"),
    ("stickerMessage", "sticker", "caption"),
    ("locationMessage", "location", "name"),
    ("liveLocationMessage", "location", "caption"),
    ("contactMessage", "contacts", "displayName"),
    ("contactsArrayMessage", "contacts", "displayName"),
    ("reactionMessage", "reaction", "text"),
    ("orderMessage", "order", "message"),
];

/// Members that belong to the protocol and say nothing by themselves.
const SILENT: [&str; 3] = [
    "protocolMessage",
    "senderKeyDistributionMessage",
    "messageContextInfo",
];

/// What a message says, and which message it answers; nothing if it says nothing.
///
/// The address in the message itself leads to an encrypted file; `file_url` is where the provider has put it.
pub(crate) fn content(
    message: &Value,
    file_url: Option<&Value>,
) -> Option<(InboundContent, Option<String>)> {
    let is_edit = is_edit(message);
    let message = unwrapped(message);
    let says = |key: &String| !SILENT.iter().any(|silent| key.eq_ignore_ascii_case(silent));
    if !message.as_object()?.keys().any(says) {
        return None;
    }
    let found = template_tap(message)
        .or_else(|| interactive_tap(message))
        .or_else(|| legacy_tap(message))
        .or_else(|| list_choice(message))
        .or_else(|| anything_else(message, file_url));
    Some(match found {
        // The new text of a message that was told before.
        Some((member, content)) if is_edit => (edit(content), answered(member)),
        Some((member, content)) => (content, answered(member)),
        None => (other("unknown", None), None),
    })
}

/// The member `key` of an object, in any case; null counts as absent.
pub(crate) fn own<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let mut members = value.as_object()?.iter();
    let (_, member) =
        members.find(|(name, member)| name.eq_ignore_ascii_case(key) && !member.is_null())?;
    Some(member)
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
    own(message, EDITED).is_some()
        || WRAPPERS.iter().any(|wrapper| {
            let inner = own(message, wrapper).and_then(|wrapper| own(wrapper, "message"));
            inner.is_some_and(is_edit)
        })
}

/// `key` of the value itself, or of what it holds, except what it quotes.
pub(crate) fn within<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    own(value, key).or_else(|| {
        let mut members = value.as_object()?.iter();
        members.find_map(|(name, member)| {
            let quotes = name.eq_ignore_ascii_case("contextInfo");
            if quotes { None } else { within(member, key) }
        })
    })
}

type Found<'a> = Option<(&'a Value, InboundContent)>;

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
    let Some(id) = parameters.and_then(|parameters| choice_id(parameters.get("id"))) else {
        return Some((tap, other("interactive", shown)));
    };
    let title = shown.unwrap_or_default();
    let choice = Choice::new(id, title);
    let name = flow.and_then(|flow| own(flow, "name")?.as_str());
    let content = match name {
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

fn anything_else<'a>(message: &'a Value, file_url: Option<&Value>) -> Found<'a> {
    if let Some(text) = words(own(message, "conversation")) {
        return Some((message, other("text", Some(text))));
    }
    KINDS.iter().find_map(|(member, kind, key)| {
        let member = own(message, member)?;
        let content = file_or_other(kind, words(own(member, key)), |file| {
            file.provider_url = url(file_url);
            file.mime_type = short_words(own(member, "mimetype"));
            file.file_name = short_words(own(member, "fileName"));
            file.size = size(own(member, "fileLength"));
        });
        Some((member, content))
    })
}

fn edit(content: InboundContent) -> InboundContent {
    match content {
        InboundContent::Media(Media { caption: text, .. }) | InboundContent::Other { text, .. } => {
            other("edit", text)
        }
        tap => tap,
    }
}

fn choice(tap: &Value, id: &str, title: &str) -> Option<Choice> {
    let title = words(within(tap, title)).unwrap_or_default();
    Some(Choice::new(choice_id(within(tap, id))?, title))
}

fn answered(member: &Value) -> Option<String> {
    id(own(own(member, "contextInfo")?, "stanzaId"))
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
