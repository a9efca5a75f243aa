//! What customers write: filed once, in the conversation of its sender.

use recado_core::inbound::{Choice, InboundContent, InboundMessage, Person, SYSTEM, StatusNews};
use recado_core::{ConversationId, MessageId, Provider, Status};
use serde_json::{Value, json};
use sqlx::AnyConnection;

use crate::columns::{self, Columns};
use crate::content::{ReceivedContent, StoredContent};
use crate::conversations::Conversation;
use crate::error::StoreError;
use crate::event_log::{EventLog, NewEvent};
use crate::events::EventKind;
use crate::inbound::{Effect, FreshIds, KnownChannel};
use crate::moves;
use crate::people::{self, StoredPerson};
use crate::senders::{self, Place};
use crate::statuses::Statuses;

/// Our message that a customer's message answers.
pub(crate) struct Answered {
    id: MessageId,
    pub(crate) conversation: ConversationId,
    content: StoredContent,
}

impl Answered {
    /// The status that the answer proves, if the answer comes from the one whom the message was sent to.
    fn proof(&self) -> StatusNews {
        StatusNews {
            external_ids: Vec::new(),
            message_id: Some(self.id.clone()),
            status: Status::Read,
            error: None,
        }
    }
}

/// A message that goes into its conversation.
struct Filed<'a> {
    message: &'a InboundMessage,
    id: &'a MessageId,
    external_id: String,
    from: Person,
    in_reply_to: Option<MessageId>,
    /// The button whose title is all that the provider gave back.
    inferred: Option<Choice>,
}

/// The status of the message that this one answers; it makes the message known to [`Statuses`].
pub(crate) fn proof(message: &InboundMessage) -> Option<StatusNews> {
    let answered = message.in_reply_to.as_ref()?;
    Some(StatusNews {
        external_ids: vec![answered.clone()],
        message_id: None,
        status: Status::Read,
        error: None,
    })
}

/// Files a message and tells of it, unless it is known.
pub(crate) async fn apply(
    message: &InboundMessage,
    ids: &FreshIds,
    channel: &KnownChannel,
    statuses: &mut Statuses,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    let external_id = columns::provider_id(&message.external_id);
    let Some(answered) = look_up(message, &external_id, channel, log, connection).await? else {
        return Ok(Effect::Duplicate);
    };
    let answers = answered.as_ref().map(|answered| &answered.conversation);
    let place = match &message.content {
        InboundContent::Moved { to, .. } => {
            moves::conversation(message, to, ids, channel, log, connection).await?
        }
        _ => senders::conversation(message, answers, ids, channel, log, connection).await?,
    };
    let conversation = match place {
        Place::Conversation(conversation) => *conversation,
        Place::Nowhere(effect) => return Ok(effect),
    };
    let from = if people::may_be_same(&message.from, &conversation.person) {
        people::completed(&message.from, &conversation.person)
    } else {
        message.from.clone()
    };
    // A text with the title of a button is a tap only for a customer whom the button was sent to.
    let shown = answered
        .as_ref()
        .filter(|answered| answered.conversation == conversation.id);
    if let Some(answered) = shown {
        statuses.settle(&answered.proof(), &channel.id, log);
    }
    let filed = Filed {
        message,
        id: &ids.message,
        external_id,
        from,
        inferred: inferred(message, shown, channel),
        in_reply_to: answered.map(|answered| answered.id),
    };
    filed.insert(&conversation, log, connection).await?;
    log.append(filed.event(&conversation));
    Ok(Effect::Told)
}

/// The message of ours that this one answers; the outer none if this one is known already.
async fn look_up(
    message: &InboundMessage,
    external_id: &str,
    channel: &KnownChannel,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Option<Option<Answered>>, StoreError> {
    let rows = sqlx::query(
        "select id, direction, conversation_id, content from messages \
         where organization_id = $1 and channel_id = $2 and external_id = $3 \
         and direction = 'inbound' union all \
         select id, direction, conversation_id, content from messages \
         where organization_id = $1 and channel_id = $2 and external_id = $4 \
         and direction = 'outbound'",
    )
    .bind(log.organization().as_str().to_owned())
    .bind(channel.id.as_str().to_owned())
    .bind(external_id.to_owned())
    .bind(message.in_reply_to.as_deref().map(columns::provider_id))
    .fetch_all(connection)
    .await?;
    let mut answered = None;
    for row in &rows {
        let columns = Columns::new(row, "messages", "id");
        if columns.get::<&str>("direction")? == "inbound" {
            return Ok(None);
        }
        answered = Some(Answered {
            id: columns.parse("id")?,
            conversation: columns.parse("conversation_id")?,
            content: columns.json("content")?,
        });
    }
    Ok(Some(answered))
}

/// Old phones answer a message of Z-API with the title of the button as a text (Z-API, observed).
fn inferred(
    message: &InboundMessage,
    answered: Option<&Answered>,
    channel: &KnownChannel,
) -> Option<Choice> {
    match &message.content {
        InboundContent::Other {
            kind,
            text: Some(text),
        } if channel.provider == Provider::Zapi && kind == "text" => {
            answered?.content.button_of_title(text)
        }
        _ => None,
    }
}

impl Filed<'_> {
    async fn insert(
        &self,
        conversation: &Conversation,
        log: &EventLog,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        let content = ReceivedContent::new(
            self.message,
            self.inferred.as_ref(),
            self.in_reply_to.clone(),
        );
        sqlx::query(
            "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, \
             direction, status, content, sender, warnings, external_id, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, 'inbound', 'delivered', $6, $7, '[]', $8, $9, $9)",
        )
        .bind(log.organization().as_str().to_owned())
        .bind(self.id.as_str().to_owned())
        .bind(conversation.id.as_str().to_owned())
        .bind(conversation.agent_id.as_str().to_owned())
        .bind(conversation.channel_id.as_str().to_owned())
        .bind(columns::json(&content))
        .bind(columns::json(&StoredPerson::from(&self.from)))
        .bind(self.external_id.clone())
        .bind(log.at().as_millisecond())
        .execute(connection)
        .await?;
        Ok(())
    }

    fn event(&self, conversation: &Conversation) -> NewEvent {
        let mut data = json!({
            "messageId": self.id,
            "externalId": self.external_id,
            "inReplyTo": self.in_reply_to,
            "from": people::as_json(&self.from),
        });
        let kind = match (&self.inferred, &self.message.content) {
            (Some(choice), _) => {
                data["button"] = chosen(choice);
                data["inferred"] = Value::Bool(true);
                EventKind::ButtonPressed
            }
            (None, InboundContent::Button(choice)) => {
                data["button"] = chosen(choice);
                EventKind::ButtonPressed
            }
            (None, InboundContent::List(choice)) => {
                data["list"] = chosen(choice);
                EventKind::ListSelected
            }
            (None, InboundContent::Moved { to, text }) => {
                let to = Person {
                    name: self.from.name.clone(),
                    ..to.clone()
                };
                data["kind"] = json!(SYSTEM);
                data["text"] = json!(text);
                data["movedTo"] = people::as_json(&to);
                EventKind::MessageReceived
            }
            (None, InboundContent::Other { kind, text }) => {
                data["kind"] = json!(kind);
                data["text"] = json!(text);
                EventKind::MessageReceived
            }
        };
        NewEvent {
            kind,
            agent: Some(conversation.agent_id.clone()),
            channel: Some(conversation.channel_id.clone()),
            conversation: Some(conversation.id.clone()),
            data,
        }
    }
}

fn chosen(choice: &Choice) -> Value {
    json!({ "id": choice.id, "title": choice.title })
}
