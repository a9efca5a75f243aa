//! Inbound messages: each is stored once, in the conversation of its sender.

use std::collections::{HashMap, HashSet};

use recado_core::inbound::{
    Choice, Contact, InboundContent, InboundMessage, StatusUpdate, UNAVAILABLE,
};
use recado_core::{ChannelId, Content, ConversationId, MessageId, Status};
use serde::Serialize;

use crate::events::append::{EventLog, NewEvent};
use crate::inbound::filed::{Filed, MessageRow};
use crate::inbound::item::Effect;
use crate::inbound::known_channels::KnownChannel;
use crate::inbound::resolve::{self, Arrival};
use crate::inbound::statuses::{Address, Statuses};
use crate::messages::content::{StoredKind, StoredOutbound, button_of_title};
use crate::prelude::*;
use crate::resources::contacts::Contacts;
use crate::resources::people;

/// The messages that one transaction receives.
#[derive(Default)]
pub(crate) struct Received {
    known: HashMap<Address, StoredAs>,
    answered: HashMap<Address, Answered>,
    fresh: Vec<MessageRow>,
    read: Vec<MessageRow>,
}

/// How a customer's message is stored already.
#[derive(Clone)]
enum StoredAs {
    Whole,
    /// The provider could not read it, so that its text may come later, from the same sender.
    Unavailable {
        id: MessageId,
        from: Contact,
    },
}

impl StoredAs {
    fn new(is_unavailable: bool, id: &MessageId, from: Contact) -> Self {
        if is_unavailable {
            Self::Unavailable {
                id: id.clone(),
                from,
            }
        } else {
            Self::Whole
        }
    }
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
     m.content, m.sender from sought s cross join messages m \
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

/// The words of messages that could not be read before.
static REPLACE: OverList = OverList::new(
    "update messages set conversation_id = n.conversation, agent_id = n.agent, content = n.content, sender = n.sender, \
     updated_at = n.at from (select {owner} as organization, \
     value ->> 'message' as message, value ->> 'conversation' as conversation, value ->> 'agent' as agent, \
     value ->> 'content' as content, value ->> 'sender' as sender, \
     cast(value ->> 'at' as bigint) as at from {list}) n \
     where messages.organization_id = n.organization and messages.id = n.message",
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
                let content: StoredKind = columns.get("content")?;
                let from = people::read_sender(&columns)?.unwrap_or_default();
                let stored = StoredAs::new(content.is_unavailable(), &columns.get("id")?, from);
                received.known.insert(address, stored);
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
        let unread = match self.known(message, channel, &address) {
            Some(StoredAs::Whole) => return Ok(Effect::Duplicate),
            Some(StoredAs::Unavailable { id, .. }) => Some(id),
            None => None,
        };
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
            id: unread.as_ref().unwrap_or(&ids.message),
            external_id: address.1.clone(),
            from,
            inferred,
            in_reply_to: answered.map(|answered| answered.id),
        };
        let content = filed.content();
        let known = StoredAs::new(content.is_unavailable(), filed.id, filed.from.clone());
        let row = filed.row(&content, conversation, log);
        match unread {
            Some(_) => self.replace(row),
            None => self.fresh.push(row),
        }
        log.append(NewEvent::of(conversation, filed.data(content)));
        contacts.said(slot, log.at());
        self.known.insert(address, known);
        Ok(Effect::Told)
    }

    /// Returns what is stored of a message: nothing, all of it, or that it could not be read and has words now.
    fn known(
        &self,
        message: &InboundMessage,
        channel: &KnownChannel,
        address: &Address,
    ) -> Option<StoredAs> {
        match self.known.get(address) {
            Some(unread @ StoredAs::Unavailable { from, .. })
                if !is_unavailable(message) && people::may_be_same(&message.from, from) =>
            {
                Some(unread.clone())
            }
            Some(_) => Some(StoredAs::Whole),
            None => {
                let erased = (channel.id.clone(), row::erased_id(&address.1));
                let is_erased = message.group.is_some() && self.known.contains_key(&erased);
                is_erased.then_some(StoredAs::Whole)
            }
        }
    }

    /// Gives a message that could not be read its words.
    fn replace(&mut self, row: MessageRow) {
        let mut fresh = self.fresh.iter_mut();
        match fresh.find(|fresh| fresh.message == row.message) {
            Some(fresh) => *fresh = row,
            None => self.read.push(row),
        }
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
        if !fresh.is_empty() {
            log.over(&INSERT, &fresh).run(connection).await?;
        }
        let read = std::mem::take(&mut self.read);
        if !read.is_empty() {
            log.over(&REPLACE, &read).run(connection).await?;
        }
        Ok(())
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

fn is_unavailable(message: &InboundMessage) -> bool {
    matches!(&message.content, InboundContent::Other { kind, .. } if kind == UNAVAILABLE)
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
            ..
        } if channel.provider.has_title_taps() && kind == "text" => {
            button_of_title(answered?.content.as_ref()?, text)
        }
        _ => None,
    }
}
