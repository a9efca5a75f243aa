//! API keys of an organization; the secret is shown once, when the key is made.

use std::time::Duration;

use recado_core::{Scope, Scopes};

use super::prelude::*;
use crate::api::auth::{OwnKey, PresentedKey, SignedIn, ended_session};
use crate::app::clock::later;

failures!(CreateFailures: &[Reason::AlreadyExists, Reason::ApiKeyNotFound]);

/// How long a personal key works, where nothing else is asked for.
const PERSONAL_KEY_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// How long a personal key works at most; a minute more, as clocks differ.
const MAX_PERSONAL_KEY_LIFETIME: Duration = Duration::from_mins(365 * 24 * 60 + 1);

/// The API key to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"name": "shop backend", "scopes": ["send"], "expiresAt": "2099-12-31T00:00:00Z"}))]
pub(crate) struct NewApiKey {
    /// What the key is for.
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// What the key may do; everything if it is left out. A key with `manage` can create users and other keys, so give it to
    /// administrators only.
    #[schema(value_type = Option<Vec<words::Scope>>, min_items = 1)]
    scopes: Value,
    /// The most messages that the key may send in a minute; without it, the key has no limit of its own.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    messages_per_minute: Value,
    /// When the key stops working; without it, the key works until it is deleted.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: TextField,
}

/// The personal API key to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"name": "Ana's laptop"}))]
pub(crate) struct NewPersonalKey {
    /// What the key is for.
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// When the key stops working, in 365 days at the latest; without it, in 90 days.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: TextField,
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKey {
    /// The id of the key. It is not the secret.
    #[schema(value_type = String)]
    id: ApiKeyId,
    /// What the key is for.
    name: String,
    /// What the key may do. A personal key may never do more than its user.
    #[schema(value_type = Vec<words::Scope>)]
    scopes: Vec<Scope>,
    /// The most messages that the key may send in a minute; null if no such limit is set.
    messages_per_minute: Option<u32>,
    /// The beginning of the secret, by which you recognize the key; null for keys of older versions.
    prefix: Option<String>,
    /// The user whose personal key it is; null for a key of the organization.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    /// The time at which it was created.
    created_at: Timestamp,
    /// When the key stops working; null if it works until it is deleted.
    expires_at: Option<Timestamp>,
    /// When the key was last used, to the minute; null if that has not happened.
    last_used_at: Option<Timestamp>,
}

/// The API key that the request presents.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentApiKey {
    #[serde(flatten)]
    api_key: ApiKey,
    /// The organization of the key; null for an operator key.
    #[schema(value_type = Option<String>)]
    organization_id: Option<OrganizationId>,
}

/// An API key that was just created, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    api_key: ApiKey,
    /// The secret of the key, which goes into the header `Authorization`. It is shown when the key is created.
    key: String,
}

mirrors!(ApiKey, store::ApiKey {
    id, name, scopes, prefix, user_id, created_at; messages_per_minute, expires_at, last_used_at
});

impl CreatedApiKey {
    fn new(key: store::ApiKey, secret: &store::ApiKeySecret) -> Self {
        Self {
            api_key: key.into(),
            key: secret.expose().to_owned(),
        }
    }
}

/// Reads the scopes of a key; without any it has all.
fn scopes(value: Value) -> Result<Scopes, FieldErrors> {
    if value.is_null() {
        return Ok(Scopes::ALL);
    }
    serde_json::from_value(value).map_err(|_| {
        FieldErrors::field(
            "scopes",
            "Expected a list with at least one of read, send, manage",
        )
    })
}

/// Reads the end of a key.
fn expiry(field: TextField, now: jiff::Timestamp) -> Result<Option<jiff::Timestamp>, FieldErrors> {
    let wrong = |sentence| FieldErrors::field("expiresAt", sentence);
    let Some(text) = field.into_text() else {
        return Ok(None);
    };
    let end: jiff::Timestamp = text
        .parse()
        .map_err(|_| wrong("Expected a time such as 2026-12-31T00:00:00Z"))?;
    if end <= now {
        return Err(wrong("Must be in the future"));
    }
    Ok(Some(end))
}

/// Reads the end of a personal key; without one it works for 90 days.
fn personal_expiry(field: TextField, now: jiff::Timestamp) -> Result<jiff::Timestamp, FieldErrors> {
    let end = expiry(field, now)?.unwrap_or(later(now, PERSONAL_KEY_LIFETIME));
    if end > later(now, MAX_PERSONAL_KEY_LIFETIME) {
        let sentence = "A personal key works for 365 days at most";
        return Err(FieldErrors::field("expiresAt", sentence));
    }
    Ok(end)
}

/// Create an API key
///
/// The answer has the secret of the key in `key`. It is shown again only to a repeat with the same `Idempotency-Key`.
#[utoipa::path(post, path = "/organizations/{id}/api-keys",
    params(KeyParameter),
    request_body = NewApiKey,
    responses((status = 201, description = "Created; `key` is shown now, and to a repeat with the same `Idempotency-Key`", body = CreatedApiKey), CreateFailures))]
