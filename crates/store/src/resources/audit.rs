//! The audit log: who did what, when and from where.
//!
//! An entry is written in the transaction of its change, so that neither exists without the other.

use std::net::IpAddr;

use recado_core::{ApiKeyId, UserId, words};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::db::writer::Work;
use crate::prelude::*;
use crate::resources::idempotency_keys::IdempotencyKey;

/// The one that makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person who is signed in, or signs in.
    User(UserId),
    /// An API key of an organization.
    Key(ApiKeyId),
    /// An operator key.
    Operator(ApiKeyId),
    /// A command of `recado-server`.
    CommandLine,
    /// The server by itself.
    Server,
    /// A caller without a key or session.
    Anonymous,
}

/// The author of a change: actor, address and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who makes the change.
    pub actor: Actor,
    /// The address that the request comes from; `None` if no request makes the change.
    pub address: Option<IpAddr>,
    /// When the change is made.
    pub at: Timestamp,
    /// The key of the request that makes the change; it is kept with what the request creates.
    pub key: Option<IdempotencyKey>,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: String,
    /// The organization whose log it is in; `None` for the log of the operators.
    pub organization_id: Option<OrganizationId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done: the text of an [`AuditAction`], also one that only a newer server knows.
    pub action: String,
    /// The id of what it was done to.
    pub target: Option<String>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    /// The name of the target, or what changed.
    pub detail: Option<String>,
}

words! {
    /// What was done.
    pub enum AuditAction {
        /// An organization was created.
        OrganizationCreated = "organization.created",
        /// A setting of an organization was changed.
        OrganizationUpdated = "organization.updated",
        /// An organization was suspended.
        OrganizationSuspended = "organization.suspended",
        /// A suspended organization was resumed.
        OrganizationResumed = "organization.resumed",
        /// An organization was deleted.
        OrganizationDeleted = "organization.deleted",
        /// A user was created.
        UserCreated = "user.created",
        /// The name or the role of a user was changed.
        UserUpdated = "user.updated",
        /// A user was deleted.
        UserDeleted = "user.deleted",
        /// A one-time link to set the password of a user was made.
        UserLinkCreated = "user.link_created",
        /// A one-time link was used to set a password.
        UserLinkUsed = "user.link_used",
        /// A password was changed.
        UserPasswordChanged = "user.password_changed",
        /// All sessions of a user were ended.
        UserSessionsEnded = "user.sessions_ended",
        /// A user signed in.
        SessionCreated = "session.created",
        /// A session was ended.
        SessionEnded = "session.ended",
        /// A sign-in failed.
        SignInFailed = "sign_in.failed",
        /// An API key was created.
        ApiKeyCreated = "api_key.created",
        /// An API key was deleted.
        ApiKeyDeleted = "api_key.deleted",
        /// An agent was deleted.
        AgentDeleted = "agent.deleted",
        /// The erasure of a contact began.
        ContactErasureBegun = "contact.erasure_begun",
        /// A contact was erased.
        ContactErased = "contact.erased",
        /// A channel was created.
        ChannelCreated = "channel.created",
        /// A channel was changed.
        ChannelUpdated = "channel.updated",
        /// A channel was paused.
        ChannelPaused = "channel.paused",
        /// A channel was resumed.
        ChannelResumed = "channel.resumed",
        /// A channel was deleted.
        ChannelDeleted = "channel.deleted",
        /// A webhook endpoint was created.
        WebhookEndpointCreated = "webhook_endpoint.created",
        /// A webhook endpoint was changed.
        WebhookEndpointUpdated = "webhook_endpoint.updated",
        /// A webhook endpoint failed for so long that the server disabled it.
        WebhookEndpointDisabled = "webhook_endpoint.disabled",
        /// A webhook endpoint was deleted.
        WebhookEndpointDeleted = "webhook_endpoint.deleted",
        /// A webhook endpoint got a new secret.
        WebhookEndpointRotated = "webhook_endpoint.secret_rotated",
    }
}

impl Actor {
    /// The words of [`Self::kind`].
    pub const KINDS: [&str; 6] = [
        "user",
        "api_key",
        "operator",
        "command_line",
        "server",
        "anonymous",
    ];

    /// Returns the word for what it is, in answers and in the database.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Key(_) => "api_key",
            Self::Operator(_) => "operator",
            Self::CommandLine => "command_line",
            Self::Server => "server",
            Self::Anonymous => "anonymous",
        }
    }

    /// Returns the id of the user or of the key.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::User(id) => Some(id.as_str()),
            Self::Key(id) | Self::Operator(id) => Some(id.as_str()),
            Self::CommandLine | Self::Server | Self::Anonymous => None,
        }
    }
}

/// The statement that writes an entry, whose organization is given as an expression of `$2`.
macro_rules! insert_entry {
    ($organization:literal) => {
        concat!(
            "insert into audit_log (id, organization_id, at, actor, actor_id, action, target, \
             address, detail) values ($1, ",
            $organization,
            ", $3, $4, $5, $6, $7, $8, $9)"
        )
    };
}
pub(crate) use insert_entry;

impl Author {
    /// Returns a command of `recado-server` as the author.
    pub const fn command_line(at: Timestamp) -> Self {
        Self {
            actor: Actor::CommandLine,
            address: None,
            at,
            key: None,
        }
    }

