//! The people of an organization: their accounts, roles and passwords.
//!
//! Every change of a user's access holds the organization lock: two owners cannot demote each other at once, and a
//! new password and the end of all sessions miss no link and no personal key that is made meanwhile.

mod links;
mod passwords;
mod sessions;
mod sign_in_attempts;

use recado_core::{Role, SessionId, UserId};

use crate::db::writer::Work;
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};

pub use links::LINK_LIFETIME;
pub use passwords::MAX_SIGN_INS;
pub use sessions::{MAX_SESSIONS, SESSION_IDLE_TIMEOUT, SESSION_LIFETIME, Session};
pub use sign_in_attempts::{
    ACCOUNT_AND_ADDRESS_LIMIT, ACCOUNT_LIMIT, ADDRESS_LIMIT, SignInAttempt, SignInLimit,
};

/// Most characters of an e-mail address, as SMTP allows.
pub const MAX_EMAIL_CHARS: usize = 254;

/// A person of one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The organization that the person belongs to.
    pub organization_id: OrganizationId,
    /// The e-mail address, trimmed and in lower case; unique within the organization.
    pub email: String,
    /// The name, for people.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Whether the person has set a password, which a sign-in needs.
    pub has_password: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the person signed in last.
    pub last_sign_in_at: Option<Timestamp>,
}

row! {
    User in "users":
    id, organization_id, email, name, role, has_password: has_password("password_hash"), created_at,
    last_sign_in_at
}

impl Noun for User {
    type Id = UserId;
}

impl Listable for User {}

fn has_password(columns: &Columns<'_>) -> Result<bool> {
    Ok(columns.get::<Option<&str>>("password_hash")?.is_some())
}

impl Store {
    /// Creates a user, who has no password yet; the e-mail address is stored trimmed and in lower case.
    /// Fails with [`StoreError::Conflict`] if the organization has a user with this e-mail address or the id is taken.
    pub async fn create_user(&self, user: &User, author: &Author) -> Result<()> {
        let email = normalized(&user.email);
        let entry = record(author, user, AuditAction::UserCreated, Some(&email));
        let keep_key = author.keep_key(Some(&user.organization_id), user.id.as_str());
        self.create(insertion(user), entry, keep_key).await
    }

    /// Changes the name or the role of a user; returns `None` if the organization has no such user. Another role
    /// ends the sessions of the user.
    /// Fails with [`StoreError::LastOwner`] if the organization would be left without an owner.
    pub async fn update_user(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        name: Option<&str>,
        role: Option<Role>,
        author: &Author,
    ) -> Result<Option<User>> {
        let (organization_id, id, author) = (organization.clone(), id.clone(), author.clone());
        let name = name.map(|name| row::text(name).into_owned());
        self.change_access(organization, move |connection| {
            Box::pin(async move {
                let Some(mut user) = find(&organization_id, &id, connection).await? else {
                    return Ok(None);
                };
                let role = role.unwrap_or(user.role);
                let name = name.unwrap_or_else(|| user.name.clone());
                if role == user.role && name == user.name {
                    return Ok(Some(user));
                }
                let detail = (role != user.role).then(|| format!("role: {} → {role}", user.role));
                if role != Role::Owner {
                    keep_an_owner(&user, connection).await?;
                }
                // It comes first: a sign-in that waits for this row makes no session of the old role.
                Query::new(
                    "update users set name = $3, role = $4 where organization_id = $1 and id = $2",
                )
                .id(organization_id)
                .id(id)
                .bind(name.clone())
                .bind(role.as_str())
                .execute(&mut *connection)
                .await?;
                if role != user.role {
                    end_sessions(&user, None, connection).await?;
                }
                (user.name, user.role) = (name, role);
                record(&author, &user, AuditAction::UserUpdated, detail.as_deref())
                    .execute(connection)
                    .await?;
                Ok(Some(user))
            })
        })
        .await
    }

