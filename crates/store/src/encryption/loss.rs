//! A lost master key: what it encrypted is dropped, and the database gets another key.
//!
//! As during a rotation no server starts meanwhile. A loss that was interrupted is begun again with the same
//! new key, and finds what is left.

use secrecy::SecretString;
use serde_json::Map;

use crate::encryption::master_key::SEALED;
use crate::encryption::{ChannelSecrets, SealedRow, SealedSecrets};
use crate::prelude::*;
use crate::webhooks::secrets::WebhookSecrets;

const MAX_STEP_ROWS: i64 = 200;

/// Generates new secrets for those that are lost.
#[derive(Clone, Copy)]
pub struct FreshSecrets {
    /// Generates the secret of a channel, with which its provider calls.
    pub channel: fn() -> SecretString,
    /// Generates the secret of a webhook endpoint, which signs its deliveries.
    pub endpoint: fn() -> Result<SecretString, getrandom::Error>,
}

/// The replacement of a lost master key by the one of the store.
pub struct KeyLoss {
    store: Store,
    fresh: FreshSecrets,
    table: usize,
    after: String,
    /// Whether this pass over the tables found a row of another key.
    found: bool,
}

impl Store {
    /// Begins to make the key of this store the master key of the database, whose own key is lost.
    /// Fails with [`StoreError::SameMasterKey`] if the database has this key, or with [`StoreError::ServersRunning`]
    /// if a server uses the database.
    pub async fn begin_key_loss(&self, fresh: FreshSecrets) -> Result<KeyLoss> {
        // Before the mark, at which a server that runs would end.
        self.expect_no_servers().await?;
        let query = Query::new(
            "insert into master_key (id, fingerprint, next_fingerprint) values (1, '', $1) \
             on conflict (id) do update set next_fingerprint = $1 \
             where master_key.fingerprint <> $1 or master_key.next_fingerprint is not null \
             returning id",
        )
        .bind(self.key().fingerprint());
        let earlier = self.unfinished_rotation().await?;
        if self.write_row(query).await?.is_none() {
            return Err(StoreError::SameMasterKey);
        }
        // A server that starts from now on is refused; one that runs already is seen here.
        if let Err(running) = self.expect_no_servers().await {
            let undo = Query::new("update master_key set next_fingerprint = $1 where id = 1");
            self.write_count(undo.bind(earlier)).await?;
            // The database had no fingerprint: the next start proves its key against a row.
            let none = Query::new("delete from master_key where id = 1 and fingerprint = ''");
            self.write_count(none).await?;
            return Err(running);
        }
        Ok(KeyLoss {
            store: self.clone(),
            fresh,
            table: 0,
            after: String::new(),
            found: false,
        })
    }

    /// Returns the fingerprint of the next key if a rotation is unfinished.
    async fn unfinished_rotation(&self) -> Result<Option<String>> {
        let query = Query::new("select id, next_fingerprint from master_key where id = 1");
        match self.read_row(query).await? {
            Some(row) => Columns::new(&row, "master_key", "id").get("next_fingerprint"),
            None => Ok(None),
        }
    }
}

impl KeyLoss {
    /// Drops the secrets of some more rows; returns of how many, or `None` once nothing of another key is left.
    ///
    /// Channels lose their credentials, endpoints get another secret, and webhook calls that are not applied
    /// are set aside without their bodies.
    pub async fn step(&mut self) -> Result<Option<u64>> {
        let Some(table) = SEALED.get(self.table) else {
            self.table = 0;
            if !std::mem::take(&mut self.found) {
                self.store.finish_key_change(self.store.key()).await?;
                return Ok(None);
            }
            // Another program may have written a row behind this pass.
            return Ok(Some(0));
        };
        let page = Query::new(table.page)
            .bind(self.after.clone())
            .bind(MAX_STEP_ROWS);
        let (mut dropping, mut last) = (Vec::new(), None);
        for row in &self.store.read_rows(page).await? {
            let columns = Columns::new(row, table.name, "id");
            let (id, key): (String, String) = (columns.get("id")?, columns.get("key_id")?);
            if key != self.store.key().id() {
                let organization = columns.get("organization_id")?;
                let sealed_row = SealedRow {
                    table: table.name,
                    organization: &organization,
                    id: &id,
                };
                dropping.push(self.dropping(sealed_row)?);
            }
            last = Some(id);
        }
        if let Some(last) = last {
            self.after = last;
        } else {
            self.table += 1;
            self.after.clear();
        }
        self.found |= !dropping.is_empty();
        self.drop_all(dropping).await.map(Some)
    }

    /// Returns the statement that removes the secrets of a row that no key opens.
    fn dropping(&self, sealed_row: SealedRow<'_>) -> Result<Query> {
        let key = self.store.key();
        let (text, sealed) = match sealed_row.table {
            "channels" => (
                "update channels set key_id = $3, secrets = $4, number = null, \
                 version = version + 1 where organization_id = $1 and id = $2 and key_id <> $3",
                ChannelSecrets {
                    credentials: Map::new(),
                    webhook_secret: (self.fresh.channel)(),
                }
                .seal(key, sealed_row)?,
            ),
            "webhook_endpoints" => (
                "update webhook_endpoints set key_id = $3, secrets = $4 \
                 where organization_id = $1 and id = $2 and key_id <> $3",
                WebhookSecrets {
                    current: (self.fresh.endpoint)().map_err(StoreError::Random)?,
                    previous: Vec::new(),
                    header: None,
                }
                .seal(key, sealed_row)?,
            ),
            // An applied call is of no use any more, and is removed a week after it was applied.
            _ => (
                "update webhook_calls set key_id = $3, body = $4, attempts = 0, server_id = '', \
                 set_aside = case when applied_at is null then 'unreadable' end \
                 where organization_id = $1 and id = $2 and key_id <> $3",
                SealedSecrets::seal_bytes(&[], key, sealed_row)?,
            ),
        };
        let query = Query::new(text)
            .id(sealed_row.organization)
            .bind(sealed_row.id.to_owned())
            .bind(sealed.key_id)
            .bind(sealed.bytes);
        Ok(query)
    }

    async fn drop_all(&self, dropping: Vec<Query>) -> Result<u64> {
        self.store
            .transaction(move |connection| {
                Box::pin(async move {
                    let mut dropped = 0;
                    for query in dropping {
                        dropped += query.execute(&mut *connection).await?;
                    }
                    Ok(dropped)
                })
            })
            .await
    }
}
