//! People: signing in and out, and setting a password. The routes and the pages call these functions.

pub mod passwords;

use std::net::IpAddr;

use axum::http::HeaderValue;
use jiff::Timestamp;
use recado_core::{FieldErrors, OrganizationId, SessionId};
use recado_store::{
    Actor, Author, IdempotencyKey, LINK_LIFETIME, LinkSecret, MAX_EMAIL_CHARS, MAX_SIGN_INS,
    SESSION_LIFETIME, Session, SessionSecret, SignInAttempt, Store, StoreError, User,
};
use secrecy::SecretString;
use url::Url;
use validator::ValidateEmail as _;

use crate::api::auth::{SessionCookie, SignedIn, ended_session};
use crate::api::error::{ApiError, Reason};
use crate::app::App;
use crate::app::clock::later;
use crate::sign_in::passwords::check_length;
use crate::telemetry::log_organization;

pub(crate) struct SignIn {
    /// As [`email`] returns it.
    pub(crate) email: String,
    pub(crate) password: SecretString,
    /// Named where users of several organizations have the e-mail address.
    pub(crate) organization_id: Option<OrganizationId>,
}

/// A session that was just made.
pub(crate) struct CreatedSession {
    pub(crate) session: Session,
    pub(crate) user: User,
    /// The header `Set-Cookie` that gives it to the browser.
    pub(crate) cookie: HeaderValue,
}

/// A link with which a user sets a password.
pub struct NewLink {
    /// Where the user sets it.
    pub url: String,
    /// When the link stops working.
    pub ends_at: Timestamp,
}

/// Reads an e-mail address; case and white space around it do not count.
pub fn email(text: &str) -> Result<String, FieldErrors> {
    let email = text.trim().to_lowercase();
    if email.chars().count() <= MAX_EMAIL_CHARS && email.validate_email() {
        Ok(email)
    } else {
        let sentence = "Expected an e-mail address such as ana@example.com";
        Err(FieldErrors::field("email", sentence))
    }
}

/// Signs a person in.
///
/// Errors: the e-mail address or the password is wrong, without saying which; or there were too many attempts.
pub(crate) async fn sign_in(
    app: &App,
    given: SignIn,
    address: Option<IpAddr>,
) -> Result<CreatedSession, ApiError> {
    let (store, at) = (&app.store, app.clock.now());
    let (email, organization) = (given.email.as_str(), given.organization_id.as_ref());
    let by = |actor| Author {
        actor,
        address,
        at,
        key: None,
    };
    let found = check_password(app, email, organization, given.password, address).await?;
    let Some((user, hash)) = found else {
        store
            .note_failed_sign_in(organization, email, &by(Actor::Anonymous))
            .await?;
        return Err(wrong());
    };
    log_organization(&user.organization_id);
    let secret = SessionSecret::generate()?;
    let session = Session::new(SessionId::from_uuid(app.uuid()), &user, at);
    let author = by(Actor::User(user.id.clone()));
    if !store
        .create_session(&session, &secret, &hash, &author)
        .await?
    {
        // The password was changed, or the user deleted, a moment ago.
        return Err(wrong());
    }
    let cookie = SessionCookie::of(&app.public_url).set(&secret, SESSION_LIFETIME.as_secs())?;
    Ok(CreatedSession {
        session,
        user,
        cookie,
    })
}

/// Returns the user whose e-mail address and password these are, with the hash of the password. As many hashes are
/// computed, whether such a user exists or not.
async fn check_password(
    app: &App,
    email: &str,
    organization: Option<&OrganizationId>,
    password: SecretString,
    address: Option<IpAddr>,
) -> Result<Option<(User, String)>, ApiError> {
    let (store, now) = (&app.store, app.clock.now());
    // Counted before the hash, so that calls at the same time cannot try more than is allowed.
    let attempt = store.begin_sign_in(email, address, now);
    if let SignInAttempt::RefusedUntil(until) = attempt.await? {
        return Err(too_many_attempts(until, now));
    }
    let candidates = store.find_sign_ins(email, organization).await?;
    // As many hashes however many users there are, also after the right one: the time tells nothing.
    let hashes = organization.map_or(MAX_SIGN_INS, |_| 1);
    let found = first_that_fits(app, candidates, hashes, &password).await;
    // A right password is not counted, nor an attempt whose password was not compared.
    if !matches!(found, Ok(None)) {
        store.give_back_sign_in(email, address).await?;
    }
    found
}

async fn first_that_fits(
    app: &App,
    candidates: Vec<(User, String)>,
    hashes: u8,
    password: &SecretString,
) -> Result<Option<(User, String)>, ApiError> {
    let (mut candidates, mut found) = (candidates.into_iter(), None);
    for _ in 0..hashes {
        let candidate = candidates.next();
        let hash = candidate.as_ref().map(|(_, hash)| hash.clone());
        let fits = app.passwords.verify(password.clone(), hash).await?;
        found = found.or(candidate.filter(|_| fits));
    }
    Ok(found)
}

