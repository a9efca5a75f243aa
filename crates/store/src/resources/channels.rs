//! Channels and their encrypted secrets.

use std::fmt;

use jiff::Timestamp;
use recado_core::{AgentId, ChannelId, OrganizationId, Provider};
use secrecy::SecretString;
use serde_json::{Map, Value};
use sqlx::any::AnyRow;

use crate::db::Query;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::{self, Columns};
use crate::encryption::{ChannelSecrets, Place, SealedSecrets};
use crate::error::StoreError;
use crate::resources::audit::{AuditAction, Author};
use crate::store::Store;

/// One connected WhatsApp number at one provider; its secrets come from [`Store::secrets`].
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id, unique among all organizations: it stands in webhook URLs.
    pub id: ChannelId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Who carries the messages.
    pub provider: Provider,
    /// Its name, for people.
    pub name: String,
    /// The provider's settings, without any secret.
    pub settings: Map<String, Value>,
    /// Who speaks in conversations that customers begin; the organization's first agent if none.
    pub agent_id: Option<AgentId>,
    /// Whether the number is connected to WhatsApp, as far as the provider has said.
    pub connected: Option<bool>,
    /// Grows with every change, even over a deletion and a new channel of the same id.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    pub(crate) sealed: SealedSecrets,
}

/// A channel that is about to be created.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Its id.
    pub id: ChannelId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Who carries the messages.
    pub provider: Provider,
    /// Its name, for people.
    pub name: String,
    /// The provider's settings, without any secret.
    pub settings: Map<String, Value>,
    /// Who speaks in conversations that customers begin; the organization's first agent if none.
    pub agent_id: Option<AgentId>,
    /// Names the number that it connects; an organization connects a number once.
    pub number: Option<SecretString>,
    /// What is kept encrypted.
    pub secrets: ChannelSecrets,
    /// When it is created.
    pub created_at: Timestamp,
}

/// The columns that [`read`] reads.
macro_rules! channel_columns {
    () => {
        "id, organization_id, provider, name, settings, default_agent_id, connected, key_id, secrets, \
         version, created_at, updated_at"
    };
}
pub(crate) use channel_columns;

impl Channel {
    pub(crate) fn place(&self) -> Place<'_> {
        place(&self.organization_id, &self.id)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("id", &self.id)
            .field("organization_id", &self.organization_id)
            .field("provider", &self.provider)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Creates a channel and encrypts its secrets.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if any organization has this id or this one has the number,
    /// [`StoreError::UnknownOrganization`].
    pub async fn create_channel(
        &self,
        new: NewChannel,
        author: &Author,
    ) -> Result<Channel, StoreError> {
        let place = place(&new.organization_id, &new.id);
        let sealed = new.secrets.seal(self.key(), place)?;
        let channel = Channel {
            id: new.id,
            organization_id: new.organization_id,
            provider: new.provider,
            name: row::text(&new.name).into_owned(),
            settings: new.settings,
            agent_id: new.agent_id,
            connected: None,
            // Not 1: a later channel of the same id must not look like this one.
            version: new.created_at.as_millisecond(),
            created_at: new.created_at,
            updated_at: new.created_at,
            sealed,
        };
        let number = new.number.map(|number| self.key().number_hash(&number));
        let entry = author.record(
            Some(&channel.organization_id),
            AuditAction::ChannelCreated,
            channel.id.as_str(),
            Some(&channel.name),
        );
        self.write_audited(insert(&channel).bind(number), entry)
            .await?;
        Ok(channel)
    }

    /// Looks a channel up.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
    ) -> Result<Option<Channel>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            channel_columns!(),
            " from channels where organization_id = $1 and id = $2"
        ))
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query)
            .await?
            .as_ref()
            .map(channel)
            .transpose()
    }

    /// Looks a channel up by its id alone, which is all that a webhook URL names.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_channel_by_id(&self, id: &ChannelId) -> Result<Option<Channel>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            channel_columns!(),
            " from channels where id = $1 and exists (select 1 from organizations o \
             where o.id = channels.organization_id and o.deleted_at is null)"
        ))
        .bind(id.as_str());
        self.read_row_first(query)
            .await?
            .as_ref()
            .map(channel)
            .transpose()
    }

    /// All channels of an organization at one provider, oldest first.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn channels_of_provider(
        &self,
        organization: &OrganizationId,
        provider: Provider,
    ) -> Result<Vec<Channel>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            channel_columns!(),
            " from channels where organization_id = $1 and provider = $2 order by created_at, id"
        ))
        .bind(organization.as_str())
        .bind(provider.as_str());
        self.read_rows(query).await?.iter().map(channel).collect()
    }

    /// Lists the channels of an organization.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_channels(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<Channel>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(concat!(
            "select ",
            channel_columns!(),
            " from channels where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4 + 0"
        ))
        .bind(organization.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_page(query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, channel, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }

    /// Deletes a channel, not its conversations; tells whether there was one.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn delete_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        author: &Author,
    ) -> Result<bool, StoreError> {
        let query =
            sqlx::query("delete from channels where organization_id = $1 and id = $2 returning id")
                .bind(organization.as_str())
                .bind(id.as_str());
        let action = AuditAction::ChannelDeleted;
        let entry = author.record(Some(organization), action, id.as_str(), None);
        Ok(self.write_audited(query, entry).await?.is_some())
    }

    /// Decrypts the secrets of a channel, without asking the database.
    ///
    /// # Errors
    ///
    /// [`StoreError::WrongKey`], or [`StoreError::Corrupt`] if the row was tampered with.
    pub fn secrets(&self, channel: &Channel) -> Result<ChannelSecrets, StoreError> {
        ChannelSecrets::open(&channel.sealed, self.key(), channel.place())
    }
}

fn place<'a>(organization: &'a OrganizationId, id: &'a ChannelId) -> Place<'a> {
    Place {
        table: "channels",
        organization,
        id: id.as_str(),
    }
}

fn insert(channel: &Channel) -> Query {
    sqlx::query(
        "insert into channels (id, organization_id, provider, name, settings, key_id, secrets, \
         version, created_at, updated_at, default_agent_id, number) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id",
    )
    .bind(channel.id.as_str())
    .bind(channel.organization_id.as_str())
    .bind(channel.provider.as_str())
    .bind(channel.name.as_str())
    .bind(row::json(&channel.settings))
    .bind(channel.sealed.key_id.as_str())
    .bind(channel.sealed.bytes.as_slice())
    .bind(channel.version)
    .bind(channel.created_at.as_millisecond())
    .bind(channel.updated_at.as_millisecond())
    .bind(channel.agent_id.clone().map(String::from))
}

pub(crate) fn channel(row: &AnyRow) -> Result<Channel, StoreError> {
    read(&Columns::new(row, "channels", "id"))
}

/// The channel out of columns that carry their own names, except for the id.
pub(crate) fn read(columns: &Columns<'_>) -> Result<Channel, StoreError> {
    Ok(Channel {
        id: columns.parse(columns.id_column())?,
        organization_id: columns.parse("organization_id")?,
        provider: columns.parse("provider")?,
        name: columns.get("name")?,
        settings: columns.json("settings")?,
        agent_id: columns.parse_optional("default_agent_id")?,
        connected: columns
            .get::<Option<i64>>("connected")?
            .map(|connected| connected != 0),
        version: columns.get("version")?,
        created_at: columns.instant("created_at")?,
        updated_at: columns.instant("updated_at")?,
        sealed: SealedSecrets {
            key_id: columns.get("key_id")?,
            bytes: columns.get("secrets")?,
        },
    })
}
