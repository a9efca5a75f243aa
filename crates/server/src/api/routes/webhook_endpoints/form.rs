//! What a request says about a webhook endpoint, checked.

use axum::http::{HeaderName, HeaderValue, header};
use recado_core::event::EventType;
use recado_providers::HttpClient;
use recado_store::{WebhookFormat, WebhookHeader};
use url::Url;

use crate::api::routes::prelude::*;
use crate::delivery::{CHATVOLT_KINDS, RESERVED_HEADERS};

/// Browsers and proxies agree on about that many characters.
const MAX_URL_LENGTH: usize = 2048;

/// Enough for any token.
const MAX_HEADER_LENGTH: usize = 4096;

/// The webhook endpoint to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"url": "https://example.com/hooks/recado", "events": ["button.pressed"]}))]
pub(crate) struct NewWebhookEndpoint {
    /// The URL that events are sent to, over https.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = "uri", required = true)]
    pub(super) url: TextField,
    /// Only events of these types are sent; an empty list means every type.
    #[schema(value_type = Option<Vec<words::EventType>>)]
    pub(super) events: Value,
    /// The form in which events are sent; `recado` if it is left out.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<words::WebhookFormat>)]
    pub(super) format: TextField,
    /// A header that goes with every call.
    #[schema(value_type = Option<NewHeader>)]
    pub(super) header: Value,
}

/// The changes of a webhook endpoint; fields that are left out stay.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"enabled": true}))]
pub(crate) struct WebhookEndpointPatch {
    /// The URL that events are sent to, over https.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    pub(super) url: TextField,
    /// All the types of events that are sent; an empty list means every type. What waits and is of another type is not sent.
    #[schema(value_type = Option<Vec<words::EventType>>)]
    pub(super) events: Value,
    /// The form in which events are sent.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<words::WebhookFormat>)]
    pub(super) format: TextField,
    /// Another header; null removes the present one.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<NewHeader>)]
    pub(super) header: Option<Value>,
    /// Whether events are sent to the endpoint; what waited while it was disabled follows when it is enabled again.
    #[schema(value_type = Option<bool>)]
    pub(super) enabled: Value,
}

/// A header that goes with every call.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[schema(as = NewWebhookHeader)]
struct NewHeader {
    /// The name of the header; `Authorization` if it is left out.
    name: Option<String>,
    /// The value of the header: printable ASCII without white space around it.
    #[schema(min_length = 1, max_length = 4096)]
    value: String,
}

