//! Running a statement on a connection.

use std::ops::ControlFlow;

use crate::db::connection::{Connection, Driver};
use crate::db::query::Query;
use crate::db::raw_row::RawRow;
use crate::db::{postgres, sqlite};
use crate::error::Result;

impl Query {
    /// Runs the statement to its end; returns its rows.
    pub(crate) async fn fetch_all(&self, connection: &mut Connection) -> Result<Vec<RawRow>> {
        self.note();
        match connection.driver() {
            Driver::Sqlite(connection) => {
                let mut rows = Vec::new();
                sqlite::fetch(connection, self, |row| {
                    rows.push(row);
                    ControlFlow::Continue(())
                })?;
                Ok(rows)
            }
            Driver::Postgres(connection) => {
                let rows = postgres::statement(self)?.fetch_all(connection).await?;
                Ok(rows.into_iter().map(RawRow::Postgres).collect())
            }
        }
    }

    /// Runs the statement to its end; returns its first row.
    pub(crate) async fn fetch_optional(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<RawRow>> {
        self.note();
        match connection.driver() {
            Driver::Sqlite(connection) => {
                let mut first = None;
                sqlite::fetch(connection, self, |row| {
                    first.get_or_insert(row);
                    ControlFlow::Continue(())
                })?;
                Ok(first)
            }
            Driver::Postgres(connection) => {
                let statement = postgres::statement(self)?;
                let row = statement.fetch_optional(connection).await?;
                Ok(row.map(RawRow::Postgres))
            }
        }
    }

    /// Runs a statement that has a row; returns it.
    pub(crate) async fn fetch_one(&self, connection: &mut Connection) -> Result<RawRow> {
        let row = self.fetch_optional(connection).await?;
        row.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Runs the statement; returns how many rows it changed.
    pub(crate) async fn execute(&self, connection: &mut Connection) -> Result<u64> {
        self.note();
        match connection.driver() {
            Driver::Sqlite(connection) => Ok(sqlite::execute(connection, self)?),
            Driver::Postgres(connection) => {
                let done = postgres::statement(self)?.execute(connection).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Runs the statement.
    pub(crate) async fn run(&self, connection: &mut Connection) -> Result<()> {
        self.execute(connection).await.map(drop)
    }

    /// Tells tests, which look at its plan, that the statement runs.
    #[cfg_attr(
        not(feature = "testing"),
        expect(clippy::unused_self, reason = "only tests look")
    )]
    pub(crate) fn note(&self) {
        #[cfg(feature = "testing")]
        crate::testing::plans::note(self.sql().as_str());
    }
}
