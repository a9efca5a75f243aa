//! Channels, their encrypted secrets, and their numbers: an organization connects each once, as a keyed hash.

use recado_core::message::MessageError;
use recado_core::{AgentId, ChannelId, Provider};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::costs::budget::Budget;
use crate::encryption::{ChannelSecrets, SealedRow, SealedSecrets, sealed};
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author};

/// One connected WhatsApp number at one provider; its secrets come from [`Store::secrets`].
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id, unique among all organizations: it stands in webhook URLs.
    pub id: ChannelId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The provider that carries its messages.
    pub provider: Provider,
    /// Its name, for people.
    pub name: String,
    /// The provider's settings, without any secret.
    pub settings: Map<String, Value>,
    /// The agent of conversations that customers begin; `None` for the oldest agent of the organization.
    pub agent_id: Option<AgentId>,
    /// Whether the number is connected to WhatsApp, as far as the provider has said.
    pub connected: Option<bool>,
    /// Why its queued messages wait; `None` if they are sent.
    pub paused: Option<ChannelPause>,
    /// How much its messages may cost in a month; `None` if that is not limited.
    pub budget: Option<Budget>,
    /// Grows with every change, even over a deletion and a new channel of the same id.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    pub(crate) sealed: SealedSecrets,
}

/// Why the queued messages of a channel wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPause {
    /// Since when.
    pub since: Timestamp,
    /// Why the channel does not work; `None` if a request paused it.
    pub error: Option<MessageError>,
    /// When its provider is asked next whether it works.
    pub check_at: Option<Timestamp>,
}

/// A channel that is about to be created.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Its id.
    pub id: ChannelId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The provider that carries its messages.
    pub provider: Provider,
    /// Its name, for people.
    pub name: String,
    /// The provider's settings, without any secret.
    pub settings: Map<String, Value>,
    /// The agent of conversations that customers begin; `None` for the oldest agent of the organization.
    pub agent_id: Option<AgentId>,
    /// Names the number that it connects; an organization connects a number once.
    pub number: Option<SecretString>,
    /// The secrets, which are stored encrypted.
    pub secrets: ChannelSecrets,
    /// When it is created.
    pub created_at: Timestamp,
}

impl Channel {
    pub(crate) fn sealed_row(&self) -> SealedRow<'_> {
        sealed_row(&self.organization_id, &self.id)
    }
}

shows_only!(Channel {
    id,
    organization_id,
    provider,
    version
});

row! {
    Channel in "channels":
    id, organization_id, provider, name, settings, agent_id: "default_agent_id", connected, budget,
    paused: pause("paused_at, pause_error, check_at"), version, created_at, updated_at, sealed: sealed("key_id, secrets")
}

impl Noun for Channel {
    type Id = ChannelId;
}

impl Listable for Channel {}

impl Store {
    /// Creates a channel and encrypts its secrets.
    /// Fails with [`StoreError::Conflict`] if any organization has this id or this one has the number.
    pub async fn create_channel(&self, new: NewChannel, author: &Author) -> Result<Channel> {
        let row = sealed_row(&new.organization_id, &new.id);
        let sealed = new.secrets.seal(self.key(), row)?;
        let channel = Channel {
            id: new.id,
            organization_id: new.organization_id,
            provider: new.provider,
            name: row::text(&new.name).into_owned(),
            settings: new.settings,
            agent_id: new.agent_id,
            connected: None,
            paused: None,
            budget: None,
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
        let keep_key = author.keep_key(Some(&channel.organization_id), channel.id.as_str());
        self.create(insert(&channel).bind(number), entry, keep_key)
            .await?;
        Ok(channel)
    }

    /// Returns a channel by its id alone, which is all that the URL of a provider webhook names.
    pub async fn get_channel_by_id(&self, id: &ChannelId) -> Result<Option<Channel>> {
        let query = Channel::select(
            "where id = $1 and exists (select 1 from organizations o \
             where o.id = channels.organization_id and o.deleted_at is null)",
        );
        let row = self.read_row_first(query.id(id)).await?;
        row.as_ref().map(Channel::of).transpose()
    }

    /// Returns all channels of an organization at one provider, oldest first.
    pub async fn channels_of_provider(
        &self,
        organization: &OrganizationId,
        provider: Provider,
    ) -> Result<Vec<Channel>> {
        let query =
            Channel::select("where organization_id = $1 and provider = $2 order by created_at, id");
        self.find_all(query.id(organization).id(provider)).await
    }

    /// Deletes a channel, not its conversations; returns whether it existed.
    pub async fn delete_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        author: &Author,
    ) -> Result<bool> {
        let action = AuditAction::ChannelDeleted;
        self.delete::<Channel>(organization, id.as_str(), action, author)
            .await
    }

    /// Returns the channel that connects a number.
    pub async fn channel_of_number(
        &self,
        organization: &OrganizationId,
        number: &SecretString,
    ) -> Result<Option<Channel>> {
        let query = Channel::select("where organization_id = $1 and number = $2")
            .id(organization)
            .bind(self.key().number_hash(number));
        self.find(query).await
    }

    /// Lists the channels whose number is not stored, oldest first.
    pub async fn channels_without_number(&self) -> Result<Vec<Channel>> {
        self.find_all(Channel::select(
            "where number is null order by created_at, id",
        ))
        .await
    }

    /// Stores the number of a channel that has none; a change of the channel may have stored it meanwhile.
    /// Fails with [`StoreError::Conflict`] if another channel of the organization connects the number.
    pub async fn set_number(&self, channel: &Channel, number: &SecretString) -> Result<()> {
        let query = Query::new(
            "update channels set number = $3 where organization_id = $1 and id = $2 and number is null",
        )
        .id(&channel.organization_id)
        .id(&channel.id)
        .bind(self.key().number_hash(number));
        self.write_count(query).await.map(drop)
    }

    /// Decrypts the secrets of a channel, without asking the database. Fails with [`StoreError::WrongKey`] if another
    /// key encrypted them, or with [`StoreError::Corrupt`] if the row was tampered with.
    pub fn secrets(&self, channel: &Channel) -> Result<ChannelSecrets> {
        channel.sealed.open(self.key(), channel.sealed_row())
    }
}

/// Reads the pause of a channel.
fn pause(columns: &Columns<'_>) -> Result<Option<ChannelPause>> {
    let since: Option<Timestamp> = columns.get("paused_at")?;
    let Some(since) = since else { return Ok(None) };
    Ok(Some(ChannelPause {
        since,
        error: columns.get("pause_error")?,
        check_at: columns.get("check_at")?,
    }))
}

fn sealed_row<'a>(organization: &'a OrganizationId, id: &'a ChannelId) -> SealedRow<'a> {
    SealedRow {
        table: "channels",
        organization,
        id: id.as_str(),
    }
}

fn insert(channel: &Channel) -> Query {
    Query::new(
        "insert into channels (id, organization_id, provider, name, settings, key_id, secrets, \
         version, created_at, updated_at, default_agent_id, number) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id",
    )
    .id(&channel.id)
    .id(&channel.organization_id)
    .bind(channel.provider.as_str())
    .bind(channel.name.as_str())
    .json(&channel.settings)
    .bind(channel.sealed.key_id.as_str())
    .bind(channel.sealed.bytes.as_slice())
    .bind(channel.version)
    .instant(channel.created_at)
    .instant(channel.updated_at)
    .optional_id(channel.agent_id.as_ref())
}