/// A URL that `http` may post to, in its canonical form.
pub(super) fn url(http: &HttpClient, text: &str) -> Result<String, FieldErrors> {
    let wrong = |problem| Err(FieldErrors::field("url", problem));
    let Ok(url) = Url::parse(text.trim()) else {
        return wrong("Expected a URL such as https://example.com/hooks");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("Must begin with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("Must not contain a user name or password: use header instead");
    }
    if url.fragment().is_some() {
        return wrong("Must not have a fragment");
    }
    if url.as_str().len() > MAX_URL_LENGTH {
        return wrong("Must not be longer than 2048 characters");
    }
    if !http.may_post_to(&url) {
        return wrong(
            "Must begin with https:// and not be a private, loopback or reserved address; \
             a server with RECADO_ALLOW_PRIVATE_NETWORKS=true allows both",
        );
    }
    Ok(url.into())
}

/// A list of types of events, each once.
pub(super) fn events(value: Value) -> Result<Option<Vec<EventType>>, FieldErrors> {
    let wrong = || {
        let known = EventType::ALL.map(EventType::as_str).join(", ");
        FieldErrors::field("events", &format!("Expected a list of {known}"))
    };
    let types = match value {
        Value::Null => return Ok(None),
        Value::Array(types) => types,
        _ => return Err(wrong()),
    };
    let mut events = Vec::with_capacity(types.len().min(EventType::ALL.len()));
    for kind in types {
        let kind = kind.as_str().and_then(|text| text.parse().ok());
        let kind = kind.ok_or_else(wrong)?;
        if !events.contains(&kind) {
            events.push(kind);
        }
    }
    Ok(Some(events))
}

/// The events that go out in `format`: those of `events`, or all that the format has words for.
pub(super) fn events_of_format(
    format: WebhookFormat,
    events: Vec<EventType>,
) -> Result<Vec<EventType>, FieldErrors> {
    match format {
        WebhookFormat::Recado => Ok(events),
        WebhookFormat::ChatVolt if events.is_empty() => Ok(CHATVOLT_KINDS.to_vec()),
        WebhookFormat::ChatVolt if events.iter().all(|kind| CHATVOLT_KINDS.contains(kind)) => {
            Ok(events)
        }
        WebhookFormat::ChatVolt => {
            let known = CHATVOLT_KINDS.map(EventType::as_str).join(", ");
            let problem = format!("Format chatvolt has words for {known} only");
            Err(FieldErrors::field("events", &problem))
        }
    }
}

/// The format, if one is named.
pub(super) fn format(field: &TextField) -> Result<Option<WebhookFormat>, FieldErrors> {
    field
        .as_text()
        .map(|text| {
            text.parse()
                .map_err(|_| FieldErrors::field("format", "Must be one of recado, chatvolt"))
        })
        .transpose()
}

/// A header that goes with every call; without a name it is `Authorization`, as at ChatVolt.
pub(super) fn header(value: Value) -> Result<Option<WebhookHeader>, FieldErrors> {
    let object = match value {
        Value::Null => return Ok(None),
        Value::Object(object) => object,
        _ => return Err(FieldErrors::field("header", "Expected object")),
    };
    // With a misspelled name the value would go out in another header.
    let mut names = object.keys();
    if let Some(unknown) = names.find(|name| !["name", "value"].contains(&name.as_str())) {
        let field = format!("header.{unknown}");
        return Err(FieldErrors::field(
            &field,
            "Unknown field; this object has name, value",
        ));
    }
    let name = match object.get("name") {
        None | Some(Value::Null) => Some(header::AUTHORIZATION),
        Some(Value::String(name)) if name.is_empty() => Some(header::AUTHORIZATION),
        Some(name) => name
            .as_str()
            .and_then(|name| name.parse::<HeaderName>().ok()),
    };
    let name = name.filter(|name| !RESERVED_HEADERS.contains(name));
    let name = name.ok_or_else(|| {
        FieldErrors::field(
            "header.name",
            "Must be the name of a header that Recado does not set itself",
        )
    })?;
    let value = object.get("value").and_then(Value::as_str);
    let sendable = |value: &&str| {
        (1..=MAX_HEADER_LENGTH).contains(&value.len())
            && value.trim() == *value
            && value.is_ascii()
            && HeaderValue::from_str(value).is_ok()
    };
    let value = value.filter(sendable).ok_or_else(|| {
        FieldErrors::field(
            "header.value",
            "Expected up to 4096 printable ASCII characters without white space around them",
        )
    })?;
    Ok(Some(WebhookHeader {
        name: name.to_string(),
        value: value.into(),
    }))
}

/// Whether the endpoint is to get events, if that is said.
pub(super) fn enabled(value: &Value) -> Result<Option<bool>, FieldErrors> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(enabled) => Ok(Some(*enabled)),
        _ => Err(FieldErrors::field("enabled", "Expected true or false")),
    }
}

#[cfg(test)]
mod tests {
    use recado_providers::Timeouts;
    use rstest::rstest;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn http(allow_private_networks: bool) -> HttpClient {
        HttpClient::new(Timeouts::default(), allow_private_networks).expect("an HTTP client")
    }

