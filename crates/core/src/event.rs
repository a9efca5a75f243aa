//! Events: what happened in an organization, one struct per shape of data and one row per event type.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::MessageId;
use crate::inbound::{
    AlertSeverity, Choice, Contact, MessageContext, Pricing, ReceivedContent, Referral,
};
pub use crate::message::MessageError;
use crate::message::Status;

/// Writes the enums of all event types, each from one row: its documentation, its data and its word.
macro_rules! event_types {
    ($($(#[doc = $doc:literal])+ $name:ident($data:ident) = $word:literal;)+) => {
        words! {
            /// The type of an event.
            pub enum EventType: UnknownEventType("unknown event type") {
                $($(#[doc = $doc])+ $name = $word,)+
            }
        }

        /// What an event tells, by its type.
        #[expect(
            clippy::large_enum_variant,
            reason = "a value lives as long as it is written or read"
        )]
        #[derive(Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum EventData {$(
            $(#[doc = $doc])+
            $name($data),
        )+}

        #[cfg(feature = "openapi")]
        impl EventType {
            /// Returns the name of the schema of the data.
            pub fn data_schema(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($data),)+
                }
            }
        }

        impl EventData {
            /// Returns the type of the event.
            pub const fn event_type(&self) -> EventType {
                match self {
                    $(Self::$name(_) => EventType::$name,)+
                }
            }

            /// Reads the data of an event of this type.
            pub fn read(event_type: EventType, data: &Value) -> Result<Self, serde_json::Error> {
                match event_type {
                    $(EventType::$name => $data::deserialize(data).map(Self::$name),)+
                }
            }
        }

        /// Returns the schemas of the data of all events, and those that they refer to.
        #[cfg(feature = "openapi")]
        pub fn schemas() -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
            use utoipa::{PartialSchema as _, ToSchema as _};

            let mut schemas = Vec::new();
            $(
                schemas.push(($data::name().into_owned(), $data::schema()));
                $data::schemas(&mut schemas);
            )+
            schemas
        }
    };
}

event_types! {
    /// A message waits in the queue for its turn or its time.
    MessageQueued(MessageStatusData) = "message.queued";
    /// The provider accepted a message.
    MessageAccepted(MessageStatusData) = "message.accepted";
    /// A message was refused, and is surely not sent.
    MessageRejected(MessageStatusData) = "message.rejected";
    /// The provider's answer to a send was lost.
    MessageUnknown(MessageStatusData) = "message.unknown";
    /// A message left the provider.
    MessageSent(MessageStatusData) = "message.sent";
    /// A message reached the recipient's device.
    MessageDelivered(MessageStatusData) = "message.delivered";
    /// The recipient read a message.
    MessageRead(MessageStatusData) = "message.read";
    /// The provider accepted a message and could not deliver it.
    MessageFailed(MessageStatusData) = "message.failed";
    /// A customer sent a message that is not a tap.
    MessageReceived(MessageReceivedData) = "message.received";
    /// A customer tapped a reply button.
    ButtonPressed(ButtonPressedData) = "button.pressed";
    /// A customer chose a row of a list.
    ListSelected(ListSelectedData) = "list.selected";
    /// A new customer wrote and got a conversation.
    ConversationCreated(ConversationCreatedData) = "conversation.created";
    /// The number was connected to WhatsApp.
    ChannelConnected(ChannelConnectionData) = "channel.connected";
    /// The number was disconnected from WhatsApp.
    ChannelDisconnected(ChannelConnectionData) = "channel.disconnected";
    /// The queued messages of a channel wait from now on.
    ChannelPaused(ChannelPauseData) = "channel.paused";
    /// The queued messages of a channel are sent again.
    ChannelResumed(ChannelPauseData) = "channel.resumed";
    /// The provider reports something about the account, the number or a template of a channel.
    ChannelAlert(ChannelAlertData) = "channel.alert";
    /// A part of the budget of a channel is used: once 80 % in a month, and once all of it.
    ChannelBudget(ChannelBudgetData) = "channel.budget";
    /// A webhook endpoint failed for so long that it gets no more events.
    WebhookEndpointDisabled(WebhookEndpointDisabledData) = "webhook_endpoint.disabled";
}

