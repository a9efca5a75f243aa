//! A reaction to a message.

use serde::{Deserialize, Serialize};

/// A reaction to a message, or its removal.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji; null if the customer removed the reaction.
    pub emoji: Option<String>,
    /// The id at the provider of the message that it is about.
    pub target_external_id: Option<String>,
}

shows_only!(Reaction { target_external_id });
