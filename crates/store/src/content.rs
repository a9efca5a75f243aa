//! The content of a message as JSON: the store's own shape, so that the domain may change its names.

use recado_core::inbound::{Choice, InboundContent, InboundMessage, SYSTEM};
use recado_core::{Button, ButtonsMessage, MessageId, Warning};
use serde::{Deserialize, Serialize};

/// What a customer said.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReceivedContent {
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<StoredButton>,
    /// Our id of the message of ours that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_reply_to: Option<MessageId>,
}

/// What we said.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    buttons: Vec<StoredButton>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredButton {
    id: String,
    title: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredWarning {
    field: String,
    message: String,
}

impl ReceivedContent {
    /// What the message says; it is a tap if it was inferred that a button was tapped.
    pub(crate) fn new(
        message: &InboundMessage,
        inferred: Option<&Choice>,
        in_reply_to: Option<MessageId>,
    ) -> Self {
        let chosen = |kind: &str, choice: &Choice| Self {
            kind: kind.to_owned(),
            text: Some(choice.title.clone()),
            choice: Some(StoredButton {
                id: choice.id.clone(),
                title: choice.title.clone(),
            }),
            in_reply_to: None,
        };
        let other = |kind: &str, text: &Option<String>| Self {
            kind: kind.to_owned(),
            text: text.clone(),
            choice: None,
            in_reply_to: None,
        };
        let content = match (inferred, &message.content) {
            (Some(choice), _) | (None, InboundContent::Button(choice)) => chosen("button", choice),
            (None, InboundContent::List(choice)) => chosen("list", choice),
            (None, InboundContent::Moved { text, .. }) => other(SYSTEM, text),
            (None, InboundContent::Other { kind, text }) => other(kind, text),
        };
        Self {
            in_reply_to,
            ..content
        }
    }
}

impl From<StoredButton> for Choice {
    fn from(StoredButton { id, title }: StoredButton) -> Self {
        Self { id, title }
    }
}

impl From<&ButtonsMessage> for StoredContent {
    fn from(message: &ButtonsMessage) -> Self {
        Self {
            header: message.header().map(str::to_owned),
            body: message.body().to_owned(),
            footer: message.footer().map(str::to_owned),
            buttons: message
                .buttons()
                .iter()
                .map(|Button { id, title }| StoredButton {
                    id: id.clone(),
                    title: title.clone(),
                })
                .collect(),
        }
    }
}

impl StoredContent {
    /// The button that has this title, if it is the only one.
    pub(crate) fn button_of_title(&self, title: &str) -> Option<Choice> {
        let mut buttons = self.buttons.iter().filter(|button| button.title == title);
        let button = buttons.next()?;
        buttons.next().is_none().then(|| Choice {
            id: button.id.clone(),
            title: button.title.clone(),
        })
    }

    /// Whether these are its body and its buttons.
    pub(crate) fn says(&self, body: &str, buttons: &[Choice]) -> bool {
        let same =
            |(own, other): (&StoredButton, &Choice)| own.id == other.id && own.title == other.title;
        self.body == body
            && self.buttons.len() == buttons.len()
            && self.buttons.iter().zip(buttons).all(same)
    }

    /// The message; none if it breaks the rules of a message.
    pub(crate) fn into_message(self) -> Option<ButtonsMessage> {
        let buttons = self
            .buttons
            .into_iter()
            .map(|StoredButton { id, title }| Button { id, title })
            .collect();
        ButtonsMessage::new(self.header, self.body, self.footer, buttons).ok()
    }
}

impl From<&Warning> for StoredWarning {
    fn from(warning: &Warning) -> Self {
        Self {
            field: warning.field.clone(),
            message: warning.message.clone(),
        }
    }
}

impl From<StoredWarning> for Warning {
    fn from(StoredWarning { field, message }: StoredWarning) -> Self {
        Self { field, message }
    }
}
