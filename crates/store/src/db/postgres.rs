//! PostgreSQL: how a connection is opened, and statements on it.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::{Arguments as _, Connection as _, PgConnection, PgPool, Postgres, SqlSafeStr};

use crate::db::Role;
use crate::db::query::{Query, Value};
use crate::db::raw_row::{PageRows, RawRow};

/// Most bytes that are received after a page is full, so that its connection can be used again.
const MAX_SURPLUS_BYTES: usize = 4 * 1024 * 1024;

/// Bounds of a session. A statement ends before its caller gives it up. A server that stops in
/// the middle of a transaction loses its locks, but only after the deadline of the store: a large piece of
/// work that is slow is too slow first, and is tried in halves.
///
/// The limits of TCP end the session of a machine that is gone.
macro_rules! session_limits {
    () => {
        "set lock_timeout = '2s'; set statement_timeout = '4s'; \
         set idle_in_transaction_session_timeout = '6s'; \
         set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; \
         set tcp_keepalives_count = 3; set tcp_user_timeout = '10s'"
    };
}

/// How statements are planned: every one finds its rows by indexes. PostgreSQL takes a list for one of a hundred rows, and
/// for so many it would read a table of some thousands whole, although most lists have one row or two. What it has to
/// read whole all the same looks so expensive to it that it would compile it first.
///
/// Migrations change whole tables, and are planned as usual.
macro_rules! planning {
    () => {
        "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off"
    };
}

/// The same for the tests of plans.
#[cfg(feature = "testing")]
pub(crate) const PLANNING: &str = planning!();

const fn session(role: Role) -> &'static str {
    match role {
        Role::Reader | Role::Writer => concat!(session_limits!(), "; ", planning!()),
        Role::Migrator => concat!(
            session_limits!(),
            "; set statement_timeout = 0; set lock_timeout = '1min'; ",
            // Of a server that stops between two migrations; PostgreSQL 13 has no such setting.
            "select set_config(name, '30s', false) from pg_settings where name = 'idle_session_timeout'"
        ),
    }
}

/// Opens a connection.
pub(crate) async fn open(
    options: &PgConnectOptions,
    role: Role,
) -> Result<PgConnection, sqlx::Error> {
    let mut connection = Box::pin(PgConnection::connect_with(options)).await?;
    set_up(&mut connection, role).await?;
    Ok(connection)
}

/// Makes the pool of the connection that listens to other servers, and tells them of events.
pub(crate) fn listener(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .after_connect(|connection, _| {
            Box::pin(async {
                set_up(connection, Role::Reader).await?;
                // What it writes are notifications, which wait for each other across the whole cluster until their
                // commits are done, and need not be on disk.
                run(connection, "set synchronous_commit = off").await
            })
        })
        .connect_lazy_with(options.clone())
}

async fn set_up(connection: &mut PgConnection, role: Role) -> Result<(), sqlx::Error> {
    run(connection, session(role)).await
}

/// Runs statements without values and rows.
pub(crate) async fn run(
    connection: &mut PgConnection,
    sql: impl SqlSafeStr,
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

/// Makes a statement for the driver, which keeps it prepared.
pub(crate) fn statement(
    query: &Query,
) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for value in query.values() {
        match value {
            Value::Integer(number) => arguments.add(*number),
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(sqlx::query_with(query.sql().clone(), arguments))
}

/// Reads rows up to so many bytes; tells whether the statement came to its end.
pub(crate) async fn fetch_page(
    query: &Query,
    max_bytes: usize,
    connection: &mut PgConnection,
) -> Result<(PageRows, bool), sqlx::Error> {
    let mut rows = statement(query)?.fetch(connection);
    let (mut page, mut surplus) = (PageRows::default(), 0);
    while let Some(row) = rows.try_next().await? {
        let row = RawRow::Postgres(row);
        let size = row.size();
        if page.add(row, max_bytes) {
            continue;
        }
        // PostgreSQL sends all rows of a statement.
        surplus += size;
        if surplus > MAX_SURPLUS_BYTES {
            return Ok((page, false));
        }
    }
    Ok((page, true))
}
