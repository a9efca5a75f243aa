//! Sends begin on SQLite one by one: a row with bound values costs less than one of a list in JSON.

use crate::messages::new_send::{Beginning, NewSend};
use crate::prelude::*;

const KEEP_KEY: &str = "\
     insert into idempotency_keys (organization_id, id, fingerprint, target, created_at) \
     select $1, $2, $3, $4, $5 \
     where exists (select 1 from conversations c where c.organization_id = $1 and c.id = $6) \
     on conflict (organization_id, id) do nothing";

const BEGIN: &str = "\
     insert into messages (organization_id, id, conversation_id, agent_id, channel_id, status, external_id, content, \
     warnings, created_at, updated_at, server_id) select $1, $2, $3, $4, $5, 'sending', $6, $7, $8, $9, $9, $10 \
     where exists (select 1 from conversations c where c.organization_id = $1 and c.id = $3)";

/// Stores messages and their keys.
pub(crate) async fn begin_all(
    store: &Store,
    organization: &OrganizationId,
    writes: &[NewSend],
    connection: &mut Connection,
) -> Result<Vec<Beginning>> {
    let mut all = Vec::with_capacity(writes.len());
    for write in writes {
        let is_stored = keep_key(organization, write, connection).await?
            && begin_one(store, organization, write, connection).await?;
        all.push(if is_stored {
            Beginning::Stored
        } else {
            Beginning::NotStored
        });
    }
    Ok(all)
}

/// Keeps the key of a message, if it has one; returns `false` if an earlier request has it.
async fn keep_key(
    organization: &OrganizationId,
    write: &NewSend,
    connection: &mut Connection,
) -> Result<bool> {
    let (Some(key), Some(fingerprint)) = (&write.key, &write.fingerprint) else {
        return Ok(true);
    };
    let query = Query::new(KEEP_KEY)
        .id(organization)
        .bind(key.as_str())
        .bind(fingerprint.as_str())
        .id(&write.id)
        .bind(write.at)
        .id(&write.conversation_id);
    Ok(query.execute(connection).await? > 0)
}

/// Returns `false` if its conversation does not exist.
async fn begin_one(
    store: &Store,
    organization: &OrganizationId,
    write: &NewSend,
    connection: &mut Connection,
) -> Result<bool> {
    let query = Query::new(BEGIN)
        .id(organization)
        .id(&write.id)
        .id(&write.conversation_id)
        .id(&write.agent_id)
        .id(&write.channel_id)
        .bind(write.external.clone())
        .bind(write.content.as_str())
        .bind(write.warnings.as_str())
        .bind(write.at)
        .bind(store.server_id());
    Ok(query.execute(connection).await? > 0)
}
