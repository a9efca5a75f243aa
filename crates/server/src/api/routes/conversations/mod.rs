//! Conversations: one agent, one channel, one recipient.

use std::str::FromStr as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::fields::{optional, required};
use recado_core::inbound::Person;
use recado_core::{
    AgentId, ChannelId, ConversationId, FieldErrors, GivenRecipient, OrganizationId, Recipient,
    TextField, Warning,
};
use recado_store::{self as store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::contacts::ReadPhone;
use super::listing::{FilteredListQuery, List, ListQuery};
use super::messages::{FieldWarning, Message};
use super::{checked, id_or, text};
use crate::api::auth::{Caller, need};
use crate::api::body::Body;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::{Path, Query};
use crate::api::openapi::{BODY, KEY, QUERY, failures};
use crate::api::time::rfc3339;
use crate::app::App;

mod filter;
mod same;

use filter::ConversationQuery;

failures!(CreateFailures: KEY, BODY, &[Reason::AgentNotFound, Reason::ChannelNotFound, Reason::AlreadyExists]);
failures!(ListFailures: KEY, QUERY, &[Reason::AgentNotFound, Reason::ChannelNotFound]);
failures!(FindFailures: KEY, &[Reason::ConversationNotFound]);
failures!(MessagesFailures: KEY, QUERY, &[Reason::ConversationNotFound]);

/// The conversation to create.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"agentId": "agent-123", "channelId": "whatsapp", "to": "+55 11 90000-0002"}))]
pub(crate) struct NewConversation {
    /// The id of the agent that sends in this conversation.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    agent_id: TextField,
    /// The id of the channel that carries the messages.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    channel_id: TextField,
    /// The recipient: a phone number with country code, a business-scoped user id, a LID or a group.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    to: TextField,
    /// The id of the conversation, if you want to choose it: ids from ChatVolt keep working.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>, pattern = r"^[A-Za-z0-9._:-]{0,64}$")]
    id: TextField,
}

/// A conversation of one agent with one recipient over one channel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    /// The id of the conversation.
    #[schema(value_type = String)]
    id: ConversationId,
    /// The id of the agent that sends in this conversation.
    #[schema(value_type = String)]
    agent_id: AgentId,
    /// The id of the channel that carries the messages.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// The recipient in its canonical form.
    to: String,
    /// How the recipient's phone number was read; null if the recipient is not a phone number.
    phone: Option<ReadPhone>,
    /// The customer, by every address that is known.
    contact: Person,
    /// Until when WhatsApp carries messages that are not templates; null when it is not known, and a send is tried then.
    #[schema(format = DateTime)]
    window_expires_at: Option<String>,
    /// The time at which it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// What to check about the recipient as it was written; only in the answer that creates the conversation.
    warnings: Vec<FieldWarning>,
}

impl From<store::Conversation> for Conversation {
    fn from(conversation: store::Conversation) -> Self {
        Self {
            id: conversation.id,
            agent_id: conversation.agent_id,
            channel_id: conversation.channel_id,
            to: conversation.recipient.to_string(),
            phone: conversation.recipient.phone().map(ReadPhone::from),
            contact: conversation.person,
            window_expires_at: conversation.window_expires_at.map(rfc3339),
            created_at: rfc3339(conversation.created_at),
            warnings: Vec::new(),
        }
    }
}

fn missing() -> ApiError {
    ApiError::not_found(Reason::ConversationNotFound)
}

pub(super) async fn find(
    app: &App,
    organization: &OrganizationId,
    id: &str,
) -> Result<store::Conversation, ApiError> {
    let id = id.parse().map_err(|_| missing())?;
    app.store
        .get_conversation(organization, &id)
        .await?
        .ok_or_else(missing)
}

