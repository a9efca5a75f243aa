//! One event for an account's webhooks, and the call that carries it, with its signature.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

pub(crate) type Header = (&'static str, String);

#[derive(Clone)]
pub(crate) struct Event {
    /// The provider's word for events of this kind, which webhooks subscribe to.
    pub(crate) name: &'static str,
    pub(crate) body: Value,
    /// A header of the call that carries it.
    pub(crate) header: Option<Header>,
}

impl Event {
    pub(crate) fn new(name: &'static str, body: Value) -> Self {
        let header = None;
        Self { name, body, header }
    }

    /// Returns the first body, to whose list at `pointer` the items of the others are added.
    pub(crate) fn joined(events: Vec<Self>, pointer: &str) -> Value {
        let mut bodies = events.into_iter().map(|event| event.body);
        let mut first = bodies.next().unwrap_or_default();
        if let Some(Value::Array(items)) = first.pointer_mut(pointer) {
            for mut body in bodies {
                if let Some(Value::Array(others)) = body.pointer_mut(pointer) {
                    items.append(others);
                }
            }
        }
        first
    }
}

pub(crate) struct Written {
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
}

impl Written {
    pub(crate) fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into(),
        }
    }

    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new("application/json", body)
    }
}

/// Returns the HMAC-SHA256 of a body as lower-case hexadecimal digits.
pub(crate) fn sign(key: &str, body: &[u8]) -> String {
    let mut hmac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    hmac.update(body);
    let bytes = hmac.finalize().into_bytes().into_iter();
    bytes.fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
