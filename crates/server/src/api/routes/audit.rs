//! The audit log: who did what, when and from where.

use super::prelude::*;
use crate::api::auth::Manager;

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntry {
    /// The id of the entry.
    id: String,
    /// When it happened.
    at: Timestamp,
    /// Who made the change or the attempt.
    actor: AuditActor,
    /// What was done, such as `session.created`, `sign_in.failed`, `api_key.deleted` or `channel.updated`.
    action: String,
    /// The id of what the action was done to.
    target_id: Option<String>,
    /// The address that the request came from.
    address: Option<String>,
    /// The name of the target, or what changed.
    detail: Option<String>,
}

/// The caller who made the change or the attempt.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditActor {
    /// The sort of caller.
    #[schema(value_type = words::ActorKind)]
    kind: &'static str,
    /// The id of the user or the key.
    id: Option<String>,
}

impl From<store::AuditEntry> for AuditEntry {
    fn from(entry: store::AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.into(),
            actor: AuditActor {
                kind: entry.actor.kind(),
                id: entry.actor.id().map(str::to_owned),
            },
            action: entry.action,
            target_id: entry.target,
            address: entry.address.map(|address| address.to_string()),
            detail: entry.detail,
        }
    }
}

/// List the audit log, newest first
///
/// An API key or a session lists the log of its organization. An operator key lists changes of organizations,
/// operator keys, and failed sign-ins that belong to no known organization.
#[utoipa::path(get, path = "/audit",
    params(ListQuery),
    responses((status = 200, body = List<AuditEntry>)))]
pub(crate) async fn list_audit(
    Manager {
        app,
        organization_id,
    }: Manager,
    query: ListQuery,
) -> LongAnswer {
    let organization = organization_id.as_ref();
    let listed = app.store.list_audit(organization, &query.page()?).await?;
    let list = List::of(listed, AuditEntry::from);
    app.memory.answer(organization, &list)
}