pub(crate) async fn create_api_key(
    caller: Caller<ManagesOrganization>,
    header: KeyHeader,
    Body(new): Body<NewApiKey>,
) -> Created<CreatedApiKey> {
    let (caller, given) = (&caller, header.key());
    let (app, organization) = (&caller.app, &caller.organization_id);
    let (header, author) = (
        given.as_ref(),
        caller.author.clone().with_key(given.clone()),
    );
    let make = async {
        let id = ApiKeyId::from_uuid(app.uuid());
        let secret = secret_of(&app.store, &id, &author)?;
        let (owner, name) = (Some(organization.clone()), text(new.name));
        let key = store::ApiKey {
            scopes: scopes(new.scopes)?,
            messages_per_minute: number("messagesPerMinute", &new.messages_per_minute)?,
            expires_at: expiry(new.expires_at, author.at)?,
            ..store::ApiKey::new(id, owner, name, &secret, author.at)
        };
        app.store.create_api_key(&key, &secret, &author).await?;
        Ok(CreatedApiKey::new(key, &secret))
    };
    let show = |first| first_key(app, organization, header, first);
    once(app, Some(organization), header, show, make).await
}

/// Returns the secret of a key that is created.
fn secret_of(
    store: &Store,
    id: &ApiKeyId,
    author: &Author,
) -> Result<store::ApiKeySecret, StoreError> {
    store::ApiKeySecret::of_request(store, author.key.as_ref(), id.as_str(), author.at)
}

/// Returns the key that the first request under an idempotency key made, with its secret.
async fn first_key(
    app: &App,
    organization: &OrganizationId,
    header: Option<&IdempotencyKey>,
    first: FirstRequest,
) -> Result<CreatedApiKey, ApiError> {
    let key: store::ApiKey = find(app, organization, &parsed(&first.target)?).await?;
    let (store, at) = (&app.store, first.created_at);
    let secret = store::ApiKeySecret::of_request(store, header, &first.target, at)?;
    if key.prefix != Some(secret.prefix()) {
        return Err(ApiError::new(
            Reason::AlreadyExists,
            "Already exists: the API key was created, and its secret cannot be shown again since the master key of this server was changed; delete the key and create another one",
        ));
    }
    Ok(CreatedApiKey::new(key, &secret))
}

/// Create a personal API key of the caller
///
/// A user has 50 at most: the oldest are deleted. Its scopes are those of the user's role at this time. A later role
/// can take scopes away and adds none. The key is deleted with the user, when all sessions of the user are ended,
/// and when the user gets a new password.
#[utoipa::path(post, path = "/sessions/current/api-key",
    params(KeyParameter),
    request_body = NewPersonalKey,
    responses((status = 201, description = "Created; `key` is shown now, and to a repeat with the same `Idempotency-Key`", body = CreatedApiKey), CreateFailures))]
pub(crate) async fn create_personal_api_key(
    SignedIn {
        app,
        session,
        user,
        author,
    }: SignedIn,
    header: KeyHeader,
    Body(new): Body<NewPersonalKey>,
) -> Created<CreatedApiKey> {
    // The path is the same for all users.
    let given = header.of(user.id.as_str()).key();
    let author = author.with_key(given.clone());
    let (app, organization, header) = (&*app, &user.organization_id, given.as_ref());
    let make = async {
        let id = ApiKeyId::from_uuid(app.uuid());
        let secret = secret_of(&app.store, &id, &author)?;
        let (owner, name) = (Some(organization.clone()), text(new.name));
        let key = store::ApiKey {
            user_id: Some(user.id.clone()),
            scopes: user.role.scopes(),
            expires_at: Some(personal_expiry(new.expires_at, author.at)?),
            ..store::ApiKey::new(id, owner, name, &secret, author.at)
        };
        let creation = (app.store).create_personal_key(&key, &secret, &session.id, &author);
        if creation.await? {
            Ok(CreatedApiKey::new(key, &secret))
        } else {
            Err(ended_session())
        }
    };
    let show = |first| first_key(app, organization, header, first);
    once(app, Some(organization), header, show, make).await
}

/// List the API keys of an organization
///
/// Returns the keys without their secrets, oldest first, and the personal keys of users with them.
#[utoipa::path(get, path = "/organizations/{id}/api-keys",
    params(ListQuery),
    responses((status = 200, body = List<ApiKey>)))]
pub(crate) async fn list_api_keys(
    caller: Caller<ManagesOrganization>,
    query: ListQuery,
) -> LongAnswer {
    caller.list::<store::ApiKey, ApiKey>(query).await
}

/// Delete an API key
///
/// The key stops working at once, and its open event streams end within a second.
#[utoipa::path(delete, path = "/organizations/{id}/api-keys/{keyId}",
    responses((status = 204)))]
pub(crate) async fn delete_api_key(
    caller: Caller<ManagesOrganization>,
    Id(id): Id<ApiKeyId>,
) -> Result<StatusCode, ApiError> {
    caller.delete(&id, Store::delete_api_key).await
}

/// Show the API key of the caller
///
/// Returns the key that the request presents, without its secret. It shows what the key may do and when it stops working.
#[utoipa::path(get, path = "/api-keys/current",
    responses((status = 200, description = "The key", body = CurrentApiKey)))]
pub(crate) async fn show_current_api_key(PresentedKey(key): PresentedKey) -> Json<CurrentApiKey> {
    let organization_id = key.organization_id.clone();
    let api_key = key.into();
    Json(CurrentApiKey {
        api_key,
        organization_id,
    })
}

/// Delete the API key of the caller
///
/// The key that the request presents stops working at once, and its open event streams end within a second.
#[utoipa::path(delete, path = "/api-keys/current",
    responses((status = 204)))]
pub(crate) async fn delete_current_api_key(
    OwnKey {
        app,
        organization_id,
        id,
        author,
    }: OwnKey,
) -> Result<StatusCode, ApiError> {
    app.store
        .delete_api_key(&organization_id, &id, &author)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
