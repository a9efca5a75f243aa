//! Lists: `{"data": […], "nextCursor": …}`, read on with `?after=`.

use recado_core::FieldErrors;
use recado_store::{Listed, Page};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Maximum number of entries, 1 to 100. A page holds at most 1 MiB, so it can have fewer: go on until
    /// `nextCursor` is null.
    #[param(value_type = Option<u32>, default = 25, minimum = 1, maximum = 100, example = 25)]
    limit: Option<String>,
    /// The `nextCursor` of the part before.
    after: Option<String>,
}

impl ListQuery {
    /// # Errors
    ///
    /// The limit is no number within its bounds, or the cursor is not one of ours.
    pub(crate) fn page(self) -> Result<Page, FieldErrors> {
        let limit = match self.limit.as_deref() {
            None | Some("") => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| FieldErrors::field("limit", "Expected a number from 1 to 100"))?,
        };
        let after = match self.after.as_deref() {
            None | Some("") => None,
            Some(text) => Some(text.parse().map_err(|_| {
                FieldErrors::field("after", "Expected the nextCursor of the part before")
            })?),
        };
        Ok(Page { after, limit })
    }
}

/// One part of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    /// The entries, oldest first; those of the audit log newest first.
    data: Vec<T>,
    /// Give it as `after` to read on; null at the end.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Shapes a part of a list for the wire.
    pub(crate) fn of<R>(listed: Listed<R>, shape: impl FnMut(R) -> T) -> Self {
        Self {
            data: listed.data.into_iter().map(shape).collect(),
            next_cursor: listed.next.map(|cursor| cursor.to_string()),
        }
    }
}
