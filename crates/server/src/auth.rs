//! Who calls: the extractors that name the caller.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use recado_core::{ApiKeyId, OrganizationId};
use recado_store::ApiKey;

use crate::app::App;
use crate::error::{ApiError, Reason};

/// Whoever calls, proven by a key; a login session will be another way to become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// May manage organizations and their keys.
    Operator,
    /// Acts for one organization.
    Organization(OrganizationId),
}

/// A caller that acts for one organization.
#[derive(Debug)]
pub(crate) struct Tenant(pub OrganizationId);

/// A caller that acts for one organization, with the key that it uses.
#[derive(Debug)]
pub(crate) struct TenantKey(pub OrganizationId, pub ApiKeyId);

/// A caller that manages organizations.
#[derive(Debug)]
pub(crate) struct Operator;

impl Caller {
    fn of(key: &ApiKey) -> Self {
        let organization = key.organization_id.clone();
        organization.map_or(Self::Operator, Self::Organization)
    }

    /// Lets operators pass, and the organization itself.
    ///
    /// # Errors
    ///
    /// Anybody else is told that the organization does not exist.
    pub(crate) fn may_manage(&self, organization: &OrganizationId) -> Result<(), ApiError> {
        match self {
            Self::Operator => Ok(()),
            Self::Organization(own) if own == organization => Ok(()),
            Self::Organization(_) => Err(ApiError::not_found(Reason::OrganizationNotFound)),
        }
    }
}

/// The second word of `Authorization`; as ChatVolt does, whatever the first one is.
fn presented_key(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.split_ascii_whitespace().nth(1)
}

/// Finds the key that the caller presents, and notes the caller for those who read the request later.
async fn find_key(parts: &mut Parts, app: &App) -> Result<ApiKey, ApiError> {
    let unauthorized = |message: &str| ApiError::new(Reason::Unauthorized, message);
    let key = presented_key(&parts.headers).ok_or_else(|| {
        unauthorized("UNAUTHORIZED: send an API key as `Authorization: Bearer <key>`")
    })?;
    let found = app.store.find_api_key_by_secret(key).await?;
    let found = found.ok_or_else(|| {
        unauthorized("UNAUTHORIZED: this API key is not known; it may have been deleted")
    })?;
    parts.extensions.insert(Caller::of(&found));
    Ok(found)
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        Ok(Self::of(&find_key(parts, app).await?))
    }
}

impl FromRequestParts<Arc<App>> for TenantKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = find_key(parts, app).await?;
        match key.organization_id {
            Some(organization) => Ok(Self(organization, key.id)),
            None => Err(ApiError::new(
                Reason::Forbidden,
                "This route works for one organization: use one of its API keys, not an operator key",
            )),
        }
    }
}

impl FromRequestParts<Arc<App>> for Tenant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let TenantKey(organization, _) = TenantKey::from_request_parts(parts, app).await?;
        Ok(Self(organization))
    }
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match Caller::from_request_parts(parts, app).await? {
            Caller::Operator => Ok(Self),
            Caller::Organization(_) => Err(ApiError::new(
                Reason::Forbidden,
                "This route manages organizations: use an operator key, made with `recado-server operator-key create`",
            )),
        }
    }
}
