//! Raw webhook calls: on disk before they are answered, applied when they are understood.
//!
//! Their bodies are encrypted: Z-API writes its instance's id into each, which is half of a credential.

use recado_core::ChannelId;
use sqlx::AssertSqlSafe;

use crate::encryption::{MasterKey, SealedRow, SealedSecrets};
use crate::prelude::*;

/// One call of a provider, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// Its id: `whc_` and a UUID, made by the caller.
    pub id: String,
    /// The organization of the channel.
    pub organization_id: OrganizationId,
    /// The channel that the URL names.
    pub channel_id: ChannelId,
    /// The media type of the body, if the provider named one.
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

/// The pending calls of one organization whose claim ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The organization.
    pub organization_id: OrganizationId,
    /// There are calls that are claimed in batches: the process ended during one attempt at most.
    pub batched: bool,
    /// There are calls that are claimed one at a time: the process ended during two attempts or more.
    pub doubtful: bool,
}

/// Selects calls that are free at `$now`: no server has claimed them, and their pause is over.
///
/// A claim lasts while its server lives, so that a slow call is not applied twice; `lost_claims.rs` ends claims that
/// their server has forgotten.
macro_rules! free {
    ($now:literal) => {
        concat!(
            "applied_at is null and set_aside is null and server_id = '' and claimed_until <= ",
            $now
        )
    };
}

/// Claims free calls of the organization in `$1` that have so many attempts.
fn claiming(kind: DatabaseKind, attempts: &str) -> Query {
    let (lock, materialized) = match kind {
        DatabaseKind::Sqlite => ("", ""),
        DatabaseKind::Postgres => (" for update skip locked", "materialized "),
    };
    let free = free!("$2");
    Query::new(AssertSqlSafe(format!(
        "with due as {materialized}(select id, claimed_until, length(body) as bytes from webhook_calls \
         where organization_id = $1 and attempts {attempts} and {free} \
         order by claimed_until, id limit $4{lock}), \
         room as (select id, sum(bytes) over (order by claimed_until, id) - bytes as ahead from due) \
         update webhook_calls set attempts = attempts + 1, claimed_until = \
         case when received_at < $2 then $3 + $2 - received_at else $3 end, server_id = $6 \
         where id in (select id from room where ahead = 0 or ahead < $5) \
         returning id, organization_id, channel_id, content_type, key_id, body, received_at, attempts"
    )))
}

