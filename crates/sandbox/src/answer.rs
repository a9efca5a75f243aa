//! What a simulator answers.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::received::PhoneMessage;

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
    /// An answer without extra headers.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Value>) -> Self {
        Self {
            status,
            body: body.into(),
            headers: BTreeMap::new(),
        }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// The answer as a response; headers that HTTP does not allow are left out.
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

/// A message that a provider took.
pub(crate) struct Accepted {
    /// The id under which WhatsApp knows it.
    pub(crate) message_id: String,
    /// How the phone shows it; `None` when it never arrives, or not yet.
    pub(crate) shown: Option<PhoneMessage>,
}

impl Accepted {
    /// A message that the phone shows at once.
    pub(crate) fn shown(message: PhoneMessage) -> Self {
        Self {
            message_id: message.message_id.clone(),
            shown: Some(message),
        }
    }
}

/// What came of one request.
pub(crate) struct Outcome {
    /// The answer; `None` closes the connection instead.
    pub(crate) answer: Option<Answer>,
    /// The message, when one was taken.
    pub(crate) accepted: Option<Accepted>,
}

impl Outcome {
    /// An answer after taking a message.
    pub(crate) fn accepted(accepted: Accepted, answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            accepted: Some(accepted),
        }
    }

    /// The connection is closed and nothing is taken.
    pub(crate) fn reset() -> Self {
        Self {
            answer: None,
            accepted: None,
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            accepted: None,
        }
    }
}
