//! What a simulator makes of one request: an answer, and perhaps an accepted message.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::PhoneMessage;

/// An HTTP answer; a JSON string as body is sent as raw text, `null` as an empty body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status, 200 to 999.
    pub status: u16,
    /// The body.
    #[serde(default)]
    pub body: Value,
    /// Headers in addition to the content type, or in its place.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl Answer {
    /// Makes an answer without extra headers.
    pub fn new(status: u16, body: impl Into<Value>) -> Self {
        Self {
            status,
            body: body.into(),
            headers: BTreeMap::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// Builds the response; headers that HTTP does not allow are left out.
    pub(crate) fn into_response(self) -> Response<Body> {
        let (content_type, body) = match self.body {
            Value::Null => (None, Body::empty()),
            Value::String(text) => (Some("text/html; charset=utf-8"), Body::from(text)),
            json => (Some("application/json"), Body::from(json.to_string())),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), value.parse::<HeaderValue>())
            {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// What a simulator makes of one request.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The answer; `None` closes the connection instead.
    pub(crate) answer: Option<Answer>,
    /// The id of the message that the provider accepted.
    pub(crate) accepted: Option<String>,
    /// That message as the phone shows it; `None` if it never arrives, or not yet.
    pub(crate) shown: Option<PhoneMessage>,
}

impl Outcome {
    /// An answer after a message was accepted, which arrives.
    pub(crate) fn accepted(message: PhoneMessage, answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            accepted: Some(message.message_id.clone()),
            shown: Some(message),
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            ..Self::default()
        }
    }
}
