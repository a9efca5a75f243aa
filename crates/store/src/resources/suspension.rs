//! Suspended organizations: their keys are refused and their deliveries wait, but nothing is lost.

use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author, audited};
use crate::resources::organizations::{Organization, record};

impl Store {
    /// Suspends an organization; one that is suspended already stays as it is.
    ///
    /// Its keys are refused at once. The calls of its providers are applied as before, and its deliveries
    /// wait. Returns `None` if the organization does not exist.
    pub async fn suspend_organization(
        &self,
        id: &OrganizationId,
        author: &Author,
    ) -> Result<Option<Organization>> {
        let query = Organization::returning(
            "update organizations set suspended_at = $2 where id = $1 and suspended_at is null \
             and deleted_at is null",
        )
        .id(id)
        .instant(author.at);
        let entry = record(author, id, AuditAction::OrganizationSuspended, None);
        let (store, locked) = (self.clone(), id.clone());
        let suspended =
            self.ending_access(async move { store.locked(&locked, audited(query, entry)).await });
        match suspended.await? {
            Some(row) => Organization::of(&row).map(Some),
            None => self.get_organization(id).await,
        }
    }

    /// Ends the suspension of an organization; its deliveries go on. Returns `None` if the organization does
    /// not exist.
    pub async fn resume_organization(
        &self,
        id: &OrganizationId,
        author: &Author,
    ) -> Result<Option<Organization>> {
        let query = Organization::returning(
            "update organizations set suspended_at = null where id = $1 and suspended_at is not null \
             and deleted_at is null",
        )
        .id(id);
        // An endpoint did not fail while nothing was delivered.
        let endpoints = sqlx::query(
            "update webhook_endpoints set failing_since = null \
             where organization_id = $1 and failing_since is not null",
        )
        .id(id);
        let entry = record(author, id, AuditAction::OrganizationResumed, None);
        let resuming = audited(query, entry);
        let resumed = self.locked(id, move |connection| {
            Box::pin(async move {
                let row = resuming(&mut *connection).await?;
                if row.is_some() {
                    endpoints.execute(connection).await?;
                }
                Ok(row)
            })
        });
        let resumed = resumed.await?;
        self.notify_deliveries();
        match resumed {
            Some(row) => Organization::of(&row).map(Some),
            None => self.get_organization(id).await,
        }
    }
}
