//! Channels: connected WhatsApp numbers; their credentials go in and never come out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::fields::{name, optional, required};
use recado_core::{AgentId, ChannelId, FieldErrors, OrganizationId, Provider, TextField};
use recado_store as store;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::conversations;
use super::listing::{List, ListQuery};
use super::{Secrets, checked, id_or, not_blank, rfc3339, text};
use crate::app::App;
use crate::auth::{Caller, need};
use crate::body::Body;
use crate::error::{ApiError, Reason};
use crate::extract::{Path, Query};
use crate::numbers;
use crate::openapi::{BODY, KEY, QUERY, failures};

failures!(CreateFailures: KEY, BODY, &[Reason::AgentNotFound, Reason::AlreadyExists]);
failures!(ListFailures: KEY, QUERY);
failures!(FindFailures: KEY, &[Reason::ChannelNotFound]);
failures!(UpdateFailures: KEY, BODY, &[Reason::AgentNotFound, Reason::ChannelNotFound, Reason::AlreadyExists]);

/// A channel to be.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"provider": "whatsapp", "name": "Main number", "credentials": {"phoneNumberId": "106540352242922", "accessToken": "EAAGExample"}}))]
pub(crate) struct NewChannel {
    /// `whatsapp`, `zapi` or `zapperhub`.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String)]
    provider: TextField,
    /// What people call it.
    #[serde(default)]
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, max_length = 256)]
    name: TextField,
    /// Its id, if you want to choose it; unique on the whole server, since webhook URLs carry it.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    id: TextField,
    /// Who speaks in conversations that customers begin; without it the organization's first agent.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    agent_id: TextField,
    /// By provider: `apiVersion`, `buttonsEndpoint`, `webhookToken`, `dialect`, `recipientForm`, and `baseUrl` for all.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Value,
    /// By provider: see the documentation. Tokens, keys and secrets have at least 8 characters.
    #[serde(default)]
    #[schema(value_type = Object)]
    credentials: Value,
}

/// What changes about a channel; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"name": "Second number"}))]
pub(crate) struct ChannelPatch {
    /// What people call it.
    #[serde(default)]
    #[validate(custom(function = "not_blank"))]
    #[schema(value_type = Option<String>, max_length = 256)]
    name: TextField,
    /// Who speaks in conversations that customers begin.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    agent_id: TextField,
    /// All of the settings.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Value,
    /// All of the credentials; tokens, keys and secrets have at least 8 characters.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    credentials: Value,
}

/// A connected number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Channel {
    #[schema(value_type = String)]
    id: ChannelId,
    #[schema(value_type = String)]
    provider: Provider,
    name: String,
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    #[schema(value_type = Option<String>)]
    agent_id: Option<AgentId>,
    /// Whether the provider says that the number is connected; null before it says anything.
    connected: Option<bool>,
    /// Where the provider is to send its webhooks; null if a secret stands in it and the caller does not have the
    /// scope `manage`.
    webhook_url: Option<String>,
    /// Only for callers with the scope `manage`. What `ZapperHUB` is told to send back as a bearer token; for Meta the verify token, unless the credentials have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
    created_at: String,
    updated_at: String,
}

/// 244 random bits.
/// Makes the secret that a provider shows when it calls.
pub(crate) fn webhook_secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}

fn missing() -> ApiError {
    ApiError::not_found(Reason::ChannelNotFound)
}

/// An object in a request; absent and null are the same.
fn given(name: &str, value: Value) -> Result<Option<Map<String, Value>>, FieldErrors> {
    match value {
        Value::Null => Ok(None),
        Value::Object(object) => Ok(Some(object)),
        _ => Err(FieldErrors::field(name, "Expected object")),
    }
}

fn shape(app: &App, channel: store::Channel, secrets: Secrets) -> Result<Channel, ApiError> {
    let secret = app.store.secrets(&channel)?.webhook_secret;
    let provider = channel.provider;
    let is_shown = secrets == Secrets::Shown;
    let shown_url = is_shown || provider == Provider::WhatsApp;
    let shown_secret = is_shown && provider != Provider::Zapi;
    Ok(Channel {
        webhook_secret: shown_secret.then(|| secret.expose_secret().to_owned()),
        webhook_url: shown_url.then(|| webhook_url(app, &channel, &secret)),
        id: channel.id,
        provider,
        name: channel.name,
        settings: channel.settings,
        agent_id: channel.agent_id,
        connected: channel.connected,
        created_at: rfc3339(channel.created_at),
        updated_at: rfc3339(channel.updated_at),
    })
}

/// The default agent that is named, if it exists.
async fn known_agent(
    app: &App,
    organization: &OrganizationId,
    id: TextField,
) -> Result<Option<AgentId>, ApiError> {
    match id.as_text() {
        None => Ok(None),
        Some(id) => conversations::known_agent(app, organization, id)
            .await
            .map(Some),
    }
}

pub(super) async fn find(
    app: &App,
    organization: &OrganizationId,
    id: &str,
) -> Result<store::Channel, ApiError> {
    let id = id.parse().map_err(|_| missing())?;
    app.store
        .get_channel(organization, &id)
        .await?
        .ok_or_else(missing)
}

