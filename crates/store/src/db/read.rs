//! Reading: on PostgreSQL a read whose connection is lost is run again, and pages are bounded in bytes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use recado_core::OrganizationId;
use sqlx::any::{AnyArguments, AnyRow, AnyTypeInfoKind};
use sqlx::{AnyConnection, AnyPool, Execute as _, Row as _, SqlStr, ValueRef as _};
use tokio::sync::OwnedSemaphorePermit;

use crate::db::connect::Lent;
use crate::db::writer::Running;
use crate::db::{DatabaseKind, Query, in_time};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// Time between a read whose connection is lost and the next try.
const READ_PAUSE: Duration = Duration::from_millis(50);

pub(crate) const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Most bytes that are received from PostgreSQL after a page is full, so that its connection can be used again.
const MAX_SURPLUS_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of a value that is neither a text nor a blob.
const NUMBER_BYTES: usize = 8;

#[derive(Default)]
pub(crate) struct PageRows {
    /// One row at least, if there is one.
    pub(crate) rows: Vec<AnyRow>,
    /// Whether rows were left out because the page is full.
    pub(crate) cut: bool,
}

/// What was read, and whether the statement came to its end.
struct Fetched<T> {
    value: T,
    ended: bool,
}

impl Store {
    pub(crate) async fn read_row(&self, query: Query) -> Result<Option<AnyRow>> {
        self.read(&self.readers().all, [None, None], query, first)
            .await
    }

    /// Reads a row that a send or a provider webhook waits for, on connections that no list uses.
    pub(crate) async fn read_row_first(&self, query: Query) -> Result<Option<AnyRow>> {
        self.read(self.readers().of_first(), [None, None], query, first)
            .await
    }

    pub(crate) async fn read_rows(&self, query: Query) -> Result<Vec<AnyRow>> {
        self.read(&self.readers().all, [None, None], query, all)
            .await
    }

    /// Reads all rows, on the connections that lists do not use.
    pub(crate) async fn read_rows_first(&self, query: Query) -> Result<Vec<AnyRow>> {
        self.read(self.readers().of_first(), [None, None], query, all)
            .await
    }

    /// Reads rows up to so many bytes, and one row at least; no more is in memory meanwhile.
    pub(crate) async fn read_page(&self, query: Query, max_bytes: usize) -> Result<PageRows> {
        self.read_page_in(None, query, max_bytes).await
    }

    /// Reads a page of a list of the organization that grows, and may be slow; only so many at a time.
    pub(crate) async fn read_list(
        &self,
        organization: &OrganizationId,
        query: Query,
        max_bytes: usize,
    ) -> Result<PageRows> {
        let turn = in_time(self.readers().turns.take(organization)).await?;
        self.read_page_in(Some(turn), query, max_bytes).await
    }

    async fn read_page_in(
        &self,
        turn: Option<OwnedSemaphorePermit>,
        query: Query,
        max_bytes: usize,
    ) -> Result<PageRows> {
        let (kind, readers) = (self.kind(), self.readers().of_lists());
        let slot = in_time(async {
            let slot = Arc::clone(&self.readers().slots).acquire_owned().await;
            slot.map_err(|_| StoreError::Busy)
        });
        let held = [turn, Some(slot.await?)];
        self.read(readers, held, query, move |query, connection| {
            Box::pin(fetch_page(kind, query, max_bytes, connection))
        })
        .await
    }

    /// Reads, again if the connection is lost meanwhile: a database that restarts fails no reader.
    ///
    /// The read goes on when its caller hangs up, for a read that is broken off costs its connection; it
    /// keeps what it holds as long.
    async fn read<T: Send + 'static>(
        &self,
        readers: &AnyPool,
        held: [Option<OwnedSemaphorePermit>; 2],
        query: Query,
        fetch: impl for<'c> Fn(
            Query,
            &'c mut AnyConnection,
        ) -> Running<'c, Result<Fetched<T>, sqlx::Error>>
        + Send
        + Sync
        + 'static,
    ) -> Result<T> {
        #[cfg(feature = "testing")]
        self.count_read();
        let (kind, readers) = (self.kind(), readers.clone());
        let query = Repeatable::new(query)?;
        let reading = tokio::spawn(in_time(async move {
            let _held = held;
            loop {
                let read = async {
                    let mut connection = Lent::from(&readers).await?;
                    let result = fetch(query.query(), &mut connection).await;
                    if result.as_ref().is_ok_and(|fetched| !fetched.ended) {
                        // What was not received would keep the next statement waiting.
                        drop(connection);
                    } else {
                        connection.give_back();
                    }
                    result
                };
                match read.await.map_err(StoreError::from) {
                    Err(StoreError::Unavailable(_))
                        if kind == DatabaseKind::Postgres && !readers.is_closed() =>
                    {
                        tokio::time::sleep(READ_PAUSE).await;
                    }
                    done => return done.map(|fetched| fetched.value),
                }
            }
        }));
        reading
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }
}

impl<T> Fetched<T> {
    fn whole(value: T) -> Self {
        Self { value, ended: true }
    }
}

fn first(
    query: Query,
    connection: &mut AnyConnection,
) -> Running<'_, Result<Fetched<Option<AnyRow>>, sqlx::Error>> {
    Box::pin(async move { Ok(Fetched::whole(query.fetch_optional(connection).await?)) })
}

fn all(
    query: Query,
    connection: &mut AnyConnection,
) -> Running<'_, Result<Fetched<Vec<AnyRow>>, sqlx::Error>> {
    Box::pin(async move { Ok(Fetched::whole(query.fetch_all(connection).await?)) })
}

async fn fetch_page(
    kind: DatabaseKind,
    query: Query,
    max_bytes: usize,
    connection: &mut AnyConnection,
) -> Result<Fetched<PageRows>, sqlx::Error> {
    let mut rows = query.fetch(connection);
    let (mut page, mut bytes, mut surplus) = (PageRows::default(), 0, 0);
    while let Some(row) = rows.try_next().await? {
        let size = size(&row)?;
        page.cut |= bytes + size > max_bytes && !page.rows.is_empty();
        if !page.cut {
            bytes += size;
            page.rows.push(row);
            continue;
        }
        surplus += size;
        // SQLite stops a statement whose rows are not taken; PostgreSQL sends them all.
        let ended = kind == DatabaseKind::Sqlite;
        if ended || surplus > MAX_SURPLUS_BYTES {
            return Ok(Fetched { value: page, ended });
        }
    }
    Ok(Fetched::whole(page))
}

fn size(row: &AnyRow) -> Result<usize, sqlx::Error> {
    let size = |column| {
        Ok(match row.try_get_raw(column)?.type_info().kind() {
            AnyTypeInfoKind::Text => row.try_get::<&str, _>(column)?.len(),
            AnyTypeInfoKind::Blob => row.try_get::<&[u8], _>(column)?.len(),
            _ => NUMBER_BYTES,
        })
    };
    (0..row.len()).map(size).sum()
}

struct Repeatable {
    text: SqlStr,
    arguments: AnyArguments,
}

impl Repeatable {
    fn new(mut query: Query) -> Result<Self> {
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
