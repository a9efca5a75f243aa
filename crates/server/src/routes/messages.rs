//! Messages, in the shape of ChatVolt's `Message`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use recado_core::inbound::{self, Choice};
use recado_core::{AgentId, Button, ChannelId, ConversationId, MessageId, Status, Warning};
use recado_store::{self as store, Content, Direction};
use serde::Serialize;
use utoipa::ToSchema;

use super::conversations::Contact;
use super::rfc3339;
use crate::app::App;
use crate::auth::{Caller, need};
use crate::error::{ApiError, Reason};
use crate::extract::Path;
use crate::openapi::{KEY, failures};

failures!(FindFailures: KEY, &[Reason::MessageNotFound]);

/// A message, with every key of ChatVolt's `Message`, and `status` and `warnings` of our own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    #[schema(value_type = String)]
    id: MessageId,
    /// The body; of a customer's message the text, the caption, or the title of what was tapped.
    text: String,
    html: Option<String>,
    /// `agent` for the organization, `human` for the customer.
    #[schema(value_type = String)]
    from: &'static str,
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    #[schema(value_type = Vec<Object>)]
    sources: [(); 0],
    #[schema(value_type = Option<Object>)]
    usage: Option<()>,
    /// The message's id at WhatsApp (`wamid…`), if the provider said it.
    external_id: Option<String>,
    user_id: Option<String>,
    contact_id: Option<String>,
    visitor_id: Option<String>,
    #[schema(value_type = String)]
    agent_id: AgentId,
    metadata: Metadata,
    /// Our message that the customer's answers.
    #[schema(value_type = Option<String>)]
    input_id: Option<MessageId>,
    eval: Option<String>,
    /// Whether the recipient has read it.
    read: bool,
    agent_model: Option<String>,
    usage_credits: Option<f64>,
    created_at: String,
    updated_at: String,
    /// `sending`, `accepted`, `rejected`, `unknown`, `sent`, `delivered`, `read` or `failed`.
    #[schema(value_type = String)]
    status: Status,
    /// What may look wrong on the phone.
    warnings: Vec<FieldWarning>,
}

/// What else is known of a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// `buttons` for ours; `button`, `list`, `text`, `image`, … or `unknown` for the customer's.
    kind: String,
    header: Option<String>,
    footer: Option<String>,
    buttons: Vec<ReplyButton>,
    /// Whether the customer said more than `text` holds: up to 64 KiB of a customer's text are stored.
    text_truncated: bool,
    /// What the customer tapped.
    choice: Option<ReplyButton>,
    /// The customer who wrote.
    contact: Option<Contact>,
    /// The provider's own id, beside WhatsApp's: `zaapId` at Z-API, the job at `ZapperHUB`.
    provider_id: Option<String>,
    /// Why it was rejected or failed.
    error: Option<MessageError>,
    /// How Meta charges for the message; null until a status tells it, and for other providers.
    pricing: Option<Pricing>,
}

/// The class by which Meta charges for a message, never an amount.
#[derive(Serialize, ToSchema)]
struct Pricing {
    /// What is charged for, such as `service`, `utility` or `marketing`; reply buttons are `service`.
    category: Option<String>,
    /// `regular` for a message that is charged, or a word that begins with `free_`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// How messages are counted, such as `PMP`: each one.
    model: Option<String>,
    /// Whether the message is charged, if Meta says so.
    billable: Option<bool>,
    /// Whether the message is free, by its type.
    free: Option<bool>,
}

#[derive(Serialize, ToSchema)]
struct ReplyButton {
    id: String,
    title: String,
}

#[derive(Serialize, ToSchema)]
struct MessageError {
    reason: String,
    code: Option<i64>,
    message: String,
}

/// Something that may look wrong on the phone, though the message goes out.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldWarning {
    field: String,
    message: String,
}

impl From<Warning> for FieldWarning {
    fn from(warning: Warning) -> Self {
        Self {
            field: warning.field,
            message: warning.message,
        }
    }
}

impl From<&Button> for ReplyButton {
    fn from(button: &Button) -> Self {
        Self {
            id: button.id.clone(),
            title: button.title.clone(),
        }
    }
}

impl From<store::Message> for Message {
    fn from(message: store::Message) -> Self {
        let inbound = message.direction == Direction::Inbound;
        let (text, metadata) = described(
            message.content,
            Metadata {
                channel_id: message.channel_id,
                kind: String::new(),
                header: None,
                footer: None,
                buttons: Vec::new(),
                text_truncated: false,
                choice: None,
                contact: message.from.map(Contact::from),
                provider_id: message.provider_id,
                error: message.error.map(MessageError::from),
                pricing: message.pricing.map(Pricing::from),
            },
        );
        Self {
            text,
            html: None,
            from: if inbound { "human" } else { "agent" },
            sources: [],
            usage: None,
            user_id: None,
            contact_id: None,
            visitor_id: None,
            metadata,
            input_id: message.in_reply_to,
            eval: None,
            read: message.status == Status::Read,
            agent_model: None,
            usage_credits: None,
            created_at: rfc3339(message.created_at),
            updated_at: rfc3339(message.updated_at),
            status: message.status,
            warnings: message
                .warnings
                .into_iter()
                .map(FieldWarning::from)
                .collect(),
            id: message.id,
            conversation_id: message.conversation_id,
            external_id: message.external_id,
            agent_id: message.agent_id,
        }
    }
}

/// The text of a message, and its particulars.
fn described(content: Content, metadata: Metadata) -> (String, Metadata) {
    match content {
        Content::Buttons(message) => {
            let particulars = Metadata {
                kind: "buttons".to_owned(),
                header: message.header().map(str::to_owned),
                footer: message.footer().map(str::to_owned),
                buttons: message.buttons().iter().map(ReplyButton::from).collect(),
                ..metadata
            };
            (message.body().to_owned(), particulars)
        }
        Content::Inbound {
            kind,
            text,
            text_truncated,
            choice,
        } => {
            let choice = choice.map(|Choice { id, title }| ReplyButton { id, title });
            (
                text.unwrap_or_default(),
                Metadata {
                    kind,
                    text_truncated,
                    choice,
                    ..metadata
                },
            )
        }
    }
}

impl From<inbound::Pricing> for Pricing {
    fn from(pricing: inbound::Pricing) -> Self {
        Self {
            category: pricing.category,
            kind: pricing.kind,
            model: pricing.model,
            billable: pricing.billable,
            free: pricing.free,
        }
    }
}

impl From<store::MessageError> for MessageError {
    fn from(error: store::MessageError) -> Self {
        Self {
            reason: error.reason,
            code: error.code,
            message: error.message,
        }
    }
}

/// Show a message
#[utoipa::path(get, path = "/messages/{id}", operation_id = "showMessage", tag = "Messages", params(("id" = String, Path)), responses((status = 200, description = "The message", body = Message), FindFailures))]
pub(crate) async fn show(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found(Reason::MessageNotFound);
    let id = id.parse().map_err(|_| missing())?;
    let message = app
        .store
        .get_message(&organization_id, &id)
        .await?
        .ok_or_else(missing)?;
    let message = Message::from(message);
    app.memory.answer(Some(&organization_id), &message)
}
