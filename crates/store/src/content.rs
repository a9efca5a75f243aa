//! The content of a message as JSON: the store's own shape, so that the domain may change its names.

use recado_core::{Button, ButtonsMessage, Warning};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    buttons: Vec<StoredButton>,
}

#[derive(Serialize, Deserialize)]
struct StoredButton {
    id: String,
    title: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredWarning {
    field: String,
    message: String,
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
