//! What the events of each type tell, for the documentation; the store writes them.

#![expect(
    dead_code,
    reason = "describes answers to the OpenAPI document; nothing constructs it"
)]

use utoipa::ToSchema;

use crate::api::openapi::words;
use crate::api::routes::conversations::Contact;
use crate::api::routes::messages::{MessageError, Pricing, ReplyButton};

/// A customer tapped a reply button.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ButtonPressedData {
    /// The id of the customer's message.
    message_id: String,
    /// The id of the customer's message at the provider.
    external_id: Option<String>,
    /// The id of your message to which the button belongs; null if it is not one that was sent through Recado.
    in_reply_to: Option<String>,
    /// The customer who tapped; in a group, the member.
    from: Contact,
    /// The button that was tapped.
    button: ReplyButton,
    /// True if the provider told a text, and Recado recognized the title of the button in it.
    #[schema(required = false)]
    inferred: bool,
    /// True if the title was longer than 64 KiB and is cut.
    #[schema(required = false)]
    text_truncated: bool,
}

/// A customer chose a row of a list.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ListSelectedData {
    /// The id of the customer's message.
    message_id: String,
    /// The id of the customer's message at the provider.
    external_id: Option<String>,
    /// The id of your message to which the list belongs; null if it is not one that was sent through Recado.
    in_reply_to: Option<String>,
    /// The customer who chose; in a group, the member.
    from: Contact,
    /// The row that was chosen.
    list: ReplyButton,
    /// True if the title was longer than 64 KiB and is cut.
    #[schema(required = false)]
    text_truncated: bool,
}

/// A customer sent anything but a tap.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct MessageReceivedData {
    /// The id of the customer's message.
    message_id: String,
    /// The id of the customer's message at the provider.
    external_id: Option<String>,
    /// The id of your message that the customer answers; null if there is none.
    in_reply_to: Option<String>,
    /// The customer who wrote.
    from: Contact,
    /// The kind of the message: `text`, `image`, … or `unknown`.
    kind: String,
    /// The text, or the caption.
    text: Option<String>,
    /// What the message holds beside its text; it is there for files.
    #[schema(required = false, inline = false)]
    content: ReceivedContent,
    /// True if the text was longer than 64 KiB and is cut.
    #[schema(required = false)]
    text_truncated: bool,
    /// Who the customer is now, if WhatsApp says that the customer changed the phone number or the user id.
    #[schema(required = false, inline = false)]
    moved_to: Contact,
}

/// What a customer's message holds beside its text.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ReceivedContent {
    /// The kind of the message: `image`, `video`, `audio`, `document` or `sticker`.
    r#type: String,
    /// The file.
    media: ReceivedMedia,
}

/// A file that a customer sent, as the provider describes it. Recado does not fetch it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ReceivedMedia {
    /// The id under which the provider's API gives the file; WhatsApp Cloud API tells it.
    id: Option<String>,
    /// The address of the file at the provider, which needs no key: Z-API keeps it for 30 days, ZapperHUB for 7.
    provider_url: Option<String>,
    /// The media type, as the customer's WhatsApp names it.
    mime_type: Option<String>,
    /// The name of the file, as the customer's WhatsApp names it.
    file_name: Option<String>,
    /// The size in bytes.
    size: Option<i64>,
}

/// A message of yours has a new status.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct MessageStatusData {
    /// The id of the message.
    message_id: String,
    /// The id of the message at WhatsApp, if the provider has told it.
    external_id: Option<String>,
    /// The new status.
    #[schema(value_type = words::MessageStatus)]
    status: String,
    /// Why the message was rejected or failed, or why its outcome is unknown.
    error: Option<MessageError>,
    /// How Meta charges for the message. It is absent until a status tells it, and for other providers.
    #[schema(required = false)]
    pricing: Pricing,
}

/// A customer who was not known wrote, and got a conversation.
#[derive(ToSchema)]
pub(crate) struct ConversationCreatedData {
    /// The customer.
    from: Contact,
}

/// The number was connected to WhatsApp, or cut off from it.
#[derive(ToSchema)]
pub(crate) struct ChannelConnectionData {
    /// What the provider says.
    detail: Option<String>,
}

/// A webhook endpoint failed for so long that nothing is sent to it any more.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct WebhookEndpointDisabledData {
    /// The id of the webhook endpoint.
    endpoint_id: String,
    /// Since when no call succeeded.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
}
