//! What WhatsApp says instead of a customer's words.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// WhatsApp tells something about the customer; `text` has its notice.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemNotice {
    /// What happened, in WhatsApp's word, such as `customer_identity_changed`.
    pub event: Option<String>,
}

/// WhatsApp does not deliver this kind of message to businesses; only the phone shows it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unsupported {
    /// WhatsApp's word for the kind, such as `poll_creation`.
    pub kind: Option<String>,
    /// What WhatsApp says about it.
    pub errors: Vec<UnsupportedCause>,
}

/// What WhatsApp says about a message that it does not give.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnsupportedCause {
    /// WhatsApp's number of the error.
    pub code: Option<i64>,
    /// WhatsApp's words.
    pub message: String,
}

/// The provider could not read the message: it may come later, or only the phone shows it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Unavailable {
    /// True if the customer wanted it to be seen only once.
    pub view_once: bool,
}

/// A kind of message that Recado does not know.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unknown {
    /// The message in the provider's JSON; null if that is longer than 64 KiB.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub raw: Option<Value>,
}

shows_only!(SystemNotice { event });
shows_only!(Unsupported { kind });
shows_only!(UnsupportedCause { code });
shows_only!(Unavailable { view_once });
shows_only!(Unknown {});
