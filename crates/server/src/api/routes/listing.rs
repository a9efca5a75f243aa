//! Lists: `{"data": […], "nextCursor": …}`, read on with `?cursor=`.

use recado_core::FieldErrors;
use recado_store::{Listed, Page};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use crate::api::error::ApiError;

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

impl ListQuery {
    pub(crate) fn page(self) -> Result<Page, ApiError> {
        let limit = limit(self.limit.as_deref(), DEFAULT_LIMIT, MAX_LIMIT)?;
        let after = match self.cursor.as_deref() {
            None | Some("") => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| wrong("cursor", "Expected the nextCursor of the part before"))?,
            ),
        };
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
pub(super) fn wrong(name: &str, sentence: &str) -> ApiError {
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
}