    /// Returns the author of a change that a request with this key makes.
    #[must_use]
    pub fn with_key(self, key: Option<IdempotencyKey>) -> Self {
        Self { key, ..self }
    }

    /// Returns the server by itself as the author.
    pub(crate) const fn server(at: Timestamp) -> Self {
        Self {
            actor: Actor::Server,
            address: None,
            at,
            key: None,
        }
    }

    /// Returns the statement that writes an entry; it is run in the transaction of the change.
    pub(crate) fn record(
        &self,
        organization: Option<&OrganizationId>,
        action: AuditAction,
        target: &str,
        detail: Option<&str>,
    ) -> Query {
        let text = insert_entry!("$2");
        self.entry(text, organization, action, Some(target), detail)
    }

    /// Returns the statement that keeps the key of the request, if it has one, with the id of what it creates; it is
    /// run in the transaction of the creation.
    pub(crate) fn keep_key(
        &self,
        organization: Option<&OrganizationId>,
        target: &str,
    ) -> Option<Query> {
        let key = self.key.as_ref();
        key.map(|key| key.keep(organization, target, self.at))
    }

    pub(crate) fn entry(
        &self,
        text: &'static str,
        organization: Option<&OrganizationId>,
        action: AuditAction,
        target: Option<&str>,
        detail: Option<&str>,
    ) -> Query {
        Query::new(text)
            .bind(format!("aud_{}", Uuid::now_v7().simple()))
            .bind(organization.map(|id| id.as_str().to_owned()))
            .instant(self.at)
            .bind(self.actor.kind())
            .bind(self.actor.id().map(str::to_owned))
            .bind(action.as_str())
            .bind(target.map(str::to_owned))
            .bind(self.address.map(|address| address.to_string()))
            .bind(detail.map(|detail| row::text(detail).into_owned()))
    }
}

row! {
    AuditEntry in "audit_log" by "at":
    id, organization_id, at, actor: actor("actor, actor_id"), action, target, address, detail
}

impl Store {
    /// Runs one writing statement, and writes the entry of the audit log with it if it returns a row.
    pub(crate) async fn write_audited(&self, query: Query, entry: Query) -> Result<Option<RawRow>> {
        self.transaction(audited(query, entry)).await
    }

    /// Runs a statement that creates something, and writes its entry of the audit log and the key of the request.
    pub(crate) async fn create(
        &self,
        query: Query,
        entry: Query,
        keep_key: Option<Query>,
    ) -> Result<()> {
        let queries = [query, entry].into_iter().chain(keep_key);
        let queries: Vec<_> = queries.collect();
        self.transaction(move |connection| {
            Box::pin(async move {
                for query in queries {
                    query.execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Deletes what an organization has of a noun, and records it; returns whether it existed.
    pub(crate) async fn delete<T: Noun>(
        &self,
        organization: &OrganizationId,
        id: &str,
        action: AuditAction,
        author: &Author,
    ) -> Result<bool> {
        let text = format!(
            "delete from {} where organization_id = $1 and id = $2 returning id",
            T::TABLE
        );
        let query = Query::new(AssertSqlSafe(text)).id(organization).id(id);
        let entry = author.record(Some(organization), action, id, None);
        Ok(self.write_audited(query, entry).await?.is_some())
    }

    /// Lists the audit log of an organization, or that of the operators, newest first.
    pub async fn list_audit(
        &self,
        organization: Option<&OrganizationId>,
        page: &Page,
    ) -> Result<Listed<AuditEntry>> {
        let of = match organization {
            Some(_) => "organization_id = $4",
            None => "organization_id is null",
        };
        let (at, id) = page.start_of_newest();
        let query = AuditEntry::select(&format!(
            "where {of} and (at, id) < ($1, $2) order by at desc, id desc limit $3"
        ));
        let query = query.bind(at).bind(id.to_owned());
        let query = query.bind(page.rows());
        let query = match organization {
            Some(organization) => query.id(organization),
            None => query,
        };
        self.page(page, query).await
    }
}

/// Returns the names of the fields that a change has, as the detail of its entry.
pub(crate) fn fields<const N: usize>(fields: [(&'static str, bool); N]) -> String {
    let changed = fields.into_iter().filter(|(_, changed)| *changed);
    let names: Vec<_> = changed.map(|(name, _)| name).collect();
    names.join(", ")
}

/// Returns a write of one statement, and of the entry of the audit log if the statement returns a row.
pub(crate) fn audited(query: Query, entry: Query) -> impl Work<Option<RawRow>> {
    move |connection| {
        Box::pin(async move {
            let row = query.fetch_optional(&mut *connection).await?;
            if row.is_some() {
                entry.execute(connection).await?;
            }
            Ok(row)
        })
    }
}

fn actor(columns: &Columns<'_>) -> Result<Actor> {
    Ok(match columns.get("actor")? {
        "user" => Actor::User(columns.get("actor_id")?),
        "api_key" => Actor::Key(columns.get("actor_id")?),
        "operator" => Actor::Operator(columns.get("actor_id")?),
        "command_line" => Actor::CommandLine,
        "server" => Actor::Server,
        "anonymous" => Actor::Anonymous,
        _ => return Err(columns.corrupt("actor")),
    })
}
