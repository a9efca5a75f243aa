//! Everything that a send asks first, in one round trip.

use std::num::NonZeroU32;

use recado_core::{AgentId, ConversationId, Recipient};
use serde::Serialize;

use crate::db::batch::Batchable;
use crate::prelude::*;
use crate::resources::channels::Channel;
use crate::resources::conversations;

/// What a send needs to know of its agent and conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendTarget {
    /// The owner of the agent.
    pub agent: AgentOwner,
    /// The caller's conversation, if there is one of this id.
    pub conversation: Option<TargetConversation>,
    /// Whether the outcome of a message in the conversation became unknown since the instant that was asked about.
    pub has_unknown: bool,
    /// The most messages that the organization may send in a second.
    pub messages_per_second: Option<NonZeroU32>,
}

/// The owner of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentOwner {
    /// The organization that asks.
    Caller,
    /// Another organization alone.
    Other,
    /// The agent does not exist.
    Missing,
}

/// The conversation that a send goes into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetConversation {
    /// Its id.
    pub id: ConversationId,
    /// The agent of the conversation.
    pub agent_id: AgentId,
    /// With whom.
    pub recipient: Recipient,
    /// Until when WhatsApp carries messages other than templates; `None` if that is not known.
    pub window_expires_at: Option<Timestamp>,
    /// The channel; `None` if it was deleted.
    pub channel: Option<Channel>,
}

macro_rules! send_target {
    ($asked:literal) => {
        concat!(
            "select case \
             when exists (select 1 from agents a where a.organization_id = n.organization \
             and a.id = coalesce(n.agent, v.agent_id)) then 2 \
             when exists (select 1 from agents a where a.id = coalesce(n.agent, v.agent_id)) then 1 \
             else 0 end as agent_owner, \
             case when exists (select 1 from messages m where m.organization_id = n.organization \
             and m.conversation_id = n.conversation and m.unknown_at > n.since) then 1 else 0 end as has_unknown, \
             (select o.messages_per_second from organizations o where o.id = n.organization) as messages_per_second, \
             n.place, v.id as conversation_id, v.agent_id, v.recipient, v.window_expires_at, \
             c.id as channel_id, c.organization_id, c.provider, c.name, c.settings, \
             c.default_agent_id, c.connected, c.budget, c.paused_at, c.pause_error, c.check_at, c.key_id, c.secrets, \
             c.version, c.created_at, c.updated_at from (",
            $asked,
            ") n left join conversations v on v.organization_id = n.organization and v.id = n.conversation \
             left join channels c on c.organization_id = n.organization and c.id = v.channel_id"
        )
    };
}

const SEND_TARGET: &str = send_target!(
    "select $1 as organization, $2 as agent, $3 as conversation, $4 as since, 0 as place"
);

/// The same for many sends of one organization.
const SEND_TARGETS: &str = send_target!(
    "select case when value is not null then $1 end as organization, value ->> 'agent' as agent, \
     value ->> 'conversation' as conversation, cast(value ->> 'since' as bigint) as since, \
     place from jsonb_array_elements($2::jsonb) with ordinality as a (value, place)"
);

/// What a send asks.
#[derive(Clone, Serialize)]
struct TargetAsked {
    agent: Option<AgentId>,
    conversation: ConversationId,
    since: i64,
}

impl Store {
    /// Returns the owner of the agent, and the conversation with its channel. `since` is the instant for
    /// [`SendTarget::has_unknown`]. Without an agent, that of the conversation is asked about.
    pub async fn send_target(
        &self,
        organization: &OrganizationId,
        agent: Option<&AgentId>,
        conversation: &ConversationId,
        since: Timestamp,
    ) -> Result<SendTarget> {
        if self.kind() == DatabaseKind::Postgres {
            let asked = TargetAsked {
                agent: agent.cloned(),
                conversation: conversation.clone(),
                since: since.as_millisecond(),
            };
            return self.gather(organization, asked).await;
        }
        let query = Query::new(SEND_TARGET)
            .id(organization)
            .optional_id(agent)
            .id(conversation)
            .instant(since);
        let row = self.read_row_first(query).await?;
        row.as_ref().map_or(Ok(MISSING), target)
    }
}

const MISSING: SendTarget = SendTarget {
    agent: AgentOwner::Missing,
    conversation: None,
    has_unknown: false,
    messages_per_second: None,
};

impl Batchable for TargetAsked {
    type Done = SendTarget;

    /// Reads: PostgreSQL is asked for many sends at once.
    async fn do_all(
        store: &Store,
        organization: &OrganizationId,
        asked: &[Self],
    ) -> Result<Vec<SendTarget>> {
        let query = Query::new(SEND_TARGETS).id(organization).json(&asked);
        let mut targets = vec![MISSING; asked.len()];
        for row in store.read_rows_first(query).await? {
            let place: i64 = Columns::new(&row, "conversations", "conversation_id").get("place")?;
            let place = usize::try_from(place - 1).ok();
            if let Some(found) = place.and_then(|place| targets.get_mut(place)) {
                *found = target(&row)?;
            }
        }
        Ok(targets)
    }
}

fn target(row: &RawRow) -> Result<SendTarget> {
    let columns = Columns::new(row, "conversations", "conversation_id");
    let agent = match columns.get::<i64>("agent_owner")? {
        2 => AgentOwner::Caller,
        1 => AgentOwner::Other,
        _ => AgentOwner::Missing,
    };
    let found: Option<&str> = columns.get("conversation_id")?;
    let conversation = found
        .is_some()
        .then(|| conversation(&columns, row))
        .transpose()?;
    Ok(SendTarget {
        agent,
        conversation,
        has_unknown: columns.get("has_unknown")?,
        messages_per_second: columns.get("messages_per_second")?,
    })
}

fn conversation(columns: &Columns<'_>, row: &RawRow) -> Result<TargetConversation> {
    let channel: Option<&str> = columns.get("channel_id")?;
    Ok(TargetConversation {
        id: columns.get("conversation_id")?,
        agent_id: columns.get("agent_id")?,
        recipient: columns.get("recipient")?,
        window_expires_at: conversations::window(columns)?,
        channel: channel
            .is_some()
            .then(|| Channel::read(&Columns::new(row, "channels", "channel_id")))
            .transpose()?,
    })
}