/// A customer tapped a reply button.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ButtonPressedData {
    /// The id of the customer's message.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub message_id: MessageId,
    /// The id of the customer's message at the provider.
    pub external_id: Option<String>,
    /// The id of your message to which the button belongs; null if it is not one that was sent through Recado.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub in_reply_to: Option<MessageId>,
    /// The customer who tapped; in a group, the member.
    pub from: Contact,
    /// True if the title was longer than 64 KiB and is cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub text_truncated: bool,
    /// The button that was tapped.
    pub button: Choice,
    /// True if the provider reported a text, and Recado recognized the title of the button in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// When the customer sent the message, by the provider's clock. Absent if the provider does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false, required = false))]
    pub sent_at: Option<String>,
    /// The message or the product that this message refers to, and whether it was forwarded. Absent if neither applies.
    #[serde(default, skip_serializing_if = "MessageContext::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub context: MessageContext,
}

/// A customer chose a row of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListSelectedData {
    /// The id of the customer's message.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub message_id: MessageId,
    /// The id of the customer's message at the provider.
    pub external_id: Option<String>,
    /// The id of your message to which the list belongs; null if it is not one that was sent through Recado.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub in_reply_to: Option<MessageId>,
    /// The customer who chose; in a group, the member.
    pub from: Contact,
    /// True if the title was longer than 64 KiB and is cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub text_truncated: bool,
    /// The row that was chosen.
    pub list: Choice,
    /// When the customer sent the message, by the provider's clock. Absent if the provider does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false, required = false))]
    pub sent_at: Option<String>,
    /// The message or the product that this message refers to, and whether it was forwarded. Absent if neither applies.
    #[serde(default, skip_serializing_if = "MessageContext::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub context: MessageContext,
}

/// A customer sent a message that is not a tap.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageReceivedData {
    /// The id of the customer's message.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub message_id: MessageId,
    /// The id of the customer's message at the provider.
    pub external_id: Option<String>,
    /// The id of your message that the customer answers; null if the customer answers none that was sent through Recado.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub in_reply_to: Option<MessageId>,
    /// The customer who wrote.
    pub from: Contact,
    /// True if the text was longer than 64 KiB and is cut, or if `content` or `referral` was too long and is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub text_truncated: bool,
    /// The kind of the message: `text`, `image`, … or `unknown`.
    pub kind: String,
    /// The text: what the customer wrote, a caption, the name of a place, a contact or a product, the note of an order, the
    /// question of a poll, the emoji of a reaction, the new text of an edit, or WhatsApp's notice; null if there is none.
    pub text: Option<String>,
    /// What the message holds in addition to its text. Plain texts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = ReceivedContent, required = false))]
    pub content: Option<ReceivedContent>,
    /// When the customer sent the message, by the provider's clock. Absent if the provider does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false, required = false))]
    pub sent_at: Option<String>,
    /// The message or the product that this message refers to, and whether it was forwarded. Absent if neither applies.
    #[serde(default, skip_serializing_if = "MessageContext::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub context: MessageContext,
    /// The advertisement whose button brought the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Referral, required = false))]
    pub referral: Option<Referral>,
    /// The new addresses of the customer, if WhatsApp reports that the customer changed the phone number or the user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Contact, required = false))]
    pub moved_to: Option<Contact>,
}

/// A message of yours has a new status.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageStatusData {
    /// The id of the message.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub message_id: MessageId,
    /// The id of the message at WhatsApp, if the provider has given it.
    pub external_id: Option<String>,
    /// The new status.
    pub status: Status,
    /// Why the message was rejected or failed, or why its outcome is unknown.
    pub error: Option<MessageError>,
    /// How Meta charges for the message. It is absent until a status contains it, and for other providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Pricing, required = false))]
    pub pricing: Option<Pricing>,
    /// The fields that the provider carried in another form, or not at all, by their names in the request. Only
    /// `message.accepted` has it, and only if there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub degraded: Vec<String>,
}

impl From<MessageStatusData> for EventData {
    /// Returns the data of the event type that belongs to the status. `sending` has no event of its own: a send that
    /// was interrupted is told as `unknown`.
    fn from(data: MessageStatusData) -> Self {
        match data.status {
            Status::Queued => Self::MessageQueued(data),
            Status::Accepted => Self::MessageAccepted(data),
            Status::Rejected => Self::MessageRejected(data),
            Status::Sending | Status::Unknown => Self::MessageUnknown(data),
            Status::Sent => Self::MessageSent(data),
            Status::Delivered => Self::MessageDelivered(data),
            Status::Read => Self::MessageRead(data),
            Status::Failed => Self::MessageFailed(data),
        }
    }
}

/// A new customer wrote and got a conversation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationCreatedData {
    /// The customer.
    pub from: Contact,
}

