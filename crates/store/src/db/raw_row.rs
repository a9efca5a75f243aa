//! Rows as the databases give them. A value is read only as the type that it has.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{Row as _, ValueRef as _};

/// Bytes of a value that is neither a text nor a blob.
const NUMBER_BYTES: usize = 8;

/// A row of either database.
pub enum RawRow {
    /// The values of a row of SQLite, which its statement does not keep.
    Sqlite(CopiedRow),
    /// A row of PostgreSQL, whose values are read from its bytes.
    Postgres(PgRow),
}

/// A row that was copied out of a statement.
pub struct CopiedRow {
    names: Arc<[Box<str>]>,
    cells: Vec<Cell>,
}

/// A value of SQLite.
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// A value that the store does not write: a number with a fraction, or a text that is not UTF-8.
    Foreign,
}

impl CopiedRow {
    pub(crate) fn new(names: Arc<[Box<str>]>, cells: Vec<Cell>) -> Self {
        Self { names, cells }
    }

    fn cell(&self, column: &str) -> Option<&Cell> {
        let index = self.names.iter().position(|name| **name == *column)?;
        self.cells.get(index)
    }
}

impl RawRow {
    /// Returns whether a column is null, or `None` if the row has no such column.
    pub(crate) fn is_null(&self, column: &str) -> Option<bool> {
        match self {
            Self::Sqlite(row) => Some(matches!(row.cell(column)?, Cell::Null)),
            Self::Postgres(row) => Some(row.try_get_raw(column).ok()?.is_null()),
        }
    }

    pub(crate) fn integer(&self, column: &str) -> Option<i64> {
        match self {
            Self::Sqlite(row) => match row.cell(column)? {
                Cell::Integer(number) => Some(*number),
                _ => None,
            },
            Self::Postgres(row) => {
                let number = row.try_get(column);
                // Constants in a statement are shorter than columns.
                let short = |_| row.try_get::<i32, _>(column).map(i64::from);
                number.or_else(short).ok()
            }
        }
    }

    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        match self {
            Self::Sqlite(row) => match row.cell(column)? {
                Cell::Text(text) => Some(text),
                _ => None,
            },
            Self::Postgres(row) => row.try_get(column).ok(),
        }
    }

    pub(crate) fn bytes(&self, column: &str) -> Option<&[u8]> {
        match self {
            Self::Sqlite(row) => match row.cell(column)? {
                Cell::Bytes(bytes) => Some(bytes),
                _ => None,
            },
            Self::Postgres(row) => row.try_get(column).ok(),
        }
    }

    /// Returns how many bytes its values have.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Sqlite(row) => {
                let size = |cell: &Cell| match cell {
                    Cell::Text(text) => text.len(),
                    Cell::Bytes(bytes) => bytes.len(),
                    Cell::Integer(_) | Cell::Null | Cell::Foreign => NUMBER_BYTES,
                };
                row.cells.iter().map(size).sum()
            }
            Self::Postgres(row) => {
                let size = |index| {
                    let value = row.try_get_raw(index).ok();
                    let bytes = value.and_then(|value| value.as_bytes().ok().map(<[u8]>::len));
                    bytes.unwrap_or(NUMBER_BYTES)
                };
                (0..row.len()).map(size).sum()
            }
        }
    }
}

/// The rows of a page.
#[derive(Default)]
pub(crate) struct PageRows {
    /// One row at least, if there is one.
    pub(crate) rows: Vec<RawRow>,
    /// Whether rows were left out because the page is full.
    pub(crate) cut: bool,
    bytes: usize,
}

impl PageRows {
    /// Adds a row; returns `false` if the page has no room for it, and then takes no other either.
    pub(crate) fn add(&mut self, row: RawRow, max_bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(row.size());
        self.cut |= self.bytes > max_bytes && !self.rows.is_empty();
        if !self.cut {
            self.rows.push(row);
        }
        !self.cut
    }
}
