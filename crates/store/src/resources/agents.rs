//! Who speaks on behalf of an organization.

use jiff::Timestamp;
use recado_core::{AgentId, OrganizationId};
use sqlx::any::AnyRow;

use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::{self, Columns};
use crate::error::StoreError;
use crate::resources::audit::{AuditAction, Author};
use crate::store::Store;

/// Who speaks; two organizations may both have an `agent-123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id within the organization.
    pub id: AgentId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Store {
    /// Creates an agent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the organization has this id, [`StoreError::UnknownOrganization`].
    pub async fn create_agent(&self, agent: &Agent) -> Result<(), StoreError> {
        let query = sqlx::query(
            "insert into agents (organization_id, id, name, created_at) values ($1, $2, $3, $4)",
        )
        .bind(agent.organization_id.as_str())
        .bind(agent.id.as_str())
        .bind(&*row::text(&agent.name))
        .bind(agent.created_at.as_millisecond());
        self.write_row(query).await?;
        // What customers wrote while there was nobody to talk to is tried again at once.
        self.end_webhook_call_claims(&agent.organization_id).await
    }

    /// Looks an agent up.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_agent(
        &self,
        organization: &OrganizationId,
        id: &AgentId,
    ) -> Result<Option<Agent>, StoreError> {
        let query = sqlx::query(
            "select id, organization_id, name, created_at from agents \
             where organization_id = $1 and id = $2",
        )
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query).await?.as_ref().map(agent).transpose()
    }

    /// Lists the agents of an organization.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_agents(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<Agent>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(
            "select id, organization_id, name, created_at from agents \
             where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4 + 0",
        )
        .bind(organization.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_page(query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, agent, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }

    /// Deletes an agent, not its conversations; tells whether there was one.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn delete_agent(
        &self,
        organization: &OrganizationId,
        id: &AgentId,
        author: &Author,
    ) -> Result<bool, StoreError> {
        let query =
            sqlx::query("delete from agents where organization_id = $1 and id = $2 returning id")
                .bind(organization.as_str())
                .bind(id.as_str());
        let action = AuditAction::AgentDeleted;
        let entry = author.record(Some(organization), action, id.as_str(), None);
        Ok(self.write_audited(query, entry).await?.is_some())
    }
}

fn agent(row: &AnyRow) -> Result<Agent, StoreError> {
    let columns = Columns::new(row, "agents", "id");
    Ok(Agent {
        id: columns.parse("id")?,
        organization_id: columns.parse("organization_id")?,
        name: columns.get("name")?,
        created_at: columns.instant("created_at")?,
    })
}
