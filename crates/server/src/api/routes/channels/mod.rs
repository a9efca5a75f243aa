//! Channels: connected WhatsApp numbers; their credentials go in and never come out.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use recado_core::{Provider, switch};
use secrecy::SecretString;
use uuid::Uuid;

use super::prelude::*;
use crate::channels::numbers;

mod budget;
pub(crate) mod checks;
pub(crate) mod costs;
pub(crate) mod limits;
pub(crate) mod pauses;
mod shape;
pub(crate) mod webhooks;

use shape::{Channel, ChannelPatch, NewChannel, shape, stated};

failures!(CreateFailures: &[
    Reason::AgentNotFound,
    Reason::ChannelNotFound,
    Reason::AlreadyExists,
    Reason::CheckFailed,
]);
failures!(UpdateFailures: &[Reason::AgentNotFound, Reason::AlreadyExists]);

/// How often a change is checked again because another one came in between.
const MAX_CHANGES: usize = 5;

/// How a channel is created.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateQuery {
    /// With `true`, the channel is created only if its provider says that it can send.
    #[param(value_type = Option<bool>, default = false)]
    check: Option<String>,
}

/// Whether the provider is asked first; read before the body, as every query.
pub(crate) struct Check(bool);

impl<S: Send + Sync> FromRequestParts<S> for Check {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::<CreateQuery>::from_request_parts(parts, state).await?;
        let Some(text) = &query.check else {
            return Ok(Self(false));
        };
        let check = switch::parse(text);
        check
            .map(Self)
            .ok_or_else(|| wrong("check", "Write check=true or check=false"))
    }
}

/// Makes the secret that a provider shows when it calls: 244 random bits.
pub(crate) fn webhook_secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}

/// An object in a request; absent and null are the same.
fn given(name: &str, value: Value) -> Result<Option<Map<String, Value>>, FieldErrors> {
    match value {
        Value::Null => Ok(None),
        Value::Object(object) => Ok(Some(object)),
        _ => Err(FieldErrors::field(name, "Expected object")),
    }
}

/// The default agent that is named, if it exists.
async fn known_agent(
    app: &App,
    organization: &OrganizationId,
    id: TextField,
) -> Result<Option<AgentId>, ApiError> {
    match id.as_text() {
        None => Ok(None),
        Some(id) => {
            let id = parsed(id)?;
            let agent = find::<store::Agent>(app, organization, &id).await?;
            Ok(Some(agent.id))
        }
    }
}

/// Connect a WhatsApp number
///
/// Stores the credentials encrypted. An organization connects each number once.
///
/// With `check=true`, the provider is asked first whether the number can send. If it cannot, nothing is created, and the
/// error says why.
#[utoipa::path(post, path = "/channels",
    params(CreateQuery, KeyParameter),
    request_body = NewChannel,
    responses((status = 201, body = Channel), CreateFailures))]
pub(crate) async fn create_channel(
    caller: Caller<Manages>,
    Check(check): Check,
    key: KeyHeader,
    Body(new): Body<NewChannel>,
) -> Created<Channel> {
    let key = if check { key.asking("check") } else { key };
    let (caller, given) = (&caller, key.key());
    let (app, organization) = (&caller.app, &caller.organization_id);
    let author = caller.author.clone().with_key(given.clone());
    let make = async {
        let channel = make_channel(app, organization, new, check, &author).await?;
        shape(app, channel, Secrets::Shown)
    };
    let show = |first: FirstRequest| async move {
        let channel = caller.find(&parsed(&first.target)?).await?;
        shape(app, channel, Secrets::Shown)
    };
    once(app, Some(organization), given.as_ref(), show, make).await
}

async fn make_channel(
    app: &App,
    organization: &OrganizationId,
    new: NewChannel,
    check: bool,
    author: &Author,
) -> Result<store::Channel, ApiError> {
    let provider: Provider =
        text(new.provider)
            .parse()
            .map_err(|error: recado_core::provider::UnknownProvider| {
                FieldErrors::field("provider", &error.to_string())
            })?;
    let settings = given("settings", new.settings)?.unwrap_or_default();
    let credentials = given("credentials", new.credentials)?.unwrap_or_default();
    let number = app.channels().check(provider, &credentials, &settings)?;
    let (credentials, settings) = (stated(credentials), stated(settings));
    let agent_id = known_agent(app, organization, new.agent_id).await?;
    if check {
        let channel = app.channels().connect(provider, &credentials, &settings)?;
        checks::require_connected(&*channel).await?;
    }
    let channel = store::NewChannel {
        id: id_or(new.id, || ChannelId::from_uuid(app.uuid()))?,
        organization_id: organization.clone(),
        provider,
        name: text(new.name),
        agent_id,
        settings,
        number: Some(number.clone()),
        secrets: store::ChannelSecrets {
            credentials,
            webhook_secret: webhook_secret(),
        },
        created_at: author.at,
    };
    let id = channel.id.clone();
    match app.store.create_channel(channel, author).await {
        Ok(channel) => Ok(channel),
        Err(error) => Err(numbers::refusal(app, organization, &id, &number, error).await),
    }
}

