//! Nouns: values that are one row of one table, looked up and listed in the same way.

use recado_core::OrganizationId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::db::Query;
use crate::db::bind::Bind as _;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::{MAX_PAGE_BYTES, PageRows};
use crate::db::row::Columns;
use crate::error::Result;
use crate::store::Store;

/// A value that is read from one row.
pub(crate) trait Row: Sized {
    const TABLE: &'static str;
    /// The column whose value names a corrupt row.
    const ID: &'static str = "id";

    fn read(columns: &Columns<'_>) -> Result<Self>;

    fn cursor(&self) -> Cursor;

    fn of(row: &AnyRow) -> Result<Self> {
        Self::read(&Columns::new(row, Self::TABLE, Self::ID))
    }
}

/// A row of an organization that has an id of its own.
pub(crate) trait Noun: Row {
    /// The table, with the name by which the columns call it.
    const FROM: &'static str = Self::TABLE;
    const COLUMNS: &'static str;
}

fn listed<T: Row>(page: &Page, rows: &PageRows) -> Result<Listed<T>> {
    let limit = usize::try_from(page.limit.max(1)).unwrap_or(usize::MAX);
    let data = rows.rows.iter().take(limit).map(T::of);
    let data = data.collect::<Result<Vec<_>>>()?;
    let next = data
        .last()
        .map(T::cursor)
        .filter(|_| rows.cut || rows.rows.len() > limit);
    Ok(Listed { data, next })
}

impl Store {
    pub(crate) async fn find<T: Row>(&self, query: Query) -> Result<Option<T>> {
        self.read_row(query).await?.as_ref().map(T::of).transpose()
    }

    pub(crate) async fn get<T: Noun>(
        &self,
        organization: &OrganizationId,
        id: &str,
    ) -> Result<Option<T>> {
        let text = format!(
            "select {} from {} where organization_id = $1 and id = $2",
            T::COLUMNS,
            T::FROM
        );
        let query = sqlx::query(AssertSqlSafe(text)).id(organization).id(id);
        self.find(query).await
    }

    /// Lists what an organization has of a noun, oldest first.
    pub(crate) async fn list<T: Noun>(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<T>> {
        let (created_at, id) = page.start();
        let text = format!(
            "select {} from {} where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4 + 0",
            T::COLUMNS,
            T::FROM
        );
        let query = sqlx::query(AssertSqlSafe(text))
            .id(organization)
            .bind(created_at)
            .id(id)
            .bind(page.rows());
        self.page(page, query).await
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
