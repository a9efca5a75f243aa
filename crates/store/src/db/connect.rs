//! How connections to the two databases are opened.

use std::fs::OpenOptions;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use sqlx::any::{Any, AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::{PoolConnection, PoolConnectionMetadata};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor, PgPool};

use crate::db::{DEADLINE, DatabaseKind};
use crate::error::{Result, StoreError};
use crate::files;

/// A connection that was idle for longer is tried before it is used. PostgreSQL does not restart in less
/// time, so that a connection of before the restart is never given to a write, which cannot be repeated.
const TRUSTED_IDLE: Duration = Duration::from_millis(100);

/// Bounds of a session on PostgreSQL. A statement ends before its caller gives it up. A server that stops in
/// the middle of a transaction loses its locks, but only after the deadline of the store: a large piece of
/// work that is slow is too slow first, and is tried in halves.
///
/// The limits of TCP end the session of a machine that is gone.
macro_rules! session_limits {
    () => {
        "set lock_timeout = '2s'; set statement_timeout = '4s'; \
         set idle_in_transaction_session_timeout = '6s'; \
         set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; \
         set tcp_keepalives_count = 3; set tcp_user_timeout = '10s'"
    };
}

#[derive(Clone, Copy)]
pub(crate) enum Role {
    Reader,
    Writer,
    /// Changes tables, which may take long, and waits for another that does.
    Migrator,
}

/// The name under which PostgreSQL lists the connections of running servers.
pub(crate) const SERVER_NAME: &str = "recado-server";

#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) kind: DatabaseKind,
    options: AnyConnectOptions,
}

impl Source {
    pub(crate) fn check(url: &str) -> Result<()> {
        Self::read(url).map(drop)
    }

    /// Reads a URL, and creates a missing SQLite file.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (source, url) = Self::read(url)?;
        if source.kind == DatabaseKind::Sqlite {
            create_private(&url)?;
        }
        Ok(source)
    }

    fn read(url: &str) -> Result<(Self, String)> {
        sqlx::any::install_default_drivers();
        let (kind, url) = match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => (DatabaseKind::Postgres, url.to_owned()),
            Some(("sqlite", file)) => (DatabaseKind::Sqlite, sqlite_url(file)?),
            _ => return Err(StoreError::InvalidUrl),
        };
        let options: AnyConnectOptions = url.parse().map_err(|_| StoreError::InvalidUrl)?;
        let source = Self {
            kind,
            options: logging(options),
        };
        Ok((source, url))
    }

    /// Gives every connection to PostgreSQL the name of servers.
    pub(crate) fn of_server(mut self) -> Self {
        if self.kind == DatabaseKind::Postgres {
            let mut parameters = self.options.database_url.query_pairs_mut();
            // Of two values the last one counts.
            parameters.append_pair("application_name", SERVER_NAME);
        }
        self
    }

    pub(crate) async fn connect(&self, role: Role) -> Result<AnyConnection> {
        let mut connection = AnyConnection::connect_with(&self.options).await?;
        match self.kind {
            DatabaseKind::Sqlite => prepare(&mut connection, role).await?,
            DatabaseKind::Postgres => run(&mut connection, session(role)).await?,
        }
        Ok(connection)
    }

    /// Makes a pool of its own for reads of one kind on SQLite.
    ///
    /// SQLite runs a statement on the thread of its connection to the end, so that as many slow lists
    /// as there are readers stop everything else that reads.
    pub(crate) fn extra_pool(&self, connections: u32) -> Option<AnyPool> {
        let options = match self.kind {
            DatabaseKind::Sqlite => sqlite_readers(connections),
            DatabaseKind::Postgres => return None,
        };
        Some(
            options
                .acquire_timeout(DEADLINE)
                .connect_lazy_with(self.options.clone()),
        )
    }

    pub(crate) fn listener(&self) -> Result<PgPool, sqlx::Error> {
        PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .after_connect(|connection, _| {
                let limits = sqlx::raw_sql(session(Role::Reader));
                Box::pin(async move { connection.execute(limits).await.map(drop) })
            })
            .connect_lazy(self.options.database_url.as_str())
    }

    /// Makes a pool, which opens its connections when they are needed.
    pub(crate) fn pool(&self) -> AnyPool {
        let options = match self.kind {
            DatabaseKind::Sqlite => sqlite_readers(4),
            DatabaseKind::Postgres => AnyPoolOptions::new()
                .max_connections(8)
                .test_before_acquire(false)
                .after_connect(|connection, _| Box::pin(run(connection, session(Role::Writer))))
                .before_acquire(|connection, metadata| Box::pin(is_alive(connection, metadata))),
        };
        options
            .acquire_timeout(DEADLINE)
            .connect_lazy_with(self.options.clone())
    }
}

/// Leaves statements out of the log, except for tests, which look at their plans.
fn logging(options: AnyConnectOptions) -> AnyConnectOptions {
    #[cfg(feature = "testing")]
    if crate::testing::plans::is_recording()
        && let Ok(level) = "trace".parse()
    {
        return options
            .log_statements(level)
            .log_slow_statements(level, DEADLINE);
    }
    options.disable_statement_logging()
}

