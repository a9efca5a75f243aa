//! Deleted organizations: refused at once, their data removed in bounded steps.
//!
//! A removal keeps no state of its own in the database: one that was interrupted is begun again, and finds
//! what is left. The row of the organization goes last.

use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author, audited};
use crate::resources::organizations::record;

/// Rows of one table that one step removes at most.
const MAX_STEP_ROWS: i64 = 500;

/// Webhook calls, of all organizations, that one step looks at.
pub(crate) const MAX_STEP_LOOKED_AT: i64 = 1_000;

/// Webhook calls that one statement removes; each may have a body of 4 MiB.
pub(crate) const MAX_CALLS: usize = 20;

const MAX_ORGANIZATIONS: i64 = 100;

macro_rules! removing {
    ($table:literal, $key:literal) => {
        concat!(
            "delete from ",
            $table,
            " where (",
            $key,
            ") in (select ",
            $key,
            " from ",
            $table,
            " where organization_id = $1 limit $2)"
        )
    };
}

/// Removes some rows of an organization, one table each: those with secrets first. Rows that refer to
/// others need no order, as only organizations are referred to.
///
/// `webhook_calls` has no index by organization, which would cost every call of a provider; it is walked.
const REMOVING: [&str; 20] = [
    removing!("channels", "id"),
    removing!("webhook_endpoints", "organization_id, id"),
    removing!("api_keys", "id"),
    removing!("sessions", "id"),
    removing!("links", "organization_id, user_id"),
    removing!("users", "id"),
    removing!(
        "delivery_attempts",
        "organization_id, endpoint_id, seq, number"
    ),
    removing!("deliveries", "organization_id, endpoint_id, seq"),
    removing!(
        "orphan_statuses",
        "organization_id, channel_id, sought, status"
    ),
    removing!("outbox", "organization_id, message_id"),
    removing!("conversations", "organization_id, id"),
    removing!("agents", "organization_id, id"),
    removing!("messages", "organization_id, id"),
    removing!("events", "organization_id, seq"),
    removing!("idempotency_keys", "organization_id, id"),
    removing!("send_limits", "organization_id, subject"),
    removing!("channel_alerts", "organization_id, channel_id, digest"),
    removing!("channel_budgets", "organization_id, channel_id, month"),
    removing!(
        "message_costs",
        "organization_id, channel_id, month, category, charge, market"
    ),
    removing!("audit_log", "id"),
];

/// The removal of the data of one deleted organization.
pub struct Removal {
    store: Store,
    organization: OrganizationId,
    /// The index in [`REMOVING`] of the table that may have rows left.
    part: usize,
    after: String,
    walked: bool,
}

impl Store {
    /// Deletes an organization: its keys and its channels' webhooks do not exist any more. Its data stay
    /// until they are removed. Returns whether the organization existed.
    pub async fn delete_organization(&self, id: &OrganizationId, author: &Author) -> Result<bool> {
        let query = Query::new(
            "update organizations set deleted_at = $2 \
             where id = $1 and deleted_at is null returning id",
        )
        .id(id)
        .instant(author.at);
        let entry = record(author, id, AuditAction::OrganizationDeleted, None);
        let (store, id) = (self.clone(), id.clone());
        let deleted =
            self.ending_access(async move { store.locked(&id, audited(query, entry)).await });
        Ok(deleted.await?.is_some())
    }

    /// Returns the removals of organizations that were deleted before that instant, the earliest first.
    pub async fn removals(&self, deleted_before: Timestamp) -> Result<Vec<Removal>> {
        let query = Query::new(
            "select id from organizations where deleted_at < $1 order by deleted_at limit $2",
        )
        .instant(deleted_before)
        .bind(MAX_ORGANIZATIONS);
        let rows = self.read_rows(query).await?;
        let organizations: Vec<_> = column(&rows, "organizations", "id")?;
        let removals = organizations.into_iter().map(|organization| Removal {
            store: self.clone(),
            organization,
            part: 0,
            after: String::new(),
            walked: false,
        });
        Ok(removals.collect())
    }
}

impl Removal {
    /// The organization whose data are removed.
    pub fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    /// Removes some more rows; returns whether another step follows.
    pub async fn step(&mut self) -> Result<bool> {
        if let Some(&text) = REMOVING.get(self.part) {
            let removed = self.remove(vec![text], false).await?;
            if removed == Some(0) {
                self.part += 1;
            }
            return Ok(removed.is_some());
        }
        if !self.walked {
            self.walk().await?;
            return Ok(true);
        }
        let removed = self.remove(REMOVING.to_vec(), true).await?;
        // Something was written meanwhile: the tables are gone through once more.
        self.part = 0;
        Ok(removed.is_some_and(|rows| rows > 0))
    }

    /// Removes some rows, and with `last` the organization itself if no row was left; returns how many, or
    /// `None` if the organization is gone.
    ///
    /// Under the organization lock: a table is empty only if no other server is removing its rows.
    async fn remove(&self, texts: Vec<&'static str>, last: bool) -> Result<Option<u64>> {
        let organization = self.organization.clone();
        let removed = self
            .store
            .under_lock(&self.organization, move |connection| {
                Box::pin(async move {
                    let mut removed = 0;
                    for text in texts {
                        let query = Query::new(text).id(&organization).bind(MAX_STEP_ROWS);
                        removed += query.execute(&mut *connection).await?;
                    }
                    if last && removed == 0 {
                        Query::new("delete from organizations where id = $1")
                            .id(&organization)
                            .execute(connection)
                            .await?;
                    }
                    Ok(removed)
                })
            });
        match removed.await {
            Ok(removed) => Ok(Some(removed)),
            Err(StoreError::UnknownOrganization) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn walk(&mut self) -> Result<()> {
        let query = Query::new(
            "select id, organization_id from webhook_calls where id > $1 order by id limit $2",
        )
        .bind(self.after.clone())
        .bind(MAX_STEP_LOOKED_AT);
        let (mut calls, mut last) = (Vec::new(), None);
        for row in &self.store.read_rows(query).await? {
            let columns = Columns::new(row, "webhook_calls", "id");
            let (id, organization): (String, &str) =
                (columns.get("id")?, columns.get("organization_id")?);
            if organization == self.organization.as_str() {
                calls.push(id.clone());
            }
            last = Some(id);
        }
        for some in calls.chunks(MAX_CALLS) {
            let query = removing_calls(self.store.kind(), some);
            self.store.write_count(query).await?;
        }
        match last {
            Some(last) => self.after = last,
            None => self.walked = true,
        }
        Ok(())
    }
}

pub(crate) fn removing_calls(kind: DatabaseKind, ids: &[String]) -> Query {
    static REMOVE: OverList = OverList::new("delete from webhook_calls where id in ({ids})");
    over_list(kind, &REMOVE).json(&ids)
}
