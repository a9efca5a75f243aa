//! What can go wrong in the store; never with a value out of a row.

use jiff::Timestamp;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use crate::db::fault::{Cause, DatabaseFault, sqlite_answer};
use crate::limits::limited::Limited;

/// The result of a call of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store did not do what it was asked for.
///
/// Every call may fail with [`Timeout`](Self::Timeout), [`Busy`](Self::Busy), [`Unavailable`](Self::Unavailable) or
/// [`Database`](Self::Database), one that writes with [`NotCommitted`](Self::NotCommitted), one that writes for an
/// organization with [`UnknownOrganization`](Self::UnknownOrganization), and one that reads rows with
/// [`Corrupt`](Self::Corrupt). The documentation of a call names only the other errors.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The id, or what has to be unique, is taken.
    #[error("it exists already")]
    Conflict,
    /// The organization that was named does not exist.
    #[error("the organization does not exist")]
    UnknownOrganization,
    /// The conversation that was named does not exist.
    #[error("the conversation does not exist")]
    UnknownConversation,
    /// The organization of the API key or the session is suspended.
    #[error("the organization is suspended")]
    OrganizationSuspended,
    /// The deadline passed; a write may still land.
    #[error("the database did not answer in time")]
    Timeout,
    /// Another process holds what the operation needs, or the database is overloaded; nothing was written.
    #[error("the database is busy")]
    Busy,
    /// The database cannot be reached, or the store is closed.
    #[error("the database is not available: {0}")]
    Unavailable(DatabaseFault),
    /// The write was rolled back because its whole batch failed; the log says why.
    #[error("the write was not committed")]
    NotCommitted,
    /// The tables are missing or older than this program.
    #[error("the database is not migrated")]
    NotMigrated,
    /// A SQLite file has tables of another program.
    #[error("it is not a database of Recado: another program made its tables")]
    ForeignDatabase,
    /// The role of PostgreSQL may not create tables, and some are missing.
    #[error(
        "tables are missing, and the role may not create them: grant it CREATE on the schema of the database"
    )]
    MayNotCreate,
    /// The role of PostgreSQL may not create functions of a connection, with which messages are stored.
    #[error("the role may not create temporary functions: grant it TEMPORARY on the database")]
    MayNotCreateTemporary,
    /// Pages or indexes of a SQLite file contradict each other.
    #[error("the file is damaged")]
    Damaged,
    /// The database was migrated by a newer program.
    #[error(
        "the database is newer than this program: migration {0} is not known; use the newer program"
    )]
    NewerDatabase(i64),
    /// Another server of this name is running.
    #[error("a server of this name is running already")]
    NameTaken,
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migration(DatabaseFault),
    /// The URL names neither a SQLite file nor a PostgreSQL database.
    #[error("a database URL is sqlite:<file> or postgres://…")]
    InvalidUrl,
    /// A parameter of a PostgreSQL URL cannot be read.
    #[error("a parameter of the database URL is wrong: {0}")]
    InvalidParameter(DatabaseFault),
    /// The database refused the statement.
    #[error("the database refused the operation: {0}")]
    Database(DatabaseFault),
    /// A row holds what this program did not write.
    #[error("column {column} of {table} {id} is corrupt")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The id of the row.
        id: String,
    },
    /// As many secrets of a webhook endpoint sign as may.
    #[error("the webhook endpoint has {limit} secrets that sign")]
    TooManySecrets {
        /// How many there may be.
        limit: usize,
        /// When the oldest one stops to sign.
        until: Timestamp,
    },
    /// The organization has as many webhook endpoints as it may have.
    #[error("the organization has {limit} webhook endpoints")]
    TooManyWebhookEndpoints {
        /// How many there may be.
        limit: u32,
    },
    /// The organization would be left without an owner.
    #[error(
        "the organization needs an owner who can sign in: first make another user an owner, who sets a password"
    )]
    LastOwner,
    /// A limit does not allow the send yet; the message was not stored.
    #[error("the limit of the {} allows the send from {} on", .0.limit, .0.until)]
    Limited(Limited),
    /// The secrets were encrypted with another master key.
    #[error("secrets of key {sealed_with} cannot be opened with key {given}")]
    WrongKey {
        /// The id of the key that encrypted them.
        sealed_with: String,
        /// The id of the key that this store has.
        given: String,
    },
    /// The database was written with another master key.
    #[error("the database was written with another master key: set RECADO_MASTER_KEY to that one")]
    WrongMasterKey,
    /// The master key was being changed, and the change did not come to its end.
    #[error(
        "the rotation of the master key did not come to its end: run `recado-server rotate-master-key` again with the same two keys"
    )]
    RotationUnfinished,
    /// The master key would be changed to itself.
    #[error("the new master key is the old one")]
    SameMasterKey,
    /// Servers use the database whose master key is to be changed.
    #[error("servers are running on this database ({0} connections): stop them all first")]
    ServersRunning(i64),
    /// A file of the database can be read by others, and its mode cannot be changed.
    #[error(
        "{file} can be opened by others and its mode cannot be changed: give it to the server's user with mode 600"
    )]
    LooseFile {
        /// The file.
        file: String,
        /// Why the mode cannot be changed.
        #[source]
        error: std::io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    Random(#[source] getrandom::Error),
}

impl StoreError {
    /// Whether the write may have been done all the same, or may still be done.
    pub fn may_have_been_written(&self) -> bool {
        matches!(
            self,
            Self::Timeout | Self::Unavailable(_) | Self::NotCommitted
        )
    }

    /// Whether the database was away or busy, so that the same operation may succeed soon.
    pub fn is_passing(&self) -> bool {
        !self.is_final() && !matches!(self, Self::Database(_))
    }

    /// Whether the same operation would fail again.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Timeout | Self::Busy | Self::NotCommitted | Self::Database(_) => false,
            // The store was closed, and stays so.
            Self::Unavailable(fault) => {
                matches!(fault.0, Cause::Postgres(sqlx::Error::PoolClosed))
            }
            _ => true,
        }
    }

    /// Whether the database is away, starting or overloaded, so that a server that starts may wait for it.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Timeout | Self::Busy => true,
            // A database that does not speak TLS as it was asked to is there, and a wait does not change it.
            Self::Unavailable(fault) => !matches!(
                fault.0,
                Cause::Postgres(sqlx::Error::Tls(_) | sqlx::Error::PoolClosed)
            ),
            _ => false,
        }
    }

    /// Returns whether the other writes of the batch may still succeed.
    ///
    /// PostgreSQL undoes a statement that failed without harm to anything else. SQLite may roll the whole transaction
    /// back after an error of its disk, memory or locks.
    pub(crate) fn concerns_one_write(&self) -> bool {
        match self {
            Self::Database(fault) => match fault.of_sqlite() {
                // Error in the statement, too big, constraint, mismatch, out of range.
                Some(answer) => matches!(answer.code & 0xff, 1 | 18 | 19 | 20 | 25),
                None => fault.of_postgres().is_some(),
            },
            Self::Conflict
            | Self::UnknownOrganization
            | Self::TooManySecrets { .. }
            | Self::TooManyWebhookEndpoints { .. }
            | Self::LastOwner
            | Self::Limited(_)
            | Self::Corrupt { .. }
            | Self::WrongKey { .. }
            | Self::Random(_) => true,
            _ => false,
        }
    }

    /// Returns whether a connection to PostgreSQL can be used after it.
    pub(crate) fn leaves_connection(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Timeout | Self::NotCommitted => false,
            Self::Database(fault) => fault.of_postgres().is_some(),
            _ => true,
        }
    }

    /// Returns whether the statement names a table that does not exist.
    pub(crate) fn is_missing_table(&self) -> bool {
        let Self::Database(fault) = self else {
            return false;
        };
        let in_postgres = fault.of_postgres();
        let in_sqlite = fault.of_sqlite();
        in_postgres.is_some_and(|error| has_code(error, &["42P01"]))
            // SQLite has no code of its own for it.
            || in_sqlite.is_some_and(|it| it.code == 1 && it.message.contains("no such table"))
    }

    /// Returns the failure of a migration, which breaks no rule of a caller.
    fn of_migration<E: Into<Self> + Into<Cause>>(
        error: E,
        is_refused: impl Fn(&E) -> bool,
    ) -> Self {
        if is_refused(&error) {
            return Self::Migration(DatabaseFault::new(error));
        }
        match error.into() {
            Self::Database(fault) => Self::Migration(fault),
            other => other,
        }
    }

    /// Returns the failure for another write of the same batch; the log describes it once.
    pub(crate) fn of_batch(&self) -> Self {
        match self {
            Self::Timeout => Self::Timeout,
            Self::Busy => Self::Busy,
            _ => Self::NotCommitted,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let fault = DatabaseFault::new;
        match &error {
            sqlx::Error::Database(inner) => match inner.kind() {
                sqlx::error::ErrorKind::UniqueViolation => Self::Conflict,
                // The only tables that are referred to are the organizations.
                sqlx::error::ErrorKind::ForeignKeyViolation => Self::UnknownOrganization,
                _ if is_busy(inner.as_ref()) => Self::Busy,
                _ if is_gone(inner.as_ref()) => Self::Unavailable(fault(error)),
                _ => Self::Database(fault(error)),
            },
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(fault(error)),
            _ => Self::Database(fault(error)),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;

        let code = sqlite_answer(&error).map_or(0, |answer| answer.code);
        match code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                return Self::Conflict;
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return Self::UnknownOrganization,
            _ => {}
        }
        match code & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Self::Busy,
            // The deadline of the read passed.
            ffi::SQLITE_INTERRUPT => Self::Timeout,
            ffi::SQLITE_NOMEM | ffi::SQLITE_IOERR | ffi::SQLITE_FULL | ffi::SQLITE_CANTOPEN => {
                Self::Unavailable(DatabaseFault::new(error))
            }
            _ => Self::Database(DatabaseFault::new(error)),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        let error = match error {
            MigrateError::VersionMissing(version) => return Self::NewerDatabase(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
            // Of the migrations on SQLite.
            MigrateError::Source(error) => match error.downcast::<rusqlite::Error>() {
                Ok(error) => return Self::of_migration(*error, is_constraint),
                Err(error) => MigrateError::Source(error).into(),
            },
            error => error.into(),
        };
        match error {
            error @ sqlx::Error::Migrate(_) => Self::Migration(DatabaseFault::new(error)),
            error => Self::of_migration(error, |error| {
                error
                    .as_database_error()
                    .is_some_and(|it| has_code(it, &["23"]))
            }),
        }
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// Taken back for another transaction, lock not available, canceled.
fn is_busy(error: &dyn DatabaseError) -> bool {
    has_code(error, &["40", "55P03", "57014"])
}

/// Connection exceptions (08), insufficient resources (53), a database that takes no connections for now or is in
/// use (55), an operator who intervenes, as when it shuts down (57), errors of its system, such as its disk (58), a
/// transaction that was idle or took too long, a database that only reads for now (25).
fn is_gone(error: &dyn DatabaseError) -> bool {
    let codes = ["08", "53", "55", "57", "58", "25P03", "25P04", "25006"];
    has_code(error, &codes)
}

/// Returns whether PostgreSQL's code begins with one of these.
fn has_code(error: &dyn DatabaseError, beginnings: &[&str]) -> bool {
    let code = error.code();
    code.is_some_and(|code| beginnings.iter().any(|begin| code.starts_with(begin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_breaks_a_rule_of_a_migration_is_not_a_conflict_of_a_caller() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let failed = connection.execute_batch(
            "create table t (a text); insert into t values ('x'), ('x'); create unique index by_a on t (a)",
        );
        let failed = failed.unwrap_err();
        let error = StoreError::from(MigrateError::Source(Box::new(failed)));
        assert!(matches!(error, StoreError::Migration(_)), "{error:?}");
        assert!(error.to_string().contains("UNIQUE"), "{error}");
    }
}
