//! Passwords, of which only a slow hash is stored; the hash is made and compared by the server.

use recado_core::{OrganizationId, SessionId, UserId};
use sqlx::AnyConnection;

use super::{User, end_access, find, normalized, record, user, user_columns};
use crate::audit::{AuditAction, Author};
use crate::columns::Columns;
use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// Finds the user who may sign in with this e-mail, and the hash of the password.
    ///
    /// Returns `None` if there is no such user, the user has no password, or the organization is suspended or
    /// deleted; also if the e-mail belongs to users of several organizations and none is named.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn find_sign_in(
        &self,
        email: &str,
        organization: Option<&OrganizationId>,
    ) -> Result<Option<(User, String)>, StoreError> {
        macro_rules! candidates {
            ($of:literal) => {
                concat!(
                    "select ",
                    user_columns!(),
                    " from users u join organizations o on o.id = u.organization_id \
                     where u.email = $1",
                    $of,
                    " and u.password_hash is not null \
                     and o.suspended_at is null and o.deleted_at is null limit 2"
                )
            };
        }
        let query = match organization {
            None => sqlx::query(candidates!("")).bind(normalized(email)),
            Some(organization) => sqlx::query(candidates!(" and u.organization_id = $2"))
                .bind(normalized(email))
                .bind(organization.as_str().to_owned()),
        };
        let rows = self.read_rows(query).await?;
        let [row] = rows.as_slice() else {
            return Ok(None);
        };
        let hash = Columns::new(row, "users", "id").get("password_hash")?;
        Ok(Some((user(row)?, hash)))
    }

    /// Sets the hash of a user's password, and ends the personal keys, the link and the sessions of the user,
    /// except for the one to keep. Returns whether there is such a user.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn set_password(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        hash: &str,
        author: &Author,
        keep: Option<&SessionId>,
    ) -> Result<bool, StoreError> {
        let (owner, id, author) = (organization.clone(), id.clone(), author.clone());
        let (hash, keep) = (hash.to_owned(), keep.cloned());
        self.change_access(organization, move |connection| {
            Box::pin(async move {
                let Some(user) = find(&owner, &id, connection).await? else {
                    return Ok(false);
                };
                replace_password(&user, &hash, keep.as_ref(), connection).await?;
                record(&author, &user, AuditAction::UserPasswordChanged, None)
                    .execute(connection)
                    .await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Stores the hash of a new password, and ends what the user could call with, except for the session to keep.
pub(super) async fn replace_password(
    user: &User,
    hash: &str,
    keep: Option<&SessionId>,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    // It comes first: a sign-in with the old password that waits for this row fails.
    sqlx::query("update users set password_hash = $3 where organization_id = $1 and id = $2")
        .bind(user.organization_id.as_str().to_owned())
        .bind(user.id.as_str().to_owned())
        .bind(hash.to_owned())
        .execute(&mut *connection)
        .await?;
    end_access(user, keep, connection).await
}