/// Returns an error that does not tell which of the two is wrong.
fn wrong() -> ApiError {
    ApiError::new(
        Reason::Unauthorized,
        "The e-mail address or the password is wrong",
    )
}

fn too_many_attempts(until: Timestamp, now: Timestamp) -> ApiError {
    ApiError {
        retry_after: until.duration_since(now).try_into().ok(),
        ..ApiError::new(Reason::RateLimited, "Too many attempts to sign in")
    }
}

/// Ends the session, and returns the header `Set-Cookie` that takes it from the browser.
pub(crate) async fn sign_out(app: &App, caller: &SignedIn) -> Result<HeaderValue, ApiError> {
    let SignedIn {
        session, author, ..
    } = caller;
    let organization = &session.organization_id;
    app.store
        .end_session(organization, &session.id, author)
        .await?;
    SessionCookie::of(&app.public_url).clear()
}

/// Replaces the password of the person who is signed in, ends the other sessions, and returns the header
/// `Set-Cookie` with the new secret of this one.
///
/// Errors: the current password is wrong, the new one is too short or too long, or there were too many attempts.
pub(crate) async fn change_password(
    app: &App,
    caller: &SignedIn,
    current: SecretString,
    new: SecretString,
) -> Result<HeaderValue, ApiError> {
    check_length("newPassword", &new)?;
    let SignedIn {
        session,
        user,
        author,
        ..
    } = caller;
    let organization = &session.organization_id;
    let address = author.address;
    let known = check_password(app, &user.email, Some(organization), current, address).await?;
    let store = &app.store;
    let Some((_, old)) = known else {
        store
            .note_failed_sign_in(Some(organization), &user.email, author)
            .await?;
        return Err(FieldErrors::field("currentPassword", "Is not the current password").into());
    };
    let hash = app.passwords.hash(new).await?;
    let secret = SessionSecret::generate()?;
    let changed = store.change_password(session, &secret, [&old, &hash], author);
    if !changed.await? {
        return Err(ended_session());
    }
    let left = session.ends_at.duration_since(author.at);
    let seconds = u64::try_from(left.as_secs()).unwrap_or_default();
    SessionCookie::of(&app.public_url).set(&secret, seconds)
}

/// Makes a link with which a user sets a password; it replaces the one before it. Returns `None` if the user was
/// deleted.
pub async fn create_link(
    store: &Store,
    public_url: &Url,
    user: &User,
    author: &Author,
) -> Result<Option<NewLink>, StoreError> {
    let (secret, link) = new_link(store, public_url, user, author.key.as_ref(), author.at)?;
    let created = store.create_link(
        &user.organization_id,
        &user.id,
        &secret,
        link.ends_at,
        author,
    );
    Ok(created.await?.then_some(link))
}

/// Returns a link for a user, which is not stored. A request with a key has always the same one.
pub(crate) fn new_link(
    store: &Store,
    public_url: &Url,
    user: &User,
    key: Option<&IdempotencyKey>,
    at: Timestamp,
) -> Result<(LinkSecret, NewLink), StoreError> {
    let secret = LinkSecret::of_request(store, key, user.id.as_str(), at)?;
    let base = public_url.as_str().trim_end_matches('/');
    let link = NewLink {
        url: format!("{base}/set-password/{}", secret.expose()),
        ends_at: later(at, LINK_LIFETIME),
    };
    Ok((secret, link))
}

/// Sets the password of the user of a link, which works once. All sessions of the user end.
///
/// Returns `None` if the link does not work, or not any more.
pub async fn set_password_by_link(
    app: &App,
    link: &str,
    password: SecretString,
    address: Option<IpAddr>,
) -> Result<Option<User>, ApiError> {
    check_length("password", &password)?;
    let now = app.clock.now();
    // Nothing is hashed for a link that does not work.
    let Some(user) = app.store.find_link(link, now).await? else {
        return Ok(None);
    };
    let hash = app.passwords.hash(password).await?;
    let author = Author {
        actor: Actor::User(user.id),
        address,
        at: now,
        key: None,
    };
    Ok(app.store.use_link(link, &hash, &author).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_the_same_in_any_case_and_without_spaces_around_it() {
        let read = email(" Ana.Souza@Example.COM\n");
        assert_eq!(read.as_deref(), Ok("ana.souza@example.com"));
        let too_long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "a b@example.com",
            &too_long,
        ] {
            assert!(email(text).is_err(), "{text}");
        }
    }
}
