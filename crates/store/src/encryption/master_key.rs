//! Checks that the master key is the one that the database was written with.
//!
//! The database keeps the key's fingerprint. A database from before that is proved against a row that
//! was encrypted with the key.

use crate::db::migrations::Applied;
use crate::encryption::{MasterKey, SealedRow, SealedSecrets};
use crate::prelude::*;

/// The migration that made the table of the fingerprint.
const FINGERPRINT_SINCE: i64 = 8;

/// A table with encrypted rows, and the statements that read and replace them.
pub(crate) struct SealedTable {
    pub(crate) name: &'static str,
    /// The migration that made it.
    since: i64,
    /// Reads one row that was encrypted with the key of an id.
    of_key: &'static str,
    any: &'static str,
    /// Reads which rows there are behind an id, and with which keys.
    pub(crate) page: &'static str,
    /// Reads a row, if it was encrypted with the key of an id.
    pub(crate) row: &'static str,
    /// Replaces the encrypted bytes of a row, if they are the ones that were read.
    pub(crate) replace: &'static str,
}

macro_rules! sealed_table {
    ($name:literal, $column:literal, $since:literal $(, $also:literal)?) => {
        SealedTable {
            name: $name,
            since: $since,
            of_key: concat!(
                "select organization_id, id, key_id, ",
                $column,
                " as sealed from ",
                $name,
                " where key_id = $1 limit 1"
            ),
            any: concat!("select id from ", $name, " limit 1"),
            page: concat!(
                "select organization_id, id, key_id, cast(length(",
                $column,
                ") as bigint) as bytes from ",
                $name,
                " where id > $1 order by id limit $2"
            ),
            row: concat!(
                "select id, key_id, ",
                $column,
                " as sealed from ",
                $name,
                " where organization_id = $1 and id = $2 and key_id = $3"
            ),
            replace: concat!(
                "update ",
                $name,
                " set key_id = $4, ",
                $column,
                " = $5",
                $($also,)?
                " where organization_id = $1 and id = $2 and ",
                $column,
                " = $3"
            ),
        }
    };
}

/// Every table with encrypted rows; a test compares it with the tables that have a `key_id`.
pub(crate) const SEALED: [SealedTable; 3] = [
    // The hash of the number is of the old key as well; a server fills it when it starts.
    sealed_table!("channels", "secrets", 1, ", number = null"),
    sealed_table!("webhook_endpoints", "secrets", 2),
    sealed_table!("webhook_calls", "body", 2),
];

impl Store {
    /// Checks that this program can use the database and that the master key is the one that its secrets
    /// are encrypted with; changes nothing. A database without tables passes.
    /// Fails with [`StoreError::NewerDatabase`] if a newer program migrated the database, with
    /// [`StoreError::WrongMasterKey`] if the key is another one, or with [`StoreError::RotationUnfinished`] if a
    /// rotation did not come to its end.
    pub async fn check(&self) -> Result<()> {
        let applied = self.applied_migrations().await?;
        self.check_key(&applied).await.map(drop)
    }

    /// Checks the master key as [`Self::check`] does, and keeps its fingerprint if there is none yet.
    /// Fails with [`StoreError::NotMigrated`], or as [`Self::check`] does.
    pub async fn adopt_master_key(&self) -> Result<()> {
        let applied = self.applied_migrations().await?;
        if !applied.contains(FINGERPRINT_SINCE) {
            return Err(StoreError::NotMigrated);
        }
        if self.check_key(&applied).await? {
            return Ok(());
        }
        let query = Query::new(
            "insert into master_key (id, fingerprint) values (1, $1) on conflict (id) do nothing",
        )
        .bind(self.key().fingerprint());
        self.write_row(query).await?;
        // Another server may have been first, with another key.
        self.check_key(&applied).await.map(drop)
    }

    /// Checks the key; returns whether its fingerprint is kept.
    async fn check_key(&self, applied: &Applied) -> Result<bool> {
        let query =
            Query::new("select id, fingerprint, next_fingerprint from master_key where id = 1");
        if applied.contains(FINGERPRINT_SINCE)
            && let Some(row) = self.read_row(query).await?
        {
            let columns = Columns::new(&row, "master_key", "fingerprint");
            let (kept, next): (String, Option<String>) = (
                columns.get("fingerprint")?,
                columns.get("next_fingerprint")?,
            );
            let given = self.key().fingerprint();
            return match next {
                Some(next) if next == given || kept == given => Err(StoreError::RotationUnfinished),
                None if kept == given => Ok(true),
                _ => Err(StoreError::WrongMasterKey),
            };
        }
        self.prove_key(applied).await.map(|()| false)
    }

    /// Proves the key against a row that was encrypted with it.
    async fn prove_key(&self, applied: &Applied) -> Result<()> {
        let mut empty = true;
        for table in SEALED.iter().filter(|table| applied.contains(table.since)) {
            let sealed = self.read_row(Query::new(table.of_key).bind(self.key().id()));
            if let Some(row) = sealed.await? {
                return opens(&row, table.name, self.key());
            }
            empty = empty && self.read_row(Query::new(table.any)).await?.is_none();
        }
        if empty {
            Ok(())
        } else {
            Err(StoreError::WrongMasterKey)
        }
    }
}

/// Opens a row that names the key; another key may have the same short id.
fn opens(row: &RawRow, table: &'static str, key: &MasterKey) -> Result<()> {
    let columns = Columns::new(row, table, "id");
    let (organization, id): (_, String) = (columns.get("organization_id")?, columns.get("id")?);
    let sealed = SealedSecrets::read(&columns, "sealed")?;
    let sealed_row = SealedRow {
        table,
        organization: &organization,
        id: &id,
    };
    let opened = sealed.open_bytes(key, sealed_row);
    opened.map(drop).map_err(|_| StoreError::WrongMasterKey)
}
