//! Conversations: one agent, one channel, one recipient.

use std::str::FromStr as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::fields::{optional, required};
use recado_core::inbound::Contact;
use recado_core::{
    AgentId, ChannelId, ConversationId, FieldErrors, GivenRecipient, Recipient, TextField, Warning,
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
use crate::api::extract::Query;
use crate::api::noun::{Id, parsed};
use crate::api::openapi::failures;
use crate::api::routes::lookup;
use crate::api::time::rfc3339;
use crate::app::App;

mod filter;
mod same;

use filter::ConversationQuery;

failures!(CreateFailures: &[Reason::AgentNotFound, Reason::ChannelNotFound, Reason::AlreadyExists]);
failures!(ListFailures: &[Reason::AgentNotFound, Reason::ChannelNotFound]);

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
    contact: Contact,
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
    caller: Caller<need::Send>,
    State(app): State<Arc<App>>,
    Body(new): Body<NewConversation>,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let new = checked(new)?;
    let to = GivenRecipient::from_str(&text(new.to))
        .map_err(|error| FieldErrors::field("to", &error.to_string()))?;
    let id = id_or(new.id, || ConversationId::from_uuid(app.uuid()))?;
    let agent_id = parsed(&text(new.agent_id))?;
    let agent_id = lookup::agent(&app, &caller.organization_id, &agent_id)
        .await?
        .id;
    let channel_id = parsed(&text(new.channel_id))?;
    let channel = lookup::channel(&app, &caller.organization_id, &channel_id).await?;
    check_recipient(&app, &channel, &to.recipient)?;
    let now = app.clock.now();
    let conversation = store::Conversation::new(
        caller.organization_id,
        id,
        agent_id,
        channel.id,
        to.recipient,
        now,
    );
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
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Query(query): Query<FilteredListQuery<ConversationQuery>>,
) -> Result<Response, ApiError> {
    let (filter, page) = (query.filter.read()?, query.list.page()?);
    let listed = app
        .store
        .list_conversations(&caller.organization_id, &filter, &page)
        .await?;
    let list = List::of(listed, Conversation::from);
    // What is deleted may still have conversations.
    if list.is_empty() {
        if let Some(agent) = filter.agent {
            lookup::agent(&app, &caller.organization_id, &agent).await?;
        }
        if let Some(channel) = filter.channel {
            lookup::channel(&app, &caller.organization_id, &channel).await?;
        }
    }
    app.memory.answer(Some(&caller.organization_id), &list)
}

/// Show a conversation
///
/// Returns one conversation of the organization.
#[utoipa::path(
    get,
    path = "/conversations/{id}",
    operation_id = "showConversation",
    tag = "Conversations",
    responses((status = 200, description = "The conversation", body = Conversation)),
)]
pub(crate) async fn show(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, ApiError> {
    Ok(Json(
        lookup::conversation(&app, &caller.organization_id, &id)
            .await?
            .into(),
    ))
}

/// Show a conversation by ChatVolt's path
///
/// Returns the same as `GET /conversations/{id}`, for clients that were written for ChatVolt.
#[utoipa::path(
    get,
    path = "/conversation/{id}",
    operation_id = "showConversationByChatvoltPath",
    tag = "Conversations",
    responses((status = 200, description = "The conversation", body = Conversation)),
)]
pub(crate) async fn show_singular(
    caller: Caller<need::Read>,
    state: State<Arc<App>>,
    id: Id<ConversationId>,
) -> Result<Json<Conversation>, ApiError> {
    show(caller, state, id).await
}

/// List the messages of a conversation
///
/// Returns the messages of both sides, oldest first.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    operation_id = "listMessages",
    tag = "Conversations",
    params(ListQuery),
    responses((status = 200, description = "One part of the list", body = List<Message>)),
)]
pub(crate) async fn messages(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Id(id): Id<ConversationId>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let page = query.page()?;
    let conversation = lookup::conversation(&app, &caller.organization_id, &id).await?;
    let listed = app
        .store
        .list_messages(&caller.organization_id, &conversation.id, &page)
        .await?;
    let list = List::of(listed, Message::from);
    app.memory.answer(Some(&caller.organization_id), &list)
}
