//! Messages of ours that come back, and are told which they are if their id never came.

use recado_core::inbound::{Echo, StatusNews, phone_variants};
use recado_core::{ChannelId, MessageId, Status};
use sqlx::AnyConnection;

use crate::db::row::{self, Columns};
use crate::error::StoreError;
use crate::events::append::EventLog;
use crate::messages::content;
use crate::messages::pending_statuses::Waiting;
use crate::messages::transition::{self, Progress};
use crate::messages::{self, message_columns};
use crate::resources::people;

/// An echo comes within this time of its send (ZapperAPI, inferred).
const WITHIN_MILLISECONDS: i64 = 2 * 60 * 1000;

/// The status that a message has come to when it comes back: WhatsApp has it.
pub(crate) fn status(echo: &Echo) -> StatusNews {
    StatusNews::new(vec![echo.external_id.clone()], Status::Sent)
}

/// Gives a message the id under which it came back, which no message has; tells whether there is one.
pub(crate) async fn bind(
    echo: &Echo,
    channel: &ChannelId,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<bool, StoreError> {
    let Some(id) = sought(echo, channel, log, connection).await? else {
        return Ok(false);
    };
    name(&id, echo, log, connection).await?;
    Ok(true)
}

/// The only message without an id that went to this customer at that time with these words and buttons.
///
/// Of two that are alike, the oldest would be a guess: both are left without an id.
async fn sought(
    echo: &Echo,
    channel: &ChannelId,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Option<MessageId>, StoreError> {
    let mut phones = echo
        .to
        .phone
        .iter()
        .flat_map(|phone| phone_variants(phone.as_str()));
    let sent_at = echo.sent_at.unwrap_or(log.at().as_millisecond());
    // Each of the look-ups has an index of its own.
    let rows = sqlx::query(
        "select m.id, m.content from (select id from conversations where organization_id = $1 \
         and channel_id = $2 and phone = $3 union select id from conversations \
         where organization_id = $1 and channel_id = $2 and phone = $4 union \
         select id from conversations where organization_id = $1 and channel_id = $2 \
         and lid = $5) c join messages m on m.organization_id = $1 and m.conversation_id = c.id \
         where m.created_at between $6 and $7 and m.direction = 'outbound' \
         and m.external_id is null and m.status in ('sending', 'accepted', 'unknown')",
    )
    .bind(log.organization().as_str().to_owned())
    .bind(channel.as_str().to_owned())
    .bind(phones.next())
    .bind(phones.next())
    .bind(people::bound(echo.to.lid.as_ref()))
    .bind(sent_at.saturating_sub(WITHIN_MILLISECONDS))
    .bind(sent_at.saturating_add(WITHIN_MILLISECONDS))
    .fetch_all(connection)
    .await?;
    let mut found = None;
    for row in &rows {
        let columns = Columns::new(row, "messages", "id");
        let content = content::outbound(&columns)?;
        if content::says(&content, &echo.body, &echo.buttons)
            && found.replace(columns.parse("id")?).is_some()
        {
            return Ok(None);
        }
    }
    Ok(found)
}

/// Gives a message its id, and what was heard of that id before.
async fn name(
    id: &MessageId,
    echo: &Echo,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    let row = sqlx::query(concat!(
        "update messages set external_id = $3 where organization_id = $1 and id = $2 returning ",
        message_columns!()
    ))
    .bind(log.organization().as_str().to_owned())
    .bind(id.as_str().to_owned())
    .bind(row::provider_id(&echo.external_id))
    .fetch_one(&mut *connection)
    .await?;
    let message = messages::read(&row)?;
    // While it is on its way, its outcome comes first, and what waits for it follows.
    if message.status == Status::Sending {
        return Ok(());
    }
    let mut named = Progress::from(&message);
    let mut waiting = Waiting::take(std::slice::from_ref(&named), log, connection).await?;
    if waiting.apply(&mut named, log) {
        transition::save([&named], log, connection).await?;
    }
    Ok(())
}
