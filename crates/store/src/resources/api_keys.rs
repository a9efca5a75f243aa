//! API keys: only a hash of the secret is kept. Operator keys belong to no organization, and manage all of them.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use recado_core::{ApiKeyId, Role, Scopes, SessionId, UserId};

use crate::db::list::among_ids;
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};
use crate::resources::bearer_secrets::{ApiKeySecret, hash};
use crate::resources::key_uses;
use crate::resources::key_uses::KeyUses;

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public name of the key.
    pub id: ApiKeyId,
    /// The organization that owns it; `None` for an operator key.
    pub organization_id: Option<OrganizationId>,
    /// The user whose personal key it is; it never may do more than the user.
    pub user_id: Option<UserId>,
    /// Its name, for people.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The most messages that it may send in a minute; `None` if it may send as many as its caller likes.
    pub messages_per_minute: Option<NonZeroU32>,
    /// The beginning of the secret; `None` if the key is older than this column.
    pub prefix: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it stops working; `None` if it works until it is deleted.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Returns a key with all scopes that does not expire.
    pub fn new(
        id: ApiKeyId,
        organization_id: Option<OrganizationId>,
        name: impl Into<String>,
        secret: &ApiKeySecret,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            organization_id,
            user_id: None,
            name: name.into(),
            scopes: Scopes::ALL,
            messages_per_minute: None,
            prefix: Some(secret.prefix()),
            created_at,
            expires_at: None,
            last_used_at: None,
        }
    }

    fn works_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Most personal keys of a user at a time; the oldest are deleted.
pub const MAX_PERSONAL_KEYS: u32 = 50;

macro_rules! insert {
    ($source:literal) => {
        concat!(
            "insert into api_keys (id, organization_id, user_id, name, scopes, prefix, \
             created_at, expires_at, secret_hash, messages_per_minute) ",
            $source,
            " returning id"
        )
    };
}

row! {
    ApiKey in "api_keys": id, organization_id, user_id, name, scopes, messages_per_minute, prefix, created_at,
    expires_at, last_used_at
}

impl Noun for ApiKey {
    type Id = ApiKeyId;
}

impl Listable for ApiKey {}

