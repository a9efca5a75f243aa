//! A message on a customer's phone.

use serde::Serialize;

use crate::provider::Provider;

/// A message as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneMessage {
    /// The provider that carried it.
    pub provider: Provider,
    /// Who sees it: digits of a phone number, a LID, a group or a business-scoped user id.
    pub to: String,
    /// The account it came from: phone number id, instance id or, for wuzapi, the user id.
    pub from: String,
    /// The id under which WhatsApp knows it.
    pub message_id: String,
    /// Text over the body; for a picture, video or document its link or id.
    pub header: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// Small text under the body.
    pub footer: Option<String>,
    /// The buttons, in order.
    pub buttons: Vec<PhoneButton>,
    /// `biz_opaque_callback_data`: not shown, but part of every status of the message (WhatsApp Cloud API).
    pub callback_data: Option<String>,
    /// The provider's own id of the message, where it has one beside WhatsApp's (Z-API's `zaapId`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhoneButton {
    /// What a tap sends back; empty when the sender gave none.
    pub id: String,
    /// What the button says.
    pub title: String,
}
