//! Messages, in the shape of ChatVolt's `Message`.

use recado_core::inbound::{Choice, Contact, MessageContext, Pricing, ReceivedContent, Referral};
use recado_core::message::MessageError;
use recado_core::{Content, List, ListRow, ListSection, Status, Warning};
use recado_store::{Direction, MessageContent};

use super::prelude::*;
use crate::send;

/// A message of either side. It has every key of ChatVolt's message, and `status`, `sendAt`, `warnings` and `degraded` beside them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    /// The id of the message.
    #[schema(value_type = String)]
    id: MessageId,
    /// The body; of a customer's message the text, the caption, or the title of what was tapped.
    text: String,
    /// Always null; it is there for ChatVolt's clients.
    html: Option<String>,
    /// Who wrote the message.
    from: Side,
    /// The conversation of the message.
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    /// Always empty; it is there for ChatVolt's clients.
    #[schema(value_type = Vec<Object>)]
    sources: [(); 0],
    /// Always null; it is there for ChatVolt's clients.
    #[schema(value_type = Option<Object>)]
    usage: Option<()>,
    /// The message's id at WhatsApp (`wamid…`), if the provider said it; a hash of it (`sha256:…`) if its sender is erased.
    external_id: Option<String>,
    /// Always null; it is there for ChatVolt's clients.
    user_id: Option<String>,
    /// Always null; it is there for ChatVolt's clients.
    contact_id: Option<String>,
    /// Always null; it is there for ChatVolt's clients.
    visitor_id: Option<String>,
    /// The agent of the conversation.
    #[schema(value_type = String)]
    agent_id: AgentId,
    /// What else is known of the message.
    metadata: Metadata,
    /// The id of your message that this one of the customer answers.
    #[schema(value_type = Option<String>)]
    input_id: Option<MessageId>,
    /// Always null; it is there for ChatVolt's clients.
    eval: Option<String>,
    /// Whether the recipient has read the message.
    read: bool,
    /// Always null; it is there for ChatVolt's clients.
    agent_model: Option<String>,
    /// Always null; it is there for ChatVolt's clients.
    usage_credits: Option<f64>,
    /// The time for which it was scheduled; null if it was not scheduled for later.
    send_at: Option<Timestamp>,
    /// The time at which it was created.
    created_at: Timestamp,
    /// The time of its last change.
    updated_at: Timestamp,
    /// How far the message has come.
    status: Status,
    /// What may look wrong on the phone.
    warnings: Vec<Warning>,
    /// The fields that the provider carried in another form, or not at all; `warnings` says how.
    degraded: Vec<String>,
}

/// The side that wrote a message: `agent` is the organization, `human` the customer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageSide)]
enum Side {
    Agent,
    Human,
}

/// What else is known of a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    /// The channel of the message.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// The kind of a message of yours, such as `text` or `buttons`; `button`, `list`, `text`, `image`, … or `unknown` for the customer's.
    kind: String,
    /// The line above the body.
    header: Option<String>,
    /// The line below the body.
    footer: Option<String>,
    /// The buttons of the message.
    buttons: Vec<Choice>,
    /// The list of the message.
    list: Option<ShownOptions>,
    /// The link of the message.
    link: Option<ShownLink>,
    /// The place that the message shows.
    location: Option<ShownLocation>,
    /// True if the customer's text was longer than 64 KiB and is cut, or if `content` or `referral` was too long and is left out.
    text_truncated: bool,
    /// What the customer tapped.
    choice: Option<Choice>,
    /// The customer who wrote.
    contact: Option<Contact>,
    /// What a message of the customer holds in addition to its text. Plain texts and taps have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ReceivedContent, required = false)]
    content: Option<Box<ReceivedContent>>,
    /// The message or the product that a message of the customer refers to, and whether it was forwarded.
    #[serde(skip_serializing_if = "MessageContext::is_empty")]
    #[schema(required = false)]
    context: MessageContext,
    /// The advertisement whose button brought the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Referral, required = false)]
    referral: Option<Box<Referral>>,
    /// When the customer sent the message, by the provider's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    sent_at: Option<Timestamp>,
    /// The provider's own id, beside WhatsApp's: `zaapId` at Z-API, the job at `ZapperHUB`.
    provider_id: Option<String>,
    /// Why it was rejected or failed.
    error: Option<MessageError>,
    /// How Meta charges for the message; null until a status tells it, and for other providers.
    pricing: Option<Pricing>,
}

/// The button of a message of yours that opens a link.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageLink)]
struct ShownLink {
    /// The text on the button.
    title: String,
    /// Where it leads.
    url: String,
}

/// A place on the map.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageLocation)]
struct ShownLocation {
    /// Degrees north of the equator.
    latitude: f64,
    /// Degrees east of Greenwich.
    longitude: f64,
    /// The name of the place.
    name: Option<String>,
    /// The address of the place.
    address: Option<String>,
}

