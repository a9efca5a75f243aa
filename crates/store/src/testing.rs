//! Fresh databases for tests, on SQLite or on the PostgreSQL that `RECADO_TEST_DATABASE` names.
#![expect(
    clippy::missing_panics_doc,
    reason = "a test fails if its database cannot be made or does not answer"
)]

pub(crate) mod plans;

use std::any::Any;
use std::path::Path;

use sqlx::any::{AnyConnectOptions, AnyRow};
use sqlx::{AnyConnection, AssertSqlSafe, Column as _, Connection, Row as _};
use tempfile::TempDir;

use crate::db::DatabaseKind;
use crate::db::migrations::MIGRATIONS;
use crate::db::readers::Pools;
use crate::encryption::MasterKey;
use crate::store::Store;

/// A migrated database of its own; it is gone when this is dropped.
pub struct TestDatabase {
    url: String,
    key: MasterKey,
    location: Location,
}

enum Location {
    Directory(TempDir),
    Server { admin_url: String, name: String },
}

impl TestDatabase {
    /// Creates a database: a SQLite file, or one more database on the server of `RECADO_TEST_DATABASE`.
    pub async fn fresh() -> Self {
        Self::empty().await.migrated().await
    }

    /// Creates a database that is not migrated.
    pub async fn empty() -> Self {
        plans::record();
        Self::at(match server() {
            Some(admin_url) => on_server(admin_url).await,
            None => in_directory(),
        })
    }

    /// Creates a database of an earlier program, with the migrations up to `version`.
    pub async fn migrated_to(version: i64) -> Self {
        let database = Self::empty().await;
        // The store creates the file.
        database.store().await.close().await;
        let mut connection = AnyConnection::connect(&database.url)
            .await
            .expect("the test database opens");
        MIGRATIONS
            .run_direct(Some(version), &mut connection, false)
            .await
            .expect("the migrations run");
        connection.close().await.expect("an orderly end");
        database
    }

    /// Creates a migrated database on the PostgreSQL server of that administrator's URL.
    pub async fn on(admin_url: String) -> Self {
        Self::at(on_server(admin_url).await).migrated().await
    }

    /// Creates a migrated SQLite file, also if the tests run on PostgreSQL.
    pub async fn in_file() -> Self {
        Self::at(in_directory()).migrated().await
    }

    fn at((url, location): (String, Location)) -> Self {
        // For statements past the store, which have one driver for both databases.
        sqlx::any::install_default_drivers();
        let key = MasterKey::generate().expect("random bytes");
        Self { url, key, location }
    }

    async fn migrated(self) -> Self {
        let store = self.store().await;
        store.migrate().await.expect("the migrations run");
        store.close().await;
        self
    }

    /// Returns which database the tests run on.
    pub fn chosen() -> DatabaseKind {
        server().map_or(DatabaseKind::Sqlite, |_| DatabaseKind::Postgres)
    }

    /// The URL that a server is given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns which database it is.
    pub fn kind(&self) -> DatabaseKind {
        match self.location {
            Location::Directory(_) => DatabaseKind::Sqlite,
            Location::Server { .. } => DatabaseKind::Postgres,
        }
    }

    /// Where the files of a SQLite database are.
    pub fn directory(&self) -> Option<&Path> {
        match &self.location {
            Location::Directory(directory) => Some(directory.path()),
            Location::Server { .. } => None,
        }
    }

    /// The master key of its stores.
    pub fn key(&self) -> &MasterKey {
        &self.key
    }

    /// Runs statements past every store.
    pub async fn execute(&self, sql: impl Into<String>) {
        run(&self.url, sql.into())
            .await
            .expect("statements that the database takes");
    }

    /// Runs a query whose columns are all texts; returns each row as one line of `name=value`.
    pub async fn rows(&self, query: &'static str) -> Vec<String> {
        let connected = AnyConnection::connect(&self.url).await;
        let mut connection = connected.expect("a connection");
        let rows = sqlx::query(query).fetch_all(&mut connection).await;
        let rows = rows.expect("rows");
        let line = |row: &AnyRow| {
            let columns = row.columns().iter().map(|column| {
                let value: Option<String> = row.get(column.ordinal());
                format!("{}={}", column.name(), value.as_deref().unwrap_or("null"))
            });
            columns.collect::<Vec<_>>().join(" ")
        };
        rows.iter().map(line).collect()
    }

