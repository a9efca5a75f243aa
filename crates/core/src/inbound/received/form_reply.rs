//! The answers to a form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The answers to a form. At WhatsApp Cloud API, `text` has them as WhatsApp wrote them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormReply {
    /// The kind of form, such as `flow` or `address_message`.
    pub name: Option<String>,
    /// The answers by the names of the fields; null if they cannot be read.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub response: Option<Map<String, Value>>,
}

shows_only!(FormReply { name });
