//! The extractors that let callers pass.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use recado_core::{ApiKeyId, OrganizationId, Scope};
use recado_store::{self as store, ApiKey, Author, Session, Store, StoreError, User};

use super::cookie::SessionCookie;
use super::credential::Credential;
use super::csrf;
use super::identity::{Identity, Proof, authenticate};
use super::need::{Guard, Need};
use crate::api::address;
use crate::api::error::{ApiError, Reason};
use crate::api::idempotency::check_taken;
use crate::api::noun::{self, Noun, deleted, found, missing, parsed};
use crate::app::App;
use crate::send::limits::KeyRate;
use crate::telemetry::log_organization;

/// What a caller may do for one organization, as a type, so that a signature can name it: `Caller<Sends>`.
pub(crate) trait Right {
    const NEED: Need;
}

macro_rules! rights {
    ($($(#[$doc:meta])+ $right:ident = $need:expr;)+) => {$(
        $(#[$doc])+
        pub(crate) struct $right;

        impl Right for $right {
            const NEED: Need = $need;
        }
    )+};
}

rights! {
    /// Has the scope `read`.
    Reads = Need::Scope(Scope::Read);
    /// Has the scope `send`.
    Sends = Need::Scope(Scope::Send);
    /// Has the scope `manage`.
    Manages = Need::Scope(Scope::Manage);
    /// Manages the organization in the path: an operator, or a caller of that organization with the scope `manage`.
    ManagesOrganization = Need::OrganizationManager;
}

/// A caller that has the right `R` for one organization.
pub(crate) struct Caller<R> {
    pub(crate) app: Arc<App>,
    pub(crate) organization_id: OrganizationId,
    pub(crate) author: Author,
    pub(crate) credential: Credential,
    /// The rate of the API key, if it has one.
    pub(crate) key_rate: Option<KeyRate>,
    right: PhantomData<R>,
}

impl<R: Right> Guard for Caller<R> {
    const NEED: Need = R::NEED;
}

impl<R> Caller<R> {
    /// Deletes what has the id in the caller's organization, and answers 204 or the 404 of its noun.
    pub(crate) async fn delete<K: Noun>(
        &self,
        id: &K,
        delete: impl AsyncFn(&Store, &OrganizationId, &K, &Author) -> Result<bool, StoreError>,
    ) -> Result<StatusCode, ApiError> {
        let (store, organization) = (&self.app.store, &self.organization_id);
        deleted::<K>(delete(store, organization, id, &self.author).await?)
    }

    /// Finds a row of the caller's organization, or answers the 404 of its noun.
    pub(crate) async fn find<T: store::Noun + Noun>(&self, id: &T::Id) -> Result<T, ApiError> {
        noun::find(&self.app, &self.organization_id, id).await
    }
}

impl<R: Right> FromRequestParts<Arc<App>> for Caller<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(parts, app).await?;
        let organization_id = match R::NEED {
            Need::Scope(scope) => own_organization(&identity, scope)?,
            Need::OrganizationManager => organization_in_path(&identity, parts, app).await?,
            _ => return Err(ApiError::internal("a right that is for no organization")),
        };
        Ok(Self {
            app: Arc::clone(app),
            organization_id,
            credential: identity.credential(),
            key_rate: identity.key_rate(),
            author: identity.author,
            right: PhantomData,
        })
    }
}

fn own_organization(identity: &Identity, scope: Scope) -> Result<OrganizationId, ApiError> {
    let own = identity.organization_id.clone();
    let own = own.ok_or_else(not_of_operators)?;
    identity.check_scope(scope)?;
    Ok(own)
}

async fn organization_in_path(
    identity: &Identity,
    parts: &mut Parts,
    app: &Arc<App>,
) -> Result<OrganizationId, ApiError> {
    let path = RawPathParams::from_request_parts(parts, app).await;
    let path = path.map_err(|_| ApiError::no_route())?;
    let id = path.iter().find(|(name, _)| *name == "id");
    let id: OrganizationId = parsed(id.map_or("", |(_, id)| id))?;
    log_organization(&id);
    if let Some(own) = &identity.organization_id {
        // A caller is not told which other organizations exist.
        if *own != id {
            return Err(missing::<OrganizationId>());
        }
        identity.check_scope(Scope::Manage)?;
    }
    Ok(found(app.store.get_organization(&id).await?)?.id)
}

/// A caller that manages organizations.
pub(crate) struct Operator {
    pub(crate) app: Arc<App>,
    pub(crate) author: Author,
}

/// A caller that manages an organization, or all of them.
pub(crate) struct Manager {
    pub(crate) app: Arc<App>,
    /// `None` for an operator.
    pub(crate) organization_id: Option<OrganizationId>,
}

