//! Messages whose outcome became unknown: a caller who knows no better repeats them.

use recado_core::{ConversationId, MessageId};

use crate::messages::Message;
use crate::prelude::*;

/// Most messages that a repeat is compared with.
const MAX_ONCE_UNKNOWN: i64 = 20;

impl Store {
    /// Notes that the caller of a send was told that its outcome is unknown, while the send goes on.
    pub async fn note_unknown(
        &self,
        organization: &OrganizationId,
        id: &MessageId,
        at: Timestamp,
    ) -> Result<()> {
        let query = Query::new(
            "update messages set unknown_at = $3 where organization_id = $1 and id = $2 \
             and unknown_at is null",
        )
        .id(organization)
        .id(id)
        .instant(at);
        self.write_count(query).await.map(drop)
    }

    /// Returns the messages of a conversation whose outcome became unknown since an instant, the latest first; none
    /// if the organization wants each repeat of such a message to be sent.
    pub async fn messages_once_unknown(
        &self,
        organization: &OrganizationId,
        conversation: &ConversationId,
        since: Timestamp,
    ) -> Result<Vec<Message>> {
        let query = Message::select(
            "where organization_id = $1 and conversation_id = $2 and unknown_at > $3 \
             and exists (select 1 from organizations o where o.id = $1 and o.guards_repeats = 1) \
             order by unknown_at desc limit $4",
        )
        .id(organization)
        .id(conversation)
        .instant(since)
        .bind(MAX_ONCE_UNKNOWN);
        self.find_all(query).await
    }
}
