//! Reading a request body: JSON or a form, bounded, with a deadline, and with errors that say what to change.

use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use recado_core::fields::{FieldErrors, type_of};
use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::Validate;

use super::auth::Identity;
use super::error::{ApiError, Reason};
use super::idempotency::BodyText;
use super::names::{camel_case, nearest};
use crate::app::App;
use crate::memory::budget::Room;
use crate::memory::reading;

/// Most bytes of a request body.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Most bytes of the request body of a batch.
pub(crate) const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Most messages of a batch.
const MAX_BATCH: usize = 1000;

/// Most unknown fields that are named.
const MAX_UNKNOWN: usize = 10;

/// Most bytes of the request body of a caller that has proven nothing: as many as are not counted, so that
/// strangers take no memory from operators.
pub(crate) const MAX_SMALL_BODY_BYTES: usize = 16 * 1024;

/// The valid request body of a route of Recado's own. A field that the route does not know is an error: a key whose
/// `scopes` are misspelled would be allowed everything.
pub(crate) struct Body<T>(pub T);

/// The valid request body of a route that ChatVolt has: fields that only ChatVolt knows are ignored.
pub(crate) struct ChatvoltBody<T>(pub T);

/// The request body of a send, which [`recado_core::request::read`] checks: it also names the fields that were misspelled.
pub(crate) struct SendBody(pub Map<String, Value>);

/// The request body of a batch: its messages, which are read one by one. It holds its room in memory.
pub(crate) struct BatchBody {
    pub(crate) messages: Vec<Box<RawValue>>,
    pub(crate) room: Room,
}

/// A small valid request body; unknown fields are ignored, such as those that a browser's form has.
pub(crate) struct SmallBody<T>(pub T);

impl<T: DeserializeOwned + ToSchema + Validate> FromRequest<Arc<App>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let object = read(request, app, MAX_BODY_BYTES).await?;
        check_names(&object, &names::<T>())?;
        valid(object).map(Self)
    }
}

impl FromRequest<Arc<App>> for BatchBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (bytes, room, _) = read_bytes(request, app, MAX_BATCH_BYTES).await?;
        let text: BatchText = serde_json::from_slice(&bytes).map_err(|error| {
            if error.is_data() {
                let place = format!(" at line {} column {}", error.line(), error.column());
                FieldErrors::root(error.to_string().trim_end_matches(&place)).into()
            } else {
                invalid(&bytes, &error)
            }
        })?;
        let messages = text.messages.0;
        Ok(Self { messages, room })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchText {
    messages: BatchMessages,
}

/// One to [`MAX_BATCH`] texts; reading ends with the first one too many, so that a body of many small values takes no
/// more memory than its bytes.
struct BatchMessages(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for BatchMessages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Messages).map(Self)
    }
}

struct Messages;

impl<'de> Visitor<'de> for Messages {
    type Value = Vec<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages: a list of 1 to 1,000 messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut messages = Vec::new();
        while let Some(message) = list.next_element()? {
            messages.push(message);
            if messages.len() > MAX_BATCH {
                let sentence = "messages: a batch has at most 1,000; send several batches";
                return Err(A::Error::custom(sentence));
            }
        }
        if messages.is_empty() {
            return Err(A::Error::custom("messages: write at least one"));
        }
        Ok(messages)
    }
}

impl<T: DeserializeOwned + Validate> FromRequest<Arc<App>> for ChatvoltBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        valid(read(request, app, MAX_BODY_BYTES).await?).map(Self)
    }
}

impl FromRequest<Arc<App>> for SendBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        read(request, app, MAX_BODY_BYTES).await.map(Self)
    }
}

impl<T: DeserializeOwned + Validate> FromRequest<Arc<App>> for SmallBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        valid(read(request, app, MAX_SMALL_BODY_BYTES).await?).map(Self)
    }
}

/// Reads a shape, or names all rules that it breaks.
fn valid<T: DeserializeOwned + Validate>(object: Map<String, Value>) -> Result<T, ApiError> {
    let shape = T::deserialize(Value::Object(object))
        .map_err(|_| FieldErrors::root("A field has a value of a wrong type"))?;
    let broken = shape.validate();
    broken.map_err(|errors| FieldErrors::from_validation(&errors, camel_case))?;
    Ok(shape)
}

/// The names of the fields, as the `OpenAPI` document has them.
pub(crate) fn names<T: ToSchema>() -> Vec<String> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.into_keys().collect(),
        RefOr::T(_) | RefOr::Ref(_) => Vec::new(),
    }
}

pub(crate) fn check_names(
    object: &Map<String, Value>,
    known: &[String],
) -> Result<(), FieldErrors> {
    let unknown = object.keys().filter(|name| !known.contains(*name));
    let mut errors = FieldErrors::default();
    for name in unknown.take(MAX_UNKNOWN) {
        let sentence = match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("Unknown field; write {meant}"),
            None => format!("Unknown field; this route has {}", known.join(", ")),
        };
        errors.fields.insert(name.clone(), vec![sentence]);
    }
    if errors.fields.is_empty() {
        return Ok(());
    }
    Err(errors)
}

/// Reads an object of at most `most` bytes.
async fn read(request: Request, app: &App, most: usize) -> Result<Map<String, Value>, ApiError> {
    let (bytes, _room, parts) = read_bytes(request, app, most).await?;
    if bytes.is_empty() && parts.method == Method::PATCH {
        return Err(FieldErrors::root("The body is missing; send the fields to change").into());
    }
    let object = parse(&parts.headers, &bytes)?;
    BodyText::keep(&parts, &object);
    Ok(object)
}

