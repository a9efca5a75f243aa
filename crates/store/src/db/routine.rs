//! Functions of PostgreSQL: what would be several statements of a transaction, in one round trip.
//!
//! Each connection makes its own when it first calls them, so that they are those of this program: a migration would
//! have to keep those of another version that runs beside it.

use sqlx::AssertSqlSafe;

use crate::db::connection::Connection;
use crate::db::postgres;
use crate::db::query::Query;
use crate::db::raw_row::RawRow;
use crate::error::Result;

/// A function of one connection.
pub(crate) struct Routine {
    /// Returns its name, and what follows that where it is created.
    pub(crate) make: fn() -> String,
    /// The statement that calls it.
    pub(crate) call: &'static str,
    /// Its own statements that look into tables which grow, for the tests of plans.
    pub(crate) statements: &'static [&'static str],
}

impl Routine {
    /// Calls the function with the values that are bound; returns its rows.
    pub(crate) async fn call(
        &self,
        bind: impl FnOnce(Query) -> Query,
        connection: &mut Connection,
    ) -> Result<Vec<RawRow>> {
        if let Connection::Postgres(connection, made) = connection
            && !made.contains(self.call)
        {
            let text = format!("create or replace function pg_temp.{}", (self.make)());
            postgres::run(connection, AssertSqlSafe(text)).await?;
            made.insert(self.call);
        }
        for statement in self.statements {
            Query::new(*statement).note();
        }
        bind(Query::new(self.call)).fetch_all(connection).await
    }
}
