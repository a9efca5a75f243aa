//! The store itself: opening, migrating, closing, and the few ways to run a statement.

use std::any::Any;
use std::sync::Arc;

use recado_core::OrganizationId;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::db::alone::alone;
use crate::db::connect::Source;
use crate::db::memory::Memory;
use crate::db::migrations::{Applied, MIGRATIONS, migrate};
use crate::db::query::Query;
use crate::db::raw_row::RawRow;
use crate::db::readers::Readers;
use crate::db::turns::Turns;
use crate::db::writer::{Scope, Work, Writer};
use crate::db::{DatabaseKind, Role, in_time};
use crate::encryption::MasterKey;
use crate::error::{Result, StoreError};
use crate::events::notifications::Notifications;

/// The database of Recado; clones share everything.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    server: String,
    readers: Readers,
    writer: Writer,
    key: MasterKey,
    notifications: Arc<Notifications>,
    memory: Memory,
    gathering: TaskTracker,
    #[cfg(feature = "testing")]
    reads: std::sync::atomic::AtomicU64,
    turns: Turns,
    erasing: Turns,
}

impl Store {
    /// Opens `sqlite:<file>`, which is created if missing, or `postgres://…`; does not migrate.
    pub async fn connect(url: &str, key: MasterKey) -> Result<Self> {
        Self::open(Source::parse(url)?, key).await
    }

    /// Checks that a URL is one of a database, without opening it. Fails with [`StoreError::InvalidUrl`] if it is not.
    pub fn check_url(url: &str) -> Result<()> {
        Source::check(url)
    }

    /// Opens a database as [`Self::connect`] does, for a server that runs: its master key is not changed
    /// meanwhile.
    pub async fn connect_server(url: &str, key: MasterKey) -> Result<Self> {
        Self::open(Source::parse(url)?.of_server(), key).await
    }

    async fn open(source: Source, key: MasterKey) -> Result<Self> {
        let writer = in_time(Writer::open(&source)).await?;
        Ok(Self {
            shared: Arc::new(Shared {
                readers: Readers::of(&source),
                source,
                server: format!("srv_{}", Uuid::now_v7().simple()),
                writer,
                key,
                notifications: Arc::default(),
                memory: Memory::default(),
                gathering: TaskTracker::new(),
                #[cfg(feature = "testing")]
                reads: std::sync::atomic::AtomicU64::new(0),
                turns: Turns::new(1),
                erasing: Turns::new(1),
            }),
        })
    }

    /// Brings the tables up to date; safe when several servers start at once.
    /// Fails with [`StoreError::NewerDatabase`] for a database of a newer program.
    pub async fn migrate(&self) -> Result<()> {
        let migrating = alone(&self.shared.source, Role::Migrator, |connection| {
            Box::pin(migrate(connection))
        });
        migrating.await
    }

    /// Checks that this program may bring the tables up to date. Returns whether there are tables.
    /// Fails with [`StoreError::ForeignDatabase`], [`StoreError::MayNotCreate`],
    /// [`StoreError::MayNotCreateTemporary`], or [`StoreError::NewerDatabase`].
    pub async fn check_migratable(&self) -> Result<bool> {
        let applied = self.applied_migrations().await?;
        let is_new = applied.is_empty();
        match self.kind() {
            // A PostgreSQL database may have the tables of others, too.
            DatabaseKind::Sqlite if is_new => {
                let query = Query::new("select 1 from sqlite_master limit 1");
                if self.read_row(query).await?.is_some() {
                    return Err(StoreError::ForeignDatabase);
                }
            }
            DatabaseKind::Sqlite => {}
            DatabaseKind::Postgres => {
                let query = Query::new(
                    "select has_schema_privilege(current_schema(), 'create')::int as tables, \
                     has_database_privilege(current_database(), 'temporary')::int as functions",
                );
                let row = self.read_row(query).await?;
                let may = |what: &str| row.as_ref().and_then(|row| row.integer(what)) == Some(1);
                if !applied.is_complete() && !may("tables") {
                    return Err(StoreError::MayNotCreate);
                }
                if !may("functions") {
                    return Err(StoreError::MayNotCreateTemporary);
                }
            }
        }
        Ok(!is_new)
    }

