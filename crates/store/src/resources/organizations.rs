//! Organizations. The keys of a suspended one are refused and its deliveries wait, but nothing is lost.

use std::num::NonZeroU32;

use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author, audited};

/// The tenant that owns everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// When it was suspended; `None` if it is not.
    pub suspended_at: Option<Timestamp>,
    /// Whether a send that repeats a message whose outcome became unknown shortly before is answered and not sent.
    pub guards_repeats: bool,
    /// The most messages that it may send in a second; `None` if it may send as many as it likes.
    pub messages_per_second: Option<NonZeroU32>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A change of an organization; `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrganizationChange {
    /// Whether it guards repeats.
    pub guards_repeats: Option<bool>,
    /// The most messages that it may send in a second.
    pub messages_per_second: Option<Option<NonZeroU32>>,
}

row! {
    Organization in "organizations": id, name, suspended_at, guards_repeats, messages_per_second, created_at
}

impl Store {
    /// Creates an organization. Fails with [`StoreError::Conflict`] if the id is taken.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        author: &Author,
    ) -> Result<()> {
        let query = Query::new(
            "insert into organizations (id, name, created_at, guards_repeats, messages_per_second) \
             values ($1, $2, $3, $4, $5) returning id",
        )
        .id(&organization.id)
        .text(&organization.name)
        .instant(organization.created_at)
        .bind(i64::from(organization.guards_repeats))
        .bind(number(organization.messages_per_second));
        let (id, name) = (&organization.id, Some(organization.name.as_str()));
        let entry = record(author, id, AuditAction::OrganizationCreated, name);
        let keep_key = author.keep_key(None, id.as_str());
        self.create(query, entry, keep_key).await
    }

    /// Returns an organization, unless it is deleted.
    pub async fn get_organization(&self, id: &OrganizationId) -> Result<Option<Organization>> {
        let query = Organization::select("where id = $1 and deleted_at is null");
        self.find(query.id(id)).await
    }

    /// Lists all organizations that are not deleted.
    pub async fn list_organizations(&self, page: &Page) -> Result<Listed<Organization>> {
        let (created_at, id) = page.start();
        let query = Organization::select(
            "where (created_at, id) > ($1, $2) and deleted_at is null \
             order by created_at, id limit $3",
        )
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        self.page(page, query).await
    }

    /// Changes an organization; returns `None` if it does not exist. A change that changes nothing is not recorded.
    pub async fn update_organization(
        &self,
        id: &OrganizationId,
        change: OrganizationChange,
        author: &Author,
    ) -> Result<Option<Organization>> {
        let rate = change.messages_per_second;
        let query = Organization::returning(
            "update organizations set guards_repeats = coalesce($2, guards_repeats), \
             messages_per_second = case when $3 = 1 then $4 else messages_per_second end where id = $1 \
             and (guards_repeats <> coalesce($2, guards_repeats) \
             or ($3 = 1 and coalesce(messages_per_second, 0) <> coalesce($4, 0))) and deleted_at is null",
        )
        .id(id)
        .bind(change.guards_repeats.map(i64::from))
        .bind(i64::from(rate.is_some()))
        .bind(number(rate.flatten()));
        let detail = change.detail();
        let entry = record(author, id, AuditAction::OrganizationUpdated, Some(&detail));
        match self.locked(id, audited(query, entry)).await? {
            Some(row) => Organization::of(&row).map(Some),
            None => self.get_organization(id).await,
        }
    }

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
        let endpoints = Query::new(
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

impl OrganizationChange {
    fn detail(self) -> String {
        let guards = self.guards_repeats;
        let guards = guards.map(|guards| format!("guardRepeats: {guards}"));
        let rate = self.messages_per_second.map(|rate| match rate {
            Some(rate) => format!("messagesPerSecond: {rate}"),
            None => "messagesPerSecond: null".to_owned(),
        });
        let fields: Vec<_> = guards.into_iter().chain(rate).collect();
        fields.join(", ")
    }
}

fn number(number: Option<NonZeroU32>) -> Option<i64> {
    number.map(|number| number.get().into())
}

/// Returns the statement that records a change of an organization: in the log of the operators, which outlives
/// the organization.
pub(crate) fn record(
    author: &Author,
    id: &OrganizationId,
    action: AuditAction,
    name: Option<&str>,
) -> Query {
    author.record(None, action, id.as_str(), name)
}
