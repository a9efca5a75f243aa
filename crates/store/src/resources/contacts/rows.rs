//! The conversations of contacts, read and written as rows: one statement for all of them.

use std::collections::HashSet;

use recado_core::{AgentId, ChannelId, ConversationId, Recipient};
use serde::Serialize;

use super::{Contacts, Known, spellings};
use crate::events::append::EventLog;
use crate::prelude::*;
use crate::resources::conversations::Conversation;
use crate::resources::idempotency_keys::IdempotencyKey;
use crate::resources::people;

#[derive(Serialize)]
struct AddressKey {
    channel: ChannelId,
    address: String,
}

#[derive(Serialize)]
struct ConversationRow<'a> {
    conversation: &'a ConversationId,
    agent: &'a AgentId,
    channel: &'a ChannelId,
    recipient: &'a str,
    phone: Option<&'a str>,
    person: Option<&'a str>,
    lid: Option<&'a str>,
    name: Option<String>,
    ends: Option<i64>,
    at: i64,
}

/// Each look-up has an index; a group has no address of a customer.
static LOOK_UP: OverList = OverList::of(
    "with sought as (select {owner} as organization, value ->> 'channel' as channel, \
     value ->> 'address' as address from {list}), found as (\
     select k.organization_id as organization, k.id as conversation from sought s cross join conversations k \
     where k.organization_id = s.organization and k.channel_id = s.channel \
     and k.user_id = s.address union \
     select k.organization_id, k.id from sought s cross join conversations k \
     where k.organization_id = s.organization and k.channel_id = s.channel \
     and k.lid = s.address union \
     select k.organization_id, k.id from sought s cross join conversations k \
     where k.organization_id = s.organization and k.channel_id = s.channel \
     and k.phone = s.address union \
     select k.organization_id, k.id from sought s cross join conversations k \
     where k.organization_id = s.organization and k.channel_id = s.channel \
     and k.recipient = s.address \
     and k.phone is null and k.user_id is null and k.lid is null) select {columns}, \
     coalesce((select max(m.created_at) from messages m \
     where m.organization_id = c.organization_id and m.conversation_id = c.id), \
     c.created_at) as said_at from found f cross join conversations c \
     where c.organization_id = f.organization and c.id = f.conversation",
    Conversation::COLUMNS,
);

static INSERT: OverList = OverList::new(
    "insert into conversations (organization_id, id, agent_id, channel_id, recipient, phone, \
     user_id, lid, person_name, window_expires_at, created_at) \
     select $1, value ->> 'conversation', value ->> 'agent', value ->> 'channel', \
     value ->> 'recipient', value ->> 'phone', value ->> 'person', value ->> 'lid', \
     value ->> 'name', cast(value ->> 'ends' as bigint), cast(value ->> 'at' as bigint) from {list}",
);

static UPDATE: OverList = OverList::new(
    "update conversations set phone = n.phone, user_id = n.person, lid = n.lid, \
     person_name = n.name, window_expires_at = n.ends from (select {owner} as organization, \
     value ->> 'conversation' as conversation, value ->> 'phone' as phone, value ->> 'person' as person, \
     value ->> 'lid' as lid, value ->> 'name' as name, cast(value ->> 'ends' as bigint) as ends \
     from {list}) n where organization_id = n.organization and id = n.conversation",
);

impl Store {
    /// Creates a conversation, and returns it with what is known of its customer: addresses and window.
    /// Fails with [`StoreError::Conflict`] if the organization has this id, or has a conversation of the same agent,
    /// channel and recipient.
    pub async fn create_conversation(
        &self,
        conversation: &Conversation,
        key: Option<&IdempotencyKey>,
    ) -> Result<Conversation> {
        let (owner, at) = (&conversation.organization_id, conversation.created_at);
        let keep = key.map(|key| key.keep(Some(owner), conversation.id.as_str(), at));
        let conversation = conversation.clone();
        // The organization lock: a customer message that is applied at the same time would otherwise update the
        // windows of the existing conversations and miss this new one.
        self.with_log(owner, at, move |log, connection| {
            Box::pin(async move {
                if let Some(keep) = keep {
                    keep.execute(&mut *connection).await?;
                }
                create(conversation, &log, connection).await
            })
        })
        .await
    }
}

async fn create(
    mut conversation: Conversation,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Conversation> {
    let (person, channel) = (&conversation.person, &conversation.channel_id);
    let addresses = person.addresses().map(|address| (channel, address));
    let contacts = Contacts::load(addresses, log, connection).await?;
    for slot in contacts.of(person, channel) {
        let known = contacts.get(slot);
        if people::may_be_same(&conversation.person, &known.person) {
            conversation.person = people::completed(&conversation.person, &known.person);
        }
        let window = conversation.window_expires_at;
        conversation.window_expires_at = window.max(known.window_expires_at);
    }
    write(&INSERT, [&conversation], log, connection).await?;
    Ok(conversation)
}

impl Contacts {
    /// Loads the conversations with these addresses, in every spelling.
    pub(crate) async fn load<'a>(
        addresses: impl Iterator<Item = (&'a ChannelId, &'a Recipient)>,
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        let spelled = addresses.flat_map(|(channel, address)| {
            let spellings = spellings(address).into_iter();
            spellings.map(move |spelling| (channel, spelling))
        });
        let sought: Vec<_> = spelled
            .collect::<HashSet<_>>()
            .into_iter()
            .map(|(channel, address)| AddressKey {
                channel: channel.clone(),
                address: address.to_string(),
            })
            .collect();
        let mut contacts = Self::default();
        if sought.is_empty() {
            return Ok(contacts);
        }
        let rows = log.over(&LOOK_UP, &sought).fetch_all(connection).await?;
        for row in &rows {
            contacts.know(Known {
                conversation: Conversation::of(row)?,
                said_at: Conversation::columns(row).get("said_at")?,
            });
        }
        Ok(contacts)
    }

    /// Writes what was opened and learned since the last call.
    pub(crate) async fn save(&mut self, log: &EventLog, connection: &mut Connection) -> Result<()> {
        let opened = std::mem::take(&mut self.opened);
        let mut learned = std::mem::take(&mut self.learned);
        for slot in &opened {
            learned.remove(slot);
        }
        let opened = opened.into_iter().map(|slot| self.get(slot));
        write(&INSERT, opened, log, &mut *connection).await?;
        let learned = learned.into_iter().map(|slot| self.get(slot));
        write(&UPDATE, learned, log, connection).await
    }
}

async fn write(
    statement: &'static OverList,
    conversations: impl IntoIterator<Item = &Conversation>,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<()> {
    let rows: Vec<_> = conversations
        .into_iter()
        .map(ConversationRow::from)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    log.over(statement, &rows).run(connection).await
}

impl<'a> From<&'a Conversation> for ConversationRow<'a> {
    fn from(conversation: &'a Conversation) -> Self {
        let person = &conversation.person;
        let window = conversation.window_expires_at;
        Self {
            conversation: &conversation.id,
            agent: &conversation.agent_id,
            channel: &conversation.channel_id,
            recipient: conversation.recipient.as_str(),
            phone: person.phone.as_ref().map(Recipient::as_str),
            person: person.user_id.as_ref().map(Recipient::as_str),
            lid: person.lid.as_ref().map(Recipient::as_str),
            name: people::bound_name(person),
            ends: window.map(Timestamp::as_millisecond),
            at: conversation.created_at.as_millisecond(),
        }
    }
}