/// A pool of SQLite readers; each connection has a thread of its own.
fn sqlite_readers(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(prepare(connection, Role::Reader)))
}

/// A connection of a pool that is closed, and not given back, when its work is interrupted: giving it
/// back waits for the end of its statement, which on a dead network never comes.
pub(crate) struct Lent {
    connection: PoolConnection<Any>,
    interrupted: bool,
}

impl Lent {
    pub(crate) async fn from(pool: &AnyPool) -> Result<Self, sqlx::Error> {
        Ok(Self {
            connection: pool.acquire().await?,
            interrupted: true,
        })
    }

    pub(crate) fn give_back(mut self) {
        self.interrupted = false;
    }
}

impl Deref for Lent {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.interrupted {
            self.connection.close_on_drop();
        }
    }
}

/// The URL with which SQLite creates the file that is missing.
fn sqlite_url(file: &str) -> Result<String> {
    let (path, parameters) = file.split_once('?').unwrap_or((file, ""));
    let name = path.trim_start_matches('/');
    // Every connection to a database in memory would see another one.
    if name.is_empty() || path.contains(":memory:") || parameters.contains("mode=memory") {
        return Err(StoreError::InvalidUrl);
    }
    Ok(match (parameters, parameters.contains("mode=")) {
        (_, true) => format!("sqlite:{file}"),
        ("", false) => format!("sqlite:{path}?mode=rwc"),
        (_, false) => format!("sqlite:{file}&mode=rwc"),
    })
}

/// Creates the file for its owner alone: texts and phone numbers stand in it. SQLite gives the files
/// that it puts beside it the same mode. Files that others can open are taken away from them.
fn create_private(url: &str) -> Result<()> {
    let Some(file) = files::sqlite_file(url) else {
        return Ok(());
    };
    if url.contains("mode=rwc") {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        // It is there already, or SQLite will say what is wrong with the path.
        options.open(&file).map(drop).unwrap_or_default();
    }
    for ending in ["", "-wal", "-shm"] {
        let file = files::beside(&file, ending);
        files::make_private(&file).map_err(|error| StoreError::LooseFile {
            file: file.display().to_string(),
            error,
        })?;
    }
    Ok(())
}

/// Sets up a connection to SQLite; the cache sizes are in KiB.
async fn prepare(connection: &mut AnyConnection, role: Role) -> Result<(), sqlx::Error> {
    // Two programs that turn on the log of a new file at once are told that it is locked,
    // whatever the timeout is.
    let mut tries = 0;
    while let Err(error) = run(connection, "pragma journal_mode = wal").await {
        tries += 1;
        if tries > 50 {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let settings = match role {
        Role::Reader => {
            "pragma busy_timeout = 4000; pragma cache_size = -512; pragma query_only = on"
        }
        Role::Writer | Role::Migrator => {
            // What a savepoint may have to undo is kept in memory, and not in a file of its own. A page
            // that changes with every send is copied back from the log once in 32 MiB, not in 4.
            "pragma busy_timeout = 4000; pragma cache_size = -4096; pragma synchronous = full; \
             pragma foreign_keys = on; pragma journal_size_limit = 67108864; \
             pragma temp_store = memory; pragma wal_autocheckpoint = 8192"
        }
    };
    run(connection, settings).await
}

const fn session(role: Role) -> &'static str {
    match role {
        Role::Reader | Role::Writer => session_limits!(),
        Role::Migrator => concat!(
            session_limits!(),
            "; set statement_timeout = 0; set lock_timeout = '1min'; ",
            // Of a server that stops between two migrations; PostgreSQL 13 has no such setting.
            "select set_config(name, '30s', false) from pg_settings where name = 'idle_session_timeout'"
        ),
    }
}

async fn run(connection: &mut AnyConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

async fn is_alive(
    connection: &mut AnyConnection,
    metadata: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if metadata.idle_for > TRUSTED_IDLE {
        connection.ping().await?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use sqlx::Row;

    use super::*;

    #[rstest]
    #[case(Role::Writer, "pragma journal_mode", "wal")]
    #[case(Role::Writer, "pragma synchronous", "2")]
    #[case(Role::Writer, "pragma foreign_keys", "1")]
    #[case(Role::Writer, "pragma busy_timeout", "4000")]
    #[case(Role::Writer, "pragma temp_store", "2")]
    #[case(Role::Writer, "pragma wal_autocheckpoint", "8192")]
    #[case(Role::Reader, "pragma journal_mode", "wal")]
    #[case(Role::Reader, "pragma query_only", "1")]
    #[tokio::test]
    async fn sqlite_is_set_up_to_keep_what_it_acknowledges(
        #[case] role: Role,
        #[case] question: &'static str,
        #[case] answer: &str,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/a b.db", directory.path().display());
        let mut connection = Source::parse(&url).unwrap().connect(role).await.unwrap();
        let row = sqlx::raw_sql(question)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let value = row.try_get::<String, _>(0);
        let value = value.or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string()));
        assert_eq!(value.unwrap(), answer);
    }
}