impl Store {
    /// Creates an API key that belongs to no user; the secret is not kept.
    /// Fails with [`StoreError::Conflict`] if the id is taken.
    pub async fn create_api_key(
        &self,
        key: &ApiKey,
        secret: &ApiKeySecret,
        author: &Author,
    ) -> Result<()> {
        let text = insert!("values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        let query = insertion(text, key, None, secret);
        let keep_key = author.keep_key(key.organization_id.as_ref(), key.id.as_str());
        self.create(query, created(key, author), keep_key).await
    }

    /// Creates a personal key for the user of a session; the secret is not kept. Returns whether the session
    /// still lasts: if not, no key is created. If the user then has more than [`MAX_PERSONAL_KEYS`], expired ones are
    /// deleted first, and then the oldest.
    /// Fails with [`StoreError::Conflict`] if the id is taken.
    pub async fn create_personal_key(
        &self,
        key: &ApiKey,
        secret: &ApiKeySecret,
        session: &SessionId,
        author: &Author,
    ) -> Result<bool> {
        let Some(organization_id) = key.organization_id.clone() else {
            return Ok(false);
        };
        let text = insert!(
            "select $1, $2, s.user_id, $4, $5, $6, $7, $8, $9, $10 from sessions s \
             where s.organization_id = $2 and s.id = $11 and s.user_id = $3 \
             and s.idle_ends_at > $7 and s.ends_at > $7"
        );
        let query = insertion(text, key, key.user_id.as_ref(), secret);
        let query = query.id(session);
        let surplus = Query::new(
            "delete from api_keys where organization_id = $1 and user_id = $2 and id not in (\
             select id from api_keys where organization_id = $1 and user_id = $2 \
             order by case when expires_at <= $4 then 1 else 0 end, created_at desc, id desc \
             limit $3) returning id, name",
        )
        .id(&organization_id)
        .optional_id(key.user_id.as_ref())
        .bind(i64::from(MAX_PERSONAL_KEYS))
        .instant(author.at);
        let entry = created(key, author);
        let keep_key = author.keep_key(Some(&organization_id), key.id.as_str());
        let (organization, author) = (organization_id.clone(), author.clone());
        // The lock: a change of the password must not miss this key.
        let creating = self.under_lock(&organization_id, move |connection| {
            Box::pin(async move {
                if query.fetch_optional(&mut *connection).await?.is_none() {
                    return Ok((false, false));
                }
                entry.execute(&mut *connection).await?;
                if let Some(keep_key) = keep_key {
                    keep_key.execute(&mut *connection).await?;
                }
                let deleted = surplus.fetch_all(&mut *connection).await?;
                for row in &deleted {
                    let columns = Columns::new(row, "api_keys", "id");
                    let (id, name): (&str, &str) = (columns.get("id")?, columns.get("name")?);
                    let action = AuditAction::ApiKeyDeleted;
                    let entry = author.record(Some(&organization), action, id, Some(name));
                    entry.execute(&mut *connection).await?;
                }
                Ok((true, !deleted.is_empty()))
            })
        });
        let (is_created, has_deleted) = creating.await?;
        if has_deleted {
            // A new key alone leaves those that are remembered as they are.
            self.ending_access(async { Ok(()) }).await?;
        }
        Ok(is_created)
    }

    /// Finds the key that has this secret and works; a personal key has no more scopes than its user. The keys of a deleted organization are not found.
    /// Fails with [`StoreError::OrganizationSuspended`] if its organization is suspended.
    pub async fn find_api_key_by_secret(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<ApiKey>> {
        static FIND: LazyLock<String> = LazyLock::new(|| {
            format!(
                "select {}, u.role, o.suspended_at from api_keys k \
             left join organizations o on o.id = k.organization_id \
             left join users u on u.id = k.user_id and u.organization_id = k.organization_id \
             where k.secret_hash = $1 and o.deleted_at is null \
             and (k.user_id is null or u.id is not null)",
                ApiKey::columns_of("k")
            )
        });
        let hash = hash(secret);
        let began = match self.known_keys().map(|known| known.find(&hash)) {
            Some(Ok(key)) => return Ok(Some(key).filter(|key| key.works_at(now))),
            Some(Err(began)) => Some(began),
            None => None,
        };
        let query = Query::new(FIND.as_str()).bind(hash.to_vec());
        let Some(row) = self.read_row_first(query).await? else {
            return Ok(None);
        };
        let columns = Columns::new(&row, "api_keys", "id");
        if columns.get::<Option<Timestamp>>("suspended_at")?.is_some() {
            return Err(StoreError::OrganizationSuspended);
        }
        let mut key = ApiKey::of(&row)?;
        if let Some(role) = columns.get::<Option<Role>>("role")? {
            match key.scopes.intersection(role.scopes()) {
                Some(scopes) => key.scopes = scopes,
                // The role has none of the scopes of the key.
                None => return Ok(None),
            }
        }
        // The key of an operator, which is used rarely, may be revoked by a command beside the server.
        if let (Some(known), Some(began), Some(_)) =
            (self.known_keys(), began, &key.organization_id)
        {
            known.remember(began, hash, key.clone());
        }
        Ok(Some(key).filter(|key| key.works_at(now)))
    }

    /// Notes that a key was used, without waiting for the database; stores it at most once a minute.
    pub fn note_key_used(&self, id: &ApiKeyId, now: Timestamp) {
        if !self.in_memory::<KeyUses>().is_due(id, now) {
            return;
        }
        // Another server may have written it within this minute.
        let query = Query::new(
            "update api_keys set last_used_at = $2 \
             where id = $1 and (last_used_at is null or last_used_at <= $3)",
        )
        .id(id)
        .instant(now)
        .instant(key_uses::due_before(now));
        let store = self.clone();
        self.gathering().spawn(async move {
            if let Err(error) = store.write_count(query).await {
                tracing::warn!(%error, "cannot note that an API key was used");
            }
        });
    }

    /// Returns those of the keys that work: they exist and have not expired, and their organization is neither
    /// suspended nor deleted.
    pub async fn working_api_keys(
        &self,
        keys: &BTreeSet<ApiKeyId>,
        now: Timestamp,
    ) -> Result<BTreeSet<ApiKeyId>> {
        let query = among_ids(
            self.kind(),
            "api_keys",
            "left join organizations o on o.id = t.organization_id \
             where (t.expires_at is null or t.expires_at > $2) \
             and o.suspended_at is null and o.deleted_at is null",
        );
        let query = query.json(keys).instant(now);
        // Slow lists must not keep the end of a deleted key's streams waiting.
        let rows = self.read_rows_first(query).await?;
        column(&rows, "api_keys", "id")
    }

    /// Revokes a key, at once; returns whether it existed.
    pub async fn delete_api_key(
        &self,
        organization: &OrganizationId,
        id: &ApiKeyId,
        author: &Author,
    ) -> Result<bool> {
        let query =
            Query::new("delete from api_keys where organization_id = $1 and id = $2 returning id")
                .id(organization)
                .id(id);
        let action = AuditAction::ApiKeyDeleted;
        let entry = author.record(Some(organization), action, id.as_str(), None);
        let store = self.clone();
        let deleted = self.ending_access(async move { store.write_audited(query, entry).await });
        Ok(deleted.await?.is_some())
    }

    /// Lists the keys of operators, oldest first.
    pub async fn list_operator_keys(&self, page: &Page) -> Result<Listed<ApiKey>> {
        let (created_at, id) = page.start();
        let query = ApiKey::select(
            "where organization_id is null and (created_at, id) > ($1, $2) \
             order by created_at, id limit $3",
        )
        .bind(created_at)
        .bind(id.to_owned())
        .bind(page.rows());
        self.page(page, query).await
    }

    /// Revokes the key of an operator, at once; returns its name, or `None` if the key does not exist.
    pub async fn delete_operator_key(
        &self,
        id: &ApiKeyId,
        author: &Author,
    ) -> Result<Option<String>> {
        let query = Query::new(
            "delete from api_keys where id = $1 and organization_id is null returning id, name",
        )
        .id(id);
        let entry = author.record(None, AuditAction::ApiKeyDeleted, id.as_str(), None);
        let deleted = self.write_audited(query, entry).await?;
        deleted
            .map(|row| Columns::new(&row, "api_keys", "id").get("name"))
            .transpose()
    }
}

fn insertion(
    text: &'static str,
    key: &ApiKey,
    user: Option<&UserId>,
    secret: &ApiKeySecret,
) -> Query {
    Query::new(text)
        .id(&key.id)
        .optional_id(key.organization_id.as_ref())
        .optional_id(user)
        .text(&key.name)
        .bind(key.scopes.to_string())
        .bind(secret.prefix())
        .instant(key.created_at)
        .optional_instant(key.expires_at)
        .bind(secret.hash())
        .bind(
            key.messages_per_minute
                .map(|number| i64::from(number.get())),
        )
}

fn created(key: &ApiKey, author: &Author) -> Query {
    author.record(
        key.organization_id.as_ref(),
        AuditAction::ApiKeyCreated,
        key.id.as_str(),
        Some(&key.name),
    )
}
