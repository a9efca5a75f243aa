//! What the shapes of requests and answers have in common.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use recado_core::fields::name;
use recado_core::{FieldErrors, Scope, TextField};
use serde::{Deserialize as _, Deserializer};
use serde_json::Value;
use validator::ValidationError;

use crate::api::auth::authenticate;
use crate::api::error::ApiError;
use crate::app::App;

/// An answer with JSON.
pub(crate) type Answer<T> = Result<Json<T>, ApiError>;

/// An answer that may be long, and is counted until its last byte is written.
pub(crate) type LongAnswer = Result<Response, ApiError>;

/// Makes an answer of a row whose fields have the same names; those after the semicolon may be absent.
macro_rules! mirrors {
    ($answer:ty, $row:ty { $($field:ident),+ $(; $($optional:ident),+)? }) => {
        impl From<$row> for $answer {
            fn from(row: $row) -> Self {
                Self {
                    $($field: row.$field.into(),)+
                    $($($optional: row.$optional.map(Into::into),)+)?
                }
            }
        }
    };
}
pub(crate) use mirrors;

/// Rule for a name that may stay as it is, but cannot be taken away.
pub(crate) fn not_blank(field: &TextField) -> Result<(), ValidationError> {
    match field {
        TextField::Absent => Ok(()),
        _ => name(field),
    }
}

/// A text that validation has found to be there.
pub(crate) fn text(field: TextField) -> String {
    field.into_text().unwrap_or_default()
}

/// A field that is there, though it may be null.
pub(crate) fn present<'de, D: Deserializer<'de>>(given: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(given).map(Some)
}

/// Most messages of a rate that a client may set.
const MAX_MESSAGES: u32 = 1_000_000;

/// Reads the number of messages of a rate; null is none.
pub(crate) fn number(name: &str, value: &Value) -> Result<Option<NonZeroU32>, FieldErrors> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| *number <= MAX_MESSAGES);
    let sentence = format!("Expected a whole number from 1 to {MAX_MESSAGES}, or null");
    let number = number.and_then(NonZeroU32::new);
    number
        .map(Some)
        .ok_or_else(|| FieldErrors::field(name, &sentence))
}

/// An id that the client may choose, or a fresh one.
pub(crate) fn id_or<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: TextField,
    fresh: impl FnOnce() -> T,
) -> Result<T, FieldErrors> {
    let chosen = field.into_text().map(|text| text.parse());
    let wrong = |error: T::Err| FieldErrors::field("id", &error.to_string());
    chosen.map_or_else(|| Ok(fresh()), |parsed| parsed.map_err(wrong))
}

/// Whether an answer shows what is secret of a webhook: who has it can call in the name of the provider, or of
/// this server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    Shown,
    Hidden,
}

impl FromRequestParts<Arc<App>> for Secrets {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let scopes = authenticate(parts, app).await?.scopes;
        let is_shown = scopes.contains(Scope::Manage);
        Ok(if is_shown { Self::Shown } else { Self::Hidden })
    }
}
