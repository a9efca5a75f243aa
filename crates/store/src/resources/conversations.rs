//! Conversations: one agent, one channel, one recipient.

use jiff::Timestamp;
use recado_core::inbound::{Contact, phone_variants};
use recado_core::{AgentId, ChannelId, ConversationId, OrganizationId, Recipient, RecipientKind};

use crate::db::Query;
use crate::db::bind::Bind as _;
use crate::db::noun::{Noun, Row};
use crate::db::page::{Cursor, Listed, Page};
use crate::db::row::Columns;
use crate::error::Result;
use crate::resources::people;
use crate::store::Store;

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

macro_rules! conversation_columns {
    () => {
        "id, organization_id, agent_id, channel_id, recipient, phone, user_id, lid, person_name, \
         window_expires_at, created_at"
    };
}
pub(crate) use conversation_columns;

macro_rules! insert_conversation {
    () => {
        "insert into conversations (organization_id, id, agent_id, channel_id, recipient, phone, \
         user_id, lid, person_name, window_expires_at, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    };
}

/// Selects a part of the conversations. SQLite uses an index only for a filter that is always there, so each
/// combination has a text of its own.
macro_rules! listed {
    ($filter:literal) => {
        concat!(
            "select ",
            conversation_columns!(),
            " from conversations where organization_id = $1 and (created_at, id) > ($2, $3)",
            $filter,
            " order by created_at, id limit $4 + 0"
        )
    };
}

/// Selects the conversations of a customer, of which there are few: the `+ 0` keeps PostgreSQL from reading all
/// conversations in their order until it has found them.
macro_rules! of_recipient {
    ($filter:literal) => {
        concat!(
            "select ",
            conversation_columns!(),
            " from conversations where organization_id = $1 and (created_at + 0, id) > ($2, $3) and ",
            $filter,
            " and (cast($5 as text) is null or agent_id || '' = $5) \
             and (cast($6 as text) is null or channel_id || '' = $6) \
             order by created_at + 0, id limit $4 + 0"
        )
    };
}

impl ConversationFilter {
    fn statement(&self) -> &'static str {
        let kind = self.recipient.as_ref().map(Recipient::kind);
        match (kind, &self.agent, &self.channel) {
            (Some(RecipientKind::Phone), ..) => of_recipient!("phone in ($7, $8)"),
            (Some(RecipientKind::UserId), ..) => of_recipient!("user_id in ($7, $8)"),
            (Some(RecipientKind::Lid), ..) => of_recipient!("lid in ($7, $8)"),
            (Some(RecipientKind::Group), ..) => of_recipient!(
                "recipient in ($7, $8) and phone is null and user_id is null and lid is null"
            ),
            (None, None, None) => listed!(""),
            (None, Some(_), None) => listed!(" and agent_id = $5"),
            (None, None, Some(_)) => listed!(" and channel_id = $5"),
            (None, Some(_), Some(_)) => listed!(" and agent_id = $5 and channel_id = $6"),
        }
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

impl Row for Conversation {
    const TABLE: &'static str = "conversations";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        Ok(Conversation {
            id: columns.parse("id")?,
            organization_id: columns.parse("organization_id")?,
            agent_id: columns.parse("agent_id")?,
            channel_id: columns.parse("channel_id")?,
            recipient: columns.parse("recipient")?,
            person: people::read(columns)?,
            // A window that cannot be read is not known; that is not a refusal.
            window_expires_at: columns
                .optional_instant("window_expires_at")
                .unwrap_or_default(),
            created_at: columns.instant("created_at")?,
        })
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(self.created_at, self.id.as_str())
    }
}

impl Noun for Conversation {
    const COLUMNS: &'static str = conversation_columns!();
}

impl Store {
    /// Returns a conversation.
    pub async fn get_conversation(
        &self,
        organization: &OrganizationId,
        id: &ConversationId,
    ) -> Result<Option<Conversation>> {
        self.get(organization, id.as_str()).await
    }

    /// Finds the conversation of this agent, channel and recipient.
    pub async fn find_conversation(
        &self,
        organization: &OrganizationId,
        agent: &AgentId,
        channel: &ChannelId,
        recipient: &Recipient,
    ) -> Result<Option<Conversation>> {
        let query = sqlx::query(concat!(
            "select ",
            conversation_columns!(),
            " from conversations where organization_id = $1 and agent_id = $2 \
             and channel_id = $3 and recipient = $4"
        ))
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
        let (created_at, id) = page.start();
        let mut query = sqlx::query(filter.statement())
            .id(organization)
            .bind(created_at)
            .bind(id)
            .bind(page.rows());
        let agent = filter.agent.as_ref().map(|id| id.as_str().to_owned());
        let channel = filter.channel.as_ref().map(|id| id.as_str().to_owned());
        if let Some(recipient) = &filter.recipient {
            let forms = phone_variants(recipient.as_str());
            let [first, last] = [forms.first(), forms.last()].map(Option::<&String>::cloned);
            query = query.bind(agent).bind(channel).bind(first).bind(last);
        } else {
            for id in [agent, channel].into_iter().flatten() {
                query = query.bind(id);
            }
        }
        self.page_of_many(organization, page, query).await
    }
}

pub(crate) fn insert(conversation: &Conversation) -> Query {
    bind(sqlx::query(insert_conversation!()), conversation)
}

fn bind(query: Query, conversation: &Conversation) -> Query {
    let person = &conversation.person;
    query
        .id(&conversation.organization_id)
        .id(&conversation.id)
        .id(&conversation.agent_id)
        .id(&conversation.channel_id)
        .id(&conversation.recipient)
        .optional_id(person.phone.as_ref())
        .optional_id(person.user_id.as_ref())
        .optional_id(person.lid.as_ref())
        .bind(people::bound_name(person))
        .optional_instant(conversation.window_expires_at)
        .instant(conversation.created_at)
}
