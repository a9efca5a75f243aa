//! Which request shape belongs to which kind.

use serde_json::{Map, Value};

use super::{SendButtons, SendCtaUrl, SendList, SendLocation, SendLocationRequest, SendText};
use crate::fields::FieldErrors;
use crate::message::ContentKind;
use crate::request::{SendRequest, read};

/// Reads the body of a request as the shape of a kind, as [`read`] does.
pub fn read_kind(kind: ContentKind, body: Map<String, Value>) -> Result<SendRequest, FieldErrors> {
    match kind {
        ContentKind::Text => read::<SendText>(body),
        ContentKind::Buttons => read::<SendButtons>(body),
        ContentKind::List => read::<SendList>(body),
        ContentKind::CtaUrl => read::<SendCtaUrl>(body),
        ContentKind::Location => read::<SendLocation>(body),
        ContentKind::LocationRequest => read::<SendLocationRequest>(body),
    }
}
