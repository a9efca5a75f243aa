//! Sessions: sign-ins of users in browsers. Only a hash of the secret is kept.

use std::collections::BTreeSet;
use std::time::Duration;

use recado_core::{SessionId, UserId};
use sqlx::AssertSqlSafe;

use super::User;
use crate::db::list::among_ids;
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::resources::bearer_secrets::{SessionSecret, hash};
use crate::resources::key_uses;

/// How long a session lasts that is not used.
pub const SESSION_IDLE_TIMEOUT: Duration = Duration::from_hours(12);

/// How long a session lasts at most.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Most sessions of a user at a time; the oldest end.
pub const MAX_SESSIONS: u32 = 50;

/// A sign-in of a user in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its public name; not the secret.
    pub id: SessionId,
    /// The user who signed in.
    pub user_id: UserId,
    /// The organization of the user.
    pub organization_id: OrganizationId,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used; never after `ends_at`.
    pub idle_ends_at: Timestamp,
    /// When it ends even if it is used.
    pub ends_at: Timestamp,
}

impl Session {
    /// Returns a session that begins now.
    pub fn new(id: SessionId, user: &User, now: Timestamp) -> Self {
        let ends_at = after(now, SESSION_LIFETIME);
        Self {
            id,
            user_id: user.id.clone(),
            organization_id: user.organization_id.clone(),
            created_at: now,
            last_seen_at: now,
            idle_ends_at: after(now, SESSION_IDLE_TIMEOUT),
            ends_at,
        }
    }
}

/// Some columns have other names, as they are selected together with those of the user.
impl Row for Session {
    const TABLE: &'static str = "sessions";
    const FROM: &'static str = "sessions s";
    const COLUMNS: &'static str = "s.id as session_id, s.user_id, s.organization_id, \
         s.created_at as began_at, s.last_seen_at, s.idle_ends_at, s.ends_at";
    const TIME: &'static str = "began_at";
    const ID: &'static str = "session_id";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        Ok(Session {
            id: columns.get("session_id")?,
            user_id: columns.get("user_id")?,
            organization_id: columns.get("organization_id")?,
            created_at: columns.get("began_at")?,
            last_seen_at: columns.get("last_seen_at")?,
            idle_ends_at: columns.get("idle_ends_at")?,
            ends_at: columns.get("ends_at")?,
        })
    }
}

