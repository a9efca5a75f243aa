//! Conversations: one agent, one channel, one recipient.

use std::fmt::Display;
use std::str::FromStr;

use recado_core::inbound::{Contact, phone_variants};
use recado_core::{GivenRecipient, Phone, Recipient, RecipientKind, Warning};
use recado_store::ConversationFilter;

use super::messages::Message;
use super::prelude::*;

failures!(CreateFailures: &[
    Reason::AgentNotFound,
    Reason::ChannelNotFound,
    Reason::ConversationNotFound,
    Reason::AlreadyExists,
]);
failures!(ListFailures: &[Reason::AgentNotFound, Reason::ChannelNotFound]);

/// The conversation to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"agentId": "agent-123", "channelId": "whatsapp", "to": "+55 11 90000-0002"}))]
pub(crate) struct NewConversation {
    /// The id of the agent that sends in this conversation.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    agent_id: TextField,
    /// The id of the channel that carries the messages.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    channel_id: TextField,
    /// The recipient: a phone number with country code, a business-scoped user id, a LID or a group.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    to: TextField,
    /// The id of the conversation, if you want to choose it: ids from ChatVolt keep working.
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
    phone: Option<Phone>,
    /// The customer, by every address that is known.
    contact: Contact,
    /// Until when WhatsApp carries messages that are not templates; null when it is not known, and a send is tried then.
    window_expires_at: Option<Timestamp>,
    /// The time at which it was created.
    created_at: Timestamp,
    /// What to check about the recipient as it was written; only in the answer that creates the conversation.
    warnings: Vec<Warning>,
}

impl From<store::Conversation> for Conversation {
    fn from(conversation: store::Conversation) -> Self {
        Self {
            id: conversation.id,
            agent_id: conversation.agent_id,
            channel_id: conversation.channel_id,
            to: conversation.recipient.to_string(),
            phone: conversation.recipient.phone(),
            contact: conversation.person,
            window_expires_at: conversation.window_expires_at.map(Into::into),
            created_at: conversation.created_at.into(),
            warnings: Vec::new(),
        }
    }
}

/// Create a conversation
///
/// A conversation joins one agent, one channel and one recipient, and is what a send names. Nothing is sent to the
/// recipient. A customer who writes first gets a conversation without this call.
#[utoipa::path(post, path = "/conversations",
    params(KeyParameter),
    request_body = NewConversation,
    responses((status = 201, body = Conversation), CreateFailures))]
pub(crate) async fn create_conversation(
    caller: Caller<Sends>,
    key: KeyHeader,
    Body(new): Body<NewConversation>,
) -> Created<Conversation> {
    let (caller, given) = (&caller, key.key());
    let key = given.as_ref();
    let make = make_conversation(caller, new, key);
    let show = |first: FirstRequest| async move {
        let conversation: store::Conversation = caller.find(&parsed(&first.target)?).await?;
        Ok(conversation.into())
    };
    let organization = Some(&caller.organization_id);
    once(&caller.app, organization, key, show, make).await
}

async fn make_conversation(
    caller: &Caller<Sends>,
    new: NewConversation,
    key: Option<&IdempotencyKey>,
) -> Result<Conversation, ApiError> {
    let to = GivenRecipient::from_str(&text(new.to))
        .map_err(|error| FieldErrors::field("to", &error.to_string()))?;
    let id = id_or(new.id, || ConversationId::from_uuid(caller.app.uuid()))?;
    let agent_id = parsed(&text(new.agent_id))?;
    let agent_id = caller.find::<store::Agent>(&agent_id).await?.id;
    let channel_id = parsed(&text(new.channel_id))?;
    let channel = caller.find::<store::Channel>(&channel_id).await?;
    check_recipient(&caller.app, &channel, &to.recipient)?;
    let now = caller.app.clock.now();
    let conversation = store::Conversation::new(
        caller.organization_id.clone(),
        id,
        agent_id,
        channel.id,
        to.recipient,
        now,
    );
    let creation = caller.app.store.create_conversation(&conversation, key);
    let answer: Conversation = match creation.await {
        Err(StoreError::Conflict) => return Err(taken(&caller.app, &conversation).await?),
        created => created?.into(),
    };
    // The conversation is stored: a warning that cannot be looked up must not look like a failure.
    let spelled_otherwise = find_other_spelling(&caller.app, &conversation).await;
    let spelled_otherwise = spelled_otherwise.unwrap_or_else(|error| {
        tracing::warn!(
            error = error.message,
            "cannot look for other spellings of a number"
        );
        None
    });
    let warnings = to.warning.into_iter().chain(spelled_otherwise);
    let warnings = warnings.map(|message| Warning::new("to", message));
    Ok(Conversation {
        warnings: warnings.collect(),
        ..answer
    })
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
#[utoipa::path(get, path = "/conversations",
    params(FilteredListQuery<ConversationQuery>),
    responses((status = 200, body = List<Conversation>), ListFailures))]
