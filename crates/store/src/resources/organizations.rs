//! Tenants.

use jiff::Timestamp;
use recado_core::OrganizationId;

use crate::db::Query;
use crate::db::bind::Bind as _;
use crate::db::noun::Row;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::row::Columns;
use crate::error::Result;
use crate::resources::audit::{AuditAction, Author};
use crate::store::Store;

/// The tenant that owns everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// When it was suspended; `None` if it is not.
    pub suspended_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Row for Organization {
    const TABLE: &'static str = "organizations";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        Ok(Organization {
            id: columns.parse("id")?,
            name: columns.get("name")?,
            suspended_at: columns.optional_instant("suspended_at")?,
            created_at: columns.instant("created_at")?,
        })
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(self.created_at, self.id.as_str())
    }
}

impl Store {
    /// Creates an organization.
    ///
    /// # Errors
    ///
    /// `StoreError::Conflict` if the id is taken.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        author: &Author,
    ) -> Result<()> {
        let query = sqlx::query(
            "insert into organizations (id, name, created_at) values ($1, $2, $3) returning id",
        )
        .id(&organization.id)
        .text(&organization.name)
        .instant(organization.created_at);
        let (id, name) = (&organization.id, Some(organization.name.as_str()));
        let entry = record(author, id, AuditAction::OrganizationCreated, name);
        self.write_audited(query, entry).await.map(drop)
    }

    /// Returns an organization, unless it is deleted.
    pub async fn get_organization(&self, id: &OrganizationId) -> Result<Option<Organization>> {
        let query = sqlx::query(
            "select id, name, suspended_at, created_at from organizations \
             where id = $1 and deleted_at is null",
        )
        .id(id);
        self.find(query).await
    }

    /// Lists all organizations that are not deleted.
    pub async fn list_organizations(&self, page: &Page) -> Result<Listed<Organization>> {
        let (created_at, id) = page.start();
        let query = sqlx::query(
            "select id, name, suspended_at, created_at from organizations \
             where (created_at, id) > ($1, $2) and deleted_at is null \
             order by created_at, id limit $3 + 0",
        )
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        self.page(page, query).await
    }
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
