//! The extractors that let callers pass.

use std::collections::HashMap;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use recado_core::{ApiKeyId, OrganizationId, Scope};
use recado_store::{ApiKey, Author, Session, User};

use super::cookie::SessionCookie;
use super::credential::Credential;
use super::csrf;
use super::identity::{Proof, authenticate};
use super::need::{Guard, Need, ScopeNeed};
use crate::api::address;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Path;
use crate::app::App;
use crate::telemetry::log_organization;

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

/// A caller that manages the organization in the path: an operator, or a caller of that organization with the scope
/// `manage`.
#[derive(Debug)]
pub(crate) struct OrganizationManager {
    pub(crate) organization_id: OrganizationId,
    pub(crate) author: Author,
}

/// A caller that manages an organization, or all of them.
#[derive(Debug)]
pub(crate) struct Manager {
    /// `None` for an operator.
    pub(crate) organization_id: Option<OrganizationId>,
}

/// A person who is signed in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    pub(crate) user: User,
    pub(crate) author: Author,
}

/// A person who signs in, on a page of this server or outside of a browser.
#[derive(Debug)]
pub(crate) struct SigningIn {
    pub(crate) address: Option<IpAddr>,
}

/// The API key of a caller, of an organization or an operator.
#[derive(Debug)]
pub(crate) struct PresentedKey(pub(crate) ApiKey);

/// The API key of a caller that acts for an organization.
#[derive(Debug)]
pub(crate) struct OwnKey {
    pub(crate) organization_id: OrganizationId,
    pub(crate) id: ApiKeyId,
    pub(crate) author: Author,
}

/// Any caller.
#[derive(Debug)]
pub(crate) struct Anyone;

/// A provider, whose proof the handler checks with the channel's secrets.
#[derive(Debug)]
pub(crate) struct ProviderProof;

macro_rules! guards {
    ($($guard:ident = $need:expr;)*) => {$(
        impl Guard for $guard {
            const NEED: Need = $need;
        }
    )*};
}

guards! {
    Operator = Need::Operator;
    OrganizationManager = Need::OrganizationManager;
    Manager = Need::Manager;
    SignedIn = Need::Session;
    SigningIn = Need::OwnPage;
    PresentedKey = Need::AnyKey;
    OwnKey = Need::OrganizationKey;
    Anyone = Need::Nothing;
    ProviderProof = Need::ProviderProof;
}

impl<N: ScopeNeed> Guard for Caller<N> {
    const NEED: Need = Need::Scope(N::SCOPE);
}

impl<N: ScopeNeed> FromRequestParts<Arc<App>> for Caller<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        let credential = identity.credential();
        let Some(organization_id) = identity.organization_id.clone() else {
            return Err(not_of_operators());
        };
        identity.check_scope(N::SCOPE)?;
        Ok(Self {
            organization_id,
            author: identity.author,
            credential,
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
        let author = identity.author;
        Ok(Self { author })
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
        log_organization(&organization_id);
        if let Some(own) = &identity.organization_id {
            // A caller is not told which other organizations exist.
            if *own != organization_id {
                return Err(missing());
            }
            identity.check_scope(Scope::Manage)?;
        }
        let found = app.store.get_organization(&organization_id).await?;
        found.ok_or_else(missing)?;
        Ok(Self {
            organization_id,
            author: identity.author,
        })
    }
}

impl FromRequestParts<Arc<App>> for Manager {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        if identity.organization_id.is_some() {
            identity.check_scope(Scope::Manage)?;
        }
        let organization_id = identity.organization_id;
        Ok(Self { organization_id })
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        let author = identity.author;
        match identity.proof {
            Proof::Session(session, user) => Ok(Self {
                session,
                user,
                author,
            }),
            Proof::ApiKey(_) => Err(forbidden(
                "This route works for a person who is signed in, with the session's cookie and without an API key",
            )),
        }
    }
}

impl FromRequestParts<Arc<App>> for SigningIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        // Another site could sign a person in to an account of its own, and see what the person does there.
        csrf::check(parts, &app.public_url).await?;
        if !SessionCookie::of(&app.public_url).may_be_set(&parts.headers) {
            return Err(forbidden(
                "Without https a person signs in on the machine of the server alone: set RECADO_PUBLIC_URL to the https address that people use",
            ));
        }
        let address = address::of_caller(&parts.extensions, &parts.headers);
        Ok(Self { address })
    }
}

impl FromRequestParts<Arc<App>> for PresentedKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match authenticate(parts, app).await?.proof {
            Proof::ApiKey(key) => Ok(Self(key)),
            Proof::Session(..) => Err(forbidden(
                "This route is about the API key of the caller: send one as `Authorization: Bearer <key>`",
            )),
        }
    }
}

impl FromRequestParts<Arc<App>> for OwnKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let PresentedKey(key) = PresentedKey::from_request_parts(parts, app).await?;
        let organization_id = key.organization_id.ok_or_else(not_of_operators)?;
        let author = authenticate(parts, app).await?.author;
        Ok(Self {
            organization_id,
            id: key.id,
            author,
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

fn not_of_operators() -> ApiError {
    forbidden("This route works for one organization: use one of its API keys, not an operator key")
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new(Reason::Forbidden, message)
}
