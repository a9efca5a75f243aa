//! `Idempotency-Key`: a caller whose answer was lost makes the same request again, which takes effect once.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponseParts, ResponseParts};
use recado_core::{FieldErrors, OrganizationId};
use recado_store::{FirstRequest, IdempotencyKey};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::error::{ApiError, REPLAYED, Reason};
use crate::app::App;

/// The name of the header.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Most characters of a key.
const MAX_KEY_LENGTH: usize = 255;

/// The header, for the documentation; it is read as [`KeyHeader`].
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
pub(crate) struct KeyParameter {
    /// A text of your own for this request, such as a UUID: 1 to 255 printable ASCII characters, bare or in quotation marks.
    /// A request with the same key and the same body, within 24 hours, takes effect once: the repeat is answered with what
    /// the first one did, as it is now. A key with another body is an error.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = r"^[!#-~][ -~]*$"
    )]
    idempotency_key: Option<String>,
}

/// The header of a request. The extractor of the body, which comes later, adds the body.
pub(crate) struct KeyHeader {
    key: Option<String>,
    route: String,
    body: BodyText,
    asked: String,
}

/// The body of a request with a key, in a form that depends on its values alone.
#[derive(Clone, Default)]
pub(crate) struct BodyText(Arc<OnceLock<String>>);

/// Marks a request to a route that takes no key.
#[derive(Clone)]
pub(crate) struct TakesNoKey;

impl<S: Sync> FromRequestParts<S> for KeyHeader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let (key, body) = (given(&parts.headers)?, BodyText::default());
        if key.is_some() {
            parts.extensions.insert(body.clone());
        }
        Ok(Self {
            key,
            route: format!("{} {}", parts.method, parts.uri.path()),
            body,
            asked: String::new(),
        })
    }
}

impl KeyHeader {
    /// Returns the header of a request whose query asks for something besides the body.
    pub(crate) fn asking(mut self, what: impl Into<String>) -> Self {
        self.asked = what.into();
        self
    }

    /// Returns the header of a route whose path says less than what it acts on.
    pub(crate) fn of(mut self, acted_on: &str) -> Self {
        self.route = format!("{} {acted_on}", self.route);
        self
    }

    /// Returns the key with what the request asks for, if the caller gave one.
    pub(crate) fn key(&self) -> Option<IdempotencyKey> {
        let body = self.body.0.get().map_or("", String::as_str);
        let key = self.key.as_deref();
        key.map(|key| IdempotencyKey::new(&self.route, key, &format!("{body}{}", self.asked)))
    }
}

impl BodyText {
    /// Keeps the body of the request, if the request has a key.
    pub(crate) fn keep(parts: &Parts, body: &Map<String, Value>) {
        if let Some(Self(kept)) = parts.extensions.get() {
            kept.get_or_init(|| canonical(body));
        }
    }
}

/// Returns the key of one message of a batch, with what the batch says of it besides.
///
/// Errors: the key cannot be one.
pub(crate) fn of_item(
    route: &str,
    key: &str,
    item: &Map<String, Value>,
) -> Result<IdempotencyKey, FieldErrors> {
    let is_printable = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_printable || !(1..=MAX_KEY_LENGTH).contains(&key.len()) {
        let sentence = "Has 1 to 255 printable ASCII characters";
        return Err(FieldErrors::field("idempotencyKey", sentence));
    }
    Ok(IdempotencyKey::new(route, key, &canonical(item)))
}

/// Refuses a request with a key to a route that takes none: its caller takes a repeat for safe.
pub(crate) fn check_taken(parts: &Parts) -> Result<(), ApiError> {
    match parts.extensions.get() {
        Some(TakesNoKey) => Err(wrong(
            "This route takes no Idempotency-Key; leave the header out; nothing was changed",
        )),
        None => Ok(()),
    }
}

/// Finds the first request under a key, of an organization or with `None` of an operator. Fails if the first request
/// had another body.
pub(crate) async fn first_request(
    app: &App,
    organization: Option<&OrganizationId>,
    key: Option<&IdempotencyKey>,
) -> Result<Option<FirstRequest>, ApiError> {
    let Some(key) = key else {
        return Ok(None);
    };
    let first = app.store.first_request(organization, key).await?;
    first.map(|first| checked(first, key)).transpose()
}

/// The answer to a creation, or to the repeat of one.
pub(crate) type Created<T> = Result<(StatusCode, Option<Replayed>, Json<T>), ApiError>;

/// Makes something once: answers with what the first request under the key made, as it is now, or makes it.
pub(crate) async fn once<T, Shown: Future<Output = Result<T, ApiError>>>(
    app: &App,
    organization: Option<&OrganizationId>,
    key: Option<&IdempotencyKey>,
    show: impl FnOnce(FirstRequest) -> Shown,
    make: impl Future<Output = Result<T, ApiError>>,
) -> Created<T> {
    let created = |replayed, shape| Ok((StatusCode::CREATED, replayed, Json(shape)));
    if let Some(first) = first_request(app, organization, key).await? {
        return created(
            Some(Replayed),
            Box::pin(show(first)).await.map_err(ApiError::replayed)?,
        );
    }
    let error = match Box::pin(make).await {
        Ok(new) => return created(None, new),
        Err(error) => error,
    };
    // Another request with the key may have been first, since this one looked.
    match first_request(app, organization, key).await? {
        Some(first) => created(
            Some(Replayed),
            Box::pin(show(first)).await.map_err(ApiError::replayed)?,
        ),
        None => Err(error),
    }
}

