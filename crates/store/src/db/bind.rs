//! Statements: values of the domain as values to bind.

use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::AnyConnection;

use crate::db::{Query, row};
use crate::error::Result;

/// A statement that binds values in the form in which [`Columns`](row::Columns) reads them.
pub(crate) trait Bind: Sized {
    fn id(self, id: impl Display) -> Self;

    fn optional_id(self, id: Option<impl Display>) -> Self;

    fn text(self, text: &str) -> Self;

    fn optional_text(self, text: Option<&str>) -> Self;

    fn instant(self, instant: Timestamp) -> Self;

    fn optional_instant(self, instant: Option<Timestamp>) -> Self;

    fn json(self, value: &impl Serialize) -> Self;

    /// Runs the statement within a transaction.
    fn run(self, connection: &mut AnyConnection) -> impl Future<Output = Result<()>> + Send;
}

impl Bind for Query {
    fn id(self, id: impl Display) -> Self {
        self.bind(id.to_string())
    }

    fn optional_id(self, id: Option<impl Display>) -> Self {
        self.bind(id.map(|id| id.to_string()))
    }

    fn text(self, text: &str) -> Self {
        self.bind(row::text(text).into_owned())
    }

    fn optional_text(self, text: Option<&str>) -> Self {
        self.bind(text.map(|text| row::text(text).into_owned()))
    }

    fn instant(self, instant: Timestamp) -> Self {
        self.bind(instant.as_millisecond())
    }

    fn optional_instant(self, instant: Option<Timestamp>) -> Self {
        self.bind(instant.map(Timestamp::as_millisecond))
    }

    fn json(self, value: &impl Serialize) -> Self {
        self.bind(row::json(value))
    }

    async fn run(self, connection: &mut AnyConnection) -> Result<()> {
        self.execute(connection).await?;
        Ok(())
    }
}
