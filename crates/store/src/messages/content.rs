//! The content of a message as JSON: the store's own shape, so that the domain may change its names.

use recado_core::inbound::{Choice, InboundContent, InboundMessage, Media, SYSTEM};
use recado_core::{Button, Buttons, Content, MessageId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::db::row::{self, Columns};
use crate::error::StoreError;
use crate::events::EventKind;

/// The kinds of a tap.
const BUTTON: &str = "button";
const LIST: &str = "list";

/// Most bytes of a text from outside that are stored.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// What a customer said.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReceivedContent {
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// Whether the customer said more than `text` holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) text_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<StoredButton>,
    /// The file that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<StoredMedia>,
    /// Our id of the message of ours that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_reply_to: Option<MessageId>,
}

/// A file, as events tell it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMedia {
    id: Option<String>,
    provider_url: Option<String>,
    mime_type: Option<String>,
    file_name: Option<String>,
    size: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredButton {
    id: String,
    title: String,
}

impl ReceivedContent {
    /// Takes what the message says, its text cut to [`MAX_TEXT_BYTES`]; it is a tap if it was inferred that a
    /// button was tapped.
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
            (None, InboundContent::Moved { text, .. }) => (SYSTEM, text.as_ref(), None),
            (None, InboundContent::Media(media)) => (&*media.kind, media.caption.as_ref(), None),
            (None, InboundContent::Other { kind, text }) => (&**kind, text.as_ref(), None),
        };
        let whole = text.map_or("", String::as_str);
        let kept = &whole[..whole.floor_char_boundary(MAX_TEXT_BYTES)];
        // Part of an id would be another id: a tap whose id has no room is a message with the button's title.
        let id = id.filter(|id| id.len() <= MAX_TEXT_BYTES);
        Self {
            kind: kind.to_owned(),
            text: text.map(|_| kept.to_owned()),
            text_truncated: kept.len() < whole.len(),
            choice: id.map(|id| StoredButton {
                id: id.clone(),
                title: kept.to_owned(),
            }),
            media: match &message.content {
                InboundContent::Media(media) => Some(media.into()),
                _ => None,
            },
            in_reply_to,
        }
    }

    /// Writes what the message says into the data of its event, and returns the kind of the event.
    pub(crate) fn tell(&self, data: &mut Value) -> EventKind {
        if self.text_truncated {
            data["textTruncated"] = Value::Bool(true);
        }
        let tap = |choice: &StoredButton| json!({ "id": choice.id, "title": choice.title });
        match &self.choice {
            Some(choice) if self.kind == LIST => {
                data["list"] = tap(choice);
                EventKind::ListSelected
            }
            Some(choice) => {
                data["button"] = tap(choice);
                EventKind::ButtonPressed
            }
            None => {
                data["kind"] = json!(self.kind);
                data["text"] = json!(self.text);
                if let Some(media) = &self.media {
                    data["content"] = json!({ "type": self.kind, "media": media });
                }
                EventKind::MessageReceived
            }
        }
    }
}

impl From<&Media> for StoredMedia {
    fn from(media: &Media) -> Self {
        Self {
            id: media.id.clone(),
            provider_url: media.url.clone(),
            mime_type: media.mime_type.clone(),
            file_name: media.file_name.clone(),
            size: media.size,
        }
    }
}

impl From<StoredButton> for Choice {
    fn from(StoredButton { id, title }: StoredButton) -> Self {
        Self::new(id, title)
    }
}

/// Returns the stored form of what we say.
pub(crate) fn written(content: &Content) -> String {
    let Content::Buttons(buttons) = content;
    row::json(buttons)
}

/// Reads what we said; its rules are not checked again.
pub(crate) fn outbound(columns: &Columns<'_>) -> Result<Content, StoreError> {
    columns.json::<Buttons>("content").map(Content::from)
}

/// Returns the button that has this title, if it is the only one.
pub(crate) fn button_of_title(content: &Content, title: &str) -> Option<Choice> {
    let Content::Buttons(content) = content;
    let mut buttons = content.buttons().iter().filter(|it| it.title == title);
    let button = buttons.next()?;
    let choice = || Choice::new(button.id.clone(), button.title.clone());
    buttons.next().is_none().then(choice)
}

/// Tells whether a content has this body and these buttons.
pub(crate) fn says(content: &Content, body: &str, buttons: &[Choice]) -> bool {
    let Content::Buttons(content) = content;
    let same = |(own, other): (&Button, &Choice)| own.id == other.id && own.title == other.title;
    content.body() == body
        && content.buttons().len() == buttons.len()
        && content.buttons().iter().zip(buttons).all(same)
}