/// The list of a message of yours.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageOptions)]
struct ShownOptions {
    /// The text on the button that opens it.
    button: String,
    /// The title of the opened list.
    title: Option<String>,
    /// The sections, in their order.
    sections: Vec<ShownSection>,
}

/// Rows of a list that stand together.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageOptionSection)]
struct ShownSection {
    /// The line above the rows.
    title: Option<String>,
    /// The rows, in their order.
    rows: Vec<ShownRow>,
}

/// One row of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageOptionRow)]
struct ShownRow {
    /// What comes back when the customer chooses the row.
    id: String,
    /// What the customer reads.
    title: String,
    /// The small line below the title.
    description: Option<String>,
}

impl From<&List> for ShownOptions {
    fn from(list: &List) -> Self {
        let section = |section: &ListSection| ShownSection {
            title: section.title.clone(),
            rows: section.rows.iter().map(ShownRow::from).collect(),
        };
        Self {
            button: list.button().to_owned(),
            title: list.title().map(str::to_owned),
            sections: list.sections().iter().map(section).collect(),
        }
    }
}

impl From<&ListRow> for ShownRow {
    fn from(row: &ListRow) -> Self {
        Self {
            id: row.id.clone(),
            title: row.title.clone(),
            description: row.description.clone(),
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
                list: None,
                link: None,
                location: None,
                text_truncated: false,
                choice: None,
                contact: message.from,
                content: None,
                context: MessageContext::default(),
                referral: None,
                sent_at: None,
                provider_id: message.provider_id,
                error: message.error,
                pricing: message.pricing,
            },
        );
        Self {
            text,
            html: None,
            from: if inbound { Side::Human } else { Side::Agent },
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
            send_at: message.send_at.map(Timestamp::from),
            created_at: message.created_at.into(),
            updated_at: message.updated_at.into(),
            status: message.status,
            degraded: Warning::degraded_fields(&message.warnings),
            warnings: message.warnings,
            id: message.id,
            conversation_id: message.conversation_id,
            external_id: message.external_id,
            agent_id: message.agent_id,
        }
    }
}

/// The text of a message, and its particulars.
fn described(content: MessageContent, metadata: Metadata) -> (String, Metadata) {
    match content {
        MessageContent::Outbound(content) => {
            let text = content.text().into_owned();
            (text, with_particulars(&content, metadata))
        }
        MessageContent::Inbound {
            kind,
            text,
            text_truncated,
            choice,
            content,
            context,
            referral,
            sent_at,
        } => (
            text.unwrap_or_default(),
            Metadata {
                kind,
                text_truncated,
                choice,
                content,
                context,
                referral,
                sent_at: sent_at.map(Timestamp::from),
                ..metadata
            },
        ),
    }
}

/// Adds the particulars of a message of yours.
fn with_particulars(content: &Content, metadata: Metadata) -> Metadata {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let metadata = Metadata {
        kind: content.kind().as_str().to_owned(),
        ..metadata
    };
    match content {
        Content::Text(_) | Content::LocationRequest(_) => metadata,
        Content::Buttons(message) => Metadata {
            header: owned(message.header()),
            footer: owned(message.footer()),
            buttons: (message.buttons().iter())
                .map(|button| Choice::new(&button.id, &button.title))
                .collect(),
            ..metadata
        },
        Content::List(message) => Metadata {
            header: owned(message.header()),
            footer: owned(message.footer()),
            list: Some(message.into()),
            ..metadata
        },
        Content::CtaUrl(message) => Metadata {
            header: owned(message.header()),
            footer: owned(message.footer()),
            link: Some(ShownLink {
                title: message.button().to_owned(),
                url: message.url().to_owned(),
            }),
            ..metadata
        },
        Content::Location(place) => Metadata {
            location: Some(ShownLocation {
                latitude: place.latitude(),
                longitude: place.longitude(),
                name: owned(place.name()),
                address: owned(place.address()),
            }),
            ..metadata
        },
    }
}

/// Show a message
///
/// Returns one message of the organization with its present status.
#[utoipa::path(get, path = "/messages/{id}",
    responses((status = 200, description = "The message", body = Message)))]
pub(crate) async fn show_message(caller: Caller<Reads>, Id(id): Id<MessageId>) -> LongAnswer {
    caller.answer(&Message::from(caller.find::<store::Message>(&id).await?))
}

failures!(CancelFailures: &[Reason::MessageNotQueued, Reason::RateLimited]);

/// Cancel a queued message
///
/// A message that waits in the queue becomes `rejected` with the reason `message_canceled`, and nothing is sent. One that
/// Z-API has accepted and not sent yet becomes `failed` with that reason if Z-API takes it out of its own queue. Any
/// other message is 409.
#[utoipa::path(delete, path = "/messages/{id}",
    responses((status = 200, description = "The message as it is now", body = Message), CancelFailures))]
pub(crate) async fn cancel_message(caller: Caller<Sends>, Id(id): Id<MessageId>) -> LongAnswer {
    let canceled = send::cancel(&caller.app, &caller.organization_id, &id).await?;
    caller.answer(&Message::from(canceled))
}
