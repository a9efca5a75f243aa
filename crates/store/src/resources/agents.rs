//! Agents: the senders of an organization.

use jiff::Timestamp;
use recado_core::{AgentId, OrganizationId};

use crate::db::bind::Bind as _;
use crate::db::noun::{Noun, Row};
use crate::db::page::{Cursor, Listed, Page};
use crate::db::row::Columns;
use crate::error::Result;
use crate::resources::audit::{AuditAction, Author};
use crate::store::Store;

/// A sender of an organization; two organizations may both have an `agent-123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id within the organization.
    pub id: AgentId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Row for Agent {
    const TABLE: &'static str = "agents";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        Ok(Agent {
            id: columns.parse("id")?,
            organization_id: columns.parse("organization_id")?,
            name: columns.get("name")?,
            created_at: columns.instant("created_at")?,
        })
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(self.created_at, self.id.as_str())
    }
}

impl Noun for Agent {
    const COLUMNS: &'static str = "id, organization_id, name, created_at";
}

impl Store {
    /// Creates an agent.
    ///
    /// # Errors
    ///
    /// `StoreError::Conflict` if the organization has this id, `StoreError::UnknownOrganization`.
    pub async fn create_agent(&self, agent: &Agent) -> Result<()> {
        let query = sqlx::query(
            "insert into agents (organization_id, id, name, created_at) values ($1, $2, $3, $4)",
        )
        .id(&agent.organization_id)
        .id(&agent.id)
        .text(&agent.name)
        .instant(agent.created_at);
        self.write_row(query).await?;
        // Calls that wait for an agent are applied at once.
        self.end_webhook_call_claims(&agent.organization_id).await
    }

    /// Returns an agent.
    pub async fn get_agent(
        &self,
        organization: &OrganizationId,
        id: &AgentId,
    ) -> Result<Option<Agent>> {
        self.get(organization, id.as_str()).await
    }

    /// Lists the agents of an organization.
    pub async fn list_agents(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<Agent>> {
        self.list(organization, page).await
    }

    /// Deletes an agent, not its conversations; returns whether it existed.
    pub async fn delete_agent(
        &self,
        organization: &OrganizationId,
        id: &AgentId,
        author: &Author,
    ) -> Result<bool> {
        let action = AuditAction::AgentDeleted;
        self.delete::<Agent>(organization, id.as_str(), action, author)
            .await
    }
}