impl Store {
    /// Keeps a call; when this returns, it is on disk. If it is claimed for longer than the moment at which
    /// it came, the caller applies it at once, and that attempt counts.
    /// Fails with [`StoreError::Conflict`] if the id is taken.
    pub async fn keep_webhook_call(
        &self,
        call: &WebhookCall,
        claimed_until: Timestamp,
    ) -> Result<()> {
        let row = sealed_row(&call.organization_id, &call.id);
        let sealed = SealedSecrets::seal_bytes(&call.body, self.key(), row)?;
        let is_claimed = claimed_until > call.received_at;
        let server = if is_claimed { self.server_id() } else { "" }.to_owned();
        let query = Query::new(
            "insert into webhook_calls (id, organization_id, channel_id, content_type, key_id, \
             body, received_at, claimed_until, attempts, server_id) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .text(&call.id)
        .id(&call.organization_id)
        .id(&call.channel_id)
        .optional_text(call.content_type.as_deref())
        .bind(sealed.key_id)
        .bind(sealed.bytes)
        .instant(call.received_at)
        .instant(claimed_until)
        .bind(i64::from(is_claimed))
        .bind(server);
        self.write_row(query).await.map(drop)
    }

    /// Returns the organizations, except deleted ones, that have free calls.
    pub async fn organizations_with_webhook_calls(&self, now: Timestamp) -> Result<Vec<Backlog>> {
        // One look into the index for each organization, and not one for each call.
        let query = Query::new(concat!(
            "with recursive pending (id) as (\
                 select min(organization_id) from webhook_calls \
                 where applied_at is null and set_aside is null union all \
                 select (select min(w.organization_id) from webhook_calls w \
                 where w.applied_at is null and w.set_aside is null \
                 and w.organization_id > pending.id) from pending where pending.id is not null), \
                 due (id, batched, doubtful) as (select id, exists (\
                 select 1 from webhook_calls where organization_id = pending.id \
                 and attempts < 2 and ",
            free!("$1"),
            "), exists (select 1 from webhook_calls where organization_id = pending.id \
                 and attempts > 1 and ",
            free!("$1"),
            ") from pending where id is not null and not exists (select 1 from organizations o \
                 where o.id = pending.id and o.deleted_at is not null)) \
                 select id, case when batched then 1 else 0 end as batched, \
                 case when doubtful then 1 else 0 end as doubtful from due \
                 where batched or doubtful"
        ))
        .instant(now);
        self.read_rows(query).await?.iter().map(backlog).collect()
    }

    /// Claims free calls of an organization during which the process ended once at most, and counts the
    /// attempt; no two servers get the same. Returns at most `limit` calls, and calls of at most
    /// `bytes` behind the first one. Those that no process has tried to apply are claimed first.
    ///
    /// The older a call, the longer its claim: what cannot be applied is tried ever more seldom.
    /// One that was encrypted with another master key is left to a server that has it.
    pub async fn claim_webhook_calls(
        &self,
        organization: &OrganizationId,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
        bytes: u32,
    ) -> Result<Vec<WebhookCall>> {
        // One number at a time: the index gives the calls of one number in the order of their claims.
        for attempts in [0_i64, 1] {
            let query = claiming(self.kind(), "= $7")
                .id(organization)
                .instant(now)
                .instant(claimed_until)
                .bind(i64::from(limit))
                .bind(i64::from(bytes))
                .bind(self.server_id().to_owned())
                .bind(attempts);
            let claimed = self.claimed(&self.write_rows(query).await?).await?;
            if !claimed.is_empty() {
                return Ok(claimed.into_iter().map(|(call, _)| call).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Claims one free call of an organization during which the process ended twice or more, and counts
    /// the attempt; returns it with the number of attempts that did not end, this one included.
    pub async fn claim_doubtful_webhook_call(
        &self,
        organization: &OrganizationId,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Option<(WebhookCall, i64)>> {
        let query = claiming(self.kind(), "> 1")
            .id(organization)
            .instant(now)
            .instant(claimed_until)
            .bind(1_i64)
            .bind(0_i64)
            .bind(self.server_id().to_owned());
        let claimed = self.claimed(&self.write_rows(query).await?).await?;
        Ok(claimed.into_iter().next())
    }

    async fn claimed(&self, rows: &[RawRow]) -> Result<Vec<(WebhookCall, i64)>> {
        let mut calls = Vec::with_capacity(rows.len());
        let (mut foreign, mut corrupt) = (Vec::new(), Vec::new());
        for row in rows {
            let columns = Columns::new(row, "webhook_calls", "id");
            match call(row, self.key()) {
                Ok(call) => calls.push((call, columns.get("attempts")?)),
                Err(error @ StoreError::WrongKey { .. }) => {
                    tracing::error!(%error, "a webhook call cannot be read");
                    foreign.push(columns.get("id")?);
                }
                // The others wait for nothing that a corrupt one could still become.
                Err(error) => {
                    tracing::error!(%error, "a corrupt webhook call is set aside");
                    corrupt.push(columns.get("id")?);
                }
            }
        }
        if !foreign.is_empty() {
            self.end_webhook_call_attempts(&foreign).await?;
        }
        if !corrupt.is_empty() {
            self.set_corrupt_webhook_calls_aside(&corrupt).await?;
        }
        calls.sort_by(|(one, _), (other, _)| {
            (one.received_at, &one.id).cmp(&(other.received_at, &other.id))
        });
        Ok(calls)
    }

    /// Notes that the attempts to apply these calls ended without the process ending; when their claims
    /// run out, any server may claim them.
    pub async fn end_webhook_call_attempts(&self, calls: &[String]) -> Result<()> {
        static END: OverList = OverList::new(
            "update webhook_calls set attempts = 0, server_id = '' where applied_at is null \
             and id in ({ids})",
        );
        let query = over_list(self.kind(), &END);
        self.write_count(query.json(&calls)).await.map(drop)
    }

    /// Ends all claims of an organization's calls that are not applied.
    pub async fn end_webhook_call_claims(&self, organization: &OrganizationId) -> Result<()> {
        let query = Query::new(
            "update webhook_calls set claimed_until = 0, server_id = '' where applied_at is null \
             and set_aside is null and organization_id = $1",
        )
        .id(organization);
        self.write_count(query).await.map(drop)
    }

    pub(crate) async fn free_webhook_calls(&self, server: Option<&str>) -> Result<u64> {
        let query = match server {
            None => Query::new(
                "update webhook_calls set claimed_until = 0, server_id = '' \
                 where applied_at is null and set_aside is null and claimed_until > 0",
            ),
            Some(server) => Query::new(
                "update webhook_calls set claimed_until = 0, server_id = '' \
                 where applied_at is null and server_id <> '' and server_id = $1",
            )
            .bind(server.to_owned()),
        };
        self.write_count(query).await
    }
}

fn backlog(row: &RawRow) -> Result<Backlog> {
    let columns = Columns::new(row, "webhook_calls", "id");
    Ok(Backlog {
        organization_id: columns.get("id")?,
        batched: columns.get("batched")?,
        doubtful: columns.get("doubtful")?,
    })
}

pub(crate) fn call(row: &RawRow, key: &MasterKey) -> Result<WebhookCall> {
    let columns = Columns::new(row, "webhook_calls", "id");
    let (id, organization_id): (String, _) = (columns.get("id")?, columns.get("organization_id")?);
    let sealed = SealedSecrets::read(&columns, "body")?;
    let body = sealed
        .open_bytes(key, sealed_row(&organization_id, &id))?
        .to_vec();
    Ok(WebhookCall {
        id,
        organization_id,
        channel_id: columns.get("channel_id")?,
        content_type: columns.get("content_type")?,
        body,
        received_at: columns.get("received_at")?,
    })
}

fn sealed_row<'a>(organization: &'a OrganizationId, id: &'a str) -> SealedRow<'a> {
    SealedRow {
        table: "webhook_calls",
        organization,
        id,
    }
}
