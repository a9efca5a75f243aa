//! SQLite: how a connection is opened, and statements on it. They run on the thread that calls.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Statement};

use crate::db::Role;
use crate::db::query::{Query, Value};
use crate::db::raw_row::{self, CopiedRow, RawRow};

/// How long a connection waits for a lock of another program.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(4);

/// Time between two tries to get a lock.
const LOCK_PAUSE: Duration = Duration::from_millis(2);

/// Statements that a connection keeps prepared: more than the store has texts.
const MAX_STATEMENTS: usize = 512;

/// Steps of a statement between two looks at its deadline, less than a millisecond.
const STEPS: i32 = 10_000;

/// Opens the file of a URI, and sets the connection up.
pub(crate) fn open(uri: &str, role: Role) -> rusqlite::Result<Connection> {
    // The mode in the URI decides which of these rights are used.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    // Otherwise SQLite plans a statement by the values that are bound to it, and again when they change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    turn_on_log(&connection)?;
    connection.busy_handler(Some(wait_for_lock))?;
    connection.execute_batch(settings(role))?;
    Ok(connection)
}

fn turn_on_log(connection: &Connection) -> rusqlite::Result<()> {
    // Two programs that turn on the log of a new file at once are told that it is locked,
    // whatever the timeout is.
    let mut tries = 0;
    while let Err(error) = connection.execute_batch("pragma journal_mode = wal") {
        tries += 1;
        if tries > 50 || !is_busy(&error) {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Waits for a lock of another program, up to [`BUSY_TIMEOUT`]. SQLite's own pauses grow to 100 ms, so that a program
/// that writes all the time would leave another one none of the short moments between its transactions.
fn wait_for_lock(tries: i32) -> bool {
    thread_local! {
        static BEGAN: Cell<Instant> = Cell::new(Instant::now());
    }
    if tries == 0 {
        BEGAN.set(Instant::now());
    }
    std::thread::sleep(LOCK_PAUSE);
    BEGAN.get().elapsed() < BUSY_TIMEOUT
}

/// The settings of a connection; the cache sizes are in KiB.
const fn settings(role: Role) -> &'static str {
    match role {
        Role::Reader => "pragma cache_size = -512; pragma query_only = on",
        Role::Writer | Role::Migrator => {
            // What a savepoint may have to undo is kept in memory, and not in a file of its own. A larger log
            // would be copied back more seldom, but each time the writes would wait longer for it.
            "pragma cache_size = -4096; pragma synchronous = full; \
             pragma foreign_keys = on; pragma journal_size_limit = 67108864; \
             pragma temp_store = memory; pragma wal_autocheckpoint = 2000"
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Sets until when the statements of a connection may run, and how long they may wait for a lock.
pub(crate) fn set_deadline(
    connection: &Connection,
    deadline: Instant,
    busy_timeout: Duration,
) -> rusqlite::Result<()> {
    connection.busy_timeout(busy_timeout)?;
    connection.progress_handler(STEPS, Some(move || Instant::now() >= deadline))
}

/// Runs a statement without values and rows.
pub(crate) fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// Runs a statement, and hands over its rows until it is stopped.
pub(crate) fn fetch(
    connection: &Connection,
    query: &Query,
    mut take: impl FnMut(RawRow) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(query.sql().as_str())?;
    bind(&mut statement, query.values())?;
    let mut names = None;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let names = names.get_or_insert_with(|| {
            let names = row.as_ref().column_names().into_iter();
            names.map(Box::from).collect::<Arc<[Box<str>]>>()
        });
        let cells = (0..names.len()).map(|index| cell(row, index));
        let row = CopiedRow::new(Arc::clone(names), cells.collect::<Result<_, _>>()?);
        if take(RawRow::Sqlite(row)).is_break() {
            break;
        }
    }
    Ok(())
}

/// Runs a statement to its end; returns how many rows it changed.
pub(crate) fn execute(connection: &Connection, query: &Query) -> rusqlite::Result<u64> {
    fetch(connection, query, |_| ControlFlow::Continue(()))?;
    Ok(connection.changes())
}

/// Binds the values. To SQLite `$2` is a name, and not a number.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index);
        let number = name.and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(
            values.len(),
            statement.parameter_count(),
        ))?;
        match value {
            Value::Integer(number) => statement.raw_bind_parameter(index, number),
            Value::Text(text) => statement.raw_bind_parameter(index, text),
            Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes),
        }?;
    }
    Ok(())
}

fn cell(row: &Row<'_>, index: usize) -> rusqlite::Result<raw_row::Cell> {
    use raw_row::Cell;

    Ok(match row.get_ref(index)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).map_or(Cell::Foreign, Cell::Text),
        ValueRef::Real(_) => Cell::Foreign,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;
    use tempfile::TempDir;

    use super::*;
    use crate::error::{Result, StoreError};

    const ENDLESS: &str =
        "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";

    fn opened() -> (TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let uri = format!("file:{}/test.db?mode=rwc", folder.path().display());
        let connection = open(&uri, Role::Writer).unwrap();
        connection
            .execute_batch("create table t (i bigint); create index by_i on t (i);")
            .unwrap();
        (folder, connection)
    }

    fn rows(connection: &Connection, query: &Query) -> Result<Vec<RawRow>> {
        let mut rows = Vec::new();
        fetch(connection, query, |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    #[test]
    fn values_are_bound_by_their_numbers() {
        let (_folder, connection) = opened();
        let query = Query::new("select $3 as c, $1 as a, $2 as b, $4 is null as d");
        let query = query.bind(1).bind("two").bind(vec![3]);
        let found = rows(&connection, &query.bind(None::<i64>)).unwrap();
        let row = &found[0];
        assert_eq!((row.integer("a"), row.text("b")), (Some(1), Some("two")));
        assert_eq!(
            (row.bytes("c"), row.integer("d")),
            (Some(&[3][..]), Some(1))
        );
    }

    #[test]
    fn a_statement_without_a_value_for_each_number_is_refused() {
        let (_folder, connection) = opened();
        let query = Query::new("select $1 as a, $2 as b").bind(1);
        assert!(matches!(
            rows(&connection, &query),
            Err(StoreError::Database(_))
        ));
    }

    #[test]
    fn other_values_do_not_prepare_a_statement_again() {
        let (_folder, connection) = opened();
        let text = "select i from t where i > $1 order by i limit $2";
        for number in 0..5 {
            let query = Query::new(text).bind(number).bind(number);
            rows(&connection, &query).unwrap();
        }
        let statement = connection.prepare_cached(text).unwrap();
        assert_eq!(statement.get_status(StatementStatus::Run), 5);
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_statement_ends_at_its_deadline() {
        let (_folder, connection) = opened();
        let soon = Instant::now() + Duration::from_millis(20);
        set_deadline(&connection, soon, Duration::ZERO).unwrap();
        let read = rows(&connection, &Query::new(ENDLESS));
        assert!(matches!(read, Err(StoreError::Timeout)));
        let later = Instant::now() + Duration::from_mins(1);
        set_deadline(&connection, later, Duration::ZERO).unwrap();
        assert_eq!(
            rows(&connection, &Query::new("select 1 as a"))
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_statement_stops_when_enough_rows_are_taken() {
        let (_folder, connection) = opened();
        let query = Query::new(
            "with recursive n (i) as (select 1 union all select i + 1 from n) select i from n",
        );
        let mut taken = 0;
        fetch(&connection, &query, |_| {
            taken += 1;
            match taken {
                3 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })
        .unwrap();
        assert_eq!(taken, 3);
    }
}
