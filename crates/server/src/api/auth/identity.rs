//! Who calls, proven by an API key or by the cookie of a session.

use std::sync::Arc;

use axum::http::{HeaderValue, header, request::Parts};
use jiff::Timestamp;
use recado_core::{OrganizationId, Scope, Scopes};
use recado_store::{Actor, ApiKey, Author, Session, User};

use super::cookie::SessionCookie;
use super::credential::Credential;
use super::csrf;
use crate::api::address;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::check_parameters;
use crate::api::idempotency::check_taken;
use crate::app::App;
use crate::send::limits::{self, KeyRate};
use crate::telemetry::log_organization;

/// The authenticated caller of a request.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The organization that the caller acts for; `None` for an operator.
    pub(crate) organization_id: Option<OrganizationId>,
    /// What the caller may do for the organization.
    pub(crate) scopes: Scopes,
    /// Who makes the changes of this request.
    pub(crate) author: Author,
    pub(super) proof: Proof,
}

/// The key or session that authenticates a caller.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    ApiKey(ApiKey),
    Session(Session, User),
}

impl Identity {
    pub(super) fn credential(&self) -> Credential {
        match &self.proof {
            Proof::ApiKey(key) => Credential::ApiKey(key.id.clone()),
            Proof::Session(session, _) => Credential::Session(session.id.clone()),
        }
    }

    /// Returns the rate of the API key, if it has one.
    pub(super) fn key_rate(&self) -> Option<KeyRate> {
        match &self.proof {
            Proof::ApiKey(key) => limits::of_key(key),
            Proof::Session(..) => None,
        }
    }

    pub(super) fn check_scope(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let message = match &self.proof {
            Proof::ApiKey(_) => format!(
                "This route needs the scope `{scope}`, which this API key does not have; its scopes are: {}",
                self.scopes
            ),
            Proof::Session(_, user) => format!(
                "This route needs the scope `{scope}`, which the role `{}` does not have; ask an owner of the organization",
                user.role
            ),
        };
        Err(ApiError::new(Reason::Forbidden, message))
    }
}

/// Finds out who sends a request, once: those who read the request later find the answer in its extensions.
pub(crate) async fn authenticate(parts: &mut Parts, app: &Arc<App>) -> Result<Identity, ApiError> {
    if let Some(known) = parts.extensions.get::<Identity>() {
        return Ok(known.clone());
    }
    let now = app.clock.now();
    let identity = match parts.headers.get(header::AUTHORIZATION) {
        // ChatVolt does not read the cookie if this header is present, even without a key in it.
        Some(authorization) => by_key(parts, app, authorization, now).await?,
        None => by_session(parts, app, now).await?,
    };
    if let Some(organization) = &identity.organization_id {
        log_organization(organization);
    }
    parts.extensions.insert(identity.clone());
    // After the caller: who proves nothing is told of nothing else.
    check_parameters(parts)?;
    check_taken(parts)?;
    Ok(identity)
}

async fn by_key(
    parts: &Parts,
    app: &App,
    authorization: &HeaderValue,
    now: Timestamp,
) -> Result<Identity, ApiError> {
    let secret = presented_key(authorization)?;
    let key = app.store.find_api_key_by_secret(secret, now).await?;
    let key = key.ok_or_else(|| {
        unauthorized("UNAUTHORIZED: this API key is not known; it may have expired or been deleted")
    })?;
    app.store.note_key_used(&key.id, now);
    let actor = match key.organization_id {
        Some(_) => Actor::Key(key.id.clone()),
        None => Actor::Operator(key.id.clone()),
    };
    Ok(Identity {
        organization_id: key.organization_id.clone(),
        scopes: key.scopes,
        author: author(parts, actor, now),
        proof: Proof::ApiKey(key),
    })
}

async fn by_session(parts: &Parts, app: &Arc<App>, now: Timestamp) -> Result<Identity, ApiError> {
    let cookie = SessionCookie::of(&app.public_url);
    let secret = cookie.find(&parts.headers).ok_or_else(|| {
        unauthorized("UNAUTHORIZED: send an API key as `Authorization: Bearer <key>`, or sign in")
    })?;
    csrf::check(parts, &app.public_url).await?;
    let found = app.store.find_session(secret, now).await?;
    let (session, user) = found.ok_or_else(ended_session)?;
    app.store.note_session_used(&session, now);
    Ok(Identity {
        organization_id: Some(session.organization_id.clone()),
        scopes: user.role.scopes(),
        author: author(parts, Actor::User(user.id.clone()), now),
        proof: Proof::Session(session, user),
    })
}

fn author(parts: &Parts, actor: Actor, at: Timestamp) -> Author {
    Author {
        actor,
        address: address::of_caller(&parts.extensions, &parts.headers),
        at,
        key: None,
    }
}

/// Returns the second word of `Authorization` and ignores the first, as ChatVolt does.
fn presented_key(authorization: &HeaderValue) -> Result<&str, ApiError> {
    let mut words = authorization
        .as_bytes()
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let key = words.nth(1).ok_or_else(|| {
        unauthorized("UNAUTHORIZED: send an API key as `Authorization: Bearer <key>`")
    })?;
    let is_of_a_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    str::from_utf8(key)
        .ok()
        .filter(|key| key.bytes().all(|byte| is_of_a_key(&byte)))
        .ok_or_else(|| {
            unauthorized(
                "UNAUTHORIZED: the API key has characters that no key has, such as quotation marks or the `…` of an example: send the key alone, as `Authorization: Bearer <key>`",
            )
        })
}

/// Returns the error of a session that is not known, or not any more.
pub(crate) fn ended_session() -> ApiError {
    unauthorized("UNAUTHORIZED: this session is not known; it may have ended: sign in again")
}

fn unauthorized(message: &str) -> ApiError {
    ApiError::new(Reason::Unauthorized, message)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MISSING: &str = "UNAUTHORIZED: send an API key as";
    const NOT_OF_A_KEY: &str = "UNAUTHORIZED: the API key has characters that no key has";

    #[rstest]
    #[case::a_key("Bearer recado_a1B2", Ok("recado_a1B2"))]
    #[case::any_first_word("\u{201c}Token\u{201d} recado_a1B2", Ok("recado_a1B2"))]
    #[case::nothing("", Err(MISSING))]
    #[case::the_key_alone("recado_a1B2", Err(MISSING))]
    #[case::quoted("Bearer \"recado_a1B2\"", Err(NOT_OF_A_KEY))]
    #[case::in_curly_quotes("Bearer \u{201c}recado_a1B2\u{201d}", Err(NOT_OF_A_KEY))]
    #[case::of_an_example("Bearer \u{2026}", Err(NOT_OF_A_KEY))]
    #[case::in_brackets("Bearer <key>", Err(NOT_OF_A_KEY))]
    #[case::a_variable("Bearer $RECADO_KEY", Err(NOT_OF_A_KEY))]
    fn a_key_that_cannot_be_one_is_told(
        #[case] header: &str,
        #[case] expected: Result<&str, &str>,
    ) {
        let value = HeaderValue::from_bytes(header.as_bytes()).expect("a header value");
        match (presented_key(&value), expected) {
            (Ok(key), Ok(expected)) => assert_eq!(key, expected),
            (Err(error), Err(begin)) => {
                assert!(error.message.starts_with(begin), "{}", error.message);
            }
            (found, _) => panic!("{header}: {:?}", found.map_err(|error| error.message)),
        }
    }
}
