//! PostgreSQL's connections that work.

use sqlx::PgPool;

use crate::db::connection::Connection;

/// A connection of a pool that is closed, and not given back, when its work is interrupted: giving it
/// back waits for the end of its statement, which on a dead network never comes.
pub(crate) struct Lent {
    connection: Connection,
    interrupted: bool,
}

impl Lent {
    pub(crate) async fn from(pool: &PgPool) -> Result<Self, sqlx::Error> {
        // It may open a connection, whose future is large and would stand in that of every caller.
        let connection = Box::pin(pool.acquire()).await?;
        Ok(Self {
            connection: Connection::Pooled(connection),
            interrupted: true,
        })
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn give_back(mut self) {
        self.interrupted = false;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.interrupted
            && let Connection::Pooled(connection) = &mut self.connection
        {
            connection.close_on_drop();
        }
    }
}
