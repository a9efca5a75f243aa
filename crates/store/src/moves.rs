//! Customers who change their number or user id: their conversations go with them.

use recado_core::inbound::{InboundMessage, Person};
use recado_core::{Recipient, RecipientKind};
use sqlx::AnyConnection;

use crate::contacts;
use crate::conversations::Conversation;
use crate::error::StoreError;
use crate::event_log::EventLog;
use crate::inbound::{FreshIds, KnownChannel};
use crate::people;
use crate::senders::{self, Place};

/// Takes the customer's conversations along, and gives the one where that is noted, as it was before.
///
/// Whoever is known by the new names already stays in the conversations of those names.
pub(crate) async fn conversation(
    message: &InboundMessage,
    to: &Person,
    ids: &FreshIds,
    channel: &KnownChannel,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Place, StoreError> {
    let (id, organization) = (&channel.id, log.organization());
    let left = contacts::of_person(&message.from, id, organization, connection).await?;
    for conversation in &left {
        follow(conversation, to, connection).await?;
    }
    let known = contacts::of_person(to, id, organization, connection).await?;
    let known = contacts::learned(known, to, None, connection).await?;
    if let Some(newest) = left.into_iter().next() {
        return Ok(Place::Conversation(Box::new(newest)));
    }
    match known.into_iter().next() {
        Some(known) => Ok(Place::Conversation(Box::new(known))),
        None => senders::open(to, None, ids, channel, log, connection).await,
    }
}

/// Gives a conversation the new names, and the first new address that no other one of its agent has.
///
/// If none is free, the customer goes on in that other conversation: this one stays as it is, for
/// two with one address would be the same one, and it must not be sent to whom it was not written for.
async fn follow(
    conversation: &Conversation,
    to: &Person,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    for recipient in addresses(conversation, to) {
        if readdress(conversation, recipient, to, connection).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// The new addresses, the one of the same kind as the old one first.
fn addresses<'a>(
    conversation: &Conversation,
    to: &'a Person,
) -> impl Iterator<Item = &'a Recipient> {
    let (first, second) = match conversation.recipient.kind() {
        RecipientKind::UserId => (&to.user_id, &to.phone),
        _ => (&to.phone, &to.user_id),
    };
    [first, second, &to.lid].into_iter().flatten()
}

/// Tells whether the address was free.
async fn readdress(
    conversation: &Conversation,
    recipient: &Recipient,
    to: &Person,
    connection: &mut AnyConnection,
) -> Result<bool, StoreError> {
    let changed = sqlx::query(
        "update conversations set recipient = $3, phone = $4, user_id = $5, lid = $6 \
         where organization_id = $1 and id = $2 and not exists (select 1 from conversations o \
         where o.organization_id = $1 and o.agent_id = conversations.agent_id \
         and o.channel_id = conversations.channel_id and o.recipient = $3 and o.id <> $2)",
    )
    .bind(conversation.organization_id.as_str().to_owned())
    .bind(conversation.id.as_str().to_owned())
    .bind(recipient.as_str().to_owned())
    // Meta makes a new user id for a new number, so no former name is the customer's any more.
    .bind(people::bound(to.phone.as_ref()))
    .bind(people::bound(to.user_id.as_ref()))
    .bind(people::bound(to.lid.as_ref()))
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() > 0)
}
