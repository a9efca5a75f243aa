//! Lists: `{"data": […], "nextCursor": …}`, read on with `?after=`.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use recado_core::{FieldErrors, OrganizationId};
use recado_store::{Listed, Page};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, Reason};
use crate::inbound::budget::{ByteBudget, Room};

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;

/// Bytes of the answers that their readers have not taken yet.
const MAX_UNREAD_BYTES: usize = 48 * 1024 * 1024;

/// Bytes of those answers that are for one organization.
const MAX_UNREAD_BYTES_EACH: usize = 16 * 1024 * 1024;

/// Bytes of each answer that are not counted, so that short lists are answered while readers of long ones
/// have taken the whole budget. The number of connections bounds them.
const FREE_BYTES: usize = 16 * 1024;

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// How many at most, 1 to 100; a part has fewer if they are large.
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
    /// Oldest first.
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

/// Makes the budget of the answers that wait for their readers.
pub(crate) fn unread_answers() -> ByteBudget {
    ByteBudget::new(MAX_UNREAD_BYTES, MAX_UNREAD_BYTES_EACH)
}

/// An answer that takes room until its last byte is written.
struct Counted {
    bytes: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Answers with JSON that may be large: a client that does not read it could have any number of pages kept in
/// memory.
///
/// # Errors
///
/// Too many answers wait for their readers.
pub(crate) fn counted(
    budget: &ByteBudget,
    organization: &OrganizationId,
    shape: &impl Serialize,
) -> Result<Response, ApiError> {
    let bytes = serde_json::to_vec(shape).map_err(ApiError::internal)?;
    let counted = bytes.len().saturating_sub(FREE_BYTES);
    let room = budget.take(organization, counted).ok_or_else(|| {
        ApiError::new(
            Reason::Unavailable,
            "Too many long answers wait to be read: read those that you asked for, or come back after Retry-After seconds",
        )
    })?;
    let bytes = Bytes::from_owner(Counted { bytes, _room: room });
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], bytes).into_response())
}
