//! The migrations of this program, and those that a database has.

use std::collections::BTreeSet;

use sqlx::any::AnyRow;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Row as _};

use crate::error::{Result, StoreError};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!();

pub(crate) struct Applied(BTreeSet<i64>);

impl Applied {
    /// Fails with [`StoreError::NewerDatabase`] if this program does not know one of them.
    pub(crate) fn read(rows: &[AnyRow]) -> Result<Self> {
        let versions = rows.iter().map(|row| row.try_get::<i64, _>(0));
        let versions = versions.collect::<Result<BTreeSet<_>, _>>()?;
        let unknown = versions
            .iter()
            .find(|version| !MIGRATIONS.version_exists(**version));
        match unknown {
            Some(version) => Err(StoreError::NewerDatabase(*version)),
            None => Ok(Applied(versions)),
        }
    }

    pub(crate) fn contains(&self, version: i64) -> bool {
        self.0.contains(&version)
    }

    pub(crate) fn is_complete(&self) -> bool {
        MIGRATIONS
            .iter()
            .all(|migration| self.contains(migration.version))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns whether the database has exactly the migrations of this program.
///
/// If so, a start does not take the migrations' lock, which a paused server may hold.
pub(crate) async fn is_current(connection: &mut AnyConnection) -> Result<bool> {
    let applied = sqlx::query(
        "select version, checksum from _sqlx_migrations where success = true order by version",
    )
    .fetch_all(connection)
    .await;
    let applied = match applied.map_err(StoreError::from) {
        Ok(applied) => applied,
        Err(error) if error.is_missing_table() => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(applied.len() == MIGRATIONS.iter().count()
        && applied
            .iter()
            .zip(MIGRATIONS.iter())
            .all(|(row, migration)| {
                row.try_get::<i64, _>(0).ok() == Some(migration.version)
                    && row.try_get::<&[u8], _>(1).ok() == Some(&*migration.checksum)
            }))
}