    #[rstest]
    #[case::no_url("hello")]
    #[case::another_scheme("ftp://example.com/")]
    #[case::a_file("file:///etc/passwd")]
    #[case::plain_http("http://example.com/hook")]
    #[case::a_user("https://user@example.com/")]
    #[case::a_password("https://:secret@example.com/")]
    #[case::a_fragment("https://example.com/#top")]
    #[case::loopback("https://127.0.0.1/")]
    #[case::loopback_in_hexadecimal("https://0x7f.1/")]
    #[case::loopback_as_one_number("https://2130706433/")]
    #[case::mapped("https://[::ffff:192.168.0.1]/")]
    #[case::metadata("https://169.254.169.254/")]
    fn a_url_that_leads_elsewhere_than_to_the_internet_is_refused(#[case] text: &str) {
        assert!(url(&http(false), text).is_err());
    }

    #[test]
    fn a_url_of_the_internet_is_kept_with_its_query() {
        let text = "https://example.com:8443/hook?tenant=1";
        assert_eq!(url(&http(false), text).as_deref(), Ok(text));
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL_LENGTH));
        assert!(url(&http(false), &long).is_err());
    }

    #[test]
    fn a_server_that_allows_private_networks_takes_http_and_its_neighbourhood() {
        let text = "http://127.0.0.1:9000/hook";
        assert_eq!(url(&http(true), text).as_deref(), Ok(text));
        assert!(url(&http(true), "ftp://127.0.0.1/").is_err());
    }

    #[test]
    fn events_are_known_types_each_once() {
        let (pressed, read) = (EventType::ButtonPressed, EventType::MessageRead);
        let given = json!(["button.pressed", "message.read", "button.pressed"]);
        assert_eq!(events(given), Ok(Some(vec![pressed, read])));
        assert_eq!(events(json!([])), Ok(Some(Vec::new())));
        assert_eq!(events(Value::Null), Ok(None));
        for wrong in [
            json!("button.pressed"),
            json!(["button"]),
            json!([1]),
            json!({}),
        ] {
            assert!(events(wrong).is_err());
        }
    }

    #[test]
    fn format_chatvolt_has_words_for_some_events_only() {
        let of_chatvolt = |events| events_of_format(WebhookFormat::ChatVolt, events);
        assert_eq!(of_chatvolt(Vec::new()), Ok(CHATVOLT_KINDS.to_vec()));
        let pressed = vec![EventType::ButtonPressed];
        assert_eq!(of_chatvolt(pressed.clone()), Ok(pressed));
        assert!(of_chatvolt(vec![EventType::MessageRead]).is_err());
        let all = events_of_format(WebhookFormat::Recado, Vec::new());
        assert_eq!(all, Ok(Vec::new()));
    }

    #[test]
    fn a_header_without_a_name_is_authorization() {
        for given in [
            json!({"value": "Bearer x"}),
            json!({"name": "", "value": "Bearer x"}),
        ] {
            let header = header(given).ok().flatten().expect("a header");
            assert_eq!(header.name, "authorization");
            assert_eq!(header.value.expose_secret(), "Bearer x");
        }
        assert!(matches!(header(Value::Null), Ok(None)));
    }

    #[rstest]
    #[case::no_object(json!("Bearer x"))]
    #[case::no_value(json!({"name": "X-Key"}))]
    #[case::an_empty_value(json!({"name": "X-Key", "value": ""}))]
    #[case::a_number(json!({"name": "X-Key", "value": 1}))]
    #[case::a_second_line(json!({"name": "X-Key", "value": "a\r\nb: c"}))]
    #[case::white_space(json!({"name": "X-Key", "value": " a"}))]
    #[case::no_ascii(json!({"name": "X-Key", "value": "olá"}))]
    #[case::too_long(json!({"name": "X-Key", "value": "a".repeat(4097)}))]
    #[case::no_name(json!({"name": "X Key", "value": "a"}))]
    #[case::a_name_of_a_wrong_type(json!({"name": 1, "value": "a"}))]
    #[case::a_signature(json!({"name": "Webhook-Signature", "value": "v1,a"}))]
    #[case::a_host(json!({"name": "Host", "value": "a"}))]
    #[case::a_length(json!({"name": "content-length", "value": "1"}))]
    fn a_header_that_cannot_be_sent_is_refused(#[case] given: Value) {
        assert!(header(given).is_err());
    }
}
