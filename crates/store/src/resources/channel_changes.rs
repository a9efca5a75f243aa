//! Changes of channels, and of what is encrypted of them.

use recado_core::{AgentId, ChannelId};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::costs::budget::{Budget, BudgetUse};
use crate::costs::month::Month;
use crate::costs::spending;
use crate::db::writer::Work;
use crate::encryption::{ChannelSecrets, MasterKey};
use crate::prelude::*;
use crate::resources::audit::{self, AuditAction, Author, audited};
use crate::resources::channel_pauses::{FIRST_CHECK, milliseconds};
use crate::resources::channels::Channel;

/// A change of a channel; `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct ChannelChange {
    /// The version of the channel that the change was checked against: a channel of another version stays as it is.
    /// `None` if the change fits every version.
    pub version: Option<i64>,
    /// The new name.
    pub name: Option<String>,
    /// The settings, which replace the present ones.
    pub settings: Option<Map<String, Value>>,
    /// The new agent of conversations that customers begin.
    pub agent_id: Option<AgentId>,
    /// The credentials that are replaced; null and an empty text remove one. Others stay, and so does the webhook secret.
    pub credentials: Option<Map<String, Value>>,
    /// Identifies the number that the channel connects from now on.
    pub number: Option<SecretString>,
    /// The new budget.
    pub budget: Option<BudgetChange>,
}

/// A change of the budget of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetChange {
    /// The budget; `None` if the channel has none from now on.
    pub budget: Option<Budget>,
    /// The present month, and how much of a budget its messages have used that were delivered already.
    pub used: (Month, BudgetUse),
}

impl ChannelChange {
    fn fields(&self) -> String {
        audit::fields([
            ("name", self.name.is_some()),
            ("settings", self.settings.is_some()),
            ("agentId", self.agent_id.is_some()),
            ("credentials", self.credentials.is_some()),
            ("budget", self.budget.is_some()),
        ])
    }
}

shows_only!(ChannelChange {});

impl Store {
    /// Changes a channel. If it does not work, and its account or settings change, its provider is asked about it now.
    /// Returns `None` if the organization has no such channel, or it has another version by now.
    /// Fails with [`StoreError::WrongKey`] if the credentials change and the present secrets do not open.
    pub async fn update_channel(
        &self,
        organization: &OrganizationId,
        id: &ChannelId,
        change: ChannelChange,
        author: &Author,
    ) -> Result<Option<Channel>> {
        let action = AuditAction::ChannelUpdated;
        let fields = change.fields();
        let budget = change.budget.as_ref().and_then(|it| it.budget.as_ref());
        let used = change.budget.as_ref().map(|change| change.used);
        let seed = used.filter(|_| budget.is_some());
        let seed = seed.map(|(month, used)| spending::seed(organization, id, month, used));
        let entry = author.record(Some(organization), action, id.as_str(), Some(&fields));
        let may_work = change.credentials.is_some() || change.settings.is_some();
        let query = Channel::returning(
            "update channels set name = coalesce($3, name), settings = coalesce($4, settings), \
             default_agent_id = coalesce($6, default_agent_id), \
             number = coalesce($7, number), budget = case when $9 = 1 then $10 else budget end, \
             version = version + 1, updated_at = $5, \
             check_wait = case when $12 = 0 or check_at is null then check_wait else $11 end, \
             check_at = case when $12 = 0 or check_at is null then check_at else cast($5 as bigint) end \
             where organization_id = $1 and id = $2 and version = coalesce($8, version)",
        )
        .id(organization)
        .id(id)
        .optional_text(change.name.as_deref())
        .bind(change.settings.as_ref().map(row::json))
        .instant(author.at)
        .bind(change.agent_id.map(String::from))
        .bind(change.number.map(|number| self.key().number_hash(&number)))
        .bind(change.version)
        .bind(i64::from(change.budget.is_some()))
        .bind(budget.map(row::json))
        .bind(milliseconds(FIRST_CHECK))
        .bind(i64::from(may_work));
        if change.credentials.is_none() && seed.is_none() {
            let row = self.write_audited(query, entry).await?;
            return row.as_ref().map(Channel::of).transpose();
        }
        let (key, credentials) = (self.key().clone(), change.credentials);
        let is_seeded = seed.is_some();
        // The update comes first: it holds the row until the new secrets are in it.
        let update = audited(query, entry);
        let changing = in_transaction(move |connection| {
            Box::pin(async move {
                let Some(row) = update(&mut *connection).await? else {
                    return Ok(None);
                };
                let mut channel = Channel::of(&row)?;
                if let Some(seed) = seed {
                    seed.run(&mut *connection).await?;
                }
                if let Some(credentials) = credentials {
                    channel = change_credentials(channel, credentials, &key, connection).await?;
                }
                Ok(Some(channel))
            })
        });
        // What seeds a budget must not meet a send that takes from it. The futures would be large on the stack.
        if is_seeded {
            Box::pin(self.under_lock(organization, changing)).await
        } else {
            Box::pin(self.transaction(changing)).await
        }
    }
}

/// Names the type of a closure that is made before it is used.
fn in_transaction<T>(work: impl Work<T>) -> impl Work<T> {
    work
}

/// Replaces the named credentials, and keeps the others.
async fn change_credentials(
    mut channel: Channel,
    credentials: Map<String, Value>,
    key: &MasterKey,
    connection: &mut Connection,
) -> Result<Channel> {
    let mut secrets: ChannelSecrets = channel.sealed.open(key, channel.sealed_row())?;
    for (name, value) in credentials {
        if value.is_null() || value == "" {
            secrets.credentials.remove(&name);
        } else {
            secrets.credentials.insert(name, value);
        }
    }
    channel.sealed = secrets.seal(key, channel.sealed_row())?;
    Query::new(
        "update channels set key_id = $3, secrets = $4 where organization_id = $1 and id = $2",
    )
    .id(&channel.organization_id)
    .id(&channel.id)
    .bind(channel.sealed.key_id.as_str())
    .bind(channel.sealed.bytes.as_slice())
    .execute(connection)
    .await?;
    Ok(channel)
}
