//! Customers who change their number or user id: their conversations go with them.

use recado_core::inbound::Person;
use recado_core::{Recipient, RecipientKind};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::events::append::EventLog;
use crate::inbound::item::Effect;
use crate::inbound::resolve::{self, Arrival};
use crate::resources::contacts::{Contacts, Place};
use crate::resources::conversations::Conversation;
use crate::resources::people;

/// Takes the customer's conversations along, and returns the one where that is noted.
///
/// Whoever is known by the new names already stays in the conversations of those names.
pub(crate) async fn conversation(
    arrival: Arrival<'_>,
    to: &Person,
    contacts: &mut Contacts,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Result<Place, Effect>, StoreError> {
    // A row can only get another address once it is there.
    contacts.save(log, connection).await?;
    let (from, channel) = (&arrival.message.from, &arrival.channel.id);
    let left = contacts.of(from, channel);
    for place in &left {
        follow(*place, to, contacts, connection).await?;
    }
    let known = contacts.of(to, channel);
    contacts.learn(&known, to, None);
    Ok(match left.first().or(known.first()) {
        Some(place) => Ok(*place),
        None => resolve::open(arrival, to, None, contacts, log),
    })
}

/// Gives a conversation the new names, and the first new address that no other one of its agent has.
///
/// If none is free, the customer goes on in that other conversation: this one stays as it is, for
/// two with one address would be the same one, and it must not be sent to whom it was not written for.
async fn follow(
    place: Place,
    to: &Person,
    contacts: &mut Contacts,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    for recipient in addresses(contacts.get(place), to) {
        if readdress(contacts.get(place), recipient, to, connection).await? {
            contacts.readdress(place, recipient, to);
            break;
        }
    }
    Ok(())
}

/// The new addresses, the one of the same kind as the old one first.
fn addresses<'a>(
    conversation: &Conversation,
    to: &'a Person,
) -> impl Iterator<Item = &'a Recipient> + use<'a> {
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
