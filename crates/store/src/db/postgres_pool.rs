//! The pools of connections to PostgreSQL that read and write.
//!
//! sqlx's own pool asks the database whether a connection is alive each time one is given back, which is as much work as
//! most statements.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::OwnedSemaphorePermit;

use crate::db::connection::Connection;
use crate::db::pool::Pool;
use crate::db::{DEADLINE, Role, postgres};
use crate::error::{Result, StoreError};

/// Most connections of one pool.
const MAX: u32 = 8;

/// Most connections of one server to PostgreSQL: one pool reads and one writes, one connection listens, and one keeps the
/// server's lease.
pub const MAX_POSTGRES_CONNECTIONS: u32 = 2 * MAX + 2;

/// A connection that was idle for longer is tried before it is used. PostgreSQL seldom restarts in less
/// time, so that a connection of before the restart is hardly given to a write, which cannot be repeated.
const TRUSTED_IDLE: Duration = Duration::from_millis(100);

/// The longest that a connection is tried.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a connection is used: PostgreSQL's side of it grows with what it has done.
const LIFETIME: Duration = Duration::from_mins(30);

/// How long a connection that is not needed stays open.
const IDLE_TIME: Duration = Duration::from_mins(10);

/// Time between the first two tries to open a connection while PostgreSQL starts; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Connections that read or write.
#[derive(Clone)]
pub(crate) struct PostgresPool(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    pool: Pool<Open>,
}

/// A connection that is open.
struct Open {
    connection: Connection,
    since: Instant,
    used: Instant,
}

impl Open {
    fn is_young(&self) -> bool {
        self.since.elapsed() < LIFETIME
    }
}

/// A connection at work. It is closed, and not given back, when its work is interrupted: its statement may never end.
pub(crate) struct Lent {
    connection: Connection,
    since: Instant,
    pool: PostgresPool,
    // Given back after the connection, which the next caller finds then.
    place: OwnedSemaphorePermit,
}

impl PostgresPool {
    pub(crate) fn new(options: &PgConnectOptions) -> Self {
        Self(Arc::new(Shared {
            options: options.clone(),
            pool: Pool::new(MAX),
        }))
    }

    pub(crate) fn pool(&self) -> &Pool<impl Sized> {
        &self.0.pool
    }

    /// Waits for a connection, however long one takes to open: the callers have a deadline. Fails with
    /// [`StoreError::Busy`] if all work for too long.
    pub(crate) async fn lend(&self) -> Result<Lent> {
        let place = self.0.pool.place(Instant::now() + DEADLINE).await?;
        let (connection, since) = match self.idle() {
            Some(open) if open.used.elapsed() <= TRUSTED_IDLE && open.is_young() => {
                (open.connection, open.since)
            }
            // Its future is large, and would stand in that of every caller.
            idle => Box::pin(self.tried_or_new(idle)).await?,
        };
        Ok(Lent {
            connection,
            since,
            pool: self.clone(),
            place,
        })
    }

    /// Takes the connection that was used last, and closes those that are not needed.
    fn idle(&self) -> Option<Open> {
        let mut idle = self.0.pool.idle();
        let open = idle.pop();
        // The one that was used longest ago comes first.
        if idle
            .first()
            .is_some_and(|open| open.used.elapsed() > IDLE_TIME)
        {
            idle.remove(0);
        }
        open
    }

    /// Returns the connection if it is alive and not too old, or opens one.
    async fn tried_or_new(&self, idle: Option<Open>) -> Result<(Connection, Instant)> {
        if let Some(mut open) = idle
            && open.is_young()
            && tokio::time::timeout(PING_TIMEOUT, open.connection.is_alive())
                .await
                .unwrap_or(false)
        {
            return Ok((open.connection, open.since));
        }
        let mut pause = FIRST_PAUSE;
        loop {
            match postgres::open(&self.0.options, Role::Writer).await {
                Ok(connection) => return Ok((Connection::postgres(connection), Instant::now())),
                Err(error) if is_starting(&error) => {
                    tokio::time::sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until no connection works, and closes them.
    pub(crate) async fn close(&self) {
        let open = self.0.pool.close().await.into_iter();
        let closing = join_all(open.map(|open| open.connection.close()));
        // PostgreSQL notices the end of a connection by itself.
        tokio::time::timeout(DEADLINE, closing).await.ok();
    }
}

/// Whether PostgreSQL may take a connection soon.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl Lent {
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Gives the connection back, unless its work has shown that it cannot be used any more; then those that wait are
    /// closed as well, which probably have the same fate.
    pub(crate) fn give_back<T>(self, done: &Result<T>) {
        let pool = &self.pool.0.pool;
        let error = done.as_ref().err();
        if let Some(StoreError::Unavailable(_)) = error {
            pool.idle().clear();
        }
        if !pool.is_closed() && error.is_none_or(StoreError::leaves_connection) {
            pool.idle().push(Open {
                connection: self.connection,
                since: self.since,
                used: Instant::now(),
            });
        } else {
            drop(self.connection);
        }
        drop(self.place);
    }
}
