//! The people of an organization: their accounts, roles and passwords.
//!
//! Every change of a user's access holds the organization lock: two owners cannot demote each other at once, and a
//! new password and the end of all sessions miss no link and no personal key that is made meanwhile.

mod links;
mod passwords;
mod sessions;
mod sign_in_attempts;

use jiff::Timestamp;
use recado_core::{OrganizationId, Role, SessionId, UserId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::db::Query;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::{self, Columns};
use crate::db::writer::Work;
use crate::error::StoreError;
use crate::resources::audit::{AuditAction, Author};
use crate::store::Store;

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

/// The columns that [`user`] reads.
macro_rules! user_columns {
    () => {
        "u.id, u.organization_id, u.email, u.name, u.role, u.password_hash, u.created_at, \
         u.last_sign_in_at"
    };
}
pub(crate) use user_columns;

const GET: &str = concat!(
    "select ",
    user_columns!(),
    " from users u where u.organization_id = $1 and u.id = $2"
);

impl Store {
    /// Creates a user, who has no password yet; the e-mail address is stored trimmed and in lower case.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the organization has a user with this e-mail address or the id is taken,
    /// [`StoreError::UnknownOrganization`].
    pub async fn create_user(&self, user: &User, author: &Author) -> Result<(), StoreError> {
        let email = normalized(&user.email);
        let entry = record(author, user, AuditAction::UserCreated, Some(&email));
        let query = sqlx::query(
            "insert into users (id, organization_id, email, name, role, created_at) \
             values ($1, $2, $3, $4, $5, $6) returning id",
        )
        .bind(user.id.as_str().to_owned())
        .bind(user.organization_id.as_str().to_owned())
        .bind(email)
        .bind(row::text(&user.name).into_owned())
        .bind(user.role.as_str())
        .bind(user.created_at.as_millisecond());
        self.write_audited(query, entry).await.map(drop)
    }

    /// Looks a user up.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_user(
        &self,
        organization: &OrganizationId,
        id: &UserId,
    ) -> Result<Option<User>, StoreError> {
        let query = sqlx::query(GET)
            .bind(organization.as_str().to_owned())
            .bind(id.as_str().to_owned());
        self.read_row(query).await?.as_ref().map(user).transpose()
    }

    /// Lists the users of an organization.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_users(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<User>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(concat!(
            "select ",
            user_columns!(),
            " from users u where u.organization_id = $1 and (u.created_at, u.id) > ($2, $3) \
             order by u.created_at, u.id limit $4 + 0"
        ))
        .bind(organization.as_str().to_owned())
        .bind(created_at)
        .bind(id.to_owned())
        .bind(page.rows());
        let rows = self.read_page(query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, user, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }

    /// Changes the name or the role of a user; returns `None` if the organization has no such user. Another role
    /// ends the sessions of the user.
    ///
    /// # Errors
    ///
    /// [`StoreError::LastOwner`] if the organization would be left without an owner.
    pub async fn update_user(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        name: Option<&str>,
        role: Option<Role>,
        author: &Author,
    ) -> Result<Option<User>, StoreError> {
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
                sqlx::query(
                    "update users set name = $3, role = $4 where organization_id = $1 and id = $2",
                )
                .bind(organization_id.as_str().to_owned())
                .bind(id.as_str().to_owned())
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
    ///
    /// # Errors
    ///
    /// [`StoreError::LastOwner`] if the organization would be left without an owner.
    pub async fn delete_user(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        author: &Author,
    ) -> Result<bool, StoreError> {
        let (organization_id, id, author) = (organization.clone(), id.clone(), author.clone());
        self.change_access(organization, move |connection| {
            Box::pin(async move {
                let Some(user) = find(&organization_id, &id, connection).await? else {
                    return Ok(false);
                };
                keep_an_owner(&user, connection).await?;
                // The user first: a sign-in that waits for this row then finds that the user was deleted.
                sqlx::query("delete from users where organization_id = $1 and id = $2")
                    .bind(organization_id.as_str().to_owned())
                    .bind(id.as_str().to_owned())
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

    /// Does a write under the organization lock after which keys or sessions may not work any more.
    pub(crate) async fn change_access<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let (store, organization) = (self.clone(), organization.clone());
        self.ending_access(async move { store.under_lock(&organization, work).await })
            .await
    }
}

/// Returns the e-mail address as it is stored and looked for.
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
    connection: &mut AnyConnection,
) -> Result<Option<User>, StoreError> {
    let row = sqlx::query(GET)
        .bind(organization.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(user).transpose()
}

/// Checks that the organization has another owner, if the user is one; and that the other one can sign in, if the
/// user can.
async fn keep_an_owner(user: &User, connection: &mut AnyConnection) -> Result<(), StoreError> {
    if user.role != Role::Owner {
        return Ok(());
    }
    let other = sqlx::query(
        "select id from users where organization_id = $1 and role = 'owner' and id <> $2 \
         and (password_hash is not null or $3 = 0) limit 1",
    )
    .bind(user.organization_id.as_str().to_owned())
    .bind(user.id.as_str().to_owned())
    .bind(i64::from(user.has_password))
    .fetch_optional(connection)
    .await?;
    other.map(drop).ok_or(StoreError::LastOwner)
}

/// Ends what a user could call with: sessions, except for the one to keep, personal keys and the link.
async fn end_access(
    user: &User,
    keep: Option<&SessionId>,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    end_sessions(user, keep, connection).await?;
    for text in [
        "delete from api_keys where organization_id = $1 and user_id = $2",
        "delete from links where organization_id = $1 and user_id = $2",
    ] {
        sqlx::query(text)
            .bind(user.organization_id.as_str().to_owned())
            .bind(user.id.as_str().to_owned())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Ends the sessions of a user, except for the one to keep.
async fn end_sessions(
    user: &User,
    keep: Option<&SessionId>,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    sqlx::query("delete from sessions where organization_id = $1 and user_id = $2 and id <> $3")
        .bind(user.organization_id.as_str().to_owned())
        .bind(user.id.as_str().to_owned())
        // No id is empty.
        .bind(keep.map_or("", SessionId::as_str).to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads a user from a row.
fn user(row: &AnyRow) -> Result<User, StoreError> {
    let columns = Columns::new(row, "users", "id");
    Ok(User {
        id: columns.parse("id")?,
        organization_id: columns.parse("organization_id")?,
        email: columns.get("email")?,
        name: columns.get("name")?,
        role: columns.parse("role")?,
        has_password: columns.get::<Option<&str>>("password_hash")?.is_some(),
        created_at: columns.instant("created_at")?,
        last_sign_in_at: columns.optional_instant("last_sign_in_at")?,
    })
}
