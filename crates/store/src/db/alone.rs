//! Work on a connection of its own, which may take longer than the deadline of reads and writes.

use std::sync::Arc;

use crate::db::Role;
use crate::db::connect::Source;
use crate::db::connection::{Connection, Work, at_once};
use crate::db::sqlite;
use crate::error::Result;

/// Opens a connection, works on it, and closes it. On SQLite this holds up a thread for such work alone.
pub(crate) async fn alone<T: Send + 'static>(
    source: &Source,
    role: Role,
    work: impl Work<T>,
) -> Result<T> {
    match source {
        Source::Sqlite(uri) => {
            let uri = Arc::clone(uri);
            let working = tokio::task::spawn_blocking(move || {
                let mut connection = Connection::Sqlite(sqlite::open(&uri, role)?);
                let done = at_once(work(&mut connection))?;
                at_once(connection.close())?;
                Ok(done)
            });
            let done = working.await;
            done.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
        }
        Source::Postgres(_) => {
            let mut connection = source.connect(role).await?;
            let done = work(&mut connection).await?;
            connection.close().await?;
            Ok(done)
        }
    }
}
