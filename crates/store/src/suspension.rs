//! Suspended organizations: their keys are refused and their deliveries wait, but nothing is lost.

use jiff::Timestamp;
use recado_core::OrganizationId;

use crate::error::StoreError;
use crate::organizations::{Organization, organization};
use crate::store::Store;
use crate::writer::Scope;

impl Store {
    /// Suspends an organization; one that is suspended already stays as it is.
    ///
    /// Its keys are refused at once. The calls of its providers are applied as before, and its deliveries
    /// wait. Returns `None` if the organization does not exist.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn suspend_organization(
        &self,
        id: &OrganizationId,
        at: Timestamp,
    ) -> Result<Option<Organization>, StoreError> {
        let query = sqlx::query(
            "update organizations set suspended_at = coalesce(suspended_at, $2) \
             where id = $1 and deleted_at is null returning id, name, suspended_at, created_at",
        )
        .bind(id.as_str().to_owned())
        .bind(at.as_millisecond());
        let (store, id) = (self.clone(), id.clone());
        let suspended = self.ending_access(async move {
            let written = store.write_in_turn(&id, Scope::Statement, move |connection| {
                Box::pin(async move { Ok(query.fetch_optional(connection).await?) })
            });
            written.await
        });
        suspended.await?.as_ref().map(organization).transpose()
    }

    /// Ends the suspension of an organization; its deliveries go on. Returns `None` if the organization does
    /// not exist.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn resume_organization(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<Organization>, StoreError> {
        let query = sqlx::query(
            "update organizations set suspended_at = null \
             where id = $1 and deleted_at is null returning id, name, suspended_at, created_at",
        )
        .bind(id.as_str().to_owned());
        // An endpoint did not fail while nothing was delivered.
        let endpoints = sqlx::query(
            "update webhook_endpoints set failing_since = null \
             where organization_id = $1 and failing_since is not null",
        )
        .bind(id.as_str().to_owned());
        let resumed = self.locked(id, move |connection| {
            Box::pin(async move {
                let row = query.fetch_optional(&mut *connection).await?;
                endpoints.execute(connection).await?;
                Ok(row)
            })
        });
        let resumed = resumed.await?.as_ref().map(organization).transpose()?;
        self.signal_deliveries();
        Ok(resumed)
    }
}
