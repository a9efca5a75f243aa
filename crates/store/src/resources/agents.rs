//! Agents: the senders of an organization.

use recado_core::AgentId;

use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::resources::idempotency_keys::IdempotencyKey;

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

row! { Agent in "agents": id, organization_id, name, created_at }

impl Noun for Agent {
    type Id = AgentId;
}

impl Listable for Agent {}

impl Store {
    /// Creates an agent, and keeps the key of the request. Fails with [`StoreError::Conflict`] if the organization has
    /// this id.
    pub async fn create_agent(&self, agent: &Agent, key: Option<&IdempotencyKey>) -> Result<()> {
        let query = Query::new(
            "insert into agents (organization_id, id, name, created_at) values ($1, $2, $3, $4)",
        )
        .id(&agent.organization_id)
        .id(&agent.id)
        .text(&agent.name)
        .instant(agent.created_at);
        let (organization, at) = (Some(&agent.organization_id), agent.created_at);
        let keep = key.map(|key| key.keep(organization, agent.id.as_str(), at));
        self.transaction(move |connection| {
            Box::pin(async move {
                query.execute(&mut *connection).await?;
                match keep {
                    Some(keep) => keep.run(connection).await,
                    None => Ok(()),
                }
            })
        })
        .await?;
        // Calls that wait for an agent are applied at once.
        self.end_webhook_call_claims(&agent.organization_id).await
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