    /// Fails with [`StoreError::NewerDatabase`] if this program does not know one of the migrations.
    pub(crate) async fn applied_migrations(&self) -> Result<Applied> {
        let query = Query::new("select version from _sqlx_migrations where success = true");
        let rows = match self.read_rows(query).await {
            Ok(rows) => rows,
            // The database is new.
            Err(error) if error.is_missing_table() => Vec::new(),
            Err(error) => return Err(error),
        };
        Applied::read(&rows)
    }

    /// Returns which database it is.
    pub fn kind(&self) -> DatabaseKind {
        self.shared.source.kind()
    }

    /// Asks whether the database answers and is migrated.
    /// Fails with [`StoreError::NotMigrated`] if it is not.
    pub async fn ping(&self) -> Result<()> {
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
        let query = Query::new(
            "select version from _sqlx_migrations where version = $1 and success = true",
        )
        .bind(newest);
        match self.read_row(query).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(StoreError::NotMigrated),
            Err(error) if error.is_missing_table() => Err(StoreError::NotMigrated),
            Err(error) => Err(error),
        }
    }

    /// Resolves if the thread that writes panics: from then on every write fails.
    pub async fn writer_broken(&self) {
        self.shared.writer.broken().await;
    }

    /// Finishes the writes that wait, and closes the database, for all clones.
    pub async fn close(self) {
        self.shared.notifications.close();
        self.shared.gathering.close();
        self.shared.gathering.wait().await;
        self.shared.readers.close().await;
        self.shared.writer.close().await;
    }

    pub(crate) fn server_id(&self) -> &str {
        &self.shared.server
    }

    pub(crate) fn key(&self) -> &MasterKey {
        &self.shared.key
    }

    pub(crate) fn notifications(&self) -> &Arc<Notifications> {
        &self.shared.notifications
    }

    pub(crate) fn in_memory<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        self.shared.memory.of()
    }

    pub(crate) fn source(&self) -> &Source {
        &self.shared.source
    }

    pub(crate) fn erasing(&self) -> &Turns {
        &self.shared.erasing
    }

    pub(crate) fn gathering(&self) -> &TaskTracker {
        &self.shared.gathering
    }

    /// How often this process has read since the store was opened, for tests.
    #[cfg(feature = "testing")]
    pub fn reads(&self) -> u64 {
        self.shared.reads.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.shared.readers
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.shared.writer
    }

    #[cfg(feature = "testing")]
    pub(crate) fn count_read(&self) {
        self.shared
            .reads
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// Runs one writing statement; returns its first row.
    pub(crate) async fn write_row(&self, query: Query) -> Result<Option<RawRow>> {
        self.write(Scope::Statement, move |connection| {
            Box::pin(async move { query.fetch_optional(connection).await })
        })
        .await
    }

    pub(crate) async fn write_rows(&self, query: Query) -> Result<Vec<RawRow>> {
        self.write(Scope::Statement, move |connection| {
            Box::pin(async move { query.fetch_all(connection).await })
        })
        .await
    }

    /// Runs one writing statement; returns how many rows it changed.
    pub(crate) async fn write_count(&self, query: Query) -> Result<u64> {
        self.write(Scope::Statement, move |connection| {
            Box::pin(async move { query.execute(connection).await })
        })
        .await
    }

    /// Runs several writing statements, all or none, of which the first takes the organization lock.
    pub(crate) async fn locked<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        work: impl Work<T>,
    ) -> Result<T> {
        self.write_in_turn(organization, Scope::Transaction, work)
            .await
    }

    /// Runs a write that takes the organization lock, one at a time for each organization: if another server stops
    /// while it holds the lock, the waiting writes occupy one connection, not all.
    pub(crate) async fn write_in_turn<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        scope: Scope,
        work: impl Work<T>,
    ) -> Result<T> {
        let _turn = match self.kind() {
            DatabaseKind::Postgres => Some(self.shared.turns.take(organization).await?),
            DatabaseKind::Sqlite => None,
        };
        self.write(scope, work).await
    }

    /// Runs several writing statements, all or none.
    pub(crate) async fn transaction<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T> {
        self.write(Scope::Transaction, work).await
    }

    async fn write<T: Send + 'static>(&self, scope: Scope, work: impl Work<T>) -> Result<T> {
        in_time(self.shared.writer.write(scope, work)).await
    }
}
