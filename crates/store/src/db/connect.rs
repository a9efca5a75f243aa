//! The database that a URL names, and how connections to it are opened.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::db::connection::Connection;
use crate::db::fault::DatabaseFault;
use crate::db::{DatabaseKind, Role, postgres, sqlite};
use crate::error::{Result, StoreError};
use crate::files;

/// The name under which PostgreSQL lists the connections of running servers.
pub(crate) const SERVER_NAME: &str = "recado-server";

/// Parameters that a URL of SQLite may have, with their values; any value if none is listed.
const PARAMETERS: [(&str, &[&str]); 4] = [
    ("mode", &["ro", "rw", "rwc"]),
    ("cache", &["private", "shared"]),
    ("immutable", &["true", "false", "1", "0"]),
    ("vfs", &[]),
];

#[derive(Clone)]
pub(crate) enum Source {
    /// SQLite's URI of the file.
    Sqlite(Arc<str>),
    Postgres(Box<PgConnectOptions>),
}

impl Source {
    pub(crate) fn check(url: &str) -> Result<()> {
        Self::read(url).map(drop)
    }

    /// Reads a URL, and creates a missing SQLite file.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let source = Self::read(url)?;
        if let Self::Sqlite(uri) = &source {
            create_private(url, uri)?;
        }
        Ok(source)
    }

    fn read(url: &str) -> Result<Self> {
        match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                let options = url.parse::<PgConnectOptions>();
                let options = options.map_err(|error| match url.split_once('?') {
                    // The driver says why, and for some parameters which.
                    Some((before, _)) if before.parse::<PgConnectOptions>().is_ok() => {
                        StoreError::InvalidParameter(DatabaseFault::new(error))
                    }
                    _ => StoreError::InvalidUrl,
                })?;
                Ok(Self::Postgres(Box::new(
                    options.disable_statement_logging(),
                )))
            }
            Some(("sqlite", file)) => Ok(Self::Sqlite(sqlite_uri(url, file)?.into())),
            _ => Err(StoreError::InvalidUrl),
        }
    }

    pub(crate) fn kind(&self) -> DatabaseKind {
        match self {
            Self::Sqlite(_) => DatabaseKind::Sqlite,
            Self::Postgres(_) => DatabaseKind::Postgres,
        }
    }

    /// Gives every connection to PostgreSQL the name of servers.
    pub(crate) fn of_server(self) -> Self {
        match self {
            Self::Sqlite(_) => self,
            Self::Postgres(options) => {
                Self::Postgres(Box::new(options.application_name(SERVER_NAME)))
            }
        }
    }

    pub(crate) async fn connect(&self, role: Role) -> Result<Connection> {
        match self {
            Self::Sqlite(uri) => {
                let uri = Arc::clone(uri);
                let opened = tokio::task::spawn_blocking(move || sqlite::open(&uri, role)).await;
                let opened = opened.map_err(|_| sqlx::Error::WorkerCrashed)?;
                Ok(Connection::sqlite(opened?))
            }
            Self::Postgres(options) => {
                let connection = postgres::open(options, role).await?;
                Ok(Connection::postgres(connection))
            }
        }
    }
}

/// Returns SQLite's URI of a file, with which it creates the file if it is missing.
fn sqlite_uri(url: &str, file: &str) -> Result<String> {
    let (path, given) = file.split_once('?').unwrap_or((file, ""));
    let name = path.trim_start_matches('/');
    // Every connection to a database in memory would see another one.
    if name.is_empty() || path.contains(":memory:") || !given.split('&').all(is_parameter) {
        return Err(StoreError::InvalidUrl);
    }
    let path = files::sqlite_file(url).ok_or(StoreError::InvalidUrl)?;
    let path = path.to_str().ok_or(StoreError::InvalidUrl)?;
    // Two slashes begin the name of a host.
    let host = if path.starts_with('/') { "//" } else { "" };
    let encoded = files::sqlite_url(path).replacen("sqlite:", "", 1);
    Ok(match (given, given.contains("mode=")) {
        ("", _) => format!("file:{host}{encoded}?mode=rwc"),
        (_, true) => format!("file:{host}{encoded}?{given}"),
        (_, false) => format!("file:{host}{encoded}?{given}&mode=rwc"),
    })
}

fn is_parameter(given: &str) -> bool {
    let (name, value) = given.split_once('=').unwrap_or((given, ""));
    let known = PARAMETERS.iter().find(|(known, _)| *known == name);
    given.is_empty()
        || known.is_some_and(|(_, values)| values.is_empty() || values.contains(&value))
}

/// Creates the file for its owner alone: texts and phone numbers stand in it. SQLite gives the files
/// that it puts beside it the same mode. Files that others can open are taken away from them.
fn create_private(url: &str, uri: &str) -> Result<()> {
    let Some(file) = files::sqlite_file(url) else {
        return Ok(());
    };
    if uri.contains("mode=rwc") {
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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use rusqlite::types::Value;

    use super::*;
    use crate::db::connection::Driver;

    #[rstest]
    #[case(Role::Writer, "pragma journal_mode", "wal")]
    #[case(Role::Writer, "pragma synchronous", "2")]
    #[case(Role::Writer, "pragma foreign_keys", "1")]
    #[case(Role::Writer, "pragma temp_store", "2")]
    #[case(Role::Writer, "pragma wal_autocheckpoint", "2000")]
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
        let Driver::Sqlite(connection) = connection.driver() else {
            panic!("SQLite");
        };
        let value = connection.query_row(question, (), |row| row.get::<_, Value>(0));
        let value = match value.unwrap() {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(value, answer);
    }

    #[tokio::test]
    async fn sqlite_opens_the_file_that_is_made_private_whatever_its_name_is() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a?b #1 100%.db");
        let url = files::sqlite_url(file.to_str().unwrap());
        let source = Source::parse(&url).unwrap();
        source.connect(Role::Writer).await.unwrap();
        let entries = std::fs::read_dir(directory.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names: Vec<_> = names.collect();
        let is_ours = |name: &String| name.starts_with("a?b #1 100%.db");
        assert!(!names.is_empty() && names.iter().all(is_ours), "{names:?}");
    }
}
