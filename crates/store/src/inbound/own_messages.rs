//! Own messages: the provider reports a message that we sent, which gives it an external id if the answer was lost.

use recado_core::inbound::{OwnMessage, StatusUpdate, phone_variants};
use recado_core::{ChannelId, MessageId, Status};

use crate::events::append::EventLog;
use crate::messages::Message;
use crate::messages::content::{self, StoredOutbound};
use crate::messages::pending_statuses::TakenStatuses;
use crate::messages::transition::{self, MessageState};
use crate::prelude::*;

/// The provider reports an own message within this time of its send (ZapperAPI, inferred).
const WITHIN_MILLISECONDS: i64 = 2 * 60 * 1000;

/// Returns the status that the report of an own message proves: WhatsApp has it.
pub(crate) fn status(own_message: &OwnMessage) -> StatusUpdate {
    StatusUpdate::new(vec![own_message.external_id.clone()], Status::Sent)
}

/// Stores the external id of the message that an own message matches; returns whether one does.
pub(crate) async fn bind(
    own_message: &OwnMessage,
    channel: &ChannelId,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<bool> {
    let Some(id) = sought(own_message, channel, log, connection).await? else {
        return Ok(false);
    };
    name(&id, own_message, log, connection).await?;
    Ok(true)
}

/// Finds the only message without an external id that went to this customer at that time with this body and these
/// buttons or rows.
///
/// Of two equal messages, the older one would be a guess: both stay without an external id.
async fn sought(
    own_message: &OwnMessage,
    channel: &ChannelId,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Option<MessageId>> {
    let mut phones = own_message
        .to
        .phone
        .iter()
        .flat_map(|phone| phone_variants(phone.as_str()));
    let sent_at = own_message.sent_at.unwrap_or(log.at().as_millisecond());
    // Each of the look-ups has an index of its own.
    let rows = Query::new(
        "select m.id, m.content from (select id from conversations where organization_id = $1 \
         and channel_id = $2 and phone = $3 union select id from conversations \
         where organization_id = $1 and channel_id = $2 and phone = $4 union \
         select id from conversations where organization_id = $1 and channel_id = $2 \
         and lid = $5) c join messages m on m.organization_id = $1 and m.conversation_id = c.id \
         where m.created_at between $6 and $7 and m.direction = 'outbound' \
         and m.external_id is null and m.status in ('sending', 'accepted', 'unknown')",
    )
    .id(log.organization())
    .id(channel)
    .bind(phones.next())
    .bind(phones.next())
    .optional_id(own_message.to.lid.as_ref())
    .bind(sent_at.saturating_sub(WITHIN_MILLISECONDS))
    .bind(sent_at.saturating_add(WITHIN_MILLISECONDS))
    .fetch_all(connection)
    .await?;
    let mut found = None;
    for row in &rows {
        let columns = Columns::new(row, "messages", "id");
        let content = columns.get::<StoredOutbound>("content")?.0;
        if content::says(&content, own_message) && found.replace(columns.get("id")?).is_some() {
            return Ok(None);
        }
    }
    Ok(found)
}

/// Stores the external id, and applies the pending statuses of that id.
async fn name(
    id: &MessageId,
    own_message: &OwnMessage,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<()> {
    let row = Message::returning(
        "update messages set external_id = $3 where organization_id = $1 and id = $2",
    )
    .id(log.organization())
    .id(id)
    .bind(row::provider_id(&own_message.external_id))
    .fetch_one(&mut *connection)
    .await?;
    let message = Message::of(&row)?;
    // While it is on its way, its outcome comes first, and what waits for it follows.
    if message.status == Status::Sending {
        return Ok(());
    }
    let mut named = MessageState::from(&message);
    let mut waiting = TakenStatuses::take(std::slice::from_ref(&named), log, connection).await?;
    if waiting.apply(&mut named, log) {
        transition::save([&named], log, connection).await?;
    }
    Ok(())
}