/// List channels
///
/// Returns the channels of the organization, oldest first. Credentials are never shown.
#[utoipa::path(get, path = "/channels",
    params(ListQuery),
    responses((status = 200, body = List<Channel>)))]
pub(crate) async fn list_channels(
    caller: Caller<Reads>,
    secrets: Secrets,
    query: ListQuery,
) -> LongAnswer {
    let shape = |channel| shape(&caller.app, channel, secrets);
    caller.try_list(query, shape).await
}

/// Show a channel
///
/// Returns one channel of the organization. Its credentials are never shown: `credentialsSet` tells which of them are set.
#[utoipa::path(get, path = "/channels/{id}",
    responses((status = 200, description = "The channel", body = Channel)))]
pub(crate) async fn show_channel(
    caller: Caller<Reads>,
    secrets: Secrets,
    Id(id): Id<ChannelId>,
) -> Answer<Channel> {
    let channel = caller.find::<store::Channel>(&id).await?;
    Ok(Json(shape(&caller.app, channel, secrets)?))
}

/// Change a channel
///
/// Fields that are left out stay. A credential that the request names is replaced, one that is null is removed, and the
/// others stay. `settings` replaces all settings of the channel.
#[utoipa::path(patch, path = "/channels/{id}",
    request_body = ChannelPatch,
    responses((status = 200, description = "The channel as it is now", body = Channel), UpdateFailures))]
pub(crate) async fn update_channel(
    caller: Caller<Manages>,
    Id(id): Id<ChannelId>,
    Body(patch): Body<ChannelPatch>,
) -> Answer<Channel> {
    let agent_id = known_agent(&caller.app, &caller.organization_id, patch.agent_id).await?;
    let change = store::ChannelChange {
        version: None,
        number: None,
        name: patch.name.into_text(),
        settings: given("settings", patch.settings)?,
        credentials: given("credentials", patch.credentials)?,
        agent_id,
        budget: None,
    };
    // What was checked has to be what is changed: another change may come in between.
    for _ in 0..MAX_CHANGES {
        let channel = caller.find::<store::Channel>(&id).await?;
        let mut change = change.clone();
        if let Some(given) = &patch.budget {
            change.budget = Some(budget::change(&caller.app, &channel, given).await?);
        }
        if let Some(changed) = change_once(&caller.app, &channel, change, &caller.author).await? {
            return Ok(Json(shape(&caller.app, changed, Secrets::Shown)?));
        }
    }
    Err(ApiError::new(
        Reason::Unavailable,
        "Others change this channel at the same time",
    ))
}

/// Checks a change against a channel as it was read, and makes it if the channel is still the same.
async fn change_once(
    app: &App,
    channel: &store::Channel,
    mut change: store::ChannelChange,
    author: &Author,
) -> Result<Option<store::Channel>, ApiError> {
    change.version = Some(channel.version);
    // A change of the name or the agent does not check the stored settings by today's rules.
    if change.credentials.is_some() || change.settings.is_some() {
        let stored = app.store.secrets(channel)?.credentials;
        let credentials = change.credentials.clone().unwrap_or_default();
        let stored = (&stored, &channel.settings);
        let new = (&credentials, change.settings.as_ref());
        change.number = Some(app.channels().check_change(channel.provider, stored, new)?);
    }
    change.settings = change.settings.map(stated);
    let number = change.number.clone();
    let (organization, id) = (&channel.organization_id, &channel.id);
    let changed = app.store.update_channel(organization, id, change, author);
    match (changed.await, number) {
        (Ok(changed), _) => Ok(changed),
        (Err(error), Some(number)) => {
            Err(numbers::refusal(app, organization, id, &number, error).await)
        }
        (Err(error), None) => Err(error.into()),
    }
}

/// Delete a channel
///
/// The credentials are deleted. The conversations of the channel stay and can be read, and can no longer send.
#[utoipa::path(delete, path = "/channels/{id}",
    responses((status = 204)))]
pub(crate) async fn delete_channel(
    caller: Caller<Manages>,
    Id(id): Id<ChannelId>,
) -> Result<StatusCode, ApiError> {
    caller.delete(&id, Store::delete_channel).await
}
