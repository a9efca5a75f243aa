//! What requests and answers of the API may hold in memory together, in bytes.

pub mod budget;
pub(crate) mod reading;

pub(crate) use budget::lock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use recado_core::OrganizationId;
use serde::Serialize;

use crate::api::error::{ApiError, Reason};
use crate::memory::budget::{ByteBudget, Room};

/// Bytes of the request bodies that are being read.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of those that one organization sends.
const MAX_BODY_BYTES_EACH: usize = 8 * 1024 * 1024;

/// Bytes of the answers that their readers have not taken yet.
const MAX_UNREAD_BYTES: usize = 48 * 1024 * 1024;

/// Bytes of those that are for one organization.
const MAX_UNREAD_BYTES_EACH: usize = 16 * 1024 * 1024;

/// Bytes of each answer that are not counted, so that short ones are given while readers of long ones have
/// taken the whole budget. The number of connections bounds them.
const FREE_BYTES: usize = 16 * 1024;

/// The budgets of the API.
pub struct Memory {
    /// The bytes of the request bodies that are being read.
    pub request_bodies: ByteBudget,
    unread_answers: ByteBudget,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            request_bodies: ByteBudget::new(MAX_BODY_BYTES, MAX_BODY_BYTES_EACH),
            unread_answers: ByteBudget::new(MAX_UNREAD_BYTES, MAX_UNREAD_BYTES_EACH),
        }
    }
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

impl Memory {
    /// Answers an organization, or an operator, with JSON that may be long: a client that does not read could
    /// have any number of answers kept.
    pub(crate) fn answer(
        &self,
        organization: Option<&OrganizationId>,
        shape: &impl Serialize,
    ) -> Result<Response, ApiError> {
        let bytes = serde_json::to_vec(shape).map_err(ApiError::internal)?;
        let mut room = self.unread_answers.room(organization);
        if !room.grow(bytes.len().saturating_sub(FREE_BYTES)) {
            return Err(ApiError::new(
                Reason::Unavailable,
                "Too many long answers wait to be read: read those that you asked for",
            ));
        }
        let bytes = Bytes::from_owner(Counted { bytes, _room: room });
        let json = HeaderValue::from_static("application/json");
        Ok(([(header::CONTENT_TYPE, json)], bytes).into_response())
    }
}
