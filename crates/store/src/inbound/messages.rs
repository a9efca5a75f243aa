//! Inbound messages: each is stored once, in the conversation of its sender.

use std::collections::{HashMap, HashSet};

use recado_core::event::{
    ButtonPressedData, EventData, ListSelectedData, MessageReceivedData, ReceivedContent,
};
use recado_core::inbound::{Choice, Contact, InboundContent, InboundMessage, StatusUpdate};
use recado_core::{AgentId, ChannelId, Content, ConversationId, MessageId, Status};
use serde::Serialize;

use crate::events::append::{EventLog, NewEvent};
use crate::inbound::item::Effect;
use crate::inbound::known_channels::KnownChannel;
use crate::inbound::resolve::{self, Arrival};
use crate::inbound::statuses::{Address, Statuses};
use crate::messages::content::{LIST, StoredInbound, StoredOutbound, button_of_title};
use crate::prelude::*;
use crate::resources::contacts::Contacts;
use crate::resources::conversations::Conversation;
use crate::resources::people::{self, StoredContact};

/// The messages that one transaction receives.
#[derive(Default)]
pub(crate) struct Received {
    known: HashSet<Address>,
    answered: HashMap<Address, Answered>,
    fresh: Vec<MessageRow>,
}

/// Our message that a customer's message answers.
#[derive(Clone)]
struct Answered {
    id: MessageId,
    conversation: ConversationId,
    content: Option<Content>,
}

impl Answered {
    /// Returns the status that an answer of its recipient proves.
    fn proof(&self) -> StatusUpdate {
        let mut update = StatusUpdate::new(Vec::new(), Status::Read);
        update.message_id = Some(self.id.clone());
        update
    }
}

#[derive(Serialize, PartialEq, Eq, Hash)]
struct MessageKey<'a> {
    channel: &'a ChannelId,
    external: String,
    direction: &'static str,
}

#[derive(Serialize)]
struct MessageRow {
    message: MessageId,
    conversation: ConversationId,
    agent: AgentId,
    channel: ChannelId,
    content: String,
    sender: String,
    external: String,
    at: i64,
}

/// A message with what is known of its sender and of the message that it answers.
struct Filed<'a> {
    message: &'a InboundMessage,
    id: &'a MessageId,
    external_id: String,
    from: Contact,
    in_reply_to: Option<MessageId>,
    /// The button that was inferred from its title.
    inferred: Option<Choice>,
}

/// Returns a status of the message that this one answers, so that [`Statuses`] loads that message.
pub(crate) fn proof(message: &InboundMessage) -> Option<StatusUpdate> {
    let answered = message.in_reply_to.as_ref()?;
    Some(StatusUpdate::new(vec![answered.clone()], Status::Read))
}

/// `cross join` keeps SQLite from going through all messages.
static LOOK_UP: OverList = OverList::new(
    "with sought as (select {owner} as organization, value ->> 'channel' as channel, \
     value ->> 'external' as external, value ->> 'direction' as direction from {list}) \
     select m.id, m.channel_id, m.external_id, m.direction, m.conversation_id, \
     case when m.direction = 'outbound' then m.content end as content from sought s cross join messages m \
     where m.organization_id = s.organization and m.channel_id = s.channel and m.external_id = s.external \
     and m.direction = s.direction order by m.created_at, m.id",
);

static INSERT: OverList = OverList::new(
    "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, \
     direction, status, content, sender, warnings, external_id, created_at, updated_at) \
     select $1, value ->> 'message', value ->> 'conversation', value ->> 'agent', value ->> 'channel', \
     'inbound', 'delivered', value ->> 'content', value ->> 'sender', '[]', value ->> 'external', \
     cast(value ->> 'at' as bigint), cast(value ->> 'at' as bigint) from {list}",
);

impl Received {
    /// Loads which messages are stored already, and the messages of ours that they answer.
    pub(crate) async fn load(
        messages: &[(&ChannelId, &InboundMessage)],
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        let mut received = Self::default();
        if messages.is_empty() {
            return Ok(received);
        }
        let sought: HashSet<_> = messages.iter().flat_map(sought).collect();
        let rows = log.over(&LOOK_UP, &sought).fetch_all(connection).await?;
        for row in &rows {
            let columns = Columns::new(row, "messages", "id");
            let address = (columns.get("channel_id")?, columns.get("external_id")?);
            if columns.get::<&str>("direction")? == "inbound" {
                received.known.insert(address);
                continue;
            }
            // The newest comes last, and takes an id that several messages share.
            received.answered.insert(
                address,
                Answered {
                    id: columns.get("id")?,
                    conversation: columns.get("conversation_id")?,
                    content: columns
                        .get::<Option<StoredOutbound>>("content")?
                        .map(|stored| stored.0),
                },
            );
        }
        Ok(received)
    }

