//! Changing the master key: every encrypted row is encrypted again, in bounded steps.
//!
//! The database remembers that a rotation is under way, so that no server starts meanwhile, with either
//! key. A rotation that was interrupted is begun again with the same keys, and finds what is left.

use std::time::{Duration, Instant};

use crate::encryption::master_key::{SEALED, SealedTable};
use crate::encryption::{MasterKey, SealedRow, SealedSecrets};
use crate::prelude::*;

const MAX_STEP_LOOKED_AT: i64 = 1_000;

const MAX_STEP_ROWS: usize = 100;

/// Encrypted bytes that one step reads, except for a single row that is larger.
const MAX_STEP_BYTES: i64 = 1024 * 1024;

/// How long the database may take to notice that a server has ended.
const SERVER_END_TIMEOUT: Duration = Duration::from_secs(2);

/// The change of a database's master key to another one.
pub struct KeyRotation {
    store: Store,
    new: MasterKey,
    table: usize,
    after: String,
    /// Whether this pass over the tables found a row of the old key.
    found: bool,
}

struct OldRow {
    organization: OrganizationId,
    id: String,
}

impl Store {
    /// Begins or continues to change the master key of this store to `new`.
    /// Fails with [`StoreError::SameMasterKey`] if both keys are one, with [`StoreError::WrongMasterKey`] if the
    /// database has another one, with [`StoreError::RotationUnfinished`] if a rotation to another key is under way, or
    /// with [`StoreError::ServersRunning`] if a server uses the database.
    pub async fn begin_key_rotation(&self, new: MasterKey) -> Result<KeyRotation> {
        let (old, next) = (self.key().fingerprint(), new.fingerprint());
        if old == next {
            return Err(StoreError::SameMasterKey);
        }
        let fresh = match self.adopt_master_key().await {
            Ok(()) => true,
            // Whether the keys fit is decided below.
            Err(StoreError::RotationUnfinished | StoreError::WrongMasterKey) => false,
            Err(error) => return Err(error),
        };
        // Before the mark, at which a server that runs would end.
        self.expect_no_servers().await?;
        // The last case is a rotation whose end was not seen.
        let query = Query::new(
            "update master_key set next_fingerprint = $2 where id = 1 and \
             ((fingerprint = $1 and coalesce(next_fingerprint, $2) = $2) \
             or (fingerprint = $2 and coalesce(next_fingerprint, $2) = $2)) returning id",
        )
        .bind(old)
        .bind(next.clone());
        if self.write_row(query).await?.is_none() {
            return Err(self
                .check()
                .await
                .err()
                .unwrap_or(StoreError::WrongMasterKey));
        }
        // A server that starts from now on is refused; one that runs already is seen here.
        if let Err(running) = self.expect_no_servers().await {
            if fresh {
                let undo = Query::new(
                    "update master_key set next_fingerprint = null where id = 1 and next_fingerprint = $1",
                );
                self.write_count(undo.bind(next)).await?;
            }
            return Err(running);
        }
        Ok(KeyRotation {
            store: self.clone(),
            new,
            table: 0,
            after: String::new(),
            found: false,
        })
    }

    /// Fails with [`StoreError::ServersRunning`] if a server still uses the database after [`SERVER_END_TIMEOUT`].
    pub(crate) async fn expect_no_servers(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let servers = self.connections_of_servers().await?;
            if servers == 0 {
                return Ok(());
            }
            if begun.elapsed() > SERVER_END_TIMEOUT {
                return Err(StoreError::ServersRunning(servers));
            }
            tokio::time::sleep(SERVER_END_TIMEOUT / 20).await;
        }
    }

    pub(crate) async fn finish_key_change(&self, new: &MasterKey) -> Result<()> {
        let query = Query::new(
            "update master_key set fingerprint = $1, next_fingerprint = null \
             where id = 1 and next_fingerprint = $1",
        );
        let query = query.bind(new.fingerprint());
        self.write_count(query).await.map(drop)
    }

    /// Counts the connections of running servers. On SQLite, the lock of the file tells whether one runs.
    async fn connections_of_servers(&self) -> Result<i64> {
        if self.kind() == DatabaseKind::Sqlite {
            return Ok(0);
        }
        let query = Query::new(
            "select 'servers' as id, count(*) as servers from pg_stat_activity \
             where datname = current_database() and application_name = $1",
        )
        .bind(crate::db::connect::SERVER_NAME);
        match self.read_row(query).await? {
            Some(row) => Columns::new(&row, "pg_stat_activity", "id").get("servers"),
            None => Ok(0),
        }
    }
}

