//! Raw webhook calls: on disk before they are answered, applied when they are understood.
//!
//! Their bodies are encrypted: Z-API writes its instance's id into each, which is half of a credential.

use jiff::Timestamp;
use recado_core::{ChannelId, OrganizationId};
use sqlx::any::AnyRow;

use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::secrets::{MasterKey, Place, SealedSecrets};
use crate::store::{DatabaseKind, Store};

/// Most rows of one table that one [`Store::prune`] deletes.
const PRUNED_AT_ONCE: i64 = 2_000;

/// One call of a provider, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// Its id: `whc_` and a UUID, made by the caller.
    pub id: String,
    /// Whose channel was called.
    pub organization_id: OrganizationId,
    /// The channel that the URL names.
    pub channel_id: ChannelId,
    /// The media type of the body, if it was told.
    pub content_type: Option<String>,
    /// The body, to the byte.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

impl std::fmt::Debug for WebhookCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookCall")
            .field("id", &self.id)
            .field("channel_id", &self.channel_id)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Keeps a call, which is claimed by the caller at once; when this returns, it is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the id is taken.
    pub async fn keep_webhook_call(
        &self,
        call: &WebhookCall,
        claimed_until: Timestamp,
    ) -> Result<(), StoreError> {
        let place = place(&call.organization_id, &call.id);
        let sealed = SealedSecrets::seal_bytes(&call.body, self.key(), place)?;
        let query = sqlx::query(
            "insert into webhook_calls (id, organization_id, channel_id, content_type, key_id, \
             body, received_at, claimed_until) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(columns::text(&call.id).into_owned())
        .bind(call.organization_id.as_str())
        .bind(call.channel_id.as_str())
        .bind(
            call.content_type
                .as_deref()
                .map(|text| columns::text(text).into_owned()),
        )
        .bind(sealed.key_id)
        .bind(sealed.bytes)
        .bind(call.received_at.as_millisecond())
        .bind(claimed_until.as_millisecond());
        self.write_row(query).await.map(drop)
    }

    /// Claims calls that are not applied and whose claim ran out; no two servers get the same.
    ///
    /// The older a call, the longer its claim: what cannot be applied is tried ever more seldom.
    /// One that was encrypted with another master key is left to a server that has it.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn claim_webhook_calls(
        &self,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookCall>, StoreError> {
        let text = match self.kind() {
            DatabaseKind::Sqlite => {
                "update webhook_calls set claimed_until = \
                 case when received_at < $1 then $2 + $1 - received_at else $2 end where id in (\
                 select id from webhook_calls where applied_at is null and claimed_until <= $1 \
                 order by claimed_until, id limit $3) \
                 returning id, organization_id, channel_id, content_type, key_id, body, \
                 received_at"
            }
            DatabaseKind::Postgres => {
                "with due as materialized (\
                 select id from webhook_calls where applied_at is null and claimed_until <= $1 \
                 order by claimed_until, id limit $3 for update skip locked) \
                 update webhook_calls set claimed_until = \
                 case when received_at < $1 then $2 + $1 - received_at else $2 end \
                 where id in (select id from due) \
                 returning id, organization_id, channel_id, content_type, key_id, body, \
                 received_at"
            }
        };
        let query = sqlx::query(text)
            .bind(now.as_millisecond())
            .bind(claimed_until.as_millisecond())
            .bind(i64::from(limit));
        let rows = self.write_rows(query).await?;
        let mut calls = Vec::with_capacity(rows.len());
        for row in &rows {
            match call(row, self.key()) {
                Ok(call) => calls.push(call),
                Err(error @ StoreError::WrongKey { .. }) => {
                    tracing::error!(%error, "a webhook call cannot be read");
                }
                Err(error) => return Err(error),
            }
        }
        calls.sort_by(|one, other| (one.received_at, &one.id).cmp(&(other.received_at, &other.id)));
        Ok(calls)
    }

    /// Ends all claims of calls that are not applied: of one organization, or of a server that is gone.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn end_webhook_call_claims(
        &self,
        organization: Option<&OrganizationId>,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "update webhook_calls set claimed_until = 0 where applied_at is null \
             and ($1 is null or organization_id = $1)",
        )
        .bind(organization.map(|id| id.as_str().to_owned()));
        self.write_count(query).await.map(drop)
    }

    /// Deletes what is done and older: applied calls, statuses of nobody's message, finished
    /// deliveries; tells how many rows went, and is repeated until there is none.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut pruned = 0;
        for text in [
            "delete from webhook_calls where id in (select id from webhook_calls \
             where applied_at < $1 order by applied_at limit $2)",
            "delete from orphan_statuses where (organization_id, channel_id, sought, status) in (\
             select organization_id, channel_id, sought, status from orphan_statuses \
             where created_at < $1 order by created_at limit $2)",
            "delete from delivery_attempts where (organization_id, endpoint_id, seq) in (\
             select organization_id, endpoint_id, seq from deliveries \
             where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
             limit $2)",
            "delete from deliveries where (organization_id, endpoint_id, seq) in (\
             select organization_id, endpoint_id, seq from deliveries \
             where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
             limit $2)",
        ] {
            let query = sqlx::query(text)
                .bind(before.as_millisecond())
                .bind(PRUNED_AT_ONCE);
            pruned += self.write_count(query).await?;
        }
        Ok(pruned)
    }
}

fn call(row: &AnyRow, key: &MasterKey) -> Result<WebhookCall, StoreError> {
    let columns = Columns::new(row, "webhook_calls", "id");
    let (id, organization_id): (String, _) =
        (columns.get("id")?, columns.parse("organization_id")?);
    let sealed = SealedSecrets {
        key_id: columns.get("key_id")?,
        bytes: columns.get("body")?,
    };
    let body = sealed
        .open_bytes(key, place(&organization_id, &id))?
        .to_vec();
    Ok(WebhookCall {
        id,
        organization_id,
        channel_id: columns.parse("channel_id")?,
        content_type: columns.get("content_type")?,
        body,
        received_at: columns.instant("received_at")?,
    })
}

fn place<'a>(organization: &'a OrganizationId, id: &'a str) -> Place<'a> {
    Place {
        table: "webhook_calls",
        organization,
        id,
    }
}
