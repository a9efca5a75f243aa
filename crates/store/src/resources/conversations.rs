//! Conversations: one agent, one channel, one recipient.

use recado_core::inbound::{Contact, phone_variants};
use recado_core::{AgentId, ChannelId, ConversationId, Recipient, RecipientKind};

use crate::prelude::*;
use crate::resources::people::{self, read as person};

/// One agent, one channel, one recipient; it outlives its agent and its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id within the organization.
    pub id: ConversationId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The agent that sends in it.
    pub agent_id: AgentId,
    /// The channel that carries its messages.
    pub channel_id: ChannelId,
    /// With whom; messages are sent to this address.
    pub recipient: Recipient,
    /// The customer, by every name that is known.
    pub person: Contact,
    /// Until when WhatsApp carries messages other than templates; `None` if that is not known.
    pub window_expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A filter of conversations; `None` accepts everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    /// Only those with the customer or the group of this address; a phone number is found in every form.
    pub recipient: Option<Recipient>,
    /// Only those of this agent.
    pub agent: Option<AgentId>,
    /// Only those of this channel.
    pub channel: Option<ChannelId>,
}

impl ConversationFilter {
    /// Returns the condition that selects a customer; each kind of address has an index.
    fn of_recipient(recipient: &Recipient) -> &'static str {
        match recipient.kind() {
            RecipientKind::Phone => "phone in ($7, $8)",
            RecipientKind::UserId => "user_id in ($7, $8)",
            RecipientKind::Lid => "lid in ($7, $8)",
            RecipientKind::Group => {
                "recipient in ($7, $8) and phone is null and user_id is null and lid is null"
            }
        }
    }

    /// Makes the statement. SQLite uses an index only for a filter that is always there, so each combination has a text
    /// of its own.
    fn query(&self, organization: &OrganizationId, page: &Page) -> Query {
        let Some(recipient) = &self.recipient else {
            let filter = match (&self.agent, &self.channel) {
                (None, None) => "",
                (Some(_), None) => " and agent_id = $5",
                (None, Some(_)) => " and channel_id = $5",
                (Some(_), Some(_)) => " and agent_id = $5 and channel_id = $6",
            };
            let query = Conversation::page_of(organization, page, filter);
            let query = self.agent.iter().fold(query, Query::id);
            return self.channel.iter().fold(query, Query::id);
        };
        let (created_at, id) = page.start();
        let forms = phone_variants(recipient.as_str());
        // A customer has few conversations: the `+ 0` keeps PostgreSQL from reading all in their order until it has
        // found them.
        Conversation::select(&format!(
            "where organization_id = $1 and (created_at + 0, id) > ($2, $3) and {} \
             and (cast($5 as text) is null or agent_id || '' = $5) \
             and (cast($6 as text) is null or channel_id || '' = $6) \
             order by created_at + 0, id limit $4",
            Self::of_recipient(recipient)
        ))
        .id(organization)
        .bind(created_at)
        .bind(id.to_owned())
        .bind(page.rows())
        .optional_id(self.agent.as_ref())
        .optional_id(self.channel.as_ref())
        .optional_id(forms.first())
        .optional_id(forms.last())
    }
}

impl Conversation {
    /// A conversation that is about to be created; of the customer only the address is known.
    pub fn new(
        organization_id: OrganizationId,
        id: ConversationId,
        agent_id: AgentId,
        channel_id: ChannelId,
        recipient: Recipient,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            organization_id,
            agent_id,
            channel_id,
            person: people::of(&recipient),
            recipient,
            window_expires_at: None,
            created_at,
        }
    }
}

row! {
    Conversation in "conversations":
    id, organization_id, agent_id, channel_id, recipient, person: person("phone, user_id, lid, person_name"),
    window_expires_at: window("window_expires_at"), created_at
}

impl Noun for Conversation {
    type Id = ConversationId;
}

/// A window that cannot be read is not known; that is not a refusal.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands among functions that fail for what cannot be read"
)]
pub(crate) fn window(columns: &Columns<'_>) -> Result<Option<Timestamp>> {
    Ok(columns.get("window_expires_at").unwrap_or_default())
}

impl Store {
    /// Finds the conversation of this agent, channel and recipient.
    pub async fn find_conversation(
        &self,
        organization: &OrganizationId,
        agent: &AgentId,
        channel: &ChannelId,
        recipient: &Recipient,
    ) -> Result<Option<Conversation>> {
        let query = Conversation::select(
            "where organization_id = $1 and agent_id = $2 and channel_id = $3 and recipient = $4",
        )
        .id(organization)
        .id(agent)
        .id(channel)
        .id(recipient);
        self.find(query).await
    }

    /// Lists the conversations of an organization that the filter asks for.
    pub async fn list_conversations(
        &self,
        organization: &OrganizationId,
        filter: &ConversationFilter,
        page: &Page,
    ) -> Result<Listed<Conversation>> {
        let query = filter.query(organization, page);
        self.page_of_many(organization, page, query).await
    }
}
