//! One request as a simulator sees it.

use std::borrow::Cow;

use axum::http::{Method, header};
use axum::{body::to_bytes, extract::Request, http::request::Parts};
use bytes::Bytes;
use serde_json::Value;

use crate::Provider;

/// The largest body that is read, in bytes: room for a media file as base64.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A request to a provider, read to its end.
pub(crate) struct Call {
    pub(crate) provider: Provider,
    parts: Parts,
    pub(crate) body: Bytes,
    /// The body, if it is JSON.
    pub(crate) json: Option<Value>,
}

impl Call {
    /// Reads the request; `None` if the body breaks off or is too large.
    pub(crate) async fn read(provider: Provider, request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_LIMIT).await.ok()?;
        let json = serde_json::from_slice(&body).ok();
        Some(Self {
            provider,
            parts,
            body,
            json,
        })
    }

    pub(crate) fn method(&self) -> &Method {
        &self.parts.method
    }

    pub(crate) fn path_and_query(&self) -> String {
        self.parts.uri.to_string()
    }

    /// Returns the path's segments after the provider's own.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let segments = self.parts.uri.path().split('/');
        let segments = segments.filter(|segment| !segment.is_empty());
        segments.skip(1).collect()
    }

    /// Returns the first value of a query parameter, if it is plain text without escapes.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let pairs = self.parts.uri.query()?.split('&');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns a header's value, if it is text and not blank.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.parts.headers.get(name)?.to_str().ok()?.trim();
        (!value.is_empty()).then_some(value)
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.header(header::CONTENT_TYPE.as_str())
    }

    pub(crate) fn says_json(&self) -> bool {
        self.content_type().is_some_and(|value| {
            let media = value.split(';').next().unwrap_or_default().trim();
            media.eq_ignore_ascii_case("application/json")
        })
    }

    /// Returns the header for this provider's credential.
    pub(crate) fn credential(&self) -> Option<&str> {
        self.header(match self.provider {
            Provider::Whatsapp => "authorization",
            Provider::Zapi => "client-token",
            Provider::Zapperhub => "x-api-key",
            Provider::Wuzapi => "token",
        })
    }

    /// Returns the recipient that the body names, as written.
    pub(crate) fn recipient(&self) -> Option<Cow<'_, str>> {
        let body = self.json.as_ref()?.as_object()?;
        let value = match self.provider {
            Provider::Whatsapp => body.get("to").or_else(|| body.get("recipient")),
            Provider::Zapi => body.get("phone"),
            Provider::Zapperhub => body.get("jid"),
            Provider::Wuzapi => {
                let mut members = body.iter();
                let phone = members.find(|(key, _)| key.eq_ignore_ascii_case("phone"));
                phone.map(|(_, value)| value)
            }
        }?;
        match value {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }
}

/// Returns whether a word is in a list of words that are separated by spaces.
pub(crate) fn is_one_of(word: &str, words: &str) -> bool {
    words.split(' ').any(|known| known == word)
}
