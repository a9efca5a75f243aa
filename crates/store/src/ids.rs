//! Ids that only the store's own nouns have; their grammar is that of all ids.

use std::fmt;
use std::str::FromStr;

use recado_core::IdError;
use recado_core::MessageId;
use serde::Serialize;
use uuid::Uuid;

/// One receiver of an organization's events.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct WebhookEndpointId(String);

impl WebhookEndpointId {
    /// Makes the id that carries `uuid`, with the prefix of its kind.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(format!("whk_{}", uuid.simple()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebhookEndpointId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse::<MessageId>().map(|id| Self(id.into()))
    }
}

impl fmt::Display for WebhookEndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WebhookEndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