/// Checks that a later request asks for what the first request under its key asked for.
pub(crate) fn checked(first: FirstRequest, key: &IdempotencyKey) -> Result<FirstRequest, ApiError> {
    if first.is_repeated_by(key) {
        return Ok(first);
    }
    Err(ApiError::new(
        Reason::IdempotencyKeyReused,
        "This Idempotency-Key belongs to an earlier request with another body: use a fresh key for each request; nothing was changed; /docs/ describes the keys",
    ))
}

/// Reads the header.
///
/// Errors: it cannot be read, or is there twice. Without it the repeat of the request would take effect twice.
fn given(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(wrong(
            "Idempotency-Key is there twice: write it once; nothing was changed",
        ));
    }
    let key = read(value.as_bytes());
    let key = key.filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        wrong("Idempotency-Key has 1 to 255 printable ASCII characters, bare or in quotation marks; nothing was changed")
    })
}

/// Reads a key, bare or as a string of RFC 8941.
fn read(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value.trim_ascii()).ok()?;
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(text.to_owned());
    };
    let (mut key, mut letters) = (String::new(), quoted.chars());
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(key),
            '\\' => key.push(letters.next().filter(|letter| r#""\"#.contains(*letter))?),
            letter => key.push(letter),
        }
    }
}

fn wrong(sentence: &str) -> ApiError {
    ApiError {
        details: Some(Box::new(FieldErrors::field("Idempotency-Key", sentence))),
        ..ApiError::new(Reason::InvalidHeader, sentence)
    }
}

/// Returns the JSON of an object with its fields sorted, on every level.
fn canonical(object: &Map<String, Value>) -> String {
    sorted(object).to_string()
}

fn sorted(object: &Map<String, Value>) -> Value {
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    let fields = fields.into_iter();
    Value::Object(
        fields
            .map(|(name, value)| (name.clone(), in_order(value)))
            .collect(),
    )
}

fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(object) => sorted(object),
        Value::Array(values) => Value::Array(values.iter().map(in_order).collect()),
        other => other.clone(),
    }
}

/// Adds the header that says that the answer tells what an earlier request did.
pub(crate) struct Replayed;

impl IntoResponseParts for Replayed {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        let (name, value) = REPLAYED;
        parts.headers_mut().insert(name, value);
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::bare("order-1", Some("order-1"))]
    #[case::a_uuid(
        "0199f3aa-4a1e-7c10-9d7b-000000000001",
        Some("0199f3aa-4a1e-7c10-9d7b-000000000001")
    )]
    #[case::quoted("\"order-1\"", Some("order-1"))]
    #[case::with_spaces_around(" order-1 ", Some("order-1"))]
    #[case::with_spaces_inside("order 1", Some("order 1"))]
    #[case::escaped(r#""a\"b\\c""#, Some(r#"a"b\c"#))]
    #[case::with_a_quotation_mark_inside("a\"b", Some("a\"b"))]
    #[case::empty("", None)]
    #[case::blank("  ", None)]
    #[case::quoted_and_empty("\"\"", None)]
    #[case::half_quoted("\"order-1", None)]
    #[case::quoted_with_parameters("\"order-1\";a=b", None)]
    #[case::with_an_escape_that_is_none(r#""a\b""#, None)]
    #[case::not_ascii("pedido-é", None)]
    #[case::with_a_tab("a\tb", None)]
    fn a_key_is_read_bare_and_quoted_or_refused(#[case] header: &str, #[case] key: Option<&str>) {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(header.as_bytes()).expect("a header value");
        headers.insert(IDEMPOTENCY_KEY, value);
        let found = given(&headers).map_err(|error| error.reason);
        assert_eq!(
            found,
            key.map(|key| Some(key.to_owned()))
                .ok_or(Reason::InvalidHeader)
        );
    }

    #[test]
    fn a_key_has_255_characters_at_most_and_is_there_once() {
        let mut headers = HeaderMap::new();
        assert!(matches!(given(&headers), Ok(None)));
        for (length, is_read) in [(255, true), (256, false)] {
            let value = "k".repeat(length).parse().expect("a header value");
            headers.insert(IDEMPOTENCY_KEY, value);
            assert_eq!(given(&headers).is_ok(), is_read, "{length}");
        }
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("one"));
        headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("one"));
        assert!(given(&headers).is_err());
    }

    #[test]
    fn another_value_another_field_and_another_order_of_a_list_are_another_body() {
        let bodies = [
            json!({}),
            json!({"a": "1"}),
            json!({"a": 1}),
            json!({"a": "1", "b": null}),
            json!({"a": ["1", "2"]}),
            json!({"a": ["2", "1"]}),
        ];
        let texts = bodies
            .iter()
            .map(|body| canonical(body.as_object().expect("an object")));
        let different: std::collections::BTreeSet<_> = texts.collect();
        assert_eq!(different.len(), bodies.len());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                fields(inner).prop_map(Value::from),
            ]
        })
    }

    fn fields(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
        let pairs = prop::collection::btree_map(".{0,4}", values, 0..4);
        pairs.prop_map(|pairs| pairs.into_iter().collect())
    }

    /// The same value with its fields in the opposite order.
    fn turned(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().rev();
                Value::Object(
                    fields
                        .map(|(name, value)| (name.clone(), turned(value)))
                        .collect(),
                )
            }
            Value::Array(values) => values.iter().map(turned).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn neither_white_space_nor_the_order_of_fields_makes_another_body(body in fields(values())) {
            let turned = turned(&Value::Object(body.clone()));
            let spaced = serde_json::to_string_pretty(&turned).expect("JSON");
            let read: Map<String, Value> = serde_json::from_str(&spaced).expect("an object");
            prop_assert_eq!(canonical(&read), canonical(&body));
        }
    }
}
