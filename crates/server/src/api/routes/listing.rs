//! Lists: `{"data": […], "nextCursor": …}`, read on with `?cursor=`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use recado_core::FieldErrors;
use recado_store::{Listable, Listed, Page};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::shapes::LongAnswer;
use crate::api::auth::Caller;
use crate::api::error::ApiError;
use crate::api::extract::Query;

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;

/// Which entries of a list are wanted, and which part of them.
#[derive(Deserialize)]
pub(crate) struct FilteredListQuery<F> {
    #[serde(flatten)]
    pub(super) filter: F,
    #[serde(flatten)]
    pub(super) list: ListQuery,
}

impl<F: IntoParams> IntoParams for FilteredListQuery<F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = F::into_params(&place);
        parameters.extend(ListQuery::into_params(&place));
        parameters
    }
}

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Maximum number of entries, 1 to 100. A page holds at most 1 MiB, so it can have fewer: go on until
    /// `nextCursor` is null.
    #[param(value_type = Option<u32>, default = 25, minimum = 1, maximum = 100, example = 25)]
    limit: Option<String>,
    /// The `nextCursor` of the part before.
    // The name of earlier versions: if it was ignored, such a client would read the first part for ever.
    #[serde(alias = "after")]
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::from_request_parts(parts, state).await?;
        Ok(query)
    }
}

impl ListQuery {
    pub(crate) fn page(self) -> Result<Page, ApiError> {
        let limit = limit(self.limit.as_deref(), DEFAULT_LIMIT, MAX_LIMIT)?;
        let cursor = self.cursor.filter(|text| !text.is_empty());
        let after = cursor.map(|text| text.parse()).transpose();
        let after =
            after.map_err(|_| wrong("cursor", "Expected the nextCursor of the part before"))?;
        Ok(Page { after, limit })
    }
}

/// Reads how many entries are wanted.
pub(super) fn limit(text: Option<&str>, default: u32, max: u32) -> Result<u32, ApiError> {
    let Some(text) = text else {
        return Ok(default);
    };
    let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
    limit.ok_or_else(|| wrong("limit", &format!("Expected a number from 1 to {max}")))
}

/// The error of a parameter of the query.
pub(crate) fn wrong(name: &str, sentence: &str) -> ApiError {
    ApiError::invalid_query(FieldErrors::field(name, sentence))
}

/// One part of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    /// The entries, oldest first; those of the audit log newest first.
    data: Vec<T>,
    /// Give it as `cursor` to read on; null at the end.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Returns whether the part has no entries.
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Shapes a part of a list for the wire.
    pub(crate) fn of<R>(listed: Listed<R>, shape: impl FnMut(R) -> T) -> Self {
        Self {
            data: listed.data.into_iter().map(shape).collect(),
            next_cursor: listed.next.map(|cursor| cursor.to_string()),
        }
    }

    /// Shapes a part of a list whose entries may not be readable.
    pub(crate) fn try_of<R>(
        listed: Listed<R>,
        shape: impl FnMut(R) -> Result<T, ApiError>,
    ) -> Result<Self, ApiError> {
        let data = listed.data.into_iter().map(shape);
        Ok(Self {
            data: data.collect::<Result<_, _>>()?,
            next_cursor: listed.next.map(|cursor| cursor.to_string()),
        })
    }
}

impl<R> Caller<R> {
    /// Answers with an entry, a list or a part of one, for the caller's organization.
    pub(crate) fn answer(&self, shape: &impl Serialize) -> LongAnswer {
        let organization = Some(&self.organization_id);
        self.app.memory.answer(organization, shape)
    }

    /// Answers with the part of a list that the query asks for.
    pub(crate) async fn list<Row: Listable, T: From<Row> + Serialize>(
        &self,
        query: ListQuery,
    ) -> LongAnswer {
        self.try_list(query, |row: Row| Ok(T::from(row))).await
    }

    /// Answers as [`Self::list`] does, with entries that may not be readable.
    pub(crate) async fn try_list<Row: Listable, T: Serialize>(
        &self,
        query: ListQuery,
        shape: impl FnMut(Row) -> Result<T, ApiError>,
    ) -> LongAnswer {
        let page = query.page()?;
        let listed = self.app.store.list(&self.organization_id, &page).await?;
        self.answer(&List::try_of(listed, shape)?)
    }
}
