//! The extractors that let callers pass.

use std::collections::HashMap;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use recado_core::{OrganizationId, Scope};
use recado_store::Author;

use super::identity::{Credential, Identity, authenticate};
use super::need::{Guard, Need, ScopeNeed};
use crate::app::App;
use crate::error::{ApiError, Reason};
use crate::extract::Path;

/// A caller that acts for one organization and has the scope `N`.
#[derive(Debug)]
pub(crate) struct Caller<N> {
    pub(crate) organization_id: OrganizationId,
    pub(crate) author: Author,
    pub(crate) credential: Credential,
    need: PhantomData<N>,
}

/// A caller that manages organizations.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) author: Author,
}

/// A caller that manages the organization in the path: an operator, or a manager of that organization.
#[derive(Debug)]
pub(crate) struct OrganizationManager {
    pub(crate) organization_id: OrganizationId,
    pub(crate) author: Author,
}

/// Everyone.
#[derive(Debug)]
pub(crate) struct Anyone;

/// A provider, whose proof the handler checks with the channel's secrets.
#[derive(Debug)]
pub(crate) struct ProviderProof;

impl<N: ScopeNeed> Guard for Caller<N> {
    const NEED: Need = Need::Scope(N::SCOPE);
}

impl Guard for Operator {
    const NEED: Need = Need::Operator;
}

impl Guard for OrganizationManager {
    const NEED: Need = Need::OrganizationManager;
}

impl Guard for Anyone {
    const NEED: Need = Need::Nothing;
}

impl Guard for ProviderProof {
    const NEED: Need = Need::ProviderProof;
}

impl<N: ScopeNeed> FromRequestParts<Arc<App>> for Caller<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        check_scope(&identity, N::SCOPE)?;
        let Some(organization_id) = identity.organization_id else {
            return Err(forbidden(
                "This route works for one organization: use one of its API keys, not an operator key",
            ));
        };
        Ok(Self {
            organization_id,
            author: identity.author,
            credential: identity.credential,
            need: PhantomData,
        })
    }
}

/// `None` if the caller does not have the scope: the handler then shows less.
impl<N: ScopeNeed> OptionalFromRequestParts<Arc<App>> for Caller<N> {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Option<Self>, ApiError> {
        match <Self as FromRequestParts<_>>::from_request_parts(parts, app).await {
            Ok(caller) => Ok(Some(caller)),
            Err(error) if error.reason == Reason::Forbidden => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        if identity.organization_id.is_some() {
            return Err(forbidden(
                "This route manages organizations: use an operator key, made with `recado-server operator-key create`",
            ));
        }
        Ok(Self {
            author: identity.author,
        })
    }
}

impl FromRequestParts<Arc<App>> for OrganizationManager {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        let missing = || ApiError::not_found(Reason::OrganizationNotFound);
        let Path(mut path): Path<HashMap<String, String>> =
            Path::from_request_parts(parts, app).await?;
        let id = path.remove("id").and_then(|id| id.parse().ok());
        let organization_id: OrganizationId = id.ok_or_else(missing)?;
        if let Some(own) = &identity.organization_id {
            // Another organization's existence is not told.
            if *own != organization_id {
                return Err(missing());
            }
            check_scope(&identity, Scope::Manage)?;
        }
        let found = app.store.get_organization(&organization_id).await?;
        found.ok_or_else(missing)?;
        Ok(Self {
            organization_id,
            author: identity.author,
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Anyone {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for ProviderProof {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// Checks that the caller has the scope.
fn check_scope(identity: &Identity, scope: Scope) -> Result<(), ApiError> {
    if identity.scopes.contains(scope) {
        return Ok(());
    }
    Err(forbidden(format!(
        "This route needs the scope `{scope}`, which this API key does not have; its scopes are: {}",
        identity.scopes
    )))
}

fn forbidden(message: impl Into<String>) -> ApiError {
    ApiError::new(Reason::Forbidden, message)
}
