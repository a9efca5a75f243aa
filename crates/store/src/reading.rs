//! Reading: on PostgreSQL a read whose connection is lost is run again.

use std::time::Duration;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{AnyConnection, AnyPool, Execute as _, SqlStr};

use crate::connection::Lent;
use crate::error::StoreError;
use crate::store::{DatabaseKind, Query, Store, in_time};
use crate::writer::Running;

/// Time between a read whose connection is lost and the next try.
const READ_PAUSE: Duration = Duration::from_millis(50);

/// Runs a statement on a connection.
type Fetch<T> = for<'c> fn(Query, &'c mut AnyConnection) -> Running<'c, Result<T, sqlx::Error>>;

impl Store {
    /// Reads one row at most.
    pub(crate) async fn read_row(&self, query: Query) -> Result<Option<AnyRow>, StoreError> {
        self.read(self.readers(), query, |query, connection| {
            Box::pin(query.fetch_optional(connection))
        })
        .await
    }

    /// Reads a row that a send or a provider webhook waits for, on connections that no list uses.
    pub(crate) async fn read_row_first(&self, query: Query) -> Result<Option<AnyRow>, StoreError> {
        self.read(self.send_readers(), query, |query, connection| {
            Box::pin(query.fetch_optional(connection))
        })
        .await
    }

    /// Reads all rows.
    pub(crate) async fn read_rows(&self, query: Query) -> Result<Vec<AnyRow>, StoreError> {
        self.read(self.readers(), query, |query, connection| {
            Box::pin(query.fetch_all(connection))
        })
        .await
    }

    /// Reads, again if the connection is lost meanwhile: a database that restarts fails no reader.
    ///
    /// The read goes on when its caller hangs up, for a read that is broken off costs its connection.
    async fn read<T: Send + 'static>(
        &self,
        readers: &AnyPool,
        query: Query,
        fetch: Fetch<T>,
    ) -> Result<T, StoreError> {
        self.count_read();
        let (kind, readers) = (self.kind(), readers.clone());
        let query = Repeatable::new(query)?;
        let reading = tokio::spawn(in_time(async move {
            loop {
                let read = async {
                    let mut connection = Lent::from(&readers).await?;
                    let result = fetch(query.query(), &mut connection).await;
                    connection.give_back();
                    result
                };
                match read.await.map_err(StoreError::from) {
                    Err(StoreError::Unavailable(_))
                        if kind == DatabaseKind::Postgres && !readers.is_closed() =>
                    {
                        tokio::time::sleep(READ_PAUSE).await;
                    }
                    done => return done,
                }
            }
        }));
        reading
            .await
            .unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }
}

/// A statement that can be run more than once.
struct Repeatable {
    text: SqlStr,
    arguments: AnyArguments,
}

impl Repeatable {
    fn new(mut query: Query) -> Result<Self, StoreError> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        Ok(Self {
            text: query.sql(),
            arguments: arguments.unwrap_or_default(),
        })
    }

    fn query(&self) -> Query {
        let mut arguments = AnyArguments::default();
        arguments.values.0.clone_from(&self.arguments.values.0);
        sqlx::query_with(self.text.clone(), arguments)
    }
}