/// Connect a number
#[utoipa::path(post, path = "/channels", operation_id = "createChannel", tag = "Channels", request_body = NewChannel, responses((status = 201, description = "Created", body = Channel), CreateFailures))]
pub(crate) async fn create(
    Caller {
        organization_id,
        author,
        ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Body(new): Body<NewChannel>,
) -> Result<(StatusCode, Json<Channel>), ApiError> {
    let new = checked(new)?;
    let provider: Provider =
        text(new.provider)
            .parse()
            .map_err(|error: recado_core::provider::UnknownProvider| {
                FieldErrors::field("provider", &error.to_string())
            })?;
    let settings = given("settings", new.settings)?.unwrap_or_default();
    let credentials = given("credentials", new.credentials)?.unwrap_or_default();
    let number = app.channels().check(provider, &credentials, &settings)?;
    let agent_id = known_agent(&app, &organization_id, new.agent_id).await?;
    let channel = store::NewChannel {
        id: id_or(new.id, || ChannelId::from_uuid(app.uuid()))?,
        organization_id,
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
    let (owner, id) = (channel.organization_id.clone(), channel.id.clone());
    let channel = match app.store.create_channel(channel, &author).await {
        Ok(channel) => channel,
        Err(error) => return Err(numbers::refusal(&app, &owner, &id, &number, error).await),
    };
    Ok((
        StatusCode::CREATED,
        Json(shape(&app, channel, Secrets::Shown)?),
    ))
}

/// List channels
#[utoipa::path(get, path = "/channels", operation_id = "listChannels", tag = "Channels", params(ListQuery), responses((status = 200, description = "One part of the list", body = List<Channel>), ListFailures))]
pub(crate) async fn list(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    manager: Option<Caller<need::Manage>>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let secrets = manager.into();
    let listed = app
        .store
        .list_channels(&organization_id, &query.page()?)
        .await?;
    let data = listed
        .data
        .into_iter()
        .map(|channel| shape(&app, channel, secrets))
        .collect::<Result<Vec<_>, _>>()?;
    let list = List::of(
        store::Listed {
            data,
            next: listed.next,
        },
        |channel| channel,
    );
    app.memory.answer(Some(&organization_id), &list)
}

/// Show a channel
#[utoipa::path(get, path = "/channels/{id}", operation_id = "showChannel", tag = "Channels", params(("id" = String, Path)), responses((status = 200, description = "The channel", body = Channel), FindFailures))]
pub(crate) async fn show(
    Caller {
        organization_id, ..
    }: Caller<need::Read>,
    manager: Option<Caller<need::Manage>>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Channel>, ApiError> {
    let channel = find(&app, &organization_id, &id).await?;
    Ok(Json(shape(&app, channel, manager.into())?))
}

/// Change a channel
#[utoipa::path(patch, path = "/channels/{id}", operation_id = "updateChannel", tag = "Channels", params(("id" = String, Path)), request_body = ChannelPatch, responses((status = 200, description = "The channel as it is now", body = Channel), UpdateFailures))]
pub(crate) async fn update(
    Caller {
        organization_id,
        author,
        ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Body(patch): Body<ChannelPatch>,
) -> Result<Json<Channel>, ApiError> {
    let patch = checked(patch)?;
    let channel = find(&app, &organization_id, &id).await?;
    let mut change = store::ChannelChange {
        number: None,
        name: patch.name.into_text(),
        settings: given("settings", patch.settings)?,
        credentials: given("credentials", patch.credentials)?,
        agent_id: known_agent(&app, &organization_id, patch.agent_id).await?,
    };
    let (provider, channels) = (channel.provider, app.channels());
    let settings = change.settings.as_ref().unwrap_or(&channel.settings);
    let number = if let Some(credentials) = &change.credentials {
        channels.check(provider, credentials, settings)?
    } else {
        let kept = app.store.secrets(&channel)?.credentials;
        channels.check_settings(provider, &kept, settings)?
    };
    // A new name leaves the number as it is, also where two old channels share one.
    if change.credentials.is_some() || change.settings.is_some() {
        change.number = Some(number.clone());
    }
    let changed = app
        .store
        .update_channel(&organization_id, &channel.id, change, &author)
        .await;
    let channel = match changed {
        Ok(changed) => changed.ok_or_else(missing)?,
        Err(error) => {
            let id = &channel.id;
            return Err(numbers::refusal(&app, &organization_id, id, &number, error).await);
        }
    };
    Ok(Json(shape(&app, channel, Secrets::Shown)?))
}

/// Delete a channel and its credentials; its conversations stay, and can no longer send
#[utoipa::path(delete, path = "/channels/{id}", operation_id = "deleteChannel", tag = "Channels", params(("id" = String, Path)), responses((status = 204, description = "Deleted"), FindFailures))]
pub(crate) async fn delete(
    Caller {
        organization_id,
        author,
        ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| missing())?;
    let deleted = app.store.delete_channel(&organization_id, &id, &author);
    super::deleted(deleted.await?, Reason::ChannelNotFound)
}

/// Meta signs its calls; the others prove themselves by knowing the URL.
pub(super) fn webhook_url(app: &App, channel: &store::Channel, secret: &SecretString) -> String {
    let base = app.public_url.as_str().trim_end_matches('/');
    let url = format!("{base}/webhooks/{}/{}", channel.provider, channel.id);
    match channel.provider {
        Provider::WhatsApp => url,
        Provider::Zapi | Provider::ZapperHub => format!("{url}/{}", secret.expose_secret()),
    }
}