    /// Deletes a user with the sessions, the link and the personal keys; returns whether there was one.
    /// Fails with [`StoreError::LastOwner`] if the organization would be left without an owner.
    pub async fn delete_user(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        author: &Author,
    ) -> Result<bool> {
        let (organization_id, id, author) = (organization.clone(), id.clone(), author.clone());
        self.change_access(organization, move |connection| {
            Box::pin(async move {
                let Some(user) = find(&organization_id, &id, connection).await? else {
                    return Ok(false);
                };
                keep_an_owner(&user, connection).await?;
                // The user first: a sign-in that waits for this row then finds that the user was deleted.
                Query::new("delete from users where organization_id = $1 and id = $2")
                    .id(organization_id)
                    .id(id)
                    .execute(&mut *connection)
                    .await?;
                end_access(&user, None, connection).await?;
                let email = Some(user.email.as_str());
                record(&author, &user, AuditAction::UserDeleted, email)
                    .execute(connection)
                    .await?;
                Ok(true)
            })
        })
        .await
    }

    /// Runs a write under the organization lock that may end keys or sessions.
    pub(crate) async fn change_access<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        work: impl Work<T>,
    ) -> Result<T> {
        let (store, organization) = (self.clone(), organization.clone());
        self.ending_access(async move { store.under_lock(&organization, work).await })
            .await
    }
}

/// Returns the statement that inserts a user.
fn insertion(user: &User) -> Query {
    Query::new(
        "insert into users (id, organization_id, email, name, role, created_at) \
         values ($1, $2, $3, $4, $5, $6) returning id",
    )
    .id(&user.id)
    .id(&user.organization_id)
    .bind(normalized(&user.email))
    .text(&user.name)
    .bind(user.role.as_str())
    .instant(user.created_at)
}

fn normalized(email: &str) -> String {
    row::text(email.trim()).to_lowercase()
}

fn record(author: &Author, user: &User, action: AuditAction, detail: Option<&str>) -> Query {
    author.record(
        Some(&user.organization_id),
        action,
        user.id.as_str(),
        detail,
    )
}

async fn find(
    organization: &OrganizationId,
    id: &UserId,
    connection: &mut Connection,
) -> Result<Option<User>> {
    let row = User::select("where organization_id = $1 and id = $2")
        .id(organization)
        .id(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(User::of).transpose()
}

/// Fails unless the organization keeps an owner without this user; one who can sign in, if this user can.
async fn keep_an_owner(user: &User, connection: &mut Connection) -> Result<()> {
    if user.role != Role::Owner {
        return Ok(());
    }
    let other = Query::new(
        "select id from users where organization_id = $1 and role = 'owner' and id <> $2 \
         and (password_hash is not null or $3 = 0) limit 1",
    )
    .id(&user.organization_id)
    .id(&user.id)
    .bind(i64::from(user.has_password))
    .fetch_optional(connection)
    .await?;
    other.map(drop).ok_or(StoreError::LastOwner)
}

/// Ends the access of a user: sessions except for the one to keep, personal keys and the link.
async fn end_access(
    user: &User,
    keep: Option<&SessionId>,
    connection: &mut Connection,
) -> Result<()> {
    end_sessions(user, keep, connection).await?;
    for text in [
        "delete from api_keys where organization_id = $1 and user_id = $2",
        "delete from links where organization_id = $1 and user_id = $2",
    ] {
        Query::new(text)
            .id(&user.organization_id)
            .id(&user.id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn end_sessions(
    user: &User,
    keep: Option<&SessionId>,
    connection: &mut Connection,
) -> Result<()> {
    Query::new("delete from sessions where organization_id = $1 and user_id = $2 and id <> $3")
        .id(&user.organization_id)
        .id(&user.id)
        // No id is empty.
        .bind(keep.map_or("", SessionId::as_str).to_owned())
        .run(connection)
        .await
}
