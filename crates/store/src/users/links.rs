//! One-time links, with which a user sets a password: an invitation, or help after a lost password.

use std::time::Duration;

use recado_core::UserId;
use sqlx::AssertSqlSafe;

use super::passwords::replace_password;
use super::{User, find, normalized, record};
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::resources::bearer_secrets::{LinkSecret, hash};

/// How long a link works.
pub const LINK_LIFETIME: Duration = Duration::from_hours(24);

impl Store {
    /// Creates a link for a user, which replaces an earlier one. The secret is not kept. Returns whether there is
    /// such a user.
    pub async fn create_link(
        &self,
        organization: &OrganizationId,
        id: &UserId,
        secret: &LinkSecret,
        ends_at: Timestamp,
        author: &Author,
    ) -> Result<bool> {
        let query = insertion(organization, id, secret, ends_at);
        let keep_key = author.keep_key(Some(organization), id.as_str());
        let (organization_id, id, author) = (organization.clone(), id.clone(), author.clone());
        self.under_lock(organization, move |connection| {
            Box::pin(async move {
                let Some(user) = find(&organization_id, &id, connection).await? else {
                    return Ok(false);
                };
                query.execute(&mut *connection).await?;
                record(&author, &user, AuditAction::UserLinkCreated, None)
                    .execute(&mut *connection)
                    .await?;
                if let Some(keep_key) = keep_key {
                    keep_key.execute(connection).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// Creates a user as [`Self::create_user`] does, and a link for the user, both or neither.
    pub async fn create_user_with_link(
        &self,
        user: &User,
        secret: &LinkSecret,
        ends_at: Timestamp,
        author: &Author,
    ) -> Result<()> {
        let organization = &user.organization_id;
        let email = normalized(&user.email);
        let queries = [
            super::insertion(user),
            record(author, user, AuditAction::UserCreated, Some(&email)),
            insertion(organization, &user.id, secret, ends_at),
            record(author, user, AuditAction::UserLinkCreated, None),
        ];
        let keep_key = author.keep_key(Some(organization), user.id.as_str());
        self.under_lock(organization, move |connection| {
            Box::pin(async move {
                for query in queries.into_iter().chain(keep_key) {
                    query.execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Finds the user whose link has this secret and works, without using it up.
    pub async fn find_link(&self, secret: &str, now: Timestamp) -> Result<Option<User>> {
        let text = format!(
            "select {} from links l \
             join users u on u.id = l.user_id and u.organization_id = l.organization_id \
             join organizations o on o.id = l.organization_id \
             where l.secret_hash = $1 and l.ends_at > $2 \
             and o.suspended_at is null and o.deleted_at is null",
            User::columns_of("u")
        );
        let query = Query::new(AssertSqlSafe(text)).bind(hash(secret).to_vec());
        self.find(query.instant(now)).await
    }

    /// Uses a link up: stores the hash of the new password of its user, and ends the sessions and personal keys
    /// of the user. Returns the user, or `None` if the link does not work or was used.
    pub async fn use_link(
        &self,
        secret: &str,
        password_hash: &str,
        author: &Author,
    ) -> Result<Option<User>> {
        let Some(found) = self.find_link(secret, author.at).await? else {
            return Ok(None);
        };
        // Of two uses at the same time, only one finds the link.
        let query = Query::new(
            "delete from links where organization_id = $1 and user_id = $2 \
             and secret_hash = $3 and ends_at > $4 returning user_id",
        )
        .id(&found.organization_id)
        .id(&found.id)
        .bind(hash(secret).to_vec())
        .instant(author.at);
        let (password_hash, author) = (password_hash.to_owned(), author.clone());
        let organization = found.organization_id.clone();
        self.change_access(&organization, move |connection| {
            Box::pin(async move {
                if query.fetch_optional(&mut *connection).await?.is_none() {
                    return Ok(None);
                }
                replace_password(&found, &password_hash, connection).await?;
                record(&author, &found, AuditAction::UserLinkUsed, None)
                    .execute(connection)
                    .await?;
                Ok(Some(User {
                    has_password: true,
                    ..found
                }))
            })
        })
        .await
    }
}

/// Returns the statement that inserts the link of a user, or replaces it.
fn insertion(
    organization: &OrganizationId,
    user: &UserId,
    secret: &LinkSecret,
    ends_at: Timestamp,
) -> Query {
    Query::new(
        "insert into links (organization_id, user_id, secret_hash, ends_at) \
         values ($1, $2, $3, $4) on conflict (organization_id, user_id) \
         do update set secret_hash = excluded.secret_hash, ends_at = excluded.ends_at",
    )
    .id(organization)
    .id(user)
    .bind(secret.hash())
    .instant(ends_at)
}
