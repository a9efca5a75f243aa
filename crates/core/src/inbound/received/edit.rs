//! An earlier message that was changed or deleted.

use serde::{Deserialize, Serialize};

/// The new text of an earlier message; `text` has it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Edited {
    /// The id of the earlier message at the provider.
    pub target_external_id: Option<String>,
    /// The kind of the earlier message, such as `text`; null if the provider cannot read the new text.
    pub kind: Option<String>,
}

/// An earlier message was deleted for everyone. Recado keeps what it said.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// The id of the earlier message at the provider.
    pub target_external_id: Option<String>,
    /// Who deleted it, if the provider tells.
    pub by: Option<RevokedBy>,
}

words! {
    /// Who deleted a message for everyone.
    #[non_exhaustive]
    pub enum RevokedBy {
        /// The person who sent it.
        Sender = "sender",
        /// An administrator of the group.
        Admin = "admin",
    }
}

schema_of_words!(RevokedBy as "RevokedBy":
    "Who deleted a message for everyone: its `sender`, or an `admin` of the group.");

shows_only!(Edited { target_external_id });
shows_only!(Revoked { target_external_id });
