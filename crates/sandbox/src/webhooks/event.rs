//! One event for an account's webhooks, and the call that carries it.

use serde_json::Value;

/// One event in a provider's format.
#[derive(Clone)]
pub(crate) struct Event {
    /// The provider's word for events of this kind, which webhooks subscribe to.
    pub(crate) name: &'static str,
    pub(crate) body: Value,
}

pub(crate) struct Written {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Written {
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        let content_type = ("content-type", "application/json".to_owned());
        Self {
            headers: vec![content_type],
            body: body.into(),
        }
    }
}
