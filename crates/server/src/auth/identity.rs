//! Who calls, proven by an API key.

use axum::http::{HeaderMap, header, request::Parts};
use recado_core::{ApiKeyId, OrganizationId, Scopes};
use recado_store::{Actor, Author};

use crate::app::App;
use crate::error::{ApiError, Reason};

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The organization that the caller acts for; `None` for an operator.
    pub(crate) organization_id: Option<OrganizationId>,
    /// What the caller may do for the organization.
    pub(crate) scopes: Scopes,
    /// Who makes the changes of this request.
    pub(crate) author: Author,
    pub(crate) credential: Credential,
}

/// What proves who calls; the secret is not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Credential {
    ApiKey(ApiKeyId),
}

/// Finds out who sends a request, once: those who read the request later find the answer in its extensions.
///
/// # Errors
///
/// The request proves nothing.
pub(super) async fn authenticate(parts: &mut Parts, app: &App) -> Result<Identity, ApiError> {
    if let Some(known) = parts.extensions.get::<Identity>() {
        return Ok(known.clone());
    }
    let identity = by_key(&parts.headers, app).await?;
    parts.extensions.insert(identity.clone());
    Ok(identity)
}

async fn by_key(headers: &HeaderMap, app: &App) -> Result<Identity, ApiError> {
    let secret = presented_key(headers).ok_or_else(|| {
        unauthorized("UNAUTHORIZED: send an API key as `Authorization: Bearer <key>`")
    })?;
    let now = app.clock.now();
    let key = app.store.find_api_key_by_secret(secret, now).await?;
    let key = key.ok_or_else(|| {
        unauthorized("UNAUTHORIZED: this API key is not known; it may have been deleted")
    })?;
    let actor = match key.organization_id {
        Some(_) => Actor::Key(key.id.clone()),
        None => Actor::Operator(key.id.clone()),
    };
    Ok(Identity {
        organization_id: key.organization_id,
        scopes: key.scopes,
        author: Author {
            actor,
            address: None,
            at: now,
        },
        credential: Credential::ApiKey(key.id),
    })
}

/// Returns the second word of `Authorization`, whatever the first one is, as ChatVolt does.
fn presented_key(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.split_ascii_whitespace().nth(1)
}

fn unauthorized(message: &str) -> ApiError {
    ApiError::new(Reason::Unauthorized, message)
}