pub(crate) async fn list_conversations(
    caller: Caller<Reads>,
    Query(query): Query<FilteredListQuery<ConversationQuery>>,
) -> LongAnswer {
    let (filter, page) = (query.filter.read()?, query.list.page()?);
    let listed = caller
        .app
        .store
        .list_conversations(&caller.organization_id, &filter, &page)
        .await?;
    let list = List::of(listed, Conversation::from);
    // What is deleted may still have conversations.
    if list.is_empty() {
        if let Some(agent) = filter.agent {
            caller.find::<store::Agent>(&agent).await?;
        }
        if let Some(channel) = filter.channel {
            caller.find::<store::Channel>(&channel).await?;
        }
    }
    caller.answer(&list)
}

/// Show a conversation
///
/// Returns one conversation of the organization.
#[utoipa::path(get, path = "/conversations/{id}",
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn show_conversation(
    caller: Caller<Reads>,
    Id(id): Id<ConversationId>,
) -> Answer<Conversation> {
    Ok(Json(caller.find::<store::Conversation>(&id).await?.into()))
}

/// Show a conversation by ChatVolt's path
///
/// Returns the same as `GET /conversations/{id}`, for clients that were written for ChatVolt.
#[utoipa::path(get, path = "/conversation/{id}",
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn show_conversation_by_chatvolt_path(
    caller: Caller<Reads>,
    id: Id<ConversationId>,
) -> Answer<Conversation> {
    show_conversation(caller, id).await
}

/// List the messages of a conversation
///
/// Returns the messages of both sides, oldest first.
#[utoipa::path(get, path = "/conversations/{id}/messages",
    params(ListQuery),
    responses((status = 200, body = List<Message>)))]
pub(crate) async fn list_messages(
    caller: Caller<Reads>,
    Id(id): Id<ConversationId>,
    query: ListQuery,
) -> LongAnswer {
    let page = query.page()?;
    let conversation = caller.find::<store::Conversation>(&id).await?;
    let listed = caller
        .app
        .store
        .list_messages(&caller.organization_id, &conversation.id, &page)
        .await?;
    let list = List::of(listed, Message::from);
    caller.answer(&list)
}

/// Which conversations are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationQuery {
    /// Lists only the conversations with this customer or group: a phone number with country code, a business-scoped
    /// user id, a LID or a group. A phone number is found with and without Brazil's ninth digit and the like.
    recipient: Option<String>,
    /// Lists only the conversations of this agent.
    agent_id: Option<String>,
    /// Lists only the conversations over this channel.
    channel_id: Option<String>,
}

impl ConversationQuery {
    fn read(self) -> Result<ConversationFilter, ApiError> {
        Ok(ConversationFilter {
            recipient: parameter::<GivenRecipient>("recipient", self.recipient)?
                .map(|given| given.recipient),
            agent: parameter("agentId", self.agent_id)?,
            channel: parameter("channelId", self.channel_id)?,
        })
    }
}

/// Reads a parameter of the query; an empty one is not given.
fn parameter<T: FromStr<Err: Display>>(
    name: &str,
    text: Option<String>,
) -> Result<Option<T>, ApiError> {
    let given = text.filter(|text| !text.is_empty());
    let read = given.map(|text| text.parse()).transpose();
    read.map_err(|error: T::Err| wrong(name, &error.to_string()))
}

/// Returns a warning if the agent has a conversation over this channel with another spelling of the same number, such as
/// without Brazil's ninth digit.
async fn find_other_spelling(
    app: &App,
    new: &store::Conversation,
) -> Result<Option<String>, ApiError> {
    if new.recipient.kind() != RecipientKind::Phone {
        return Ok(None);
    }
    let spellings = phone_variants(new.recipient.as_str());
    let Some(Ok(other)) = spellings.get(1).map(|spelling| spelling.parse()) else {
        return Ok(None);
    };
    let same =
        app.store
            .find_conversation(&new.organization_id, &new.agent_id, &new.channel_id, &other);
    Ok(same.await?.map(|same| {
        format!(
            "Is another spelling of the number of conversation {} of the same agent and channel; use one of the two",
            same.id
        )
    }))
}

/// Says which conversation is there already: the one of that id, or the same one under another id.
async fn taken(app: &App, new: &store::Conversation) -> Result<ApiError, ApiError> {
    let same = app
        .store
        .find_conversation(
            &new.organization_id,
            &new.agent_id,
            &new.channel_id,
            &new.recipient,
        )
        .await?;
    let message = same.map_or_else(
        || "Already exists: another conversation has this id; choose another one".to_owned(),
        |same| format!("Already exists: this agent talks to this recipient over this channel in conversation {}; use that one", same.id),
    );
    Ok(ApiError::new(Reason::AlreadyExists, message))
}