    /// Returns the names of the tables that have rows of organizations; the partitions of a table are left out.
    pub async fn organization_tables(&self) -> Vec<String> {
        let text = match self.kind() {
            DatabaseKind::Sqlite => {
                "select m.name as name from sqlite_master m join pragma_table_info(m.name) c \
                 where m.type = 'table' and c.name = 'organization_id' order by m.name"
            }
            DatabaseKind::Postgres => {
                "select cast(table_name as text) as name from information_schema.columns \
                 where table_schema = 'public' and column_name = 'organization_id' and not exists (\
                 select 1 from pg_inherits where cast(cast(inhrelid as regclass) as text) = table_name) \
                 order by table_name"
            }
        };
        let names = self.rows(text).await.into_iter();
        names.map(|line| line.replace("name=", "")).collect()
    }

    /// Lets the lease of every server end, and frees what the servers claimed, as other servers would
    /// after a while.
    pub async fn end_servers(&self) {
        let store = self.store().await;
        store
            .end_servers(jiff::Timestamp::now())
            .await
            .expect("claims that end");
        store.close().await;
    }

    /// Opens one more store on it.
    pub async fn store(&self) -> Store {
        Store::connect(&self.url, self.key.clone())
            .await
            .expect("the test database opens")
    }
}

impl Store {
    /// Takes every connection that lists read with, as slow lists do, until the value is dropped.
    pub async fn occupy_lists(&self) -> Vec<Box<dyn Any + Send>> {
        let mut held: Vec<Box<dyn Any + Send>> = Vec::new();
        match &self.readers().pools {
            Pools::Sqlite { lists, .. } => {
                for _ in 0..lists.pool.max() {
                    held.push(Box::new(
                        lists
                            .reader(std::time::Instant::now() + crate::db::DEADLINE)
                            .await
                            .expect("a connection"),
                    ));
                }
            }
            Pools::Postgres(pool) => {
                for _ in 0..pool.pool().max() {
                    held.push(Box::new(pool.lend().await.expect("a connection")));
                }
            }
        }
        held
    }
}

fn server() -> Option<String> {
    let url = std::env::var("RECADO_TEST_DATABASE").ok();
    url.filter(|url| !url.is_empty())
}

fn in_directory() -> (String, Location) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("recado.db");
    let url = format!("sqlite:{}", file.display());
    (url, Location::Directory(directory))
}

async fn on_server(admin_url: String) -> (String, Location) {
    let mut random = [0; 8];
    getrandom::fill(&mut random).expect("random bytes");
    let name = format!("recado_test_{:016x}", u64::from_le_bytes(random));
    run(&admin_url, format!("create database {name}"))
        .await
        .expect("the test server makes a database");
    let mut options: AnyConnectOptions = admin_url.parse().expect("RECADO_TEST_DATABASE is a URL");
    options.database_url.set_path(&name);
    let url = options.database_url.to_string();
    (url, Location::Server { admin_url, name })
}

async fn run(admin_url: &str, sql: String) -> Result<(), sqlx::Error> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(admin_url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

impl Drop for TestDatabase {
    /// Removes the database, and panics if a statement of the test reads a whole table that grows.
    fn drop(&mut self) {
        let (url, kind) = (self.url.clone(), self.kind());
        let removal = match &self.location {
            Location::Directory(_) => None,
            Location::Server { admin_url, name } => Some((
                admin_url.clone(),
                format!("drop database {name} with (force)"),
            )),
        };
        // The runtime of the test cannot be waited for in here.
        let ended = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let wrong = explain(kind, &url).await;
                if let Some((admin_url, sql)) = removal {
                    // What stays behind goes with the server.
                    run(&admin_url, sql).await.unwrap_or_default();
                }
                wrong
            })
        });
        // A test that failed may have left a database that does not answer.
        if let Ok(Ok(wrong)) = ended.join()
            && !std::thread::panicking()
        {
            assert!(
                wrong.is_empty(),
                "statements that read whole tables:\n\n{}",
                wrong.join("\n\n")
            );
        }
    }
}

async fn explain(kind: DatabaseKind, url: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = AnyConnection::connect(url).await?;
    let wrong = plans::check(kind, &mut connection).await?;
    connection.close().await?;
    Ok(wrong)
}
