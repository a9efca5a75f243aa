//! The content of messages as JSON in the database.

use recado_core::inbound::{
    Choice, EncryptedFile, InboundContent, InboundMessage, MessageContext, OwnMessage,
    ReceivedContent, ReceivedMedia, Referral, SYSTEM, UNAVAILABLE,
};
use recado_core::{Content, MessageId};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::db::row::stored;

const BUTTON: &str = "button";
pub(crate) const LIST: &str = "list";

const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Most bytes of the JSON of what a message holds in addition to its text.
const MAX_CONTENT_BYTES: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredInbound {
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) text_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<Choice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<ReceivedContent>,
    /// What opens the file, which no event has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encrypted: Option<EncryptedFile>,
    #[serde(default, skip_serializing_if = "MessageContext::is_empty")]
    pub(crate) context: MessageContext,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) referral: Option<Referral>,
    /// In milliseconds since 1970, as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent_at: Option<i64>,
    /// The file, as earlier versions wrote it.
    #[serde(default, skip_serializing)]
    media: Option<ReceivedMedia>,
    /// The message of ours that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_reply_to: Option<MessageId>,
}

/// The kind of an inbound content, of which the rest is not read.
#[derive(Deserialize)]
pub(crate) struct StoredKind {
    kind: String,
}

impl StoredKind {
    /// Tells whether the provider could not read the message, so that it may come again.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.kind == UNAVAILABLE
    }
}

/// The content of an outbound message, as it is read.
pub(crate) struct StoredOutbound(pub(crate) Content);

/// Reads a content; earlier versions wrote no kind, because every message had buttons.
fn outbound(text: &str) -> Result<StoredOutbound, serde_json::Error> {
    let content = serde_json::from_str(text);
    content
        .or_else(|error| match serde_json::from_str(text)? {
            WithKind { kind: None } => serde_json::from_str(text).map(Content::Buttons),
            WithKind { kind: Some(_) } => Err(error),
        })
        .map(StoredOutbound)
}

/// Reads a content; earlier versions wrote a file without its kind.
fn inbound(text: &str) -> Result<StoredInbound, serde_json::Error> {
    let mut read: StoredInbound = serde_json::from_str(text)?;
    if let Some(mut media) = read.media.take() {
        media.available = media.id.is_some() || media.provider_url.is_some();
        read.content = ReceivedContent::of_file(&read.kind, media);
    }
    if let Some(media) = read.content.as_mut().and_then(ReceivedContent::media_mut) {
        media.encrypted = read.encrypted.take();
    }
    Ok(read)
}

#[derive(Deserialize)]
struct WithKind {
    kind: Option<IgnoredAny>,
}

stored!(StoredInbound as &str, inbound);
stored!(StoredKind as json);
stored!(StoredOutbound as &str, outbound);

impl StoredInbound {
    /// Creates the content, with its text cut to [`MAX_TEXT_BYTES`] and without what is longer than
    /// [`MAX_CONTENT_BYTES`]; an inferred button makes it a tap.
    pub(crate) fn new(
        message: &InboundMessage,
        inferred: Option<&Choice>,
        in_reply_to: Option<MessageId>,
    ) -> Self {
        let (kind, text, id) = match (inferred, &message.content) {
            (Some(choice), _) | (None, InboundContent::Button(choice)) => {
                (BUTTON, Some(&choice.title), Some(&choice.id))
            }
            (None, InboundContent::List(choice)) => (LIST, Some(&choice.title), Some(&choice.id)),
            (None, InboundContent::NumberChange { text, .. }) => (SYSTEM, text.as_ref(), None),
            (None, InboundContent::Other { kind, text, .. }) => (&**kind, text.as_ref(), None),
        };
        let whole = text.map_or("", String::as_str);
        let kept = &whole[..whole.floor_char_boundary(MAX_TEXT_BYTES)];
        // Part of an id would be another id: a tap whose id has no room is a message with the button's title.
        let id = id.filter(|id| id.len() <= MAX_TEXT_BYTES);
        let content = message.content.received().filter(is_short);
        let referral = message.referral.as_deref().filter(is_short);
        Self {
            kind: kind.to_owned(),
            text: text.map(|_| kept.to_owned()),
            text_truncated: kept.len() < whole.len()
                || content.is_none() && message.content.received().is_some()
                || referral.is_none() && message.referral.is_some(),
            choice: id.map(|id| Choice::new(id, kept)),
            encrypted: content.and_then(|it| it.media()?.encrypted.clone()),
            content: content.cloned(),
            context: message.context.clone(),
            referral: referral.cloned(),
            sent_at: message.sent_at,
            media: None,
            in_reply_to,
        }
    }

    /// Tells whether the provider could not read the message, so that it may come again.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.kind == UNAVAILABLE
    }
}

fn is_short(value: &impl Serialize) -> bool {
    serde_json::to_vec(value).is_ok_and(|json| json.len() <= MAX_CONTENT_BYTES)
}

/// Returns the button that has this title, if it is the only one.
pub(crate) fn button_of_title(content: &Content, title: &str) -> Option<Choice> {
    match content {
        Content::Buttons(content) => {
            let mut buttons = content.buttons().iter().filter(|it| it.title == title);
            let button = buttons.next()?;
            let choice = || Choice::new(button.id.clone(), button.title.clone());
            buttons.next().is_none().then(choice)
        }
        Content::Text(_)
        | Content::List(_)
        | Content::CtaUrl(_)
        | Content::Location(_)
        | Content::LocationRequest(_) => None,
    }
}

/// Returns whether a content is what an own message says. A place is not compared: its name may be left out.
pub(crate) fn says(content: &Content, own_message: &OwnMessage) -> bool {
    let choices: Vec<(&str, &str)> = match content {
        Content::Location(_) => return false,
        Content::Text(_) | Content::CtaUrl(_) | Content::LocationRequest(_) => Vec::new(),
        Content::Buttons(content) => {
            let buttons = content.buttons().iter();
            buttons.map(|it| (&*it.id, &*it.title)).collect()
        }
        Content::List(content) => content.rows().map(|it| (&*it.id, &*it.title)).collect(),
    };
    let told = own_message.choices.iter();
    content.kind() == own_message.kind
        && content.text() == own_message.body
        && choices.into_iter().eq(told.map(|it| (&*it.id, &*it.title)))
}