/// Create a conversation
///
/// A conversation joins one agent, one channel and one recipient, and is what a send names. Nothing is sent to the
/// recipient. A customer who writes first gets a conversation without this call.
#[utoipa::path(
    post,
    path = "/conversations",
    operation_id = "createConversation",
    tag = "Conversations",
    request_body = NewConversation,
    responses(
        (status = 201, description = "Created", body = Conversation),
        CreateFailures,
    ),
)]
pub(crate) async fn create(
    Caller {
        organization_id, ..
    }: Caller<need::Send>,
    State(app): State<Arc<App>>,
    Body(new): Body<NewConversation>,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let new = checked(new)?;
    let to = GivenRecipient::from_str(&text(new.to))
        .map_err(|error| FieldErrors::field("to", &error.to_string()))?;
    let id = id_or(new.id, || ConversationId::from_uuid(app.uuid()))?;
    let agent_id = known_agent(&app, &organization_id, &text(new.agent_id)).await?;
    let channel = known_channel(&app, &organization_id, &text(new.channel_id)).await?;
    check_recipient(&app, &channel, &to.recipient)?;
    let now = app.clock.now();
    let conversation =
        store::Conversation::new(organization_id, id, agent_id, channel.id, to.recipient, now);
    let created: Conversation = match app.store.create_conversation(&conversation).await {
        Err(StoreError::Conflict) => return Err(same::taken(&app, &conversation).await?),
        created => created?.into(),
    };
    // The conversation is stored: a warning that cannot be looked up must not look like a failure.
    let spelled_otherwise = same::spelled_otherwise(&app, &conversation).await;
    let spelled_otherwise = spelled_otherwise.unwrap_or_else(|error| {
        tracing::warn!(
            error = error.message,
            "cannot look for other spellings of a number"
        );
        None
    });
    let warnings = to.warning.into_iter().chain(spelled_otherwise);
    let warnings = warnings.map(|message| Warning::new("to", message).into());
    let created = Conversation {
        warnings: warnings.collect(),
        ..created
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Refuses a recipient to whom the channel could send nothing.
fn check_recipient(app: &App, channel: &store::Channel, to: &Recipient) -> Result<(), ApiError> {
    // A channel that is not usable now can be mended, and each send says what is wrong with it.
    let Ok(channel) = app.channels().ready(channel) else {
        return Ok(());
    };
    let capabilities = channel.capabilities();
    capabilities.check_recipient(to).map_err(|violation| {
        let refusal = violation.refuse(capabilities.title, ToString::to_string);
        FieldErrors::field("to", &refusal.details).into()
    })
}

pub(crate) async fn known_agent(
    app: &App,
    organization: &OrganizationId,
    id: &str,
) -> Result<AgentId, ApiError> {
    let missing = || ApiError::not_found(Reason::AgentNotFound);
    let id = id.parse().map_err(|_| missing())?;
    Ok(app
        .store
        .get_agent(organization, &id)
        .await?
        .ok_or_else(missing)?
        .id)
}

async fn known_channel(
    app: &App,
    organization: &OrganizationId,
    id: &str,
) -> Result<store::Channel, ApiError> {
    let missing = || ApiError::not_found(Reason::ChannelNotFound);
    let id = id.parse().map_err(|_| missing())?;
    app.store
        .get_channel(organization, &id)
        .await?
        .ok_or_else(missing)
}

/// List conversations
///
/// Returns the conversations of the organization that the parameters ask for, oldest first. An agent or a channel that
/// does not exist is an error.
#[utoipa::path(
    get,
    path = "/conversations",
    operation_id = "listConversations",
    tag = "Conversations",
    params(FilteredListQuery<ConversationQuery>),
    responses(
        (status = 200, description = "One part of the list", body = List<Conversation>),
        ListFailures,
    ),
)]
pub(crate) async fn list(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Query(query): Query<FilteredListQuery<ConversationQuery>>,
) -> Result<Response, ApiError> {
    let (filter, page) = (query.filter.read()?, query.list.page()?);
    let listed = app
        .store
        .list_conversations(&organization_id, &filter, &page)
        .await?;
    let list = List::of(listed, Conversation::from);
    // What is deleted may still have conversations.
    if list.is_empty() {
        if let Some(agent) = filter.agent {
            known_agent(&app, &organization_id, agent.as_str()).await?;
        }
        if let Some(channel) = filter.channel {
            known_channel(&app, &organization_id, channel.as_str()).await?;
        }
    }
    app.memory.answer(Some(&organization_id), &list)
}

/// Show a conversation
///
/// Returns one conversation of the organization.
#[utoipa::path(
    get,
    path = "/conversations/{id}",
    operation_id = "showConversation",
    tag = "Conversations",
    params(("id" = String, Path, description = "The id of the conversation.")),
    responses(
        (status = 200, description = "The conversation", body = Conversation),
        FindFailures,
    ),
)]
pub(crate) async fn show(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, ApiError> {
    Ok(Json(find(&app, &organization_id, &id).await?.into()))
}

/// Show a conversation by ChatVolt's path
///
/// Returns the same as `GET /conversations/{id}`, for clients that were written for ChatVolt.
#[utoipa::path(
    get,
    path = "/conversation/{id}",
    operation_id = "showConversationByChatvoltPath",
    tag = "Conversations",
    params(("id" = String, Path, description = "The id of the conversation.")),
    responses(
        (status = 200, description = "The conversation", body = Conversation),
        FindFailures,
    ),
)]
pub(crate) async fn show_singular(
    caller: Caller<need::Read>,
    state: State<Arc<App>>,
    path: Path<String>,
) -> Result<Json<Conversation>, ApiError> {
    show(caller, state, path).await
}

/// List the messages of a conversation
///
/// Returns the messages of both sides, oldest first.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    operation_id = "listMessages",
    tag = "Conversations",
    params(
        ("id" = String, Path, description = "The id of the conversation."),
        ListQuery,
    ),
    responses(
        (status = 200, description = "One part of the list", body = List<Message>),
        MessagesFailures,
    ),
)]
pub(crate) async fn messages(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let page = query.page()?;
    let conversation = find(&app, &organization_id, &id).await?;
    let listed = app
        .store
        .list_messages(&organization_id, &conversation.id, &page)
        .await?;
    let list = List::of(listed, Message::from);
    app.memory.answer(Some(&organization_id), &list)
}
