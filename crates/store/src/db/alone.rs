//! Work on a connection of its own, which may take longer than the deadline of reads and writes.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::db::Role;
use crate::db::connect::Source;
use crate::db::connection::{Connection, Work, at_once};
use crate::db::sqlite;
use crate::error::Result;

/// Opens a connection, works on it, and closes it. On SQLite it has a thread of its own.
pub(crate) async fn alone<T: Send + 'static>(
    source: &Source,
    role: Role,
    work: impl Work<T>,
) -> Result<T> {
    match source {
        Source::Sqlite(uri) => {
            let uri = Arc::clone(uri);
            let (reply, done) = oneshot::channel();
            // Not of tokio, whose end waits for its threads: a process that is asked to end would go on until the
            // work is done.
            let thread = std::thread::Builder::new().name("recado-alone".to_owned());
            let started = thread.spawn(move || {
                let work = || {
                    let mut connection = Connection::sqlite(sqlite::open(&uri, role)?);
                    let done = at_once(work(&mut connection))?;
                    at_once(connection.close())?;
                    Ok(done)
                };
                // A caller who went away needs no answer.
                reply.send(work()).ok();
            });
            started.map_err(sqlx::Error::Io)?;
            done.await
                .unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
        }
        Source::Postgres(_) => {
            let mut connection = source.connect(role).await?;
            let done = work(&mut connection).await?;
            connection.close().await?;
            Ok(done)
        }
    }
}