impl KeyRotation {
    /// Encrypts some more rows with the new key; returns how many, or `None` once the rotation is complete.
    /// Fails with [`StoreError::Corrupt`] if a row does not open with the old key.
    pub async fn step(&mut self) -> Result<Option<u64>> {
        let Some(table) = SEALED.get(self.table) else {
            if !std::mem::take(&mut self.found) {
                self.store.finish_key_change(&self.new).await?;
                return Ok(None);
            }
            // Another program may have written a row behind this pass.
            self.table = 0;
            return Ok(Some(0));
        };
        let (rows, last) = self.look(table).await?;
        if let Some(last) = last {
            self.after = last;
        } else {
            self.table += 1;
            self.after.clear();
        }
        let count = rows.len() as u64;
        if count > 0 {
            self.found = true;
            self.encrypt(table, rows).await?;
        }
        Ok(Some(count))
    }

    /// Finds the next rows of the old key, and the id of the last row that was looked at.
    async fn look(&self, table: &SealedTable) -> Result<(Vec<OldRow>, Option<String>)> {
        let query = Query::new(table.page)
            .bind(self.after.clone())
            .bind(MAX_STEP_LOOKED_AT);
        let (old, mut bytes) = (self.store.key().id(), 0);
        let (mut rows, mut last) = (Vec::new(), None);
        for row in &self.store.read_rows(query).await? {
            let columns = Columns::new(row, table.name, "id");
            let (id, key_id): (String, String) = (columns.get("id")?, columns.get("key_id")?);
            if key_id == old {
                bytes += columns.get::<i64>("bytes")?;
                if !rows.is_empty() && (bytes > MAX_STEP_BYTES || rows.len() == MAX_STEP_ROWS) {
                    break;
                }
                let organization = columns.get("organization_id")?;
                rows.push(OldRow {
                    organization,
                    id: id.clone(),
                });
            }
            last = Some(id);
        }
        Ok((rows, last))
    }

    /// Encrypts rows again and replaces them, all or none; a row that changes meanwhile is left to the next pass.
    async fn encrypt(&self, table: &'static SealedTable, rows: Vec<OldRow>) -> Result<()> {
        let mut replacing = Vec::with_capacity(rows.len());
        // Before the transaction, which other writers wait for.
        for row in rows {
            replacing.extend(self.encrypted(table, &row).await?);
        }
        self.store
            .transaction(move |connection| {
                Box::pin(async move {
                    for query in replacing {
                        query.execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Returns the statement that replaces a row, or `None` if it is gone or no longer has the old key.
    async fn encrypted(&self, table: &SealedTable, row: &OldRow) -> Result<Option<Query>> {
        let (organization, id) = (row.organization.as_str().to_owned(), row.id.clone());
        let query = Query::new(table.row)
            .bind(organization.clone())
            .bind(id.clone())
            .bind(self.store.key().id());
        let Some(found) = self.store.read_row(query).await? else {
            return Ok(None);
        };
        let columns = Columns::new(&found, table.name, "id");
        let sealed = SealedSecrets::read(&columns, "sealed")?;
        let sealed_row = SealedRow {
            table: table.name,
            organization: &row.organization,
            id: &row.id,
        };
        let clear = sealed.open_bytes(self.store.key(), sealed_row)?;
        let again = SealedSecrets::seal_bytes(&clear, &self.new, sealed_row)?;
        let query = Query::new(table.replace)
            .bind(organization)
            .bind(id)
            .bind(sealed.bytes)
            .bind(again.key_id)
            .bind(again.bytes);
        Ok(Some(query))
    }
}