/// The number was connected to WhatsApp, or disconnected from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelConnectionData {
    /// The reason that the provider gives.
    pub detail: Option<String>,
}

/// The provider reports something about the account, the number or a template of a channel.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelAlertData {
    /// What it is about, in the provider's word, such as `account_update` or `message_template_status_update`.
    pub field: String,
    /// How much it matters.
    pub severity: AlertSeverity,
    /// The provider's id of the account: Meta's of the WhatsApp Business Account.
    pub account: Option<String>,
    /// The provider's description.
    pub detail: Option<String>,
    /// The provider's number of the error; null unless it reports an error.
    pub code: Option<i64>,
    /// The whole report in the provider's JSON; null if it is longer than 64 KiB, or if Recado does not know the field, which
    /// may name customers.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub value: Option<Value>,
}

/// A channel was paused, or resumed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelPauseData {
    /// Why the channel does not work, or did not work until now; null if a request paused it.
    pub error: Option<MessageError>,
}

/// A part of the budget of a channel is used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChannelBudgetData {
    /// What is told: 80 if so many percent of the budget are used; 100 if all of it is, or a message does not fit into what is
    /// left.
    pub percent: u64,
    /// The month, such as `2026-11`, in UTC.
    pub month: String,
    /// The budget, if it is an amount: a decimal text such as `150.00`.
    pub amount: Option<String>,
    /// The currency of the amount.
    pub currency: Option<String>,
    /// The budget, if it is a number of messages.
    pub messages: Option<u32>,
    /// What the messages cost that count against the budget, as far as their prices are known.
    pub used_amount: String,
    /// How many messages count against the budget.
    pub used_messages: u64,
    /// Whether messages over the budget are refused.
    pub stop: bool,
}

/// A webhook endpoint failed for so long that it gets no more events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpointDisabledData {
    /// The id of the webhook endpoint.
    pub endpoint_id: String,
    /// The time since which every call has failed.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub failing_since: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_reads_back_as_it_was_written_and_optional_keys_stay_absent() {
        let from = json!({"phone": "5521988887777", "userId": null, "lid": "1@lid", "name": "Ana"});
        let media = json!({"id": null, "providerUrl": "https://a.example", "mimeType": null, "fileName": null, "size": 7, "available": true});
        let written = [
            json!({"messageId": "m", "externalId": "w", "inReplyTo": null, "from": from, "button": {"id": "1", "title": "A"}}),
            json!({"messageId": "m", "externalId": "w", "inReplyTo": null, "from": from, "textTruncated": true, "list": {"id": "1", "title": "A"}}),
            json!({"messageId": "m", "externalId": "w", "inReplyTo": null, "from": from, "kind": "image", "text": null,
                   "content": {"type": "image", "media": media}, "sentAt": "2026-11-30T12:00:00Z", "context": {"forwarded": true}, "movedTo": from}),
            json!({"messageId": "m", "externalId": null, "status": "failed", "error": {"reason": "r", "code": 1, "message": "m"}}),
            json!({"from": from}),
            json!({"detail": null}),
            json!({"field": "account_update", "severity": "critical", "account": "9", "detail": null, "code": null, "value": {"event": "ACCOUNT_DELETED"}}),
            json!({"percent": 80, "month": "2026-11", "amount": "150.00", "currency": "BRL", "messages": null,
                   "usedAmount": "120.025", "usedMessages": 3_693, "stop": true}),
            json!({"endpointId": "whk", "failingSince": null}),
        ];
        let types = [
            EventType::ButtonPressed,
            EventType::ListSelected,
            EventType::MessageReceived,
            EventType::MessageFailed,
            EventType::ConversationCreated,
            EventType::ChannelConnected,
            EventType::ChannelAlert,
            EventType::ChannelBudget,
            EventType::WebhookEndpointDisabled,
        ];
        for (event_type, written) in types.into_iter().zip(written) {
            let data = EventData::read(event_type, &written).expect("the data of an event");
            assert_eq!(data.event_type(), event_type);
            let again = serde_json::to_string(&data).expect("JSON");
            assert_eq!(again, written.to_string());
        }
    }

    #[test]
    fn a_status_names_its_event_type() {
        for status in Status::ALL {
            let data = MessageStatusData {
                message_id: "m".parse().expect("an id"),
                external_id: None,
                status,
                error: None,
                pricing: None,
                degraded: Vec::new(),
            };
            let word = EventData::from(data).event_type().as_str();
            let expected = if status == Status::Sending {
                Status::Unknown
            } else {
                status
            };
            assert_eq!(word, format!("message.{expected}"));
        }
    }
}