/// Reads at most `most` bytes, and the room in memory that they take.
async fn read_bytes(
    request: Request,
    app: &App,
    most: usize,
) -> Result<(Vec<u8>, Room, Parts), ApiError> {
    let (parts, body) = request.into_parts();
    // Every route that takes a body asks for its caller first.
    let caller = parts.extensions.get::<Identity>();
    let organization = caller.and_then(|caller| caller.organization_id.as_ref());
    let mut room = app.memory.request_bodies.room(organization);
    let bytes = reading::read(body, most, &mut room).await?;
    Ok((bytes, room, parts))
}

/// The body as a JSON object; no body at all is an empty one, as with ChatVolt.
fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let media_type = headers.get(header::CONTENT_TYPE).map(|value| {
        let mut parts = value.to_str().unwrap_or_default().split(';');
        parts.next().unwrap_or_default().trim().to_ascii_lowercase()
    });
    match media_type.as_deref() {
        _ if bytes.is_empty() => Ok(Map::new()),
        None => parse_json(bytes),
        Some(media_type) if media_type == "application/json" || media_type.ends_with("+json") => {
            parse_json(bytes)
        }
        Some("application/x-www-form-urlencoded") => parse_form(bytes),
        Some(_) => Err(FieldErrors::root(
            "Expected object: send the body with Content-Type: application/json",
        )
        .into()),
    }
}

fn parse_json(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    // Editors of Windows and some programs write this mark before a text.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => {
            Err(FieldErrors::root(&format!("Expected object, received {}", type_of(&other))).into())
        }
        Err(error) => Err(invalid(bytes, &error)),
    }
}

/// Returns the error of a body that is not JSON.
fn invalid(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    let sentence = invalid_json(bytes, error);
    ApiError {
        details: Some(Box::new(FieldErrors::root(&sentence))),
        ..ApiError::new(Reason::InvalidBody, sentence)
    }
}

/// What the JSON parser says of a body, and what to change; the parser has no other word for a cause.
const CURES: [(&str, &str); 8] = [
    ("lone leading surrogate in hex escape", HALF_A_CHARACTER),
    ("unexpected end of hex escape", HALF_A_CHARACTER),
    (
        "number out of range",
        "a number is too large; send it as a string",
    ),
    (
        "recursion limit exceeded",
        "arrays or objects are nested more than 127 deep; send less nesting",
    ),
    (
        "control character",
        "a line break, tab or other control character stands in a string; write it as an escape such as \\n",
    ),
    (
        "invalid escape",
        "a backslash is followed by a character that has no escape; write \\\\ for a backslash",
    ),
    (
        "EOF while parsing",
        "the body ends too early; check that it is sent as a whole and that Content-Length is its length in bytes",
    ),
    (
        "trailing characters",
        "something follows the object; send one object only",
    ),
];

const HALF_A_CHARACTER: &str = "an escape \\uD800 to \\uDFFF stands alone, which is half of a character such as an emoji; cut texts between characters";

/// Says where a body stops being JSON, and what to change.
fn invalid_json(bytes: &[u8], error: &serde_json::Error) -> String {
    if let Err(error) = std::str::from_utf8(bytes) {
        let valid = error.valid_up_to();
        return format!(
            "Invalid JSON: the body is not UTF-8 from byte {valid} on; encode it as UTF-8"
        );
    }
    let place = format!(" at line {}, column {}", error.line(), error.column());
    let said = error.to_string();
    let said = said
        .strip_suffix(&*place.replace(", column", " column"))
        .unwrap_or(&said);
    let cure = CURES.iter().find(|(known, _)| said.starts_with(known));
    let cause = cure.map_or(said, |(_, cure)| cure);
    format!("Invalid JSON{place}: {cause}")
}

fn parse_form(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        // What `curl -d '{…}'` sends without a header.
        return Err(FieldErrors::root(
            "The body looks like JSON but says it is a form: send Content-Type: application/json",
        )
        .into());
    }
    Ok(form_urlencoded::parse(bytes)
        .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::known(json!({"name": "site", "scopes": ["read"]}), None)]
    #[case::empty(json!({}), None)]
    #[case::cut(json!({"scope": ["read"]}), Some("scope: Unknown field; write scopes"))]
    #[case::in_snake_case(json!({"expires_at": ""}), Some("expires_at: Unknown field; write expiresAt"))]
    #[case::of_no_route(
        json!({"days": 1}),
        Some("days: Unknown field; this route has name, scopes, expiresAt")
    )]
    #[case::short(
        json!({"tag": 1}),
        Some("tag: Unknown field; this route has name, scopes, expiresAt")
    )]
    #[case::as_long(
        json!({"note": 1}),
        Some("note: Unknown field; this route has name, scopes, expiresAt")
    )]
    #[case::two(
        json!({"nmae": "", "scope": []}),
        Some("nmae: Unknown field; write name; scope: Unknown field; write scopes")
    )]
    fn a_field_that_a_route_does_not_know_is_an_error(
        #[case] body: Value,
        #[case] expected: Option<&str>,
    ) {
        let known = ["name", "scopes", "expiresAt"].map(str::to_owned);
        let details = check_names(body.as_object().expect("an object"), &known).err();
        let sentence = details.map(|details| details.to_string());
        assert_eq!(sentence.as_deref(), expected);
    }
}
