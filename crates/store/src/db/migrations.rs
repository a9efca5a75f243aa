//! The migrations of this program, and those that a database has.

use std::collections::BTreeSet;
use std::time::Instant;

use rusqlite::TransactionBehavior;
use sqlx::migrate::{MigrateError, Migration, Migrator};

use crate::db::connection::{Connection, Driver};
use crate::db::query::Query;
use crate::db::raw_row::RawRow;
use crate::db::row;
use crate::error::{Result, StoreError};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!();

pub(crate) struct Applied(BTreeSet<i64>);

impl Applied {
    /// Fails with [`StoreError::NewerDatabase`] if this program does not know one of them.
    pub(crate) fn read(rows: &[RawRow]) -> Result<Self> {
        let versions: BTreeSet<i64> = row::column(rows, "_sqlx_migrations", "version")?;
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

/// Brings the tables up to date.
pub(crate) async fn migrate(connection: &mut Connection) -> Result<()> {
    if is_current(connection).await? {
        return Ok(());
    }
    match connection.driver() {
        Driver::Sqlite(connection) => Ok(migrate_sqlite(connection)?),
        // Takes a lock of its own. `Migrator::run` is generic in a way that makes the future unfit for a task.
        Driver::Postgres(connection) => Ok(MIGRATIONS.run_direct(None, connection, false).await?),
    }
}

/// Returns whether the database has exactly the migrations of this program.
///
/// If so, a start does not take the migrations' lock, which a paused server may hold.
async fn is_current(connection: &mut Connection) -> Result<bool> {
    let applied = Query::new(
        "select version, checksum from _sqlx_migrations where success = true order by version",
    )
    .fetch_all(connection)
    .await;
    let applied = match applied {
        Ok(applied) => applied,
        Err(error) if error.is_missing_table() => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(applied.len() == MIGRATIONS.iter().count()
        && applied
            .iter()
            .zip(MIGRATIONS.iter())
            .all(|(row, migration)| {
                row.integer("version") == Some(migration.version)
                    && row.bytes("checksum") == Some(&*migration.checksum)
            }))
}

/// The end of the name of a migration that concerns PostgreSQL alone.
const ON_POSTGRES: &str = " on postgresql";

/// The table in which sqlx keeps what was applied, as its own driver for SQLite makes it.
const TABLE: &str = "create table if not exists _sqlx_migrations (
    version bigint primary key,
    description text not null,
    installed_on timestamp not null default current_timestamp,
    success boolean not null,
    checksum blob not null,
    execution_time bigint not null
)";

/// Does what sqlx does, for which its driver would be needed, and all in one transaction.
fn migrate_sqlite(connection: &mut rusqlite::Connection) -> Result<(), MigrateError> {
    let failed = |error: rusqlite::Error| MigrateError::Source(Box::new(error));
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(failed)?;
    transaction.execute_batch(TABLE).map_err(failed)?;
    let applied = applied_to_sqlite(&transaction).map_err(failed)?;
    if let Some((version, ..)) = applied.iter().find(|(_, _, success)| !success) {
        return Err(MigrateError::Dirty(*version));
    }
    for (version, ..) in &applied {
        if !MIGRATIONS.version_exists(*version) {
            return Err(MigrateError::VersionMissing(*version));
        }
    }
    for migration in MIGRATIONS.iter() {
        let version = migration.version;
        match applied.iter().find(|(applied, ..)| *applied == version) {
            Some((_, checksum, _)) if *checksum == *migration.checksum => {}
            Some(_) => return Err(MigrateError::VersionMismatch(version)),
            None => apply_to_sqlite(&transaction, migration).map_err(failed)?,
        }
    }
    transaction.commit().map_err(failed)
}

type AppliedToSqlite = (i64, Vec<u8>, bool);

fn applied_to_sqlite(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<AppliedToSqlite>> {
    let mut statement =
        connection.prepare("select version, checksum, success from _sqlx_migrations")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn apply_to_sqlite(
    connection: &rusqlite::Connection,
    migration: &Migration,
) -> rusqlite::Result<()> {
    let began = Instant::now();
    if !migration.description.ends_with(ON_POSTGRES) {
        connection.execute_batch(migration.sql.as_str())?;
    }
    let took = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
    connection.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values ($1, $2, true, $3, $4)",
        (
            migration.version,
            &*migration.description,
            &*migration.checksum,
            took,
        ),
    )?;
    Ok(())
}
