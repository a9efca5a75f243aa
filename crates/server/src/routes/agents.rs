//! Agents: who speaks, on behalf of an organization.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::fields::{name, optional};
use recado_core::{AgentId, OrganizationId, TextField};
use recado_store as store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::listing::{List, ListQuery};
use super::{checked, id_or, rfc3339, text};
use crate::app::App;
use crate::auth::{Caller, need};
use crate::body::Body;
use crate::error::{ApiError, Reason};
use crate::extract::{Path, Query};
use crate::openapi::{BODY, KEY, QUERY, failures};

failures!(CreateFailures: KEY, BODY, &[Reason::AlreadyExists]);
failures!(ListFailures: KEY, QUERY);
failures!(FindFailures: KEY, &[Reason::AgentNotFound]);

/// An agent to be.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"name": "Front desk"}))]
pub(crate) struct NewAgent {
    /// What people call it.
    #[serde(default)]
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, max_length = 256)]
    name: TextField,
    /// Its id, if you want to choose it: ids from ChatVolt keep working.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    id: TextField,
}

/// The answer to a deletion, as ChatVolt gives it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Always true.
    success: bool,
}

/// Who speaks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agent {
    #[schema(value_type = String)]
    id: AgentId,
    name: String,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    created_at: String,
}

impl From<store::Agent> for Agent {
    fn from(agent: store::Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            organization_id: agent.organization_id,
            created_at: rfc3339(agent.created_at),
        }
    }
}

fn missing() -> ApiError {
    ApiError::not_found(Reason::AgentNotFound)
}

/// Create an agent
#[utoipa::path(post, path = "/agents", operation_id = "createAgent", tag = "Agents", request_body = NewAgent, responses((status = 201, description = "Created", body = Agent), CreateFailures))]
pub(crate) async fn create(
    Caller {
        organization_id, ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Body(new): Body<NewAgent>,
) -> Result<(StatusCode, Json<Agent>), ApiError> {
    let new = checked(new)?;
    let agent = store::Agent {
        id: id_or(new.id, || AgentId::from_uuid(app.uuid()))?,
        organization_id,
        name: text(new.name),
        created_at: app.clock.now(),
    };
    app.store.create_agent(&agent).await?;
    Ok((StatusCode::CREATED, Json(agent.into())))
}

/// List agents
#[utoipa::path(get, path = "/agents", operation_id = "listAgents", tag = "Agents", params(ListQuery), responses((status = 200, description = "One part of the list", body = List<Agent>), ListFailures))]
pub(crate) async fn list(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let listed = app
        .store
        .list_agents(&organization_id, &query.page()?)
        .await?;
    let list = List::of(listed, Agent::from);
    app.memory.answer(Some(&organization_id), &list)
}

/// Show an agent
#[utoipa::path(get, path = "/agents/{id}", operation_id = "showAgent", tag = "Agents", params(("id" = String, Path)), responses((status = 200, description = "The agent", body = Agent), FindFailures))]
pub(crate) async fn show(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Agent>, ApiError> {
    let id = id.parse().map_err(|_| missing())?;
    let agent = app
        .store
        .get_agent(&organization_id, &id)
        .await?
        .ok_or_else(missing)?;
    Ok(Json(agent.into()))
}

/// Delete an agent; its conversations stay
#[utoipa::path(delete, path = "/agents/{id}", operation_id = "deleteAgent", tag = "Agents", params(("id" = String, Path)), responses((status = 200, description = "Deleted", body = Deleted), FindFailures))]
pub(crate) async fn delete(
    Caller {
        organization_id,
        author,
        ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Deleted>, ApiError> {
    let id = id.parse().map_err(|_| missing())?;
    let deleted = app.store.delete_agent(&organization_id, &id, &author);
    // ChatVolt's clients read JSON here, so this deletion alone does not answer 204.
    super::deleted(deleted.await?, Reason::AgentNotFound)?;
    Ok(Json(Deleted { success: true }))
}
