//! Nouns: values that are one row of one table, looked up and listed in the same way.

use std::fmt::Display;

use recado_core::OrganizationId;
use sqlx::AssertSqlSafe;

use crate::db::page::{Cursor, Listed, Page};
use crate::db::query::Query;
use crate::db::raw_row::{PageRows, RawRow};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::Columns;
use crate::error::Result;
use crate::store::Store;

/// A value that is read from one row.
pub trait Row: Sized {
    /// The table.
    const TABLE: &'static str;
    /// The table, with the name by which the columns call it.
    const FROM: &'static str = Self::TABLE;
    /// The columns of the table that it is read from.
    const COLUMNS: &'static str;
    /// The column, or its alias, of the instant in a cursor.
    const TIME: &'static str = "created_at";
    /// The column whose value names a corrupt row.
    const ID: &'static str = "id";

    /// Reads the value.
    fn read(columns: &Columns<'_>) -> Result<Self>;

    /// Returns the position of a row in a list.
    fn cursor(columns: &Columns<'_>) -> Result<Cursor> {
        Ok(Cursor::new(
            columns.get(Self::TIME)?,
            columns.get(Self::ID)?,
        ))
    }

    /// Returns the columns of the row.
    fn columns(row: &RawRow) -> Columns<'_> {
        Columns::new(row, Self::TABLE, Self::ID)
    }

    /// Reads the value from a row.
    fn of(row: &RawRow) -> Result<Self> {
        Self::read(&Self::columns(row))
    }

    /// Makes a statement that selects values. The rest of its text is the program's own, as in the statements below.
    fn select(rest: &str) -> Query {
        let (columns, from) = (Self::COLUMNS, Self::FROM);
        Query::new(AssertSqlSafe(format!(
            "select {columns} from {from} {rest}"
        )))
    }

    /// Makes a statement that selects a page of what an organization has, oldest first; the filter may use `$5`.
    fn page_of(organization: &OrganizationId, page: &Page, filter: &str) -> Query {
        let (time, id) = (Self::TIME, Self::ID);
        let query = Self::select(&format!(
            "where organization_id = $1 and ({time}, {id}) > ($2, $3){filter} \
             order by {time}, {id} limit $4"
        ));
        let (after, after_id) = page.start();
        query
            .id(organization)
            .bind(after)
            .id(after_id)
            .bind(page.rows())
    }

    /// Makes a statement that returns the values that it changes.
    fn returning(change: &str) -> Query {
        Query::new(AssertSqlSafe(format!(
            "{change} returning {}",
            Self::COLUMNS
        )))
    }

    /// Returns the columns for a statement that calls the table by another name.
    fn columns_of(name: &str) -> String {
        let columns: Vec<_> = Self::COLUMNS.split(", ").collect();
        format!("{name}.{}", columns.join(&format!(", {name}.")))
    }
}

/// What an organization has many of, each with an id of its own.
pub trait Noun: Row {
    /// The type of its ids.
    type Id: Display;
}

/// A noun of which an organization has so few that all of them may be sorted for a page.
pub trait Listable: Noun {}

/// Tells how a value is read: from the columns of its fields, from `field: "another column"`, or with
/// `field: function("columns")`. With `by`, another column than `created_at` gives the order of lists.
macro_rules! row {
    (@columns $field:ident) => { stringify!($field) };
    (@columns $field:ident $column:literal) => { $column };
    (@columns $field:ident $read:ident $columns:literal) => { $columns };
    (@read $from:ident $field:ident) => { $from.get(stringify!($field))? };
    (@read $from:ident $field:ident $column:literal) => { $from.get($column)? };
    (@read $from:ident $field:ident $read:ident $columns:literal) => { $read($from)? };
    ($row:ident in $table:literal $(by $time:literal)?: id $(, $field:ident $(: $how:tt $(($columns:literal))?)?)+) => {
        impl $crate::db::noun::Row for $row {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str =
                concat!("id" $(, ", ", row!(@columns $field $($how $($columns)?)?))+);
            $(const TIME: &'static str = $time;)?

            fn read(from: &$crate::db::row::Columns<'_>) -> $crate::error::Result<Self> {
                Ok(Self {
                    id: from.get(from.id_column())?,
                    $($field: row!(@read from $field $($how $($columns)?)?),)+
                })
            }
        }
    };
}
pub(crate) use row;

fn listed<T: Row>(page: &Page, rows: &PageRows) -> Result<Listed<T>> {
    let limit = usize::try_from(page.limit.max(1)).unwrap_or(usize::MAX);
    let shown = &rows.rows[..limit.min(rows.rows.len())];
    let has_more = rows.cut || rows.rows.len() > limit;
    let last = shown.last().filter(|_| has_more);
    Ok(Listed {
        data: shown.iter().map(T::of).collect::<Result<_>>()?,
        next: last.map(|row| T::cursor(&T::columns(row))).transpose()?,
    })
}

impl Store {
    /// Returns what an organization has of this id.
    pub async fn get<T: Noun>(
        &self,
        organization: &OrganizationId,
        id: &T::Id,
    ) -> Result<Option<T>> {
        let query = T::select("where organization_id = $1 and id = $2");
        self.find(query.id(organization).id(id)).await
    }

    /// Lists what an organization has of a noun, oldest first.
    pub async fn list<T: Listable>(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<T>> {
        self.page(page, T::page_of(organization, page, "")).await
    }

    pub(crate) async fn find<T: Row>(&self, query: Query) -> Result<Option<T>> {
        self.read_row(query).await?.as_ref().map(T::of).transpose()
    }

    pub(crate) async fn find_all<T: Row>(&self, query: Query) -> Result<Vec<T>> {
        self.read_rows(query).await?.iter().map(T::of).collect()
    }

    pub(crate) async fn page<T: Row>(&self, page: &Page, query: Query) -> Result<Listed<T>> {
        listed(page, &self.read_page(query, MAX_PAGE_BYTES).await?)
    }

    /// Reads the page that a statement selects from a list that grows.
    pub(crate) async fn page_of_many<T: Row>(
        &self,
        organization: &OrganizationId,
        page: &Page,
        query: Query,
    ) -> Result<Listed<T>> {
        let rows = self.read_list(organization, query, MAX_PAGE_BYTES).await?;
        listed(page, &rows)
    }
}
