//! Agents: the senders of an organization.

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
use super::{checked, id_or, text};
use crate::api::auth::{Caller, need};
use crate::api::body::ChatvoltBody;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Query;
use crate::api::noun::{self, Id};
use crate::api::openapi::failures;
use crate::api::routes::lookup;
use crate::api::time::rfc3339;
use crate::app::App;

failures!(CreateFailures: &[Reason::AlreadyExists]);

/// The agent to create.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"name": "Front desk"}))]
pub(crate) struct NewAgent {
    /// The name of the agent, for people.
    #[serde(default)]
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// The id of the agent, if you want to choose it: ids from ChatVolt keep working.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>, pattern = r"^[A-Za-z0-9._:-]{0,64}$")]
    id: TextField,
}

/// The answer to a deletion, as ChatVolt gives it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Always true.
    success: bool,
}

/// A sender within the organization, to which conversations belong.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agent {
    /// The id of the agent.
    #[schema(value_type = String)]
    id: AgentId,
    /// The name of the agent, for people.
    name: String,
    /// The organization of the agent.
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    /// The time at which it was created.
    #[schema(format = DateTime)]
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

/// Create an agent
///
/// An agent is a sender within the organization. Each conversation belongs to one agent, and a send names both.
#[utoipa::path(
    post,
    path = "/agents",
    operation_id = "createAgent",
    tag = "Agents",
    request_body = NewAgent,
    responses(
        (status = 201, description = "Created", body = Agent),
        CreateFailures,
    ),
)]
pub(crate) async fn create(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    ChatvoltBody(new): ChatvoltBody<NewAgent>,
) -> Result<(StatusCode, Json<Agent>), ApiError> {
    let new = checked(new)?;
    let agent = store::Agent {
        id: id_or(new.id, || AgentId::from_uuid(app.uuid()))?,
        organization_id: caller.organization_id,
        name: text(new.name),
        created_at: app.clock.now(),
    };
    app.store.create_agent(&agent).await?;
    Ok((StatusCode::CREATED, Json(agent.into())))
}

/// List agents
///
/// Returns the agents of the organization, oldest first.
#[utoipa::path(
    get,
    path = "/agents",
    operation_id = "listAgents",
    tag = "Agents",
    params(ListQuery),
    responses((status = 200, description = "One part of the list", body = List<Agent>)),
)]
pub(crate) async fn list(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let listed = app
        .store
        .list::<store::Agent>(&caller.organization_id, &query.page()?)
        .await?;
    let list = List::of(listed, Agent::from);
    app.memory.answer(Some(&caller.organization_id), &list)
}

/// Show an agent
///
/// Returns one agent of the organization.
#[utoipa::path(
    get,
    path = "/agents/{id}",
    operation_id = "showAgent",
    tag = "Agents",
    responses((status = 200, description = "The agent", body = Agent)),
)]
pub(crate) async fn show(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Id(id): Id<AgentId>,
) -> Result<Json<Agent>, ApiError> {
    let agent = lookup::agent(&app, &caller.organization_id, &id).await?;
    Ok(Json(agent.into()))
}

/// Delete an agent
///
/// The conversations of the agent stay and can be read. A send that names the agent is answered with 404.
#[utoipa::path(
    delete,
    path = "/agents/{id}",
    operation_id = "deleteAgent",
    tag = "Agents",
    responses((status = 200, description = "Deleted", body = Deleted)),
)]
pub(crate) async fn delete(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<AgentId>,
) -> Result<Json<Deleted>, ApiError> {
    let deletion = app
        .store
        .delete_agent(&caller.organization_id, &id, &caller.author);
    // ChatVolt's clients read JSON here, so this deletion alone does not answer 204.
    noun::deleted::<AgentId>(deletion.await?)?;
    Ok(Json(Deleted { success: true }))
}
