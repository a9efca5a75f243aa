//! Everything that a send asks first, in one round trip.

use std::num::NonZeroU32;

use recado_core::{AgentId, ConversationId, Recipient};

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

const SEND_TARGET: &str = "\
    select case \
        when exists (select 1 from agents where organization_id = $1 and id = $2) then 2 \
        when exists (select 1 from agents where id = $2) then 1 \
        else 0 end as agent_owner, \
    case when exists (select 1 from messages m where m.organization_id = $1 \
        and m.conversation_id = $3 and m.unknown_at > $4) then 1 else 0 end as has_unknown, \
    (select messages_per_second from organizations where id = $1) as messages_per_second, \
    v.id as conversation_id, v.agent_id, v.recipient, \
    v.window_expires_at, c.id as channel_id, c.organization_id, c.provider, c.name, c.settings, \
    c.default_agent_id, c.connected, c.budget, c.paused_at, c.pause_error, c.check_at, c.key_id, c.secrets, c.version, c.created_at, c.updated_at \
    from (select 1 as one) as base \
    left join conversations v on v.organization_id = $1 and v.id = $3 \
    left join channels c on c.organization_id = $1 and c.id = v.channel_id";

impl Store {
    /// Returns the owner of the agent, and the conversation with its channel. `since` is the instant for
    /// [`SendTarget::has_unknown`].
    pub async fn send_target(
        &self,
        organization: &OrganizationId,
        agent: &AgentId,
        conversation: &ConversationId,
        since: Timestamp,
    ) -> Result<SendTarget> {
        let query = Query::new(SEND_TARGET)
            .id(organization)
            .id(agent)
            .id(conversation)
            .instant(since);
        match self.read_row_first(query).await? {
            Some(row) => target(&row),
            None => Ok(SendTarget {
                agent: AgentOwner::Missing,
                conversation: None,
                has_unknown: false,
                messages_per_second: None,
            }),
        }
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
