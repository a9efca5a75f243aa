//! Sends begin on PostgreSQL in one round trip, with what they take of their limits.

use crate::db::routine::Routine;
use crate::db::writer::Scope;
use crate::limits::Ask;
use crate::limits::guess::{Guess, IS_WRONG_GUESS};
use crate::limits::known::KnownUses;
use crate::limits::uses::WRITE_GUESS;
use crate::messages::new_send::{
    BEGIN_ONCE_POSTGRES, Beginning, KEPT_KEYS_POSTGRES, NewSend, beginnings, first_of_keys,
};
use crate::prelude::*;

/// Does nothing if the organization is gone or a limit is not used as it is guessed, and then returns one row without an
/// id; the same with an empty id if an earlier request has one of the keys, because a repeat takes nothing of a limit.
static BEGIN: Routine = Routine {
    make: || {
        format!(
            "begin_sends(text, text, text, text) returns table (id text) language plpgsql as $function$\n\
             #variable_conflict use_column\n\
             begin\n\
             perform from organizations o where o.id = $1 for no key update;\n\
             if not found or exists ({IS_WRONG_GUESS}) then return query select null::text; return; end if;\n\
             if exists ({KEPT_KEYS_POSTGRES}) then return query select ''; return; end if;\n\
             {WRITE_GUESS};\n\
             return query {BEGIN_ONCE_POSTGRES};\n\
             end $function$"
        )
    },
    call: "select id from pg_temp.begin_sends($1, $2, $3, $4)",
    statements: &[
        IS_WRONG_GUESS,
        KEPT_KEYS_POSTGRES,
        WRITE_GUESS,
        BEGIN_ONCE_POSTGRES,
    ],
};

/// Begins sends whose limits seem to allow them; `None` if the limits have to be read first, and nothing is done then.
pub(crate) async fn begin_all(
    store: &Store,
    organization: &OrganizationId,
    writes: &[NewSend],
) -> Result<Option<Vec<Beginning>>> {
    let keys = writes.iter().filter(|write| write.key.is_some()).count();
    if first_of_keys(writes).len() < keys {
        return Ok(None);
    }
    let known = store.in_memory::<KnownUses>();
    let asks: Vec<&Ask> = writes.iter().map(|write| &write.ask).collect();
    let Some(guess) = Guess::take(&known, organization, &asks) else {
        return Ok(None);
    };
    let (owner, messages, changes) = (organization.clone(), row::json(&writes), guess.changes());
    let server = store.server_id().to_owned();
    let rows = store
        .write_in_turn(organization, Scope::Statement, move |connection| {
            Box::pin(async move {
                let bind =
                    |query: Query| query.id(&owner).bind(messages).bind(server).bind(changes);
                BEGIN.call(bind, connection).await
            })
        })
        .await?;
    match rows.first().map(|row| row.text("id")) {
        Some(None) => {
            known.was_wrong(organization);
            return Ok(None);
        }
        Some(Some("")) => return Ok(None),
        _ => guess.learn(&known, organization, &asks),
    }
    beginnings(&rows, writes).map(Some)
}
