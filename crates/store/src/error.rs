//! What can go wrong in the store; never with a value out of a row.

use jiff::Timestamp;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use crate::db::fault::DatabaseFault;

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
            Self::Unavailable(fault) => matches!(fault.0, sqlx::Error::PoolClosed),
            _ => true,
        }
    }

    /// Whether the database is away, starting or overloaded, so that a server that starts may wait for it.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Timeout | Self::Busy => true,
            // A database that does not speak TLS as it was asked to is there, and a wait does not change it.
            Self::Unavailable(fault) => {
                !matches!(fault.0, sqlx::Error::Tls(_) | sqlx::Error::PoolClosed)
            }
            _ => false,
        }
    }

    /// Returns whether the database itself refused the statement.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self, Self::Database(fault) if fault.answer().is_some())
    }

    /// Returns whether the other writes of the batch may still succeed.
    ///
    /// SQLite may roll the whole transaction back after an error of its disk, memory or locks.
    pub(crate) fn concerns_one_write(&self) -> bool {
        match self {
            Self::Database(fault) => matches!(
                fault.answer().and_then(sqlite_code),
                // Error in the statement, too big, constraint, mismatch, out of range.
                Some(1 | 18 | 19 | 20 | 25)
            ),
            Self::Conflict
            | Self::UnknownOrganization
            | Self::TooManySecrets { .. }
            | Self::TooManyWebhookEndpoints { .. }
            | Self::LastOwner
            | Self::Corrupt { .. }
            | Self::WrongKey { .. }
            | Self::Random(_) => true,
            _ => false,
        }
    }

    /// Returns whether the statement names a table that does not exist.
    pub(crate) fn is_missing_table(&self) -> bool {
        let Self::Database(fault) = self else {
            return false;
        };
        fault.answer().is_some_and(|error| {
            // SQLite has no code of its own for it.
            has_postgres_code(error, &["42P01"])
                || sqlite_code(error) == Some(1) && error.message().contains("no such table")
        })
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
        match &error {
            sqlx::Error::Database(inner) => match inner.kind() {
                sqlx::error::ErrorKind::UniqueViolation => Self::Conflict,
                // The only tables that are referred to are the organizations.
                sqlx::error::ErrorKind::ForeignKeyViolation => Self::UnknownOrganization,
                _ if is_busy(inner.as_ref()) => Self::Busy,
                _ if is_gone(inner.as_ref()) => Self::Unavailable(DatabaseFault(error)),
                _ => Self::Database(DatabaseFault(error)),
            },
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(DatabaseFault(error)),
            _ => Self::Database(DatabaseFault(error)),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        let error = match error {
            MigrateError::VersionMissing(version) => return Self::NewerDatabase(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
            error => error.into(),
        };
        match error {
            sqlx::Error::Database(inner)
                if !is_gone(inner.as_ref()) && !is_busy(inner.as_ref()) =>
            {
                Self::Migration(DatabaseFault(sqlx::Error::Database(inner)))
            }
            error @ sqlx::Error::Migrate(_) => Self::Migration(DatabaseFault(error)),
            error => error.into(),
        }
    }
}

/// SQLite: busy and locked. PostgreSQL: taken back for another transaction, lock not available, canceled.
fn is_busy(error: &dyn DatabaseError) -> bool {
    matches!(sqlite_code(error), Some(5 | 6)) || has_postgres_code(error, &["40", "55P03", "57014"])
}

/// SQLite: out of memory, disk error, disk full, file cannot be opened. PostgreSQL: connection exceptions (08),
/// insufficient resources (53), a database that takes no connections for now or is in use (55), an operator who
/// intervenes, as when it shuts down (57), errors of its system, such as its disk (58), a transaction that was idle or
/// took too long, a database that only reads for now (25).
fn is_gone(error: &dyn DatabaseError) -> bool {
    matches!(sqlite_code(error), Some(7 | 10 | 13 | 14))
        || has_postgres_code(
            error,
            &["08", "53", "55", "57", "58", "25P03", "25P04", "25006"],
        )
}

/// Whether the code begins with one of these; PostgreSQL's have five characters.
fn has_postgres_code(error: &dyn DatabaseError, beginnings: &[&str]) -> bool {
    error.code().is_some_and(|code| {
        code.len() == 5 && beginnings.iter().any(|begin| code.starts_with(begin))
    })
}

/// SQLite's primary result code; PostgreSQL's codes have five characters and are none.
fn sqlite_code(error: &dyn DatabaseError) -> Option<u32> {
    let code = error.code()?;
    let extended: u32 = if code.len() < 5 {
        code.parse().ok()?
    } else {
        return None;
    };
    Some(extended & 0xff)
}
