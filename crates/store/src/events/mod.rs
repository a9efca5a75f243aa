//! Events: one fact each, appended once, in order, for one organization.

pub(crate) mod append;
pub(crate) mod notifications;
pub(crate) mod subscriptions;

use std::fmt;
use std::str::FromStr;

use recado_core::event::EventType;
use recado_core::{AgentId, ChannelId, ConversationId};
use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::db::read::MAX_PAGE_BYTES;
use crate::prelude::*;

/// One fact, appended once, in order, for its organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id; ids sort in the order of writing within an organization.
    pub id: EventId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// What happened.
    pub event_type: EventType,
    /// The agent that it concerns.
    pub agent_id: Option<AgentId>,
    /// The channel that it concerns.
    pub channel_id: Option<ChannelId>,
    /// The conversation that it concerns.
    pub conversation_id: Option<ConversationId>,
    /// The [`EventData`](recado_core::event::EventData) as JSON.
    pub data: Value,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// The bounds of an organization's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventBounds {
    /// The newest event, from which a stream may start; before all events if the organization has none.
    pub newest: EventId,
    /// The newest event that is removed; a reader that has seen it misses none.
    pub removed_to: EventId,
}

impl Default for EventBounds {
    fn default() -> Self {
        Self {
            newest: EventId::BEFORE_ALL,
            removed_to: EventId::BEFORE_ALL,
        }
    }
}

/// One part of the events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// The events, oldest first.
    pub data: Vec<Event>,
    /// The last event of this part, if there may be more behind it.
    pub next: Option<EventId>,
}

/// The position of an event in the order of its organization: `evt_` and 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(i64);

/// A text that is not the id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of an event is evt_ and 16 hexadecimal digits")]
pub struct EventIdError;

/// A filter of events; `None` accepts everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only events of this type.
    pub event_type: Option<EventType>,
    /// Only events of this conversation.
    pub conversation: Option<ConversationId>,
}

impl EventFilter {
    /// Returns whether the filter accepts an event.
    pub fn matches(&self, event: &Event) -> bool {
        self.event_type
            .is_none_or(|event_type| event_type == event.event_type)
            && (self.conversation.is_none() || self.conversation == event.conversation_id)
    }
}

impl EventId {
    /// The position before the first event of every organization.
    pub const BEFORE_ALL: Self = Self(0);

    pub(crate) const fn new(seq: i64) -> Self {
        Self(seq)
    }

    pub(crate) const fn seq(self) -> i64 {
        self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt_{:016x}", self.0)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let digits = text.strip_prefix("evt_").ok_or(EventIdError)?;
        let canonical = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 16 || !digits.bytes().all(canonical) {
            return Err(EventIdError);
        }
        i64::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| EventIdError)
    }
}

impl Store {
    /// Lists the events of an organization behind `after`, oldest first, as many as one page has room for.
    pub async fn list_events(
        &self,
        organization: &OrganizationId,
        after: Option<EventId>,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<EventPage> {
        let events = self.list_events_within(organization, after, filter, limit, MAX_PAGE_BYTES);
        events.await
    }

    /// Lists events as [`Self::list_events`] does, up to so many bytes, but one at least if there is one.
    pub async fn list_events_within(
        &self,
        organization: &OrganizationId,
        after: Option<EventId>,
        filter: &EventFilter,
        limit: u32,
        max_bytes: usize,
    ) -> Result<EventPage> {
        // One text for each combination: SQLite uses an index only for a filter that is always there.
        let filtered = match (filter.event_type, &filter.conversation) {
            (None, None) => "",
            (Some(_), None) => "and type = $4 ",
            (None, Some(_)) => "and conversation_id = $4 ",
            // A conversation has fewer events than a type.
            (Some(_), Some(_)) => "and conversation_id = $4 and type || '' = $5 ",
        };
        let text = format!(
            "select seq, organization_id, type, agent_id, channel_id, conversation_id, data, created_at \
             from events where organization_id = $1 and seq > $2 {filtered}order by seq limit $3"
        );
        let mut query = Query::new(AssertSqlSafe(text))
            .id(organization)
            .bind(after.map_or(0, EventId::seq))
            .bind(i64::from(limit));
        if let Some(conversation) = &filter.conversation {
            query = query.id(conversation);
        }
        if let Some(event_type) = filter.event_type {
            query = query.bind(event_type.as_str());
        }
        let rows = self.read_list(organization, query, max_bytes).await?;
        let data = rows.rows.iter().map(event).collect::<Result<Vec<_>>>()?;
        let last = data.last().map(|event| event.id);
        let may_have_more = rows.cut || rows.rows.len() >= limit as usize;
        Ok(EventPage {
            next: last.filter(|_| may_have_more),
            data,
        })
    }

    /// Returns the newest event of an organization, and the newest that was removed. Both stand before all events if the
    /// organization does not exist.
    pub async fn event_bounds(&self, organization: &OrganizationId) -> Result<EventBounds> {
        let query =
            Query::new("select id, last_event, events_removed_to from organizations where id = $1")
                .id(organization);
        let Some(row) = self.read_row(query).await? else {
            return Ok(EventBounds::default());
        };
        let columns = Columns::new(&row, "organizations", "id");
        Ok(EventBounds {
            newest: EventId(columns.get("last_event")?),
            removed_to: EventId(columns.get("events_removed_to")?),
        })
    }
}

fn event(row: &RawRow) -> Result<Event> {
    read(
        &Columns::new(row, "events", "organization_id"),
        "created_at",
    )
}

/// Reads an event from columns with their own names, except for its time.
pub(crate) fn read(columns: &Columns<'_>, created_at: &'static str) -> Result<Event> {
    Ok(Event {
        id: EventId(columns.get("seq")?),
        organization_id: columns.get("organization_id")?,
        event_type: columns.get("type")?,
        agent_id: columns.get("agent_id")?,
        channel_id: columns.get("channel_id")?,
        conversation_id: columns.get("conversation_id")?,
        data: columns.get("data")?,
        created_at: columns.get(created_at)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_sort_as_texts_in_the_order_of_writing_and_read_back() {
        let ids = [1, 9, 10, 255, 256, i64::MAX].map(EventId);
        let texts = ids.map(|id| id.to_string());
        assert!(texts.is_sorted(), "{texts:?}");
        for (id, text) in ids.into_iter().zip(texts) {
            assert_eq!(text.parse(), Ok(id));
        }
    }

    #[test]
    fn only_what_was_given_out_is_an_event_id() {
        for text in [
            "",
            "evt_",
            "evt_1",
            "evt_00000000000000001",
            "evt_000000000000000G",
            "evt_000000000000000A",
            "evt_+000000000000001",
            "evt_ffffffffffffffff",
            "msg_0000000000000001",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(EventIdError), "{text}");
        }
    }
}