pub(crate) struct SignedIn {
    pub(crate) app: Arc<App>,
    pub(crate) session: Session,
    pub(crate) user: User,
    pub(crate) author: Author,
}

/// A person who signs in, on a page of this server or outside of a browser.
pub(crate) struct SigningIn {
    pub(crate) app: Arc<App>,
    pub(crate) address: Option<IpAddr>,
}

/// The API key of a caller, of an organization or an operator.
pub(crate) struct PresentedKey(pub(crate) ApiKey);

/// The API key of a caller that acts for an organization.
pub(crate) struct OwnKey {
    pub(crate) app: Arc<App>,
    pub(crate) organization_id: OrganizationId,
    pub(crate) id: ApiKeyId,
    pub(crate) author: Author,
}

/// Makes a type a guard: what it asks of callers, and how it lets them pass.
macro_rules! guard {
    ($guard:ident asks $need:expr, |$parts:ident, $app:ident| $admit:block) => {
        impl Guard for $guard {
            const NEED: Need = $need;
        }

        impl FromRequestParts<Arc<App>> for $guard {
            type Rejection = ApiError;

            async fn from_request_parts(
                $parts: &mut Parts,
                $app: &Arc<App>,
            ) -> Result<Self, ApiError> {
                $admit
            }
        }
    };
}

guard!(Operator asks Need::Operator, |parts, app| {
    let identity = authenticate(parts, app).await?;
    if identity.organization_id.is_some() {
        return Err(forbidden(
            "This route manages organizations: use an operator key, made with `recado-server operator-key create`",
        ));
    }
    Ok(Self {
        app: Arc::clone(app),
        author: identity.author,
    })
});

guard!(Manager asks Need::Manager, |parts, app| {
    let identity = authenticate(parts, app).await?;
    if identity.organization_id.is_some() {
        identity.check_scope(Scope::Manage)?;
    }
    Ok(Self {
        app: Arc::clone(app),
        organization_id: identity.organization_id,
    })
});

guard!(SignedIn asks Need::Session, |parts, app| {
    let Identity { author, proof, .. } = authenticate(parts, app).await?;
    match proof {
        Proof::Session(session, user) => Ok(Self {
            app: Arc::clone(app),
            session,
            user,
            author,
        }),
        Proof::ApiKey(_) => Err(forbidden(
            "This route works for a person who is signed in, with the session's cookie and without an API key",
        )),
    }
});

guard!(SigningIn asks Need::OwnPage, |parts, app| {
    // Another site could sign a person in to an account of its own, and see what the person does there.
    csrf::check(parts, &app.public_url).await?;
    check_taken(parts)?;
    if !SessionCookie::of(&app.public_url).may_be_set(&parts.headers) {
        return Err(forbidden(
            "Without https, sign-in works only on the machine of the server: set RECADO_PUBLIC_URL to the https address that people use",
        ));
    }
    Ok(Self {
        app: Arc::clone(app),
        address: address::of_caller(&parts.extensions, &parts.headers),
    })
});

guard!(PresentedKey asks Need::AnyKey, |parts, app| {
    match authenticate(parts, app).await?.proof {
        Proof::ApiKey(key) => Ok(Self(key)),
        Proof::Session(..) => Err(forbidden(
            "This route is about the API key of the caller: send one as `Authorization: Bearer <key>`",
        )),
    }
});

guard!(OwnKey asks Need::OrganizationKey, |parts, app| {
    let PresentedKey(key) = PresentedKey::from_request_parts(parts, app).await?;
    Ok(Self {
        app: Arc::clone(app),
        organization_id: key.organization_id.ok_or_else(not_of_operators)?,
        id: key.id,
        author: authenticate(parts, app).await?.author,
    })
});

/// Makes a type a guard that lets everyone pass.
macro_rules! open_guard {
    ($($(#[$doc:meta])+ $guard:ident = $need:expr;)+) => {$(
        $(#[$doc])+
        pub(crate) struct $guard;

        impl Guard for $guard {
            const NEED: Need = $need;
        }

        impl<S: Sync> FromRequestParts<S> for $guard {
            type Rejection = Infallible;

            async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
                Ok(Self)
            }
        }
    )+};
}

open_guard! {
    /// Any caller.
    Anyone = Need::Nothing;
    /// A provider, whose proof the handler checks with the channel's secrets.
    ProviderProof = Need::ProviderProof;
}

fn not_of_operators() -> ApiError {
    forbidden("This route works for one organization: use one of its API keys, not an operator key")
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new(Reason::Forbidden, message)
}