    /// Stores a message in its conversation and appends its event, unless it is stored already.
    pub(crate) async fn apply(
        &mut self,
        arrival: Arrival<'_>,
        statuses: &mut Statuses,
        contacts: &mut Contacts,
        log: &mut EventLog,
        connection: &mut Connection,
    ) -> Result<Effect> {
        let Arrival {
            message,
            ids,
            channel,
        } = arrival;
        let address = address(&channel.id, &message.external_id);
        let is_erased = || {
            let erased = (channel.id.clone(), row::erased_id(&address.1));
            message.group.is_some() && self.known.contains(&erased)
        };
        if self.known.contains(&address) || is_erased() {
            return Ok(Effect::Duplicate);
        }
        let answered = self.answered(message, channel, statuses);
        let answers = answered.as_ref().map(|answered| &answered.conversation);
        // As the customer was known before a number change.
        let former = contacts.of(&message.from, &channel.id).first().copied();
        let former = former.map(|slot| contacts.get(slot).person.clone());
        let slot = resolve::conversation(arrival, answers, contacts, log, connection).await?;
        let slot = match slot {
            Ok(slot) => slot,
            Err(effect) => return Ok(effect),
        };
        let conversation = contacts.get(slot);
        // A text with the title of a button is a tap only for a customer whom the button was sent to.
        let shown = answered
            .as_ref()
            .filter(|answered| answered.conversation == conversation.id);
        let inferred = inferred(message, shown, channel);
        if message.group.is_some() && !message.content.is_tap() && inferred.is_none() {
            // What the members of a group write to one another.
            return Ok(Effect::Ignored);
        }
        if let Some(answered) = shown {
            statuses.settle(&answered.proof(), &channel.id, log);
        }
        let known = former.as_ref().unwrap_or(&conversation.person);
        let from = if people::may_be_same(&message.from, known) {
            people::completed(&message.from, known)
        } else {
            message.from.clone()
        };
        let filed = Filed {
            message,
            id: &ids.message,
            external_id: address.1.clone(),
            from,
            inferred,
            in_reply_to: answered.map(|answered| answered.id),
        };
        let content = filed.content();
        self.fresh.push(filed.row(&content, conversation, log));
        log.append(NewEvent::of(conversation, filed.data(content)));
        contacts.said(slot, log.at());
        self.known.insert(address);
        Ok(Effect::Told)
    }

    fn answered(
        &self,
        message: &InboundMessage,
        channel: &KnownChannel,
        of_ours: &Statuses,
    ) -> Option<Answered> {
        let address = address(&channel.id, message.in_reply_to.as_deref()?);
        if let Some(answered) = self.answered.get(&address) {
            return Some(answered.clone());
        }
        // A status of the same transaction may have brought the id.
        let named = of_ours.named(&address)?;
        Some(Answered {
            id: named.id.clone(),
            conversation: named.conversation_id.clone(),
            content: None,
        })
    }

    /// Writes what was received since the last call.
    pub(crate) async fn save(&mut self, log: &EventLog, connection: &mut Connection) -> Result<()> {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.is_empty() {
            return Ok(());
        }
        log.over(&INSERT, &fresh).run(connection).await
    }
}

fn address(channel: &ChannelId, id: &str) -> Address {
    (channel.clone(), row::provider_id(id))
}

fn sought<'a>((channel, message): &(&'a ChannelId, &InboundMessage)) -> Vec<MessageKey<'a>> {
    let sought = |external, direction| MessageKey {
        channel,
        external,
        direction,
    };
    let own = row::provider_id(&message.external_id);
    // The sender may be erased since; only taps in groups stay then.
    let erased = message.group.is_some().then(|| row::erased_id(&own));
    let answered = message.in_reply_to.as_deref().map(row::provider_id);
    let own = [
        Some(sought(own, "inbound")),
        erased.map(|id| sought(id, "inbound")),
    ];
    let answered = answered.map(|id| sought(id, "outbound"));
    own.into_iter().flatten().chain(answered).collect()
}

/// Returns the button whose title is the text of an answer, if phones answer so at the provider.
fn inferred(
    message: &InboundMessage,
    answered: Option<&Answered>,
    channel: &KnownChannel,
) -> Option<Choice> {
    match &message.content {
        InboundContent::Other {
            kind,
            text: Some(text),
        } if channel.provider.has_title_taps() && kind == "text" => {
            button_of_title(answered?.content.as_ref()?, text)
        }
        _ => None,
    }
}

impl Filed<'_> {
    fn content(&self) -> StoredInbound {
        StoredInbound::new(
            self.message,
            self.inferred.as_ref(),
            self.in_reply_to.clone(),
        )
    }

    fn row(
        &self,
        content: &StoredInbound,
        conversation: &Conversation,
        log: &EventLog,
    ) -> MessageRow {
        MessageRow {
            message: self.id.clone(),
            conversation: conversation.id.clone(),
            agent: conversation.agent_id.clone(),
            channel: conversation.channel_id.clone(),
            content: row::json(content),
            sender: row::json(&StoredContact::from(&self.from)),
            external: self.external_id.clone(),
            at: log.at().as_millisecond(),
        }
    }

    fn data(&self, content: StoredInbound) -> EventData {
        let message_id = self.id.clone();
        let external_id = Some(self.external_id.clone());
        let in_reply_to = self.in_reply_to.clone();
        let from = self.from.clone();
        let text_truncated = content.text_truncated;
        match content.choice {
            Some(list) if content.kind == LIST => EventData::ListSelected(ListSelectedData {
                message_id,
                external_id,
                in_reply_to,
                from,
                text_truncated,
                list,
            }),
            Some(button) => EventData::ButtonPressed(ButtonPressedData {
                message_id,
                external_id,
                in_reply_to,
                from,
                text_truncated,
                button,
                inferred: self.inferred.is_some(),
            }),
            None => EventData::MessageReceived(MessageReceivedData {
                message_id,
                external_id,
                in_reply_to,
                text_truncated,
                content: content.media.map(|media| ReceivedContent {
                    kind: content.kind.clone(),
                    media,
                }),
                kind: content.kind,
                text: content.text,
                moved_to: match &self.message.content {
                    InboundContent::NumberChange { to, .. } => {
                        Some(to.clone().named(from.name.clone()))
                    }
                    _ => None,
                },
                from,
            }),
        }
    }
}
