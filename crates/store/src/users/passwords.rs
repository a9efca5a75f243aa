//! Passwords, of which only a slow hash is stored; the hash is made and compared by the server.

use recado_core::UserId;
use sqlx::AssertSqlSafe;

use super::sessions::Session;
use super::{User, end_access, find, normalized, record};
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::resources::bearer_secrets::SessionSecret;

/// Most users whose password is compared if a person names no organization.
pub const MAX_SIGN_INS: u8 = 2;

impl Store {
    /// Finds the users who may sign in with this e-mail address, with the hashes of their passwords: in the named
    /// organization, or else in all organizations, the oldest [`MAX_SIGN_INS`].
    ///
    /// Users without a password are not among them, nor those of a suspended or deleted organization.
    pub async fn find_sign_ins(
        &self,
        email: &str,
        organization: Option<&OrganizationId>,
    ) -> Result<Vec<(User, String)>> {
        let text = format!(
            "select {} from users u join organizations o on o.id = u.organization_id \
             where u.email = $1 and u.organization_id = coalesce($2, u.organization_id) \
             and u.password_hash is not null \
             and o.suspended_at is null and o.deleted_at is null \
             order by u.created_at, u.id limit $3",
            User::columns_of("u")
        );
        let query = Query::new(AssertSqlSafe(text))
            .bind(normalized(email))
            .optional_id(organization)
            .bind(i64::from(MAX_SIGN_INS));
        let rows = self.read_rows(query).await?;
        let found = rows.iter().map(|row| {
            let hash = User::columns(row).get("password_hash")?;
            Ok((User::of(row)?, hash))
        });
        found.collect()
    }

    /// Sets the hash of a user's password, and ends the personal keys, the link and the sessions of the user.
    /// Returns whether there is such a user.
    pub async fn set_password(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        hash: &str,
        author: &Author,
    ) -> Result<bool> {
        let (organization_id, id, author) = (organization.clone(), id.clone(), author.clone());
        let hash = hash.to_owned();
        self.change_access(organization, move |connection| {
            Box::pin(async move {
                let Some(user) = find(&organization_id, &id, connection).await? else {
                    return Ok(false);
                };
                replace_password(&user, &hash, connection).await?;
                record(&author, &user, AuditAction::UserPasswordChanged, None)
                    .execute(connection)
                    .await?;
                Ok(true)
            })
        })
        .await
    }

    /// Replaces the password of the user of a session, which goes on with a new secret; the other sessions, the
    /// personal keys and the link of the user end.
    ///
    /// Returns `false` and changes nothing if the password was replaced since its hash was `old`, or the session has
    /// ended.
    pub async fn change_password(
        &self,
        session: &Session,
        secret: &SessionSecret,
        [old, new]: [&str; 2],
        author: &Author,
    ) -> Result<bool> {
        let renewal = Query::new(
            "update sessions set secret_hash = $3 where organization_id = $1 and id = $2",
        )
        .id(&session.organization_id)
        .id(&session.id)
        .bind(secret.hash());
        let replacement = Query::new(
            "update users set password_hash = $4 where organization_id = $1 and id = $2 \
             and password_hash = $3 and exists (select 1 from sessions s \
             where s.organization_id = $1 and s.id = $5 and s.user_id = $2) returning id",
        )
        .id(&session.organization_id)
        .id(&session.user_id)
        .bind(old.to_owned())
        .bind(new.to_owned())
        .id(&session.id);
        let (session, author) = (session.clone(), author.clone());
        self.change_access(&session.organization_id.clone(), move |connection| {
            Box::pin(async move {
                let (organization, id) = (&session.organization_id, &session.user_id);
                let Some(user) = find(organization, id, connection).await? else {
                    return Ok(false);
                };
                // The user's row first, as a sign-in takes it before it ends the oldest sessions.
                if replacement
                    .fetch_optional(&mut *connection)
                    .await?
                    .is_none()
                {
                    return Ok(false);
                }
                renewal.execute(&mut *connection).await?;
                end_access(&user, Some(&session.id), connection).await?;
                record(&author, &user, AuditAction::UserPasswordChanged, None)
                    .execute(connection)
                    .await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Stores the hash of a new password, and ends the access of the user.
pub(super) async fn replace_password(
    user: &User,
    hash: &str,
    connection: &mut Connection,
) -> Result<()> {
    // It comes first: a sign-in with the old password that waits for this row fails.
    Query::new("update users set password_hash = $3 where organization_id = $1 and id = $2")
        .id(&user.organization_id)
        .id(&user.id)
        .bind(hash.to_owned())
        .execute(&mut *connection)
        .await?;
    end_access(user, None, connection).await
}
