//! Agents: the senders of an organization.

use super::prelude::*;

failures!(CreateFailures: &[Reason::AlreadyExists, Reason::AgentNotFound]);

/// The agent to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"name": "Front desk"}))]
pub(crate) struct NewAgent {
    /// The name of the agent, for people.
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// The id of the agent, if you want to choose it: ids from ChatVolt keep working.
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
    created_at: Timestamp,
}

mirrors!(
    Agent,
    store::Agent {
        id,
        name,
        organization_id,
        created_at
    }
);

/// Create an agent
///
/// An agent is a sender within the organization. Each conversation belongs to one agent, and a send names both.
#[utoipa::path(post, path = "/agents",
    params(KeyParameter),
    request_body = NewAgent,
    responses((status = 201, body = Agent), CreateFailures))]
pub(crate) async fn create_agent(
    caller: Caller<Manages>,
    key: KeyHeader,
    ChatvoltBody(new): ChatvoltBody<NewAgent>,
) -> Created<Agent> {
    let (caller, given) = (&caller, key.key());
    let (app, key) = (&caller.app, given.as_ref());
    let make = async {
        let agent = store::Agent {
            id: id_or(new.id, || AgentId::from_uuid(app.uuid()))?,
            organization_id: caller.organization_id.clone(),
            name: text(new.name),
            created_at: app.clock.now(),
        };
        app.store.create_agent(&agent, key).await?;
        Ok(agent.into())
    };
    let show = |first: FirstRequest| async move {
        let agent: store::Agent = caller.find(&parsed(&first.target)?).await?;
        Ok(agent.into())
    };
    once(app, Some(&caller.organization_id), key, show, make).await
}

/// List agents
///
/// Returns the agents of the organization, oldest first.
#[utoipa::path(get, path = "/agents",
    params(ListQuery),
    responses((status = 200, body = List<Agent>)))]
pub(crate) async fn list_agents(caller: Caller<Reads>, query: ListQuery) -> LongAnswer {
    caller.list::<store::Agent, Agent>(query).await
}

/// Show an agent
///
/// Returns one agent of the organization.
#[utoipa::path(get, path = "/agents/{id}",
    responses((status = 200, description = "The agent", body = Agent)))]
pub(crate) async fn show_agent(caller: Caller<Reads>, Id(id): Id<AgentId>) -> Answer<Agent> {
    Ok(Json(caller.find::<store::Agent>(&id).await?.into()))
}

/// Delete an agent
///
/// The conversations of the agent stay and can be read. A send that names the agent is answered with 404.
#[utoipa::path(delete, path = "/agents/{id}",
    responses((status = 200, description = "Deleted", body = Deleted)))]
pub(crate) async fn delete_agent(caller: Caller<Manages>, Id(id): Id<AgentId>) -> Answer<Deleted> {
    caller.delete(&id, Store::delete_agent).await?;
    // ChatVolt's clients read JSON here, so this deletion alone does not answer 204.
    Ok(Json(Deleted { success: true }))
}