impl Store {
    /// Creates the session of a user who signs in with a password of this hash; the secret is not kept.
    ///
    /// Returns whether the user still exists with this password: if not, no session is created. The oldest sessions
    /// of the user end that are more than [`MAX_SESSIONS`].
    /// Fails with [`StoreError::Conflict`] if the id is taken.
    pub async fn create_session(
        &self,
        session: &Session,
        secret: &SessionSecret,
        password_hash: &str,
        author: &Author,
    ) -> Result<bool> {
        // It comes first, and holds the row: the password changes before it or after the session is there.
        let signed_in = Query::new(
            "update users set last_sign_in_at = $4 \
             where organization_id = $1 and id = $2 and password_hash = $3 returning id",
        )
        .id(&session.organization_id)
        .id(&session.user_id)
        .bind(password_hash.to_owned())
        .instant(session.created_at);
        let insertion = Query::new(
            "insert into sessions (id, user_id, organization_id, secret_hash, created_at, \
             last_seen_at, idle_ends_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .id(&session.id)
        .id(&session.user_id)
        .id(&session.organization_id)
        .bind(secret.hash())
        .instant(session.created_at)
        .instant(session.last_seen_at)
        .instant(session.idle_ends_at)
        .instant(session.ends_at);
        let entry = author.record(
            Some(&session.organization_id),
            AuditAction::SessionCreated,
            session.user_id.as_str(),
            Some(session.id.as_str()),
        );
        let surplus = Query::new(
            "delete from sessions where organization_id = $1 and user_id = $2 and id not in (\
             select id from sessions where organization_id = $1 and user_id = $2 \
             order by created_at desc, id desc limit $3)",
        )
        .id(&session.organization_id)
        .id(&session.user_id)
        .bind(i64::from(MAX_SESSIONS));
        self.transaction(move |connection| {
            Box::pin(async move {
                if signed_in.fetch_optional(&mut *connection).await?.is_none() {
                    return Ok(false);
                }
                for query in [insertion, surplus, entry] {
                    query.execute(&mut *connection).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// Finds the session that has this secret and lasts, with its user; those of a deleted organization are not
    /// found.
    /// Fails with [`StoreError::OrganizationSuspended`] if its organization is suspended.
    pub async fn find_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>> {
        let text = format!(
            "select {}, {}, o.suspended_at from sessions s \
             join users u on u.id = s.user_id and u.organization_id = s.organization_id \
             join organizations o on o.id = s.organization_id \
             where s.secret_hash = $1 and s.idle_ends_at > $2 and s.ends_at > $2 \
             and o.deleted_at is null",
            Session::COLUMNS,
            User::columns_of("u")
        );
        let query = Query::new(AssertSqlSafe(text)).bind(hash(secret).to_vec());
        let query = query.instant(now);
        let Some(row) = self.read_row_first(query).await? else {
            return Ok(None);
        };
        let columns = Session::columns(&row);
        if columns.get::<Option<Timestamp>>("suspended_at")?.is_some() {
            return Err(StoreError::OrganizationSuspended);
        }
        Ok(Some((Session::of(&row)?, User::of(&row)?)))
    }

    /// Notes that a session is used, without waiting for the database: at most once a minute it is written down,
    /// and the session does not end of idleness meanwhile.
    pub fn note_session_used(&self, session: &Session, now: Timestamp) {
        if session.last_seen_at > key_uses::due_before(now) {
            return;
        }
        let idle_ends_at = after(now, SESSION_IDLE_TIMEOUT).min(session.ends_at);
        // Another request may have written it within this minute, or the session may have ended.
        let query = Query::new(
            "update sessions set last_seen_at = $3, idle_ends_at = $4 \
             where organization_id = $1 and id = $2 and last_seen_at <= $5 \
             and idle_ends_at > $3 and ends_at > $3",
        )
        .id(&session.organization_id)
        .id(&session.id)
        .instant(now)
        .instant(idle_ends_at)
        .instant(key_uses::due_before(now));
        let store = self.clone();
        self.gathering().spawn(async move {
            if let Err(error) = store.write_count(query).await {
                tracing::warn!(%error, "cannot note that a session is used");
            }
        });
    }

    /// Lists the sessions of a user that last.
    pub async fn list_sessions(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<Session>> {
        let (created_at, id) = page.start();
        let query = Session::select(
            "where s.organization_id = $1 and s.user_id = $2 \
             and (s.created_at, s.id) > ($3, $4) and s.idle_ends_at > $5 and s.ends_at > $5 \
             order by s.created_at, s.id limit $6",
        )
        .id(organization)
        .id(user)
        .bind(created_at)
        .bind(id.to_owned())
        .instant(now)
        .bind(page.rows());
        self.page(page, query).await
    }

    /// Returns those of the sessions that work: they exist and last, and their organization is neither suspended
    /// nor deleted.
    pub async fn working_sessions(
        &self,
        sessions: &BTreeSet<SessionId>,
        now: Timestamp,
    ) -> Result<BTreeSet<SessionId>> {
        let query = among_ids(
            self.kind(),
            "sessions",
            "join organizations o on o.id = t.organization_id \
             where t.idle_ends_at > $2 and t.ends_at > $2 \
             and o.suspended_at is null and o.deleted_at is null",
        );
        let query = query.json(sessions).instant(now);
        // Slow lists must not keep the end of an ended session's streams waiting.
        let rows = self.read_rows_first(query).await?;
        column(&rows, "sessions", "id")
    }

    /// Ends a session, at once; returns whether there was one.
    pub async fn end_session(
        &self,
        organization: &OrganizationId,
        id: &SessionId,
        author: &Author,
    ) -> Result<bool> {
        let query = Query::new(
            "delete from sessions where organization_id = $1 and id = $2 returning id, user_id",
        )
        .id(organization)
        .id(id);
        let (organization_id, author) = (organization.clone(), author.clone());
        let store = self.clone();
        self.ending_access(async move {
            let ended = store.transaction(move |connection| {
                Box::pin(async move {
                    let Some(row) = query.fetch_optional(&mut *connection).await? else {
                        return Ok(false);
                    };
                    let columns = Columns::new(&row, "sessions", "id");
                    let (user, id): (&str, &str) = (columns.get("user_id")?, columns.get("id")?);
                    author
                        .record(
                            Some(&organization_id),
                            AuditAction::SessionEnded,
                            user,
                            Some(id),
                        )
                        .execute(connection)
                        .await?;
                    Ok(true)
                })
            });
            ended.await
        })
        .await
    }

    /// Ends all sessions of a user and deletes the personal keys, at once; returns how many sessions there were.
    pub async fn end_sessions(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        author: &Author,
    ) -> Result<u64> {
        let query = Query::new("delete from sessions where organization_id = $1 and user_id = $2")
            .id(organization)
            .id(user);
        // A personal key is made in a session, and may be the one thing that a thief still has.
        let keys = Query::new("delete from api_keys where organization_id = $1 and user_id = $2")
            .id(organization)
            .id(user);
        let action = AuditAction::UserSessionsEnded;
        let entry = author.record(Some(organization), action, user.as_str(), None);
        self.change_access(organization, move |connection| {
            Box::pin(async move {
                let ended = query.execute(&mut *connection).await?;
                let deleted = keys.execute(&mut *connection).await?;
                if ended + deleted > 0 {
                    entry.execute(connection).await?;
                }
                Ok(ended)
            })
        })
        .await
    }
}

fn after(instant: Timestamp, time: Duration) -> Timestamp {
    instant.checked_add(time).unwrap_or(Timestamp::MAX)
}
