//! Fresh databases on a disk, and what PostgreSQL's server knows of itself.

use anyhow::{Context as _, ensure};
use recado_store::MasterKey;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tempfile::TempDir;

use super::process;

/// A PostgreSQL server on this machine.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// The administrator's URL.
    url: String,
    /// Its first process.
    pub process: u32,
    pub version: String,
}

/// What a table takes on disk.
#[derive(Debug)]
pub struct TableSize {
    pub table: String,
    pub bytes: u64,
    pub index_bytes: u64,
}

/// Partitions count as their table.
const SIZES_POSTGRES: &str = "select cast(coalesce(pg_partition_root(oid), oid) as regclass)::text, \
     cast(sum(pg_table_size(oid)) as bigint), cast(sum(pg_indexes_size(oid)) as bigint) \
     from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace group by 1";

const SIZES_SQLITE: &str = "select m.tbl_name, sum(case m.type when 'table' then s.pgsize else 0 end), \
     sum(case m.type when 'index' then s.pgsize else 0 end) \
     from dbstat s join sqlite_schema m on m.name = s.name group by m.tbl_name";

/// A database of its own for one area.
pub struct Database {
    url: String,
    key: SecretString,
    /// `None` with SQLite.
    pub server: Option<Postgres>,
    _folder: Option<TempDir>,
}

impl Postgres {
    /// Finds out about the server at that URL.
    pub async fn at(url: &str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        let row = sqlx::query("select pg_backend_pid(), current_setting('server_version')")
            .fetch_one(&mut connection)
            .await?;
        let (backend, version): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
        let process = process::parent(u32::try_from(backend)?);
        let process = process.context("PostgreSQL runs on another machine")?;
        let name = process::name(process)?;
        ensure!(
            name == "postgres",
            "process {process} is {name}, not PostgreSQL"
        );
        connection.close().await?;
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(Self {
            url: url.to_owned(),
            process,
            version,
        })
    }

    /// Returns how many bytes of write-ahead log it has written since it was made.
    pub async fn written(&self) -> anyhow::Result<u64> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let bytes: i64 = sqlx::query_scalar("select (pg_current_wal_lsn() - '0/0')::bigint")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(u64::try_from(bytes)?)
    }

    async fn create(&self) -> anyhow::Result<String> {
        let name = format!("bench_{:016x}", fastrand::u64(..));
        let mut connection = PgConnection::connect(&self.url).await?;
        let create = format!("create database {name}");
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        let (server, _) = self.url.rsplit_once('/').context("a URL with a database")?;
        Ok(format!("{server}/{name}"))
    }
}

impl Database {
    /// Makes a database on that server, or a SQLite file.
    pub async fn fresh(server: Option<&Postgres>) -> anyhow::Result<Self> {
        let key = MasterKey::generate()?.to_base64();
        let (url, folder) = if let Some(server) = server {
            (server.create().await?, None)
        } else {
            // Not the temporary directory of the environment: memory instead of a disk would look fast.
            let folder = tempfile::tempdir_in("/var/tmp")?;
            let file = folder.path().join("recado.db");
            (format!("sqlite:{}", file.display()), Some(folder))
        };
        Ok(Self {
            url,
            key,
            server: server.cloned(),
            _folder: folder,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns what a report calls a server on it.
    pub fn subject(&self) -> &'static str {
        match self.server {
            Some(_) => "Recado, PostgreSQL",
            None => "Recado, SQLite",
        }
    }

    /// Returns the variables of a server on it.
    pub fn variables(&self) -> [(&str, &str); 2] {
        [
            ("RECADO_DATABASE_URL", &self.url),
            ("RECADO_MASTER_KEY", self.key.expose_secret()),
        ]
    }

    /// Lets PostgreSQL count its rows, as it does within a minute of its own accord: until then it plans for empty
    /// tables.
    pub async fn analyze(&self) -> anyhow::Result<()> {
        if self.server.is_some() {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql("analyze").execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// Counts rows, while no server runs on it; `rows` is what stands behind `from`.
    pub async fn count(&self, rows: &'static str) -> anyhow::Result<i64> {
        let mut connection = AnyConnection::connect(&self.url).await?;
        let count = format!("select count(*) from {rows}");
        let count = sqlx::query_scalar(AssertSqlSafe(count));
        let count = count.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(count)
    }

    /// Returns what its tables take on disk, while no server runs on it.
    pub async fn sizes(&self) -> anyhow::Result<Vec<TableSize>> {
        let text = match self.server {
            Some(_) => SIZES_POSTGRES,
            None => SIZES_SQLITE,
        };
        let mut connection = AnyConnection::connect(&self.url).await?;
        let rows = sqlx::query(text).fetch_all(&mut connection).await?;
        connection.close().await?;
        let sizes = rows.iter().map(|row| {
            let (bytes, index_bytes): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
            Ok(TableSize {
                table: row.try_get(0)?,
                bytes: u64::try_from(bytes)?,
                index_bytes: u64::try_from(index_bytes)?,
            })
        });
        sizes.collect()
    }
}

/// Returns the version of the SQLite that is part of the server.
pub async fn sqlite_version() -> anyhow::Result<String> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect("sqlite::memory:").await?;
    let version = sqlx::query_scalar("select sqlite_version()");
    Ok(version.fetch_one(&mut connection).await?)
}
