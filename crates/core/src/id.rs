//! Ids: opaque strings, one type per noun.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most characters that an id may have; ChatVolt's ids have 25, UUIDs 36.
pub(crate) const MAX_ID_LENGTH: usize = 64;

/// The error of a text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 characters out of letters, digits, '.', '_', ':' and '-'")]
pub struct IdError;

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Creates an id from a UUID, with the prefix of its noun.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(format!(concat!($prefix, "_{}"), uuid.simple()))
            }

            /// Returns the id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_id(text) { Ok(Self(text.to_owned())) } else { Err(IdError) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                if is_id(&text) { Ok(Self(text)) } else { Err(IdError) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// The tenant that owns everything else.
    OrganizationId = "org";
    /// The public name of an API key; not the secret.
    ApiKeyId = "key";
    /// A person of one organization.
    UserId = "usr";
    /// One sign-in of a user; not its secret.
    SessionId = "ses";
    /// The sender on behalf of an organization.
    AgentId = "agt";
    /// One connected WhatsApp number at one provider.
    ChannelId = "chn";
    /// One agent, one channel, one recipient.
    ConversationId = "cnv";
    /// One message in one conversation.
    MessageId = "msg";
    /// One receiver of an organization's events.
    WebhookEndpointId = "whk";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_published_example_and_of_chatvolt_are_ids() {
        for text in ["agent-123", "conv-456", "cmmmkciwb02j8lcxudbnwv31y"] {
            assert_eq!(
                text.parse::<AgentId>().map(String::from).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn an_unfilled_placeholder_or_a_blank_is_no_id() {
        for text in ["", " ", "{conversation-id}", "a\0b", "a/b", &"a".repeat(65)] {
            assert_eq!(text.parse::<ConversationId>(), Err(IdError), "{text:?}");
        }
    }

    #[test]
    fn our_own_ids_carry_the_prefix_of_their_kind() {
        let id = MessageId::from_uuid(Uuid::nil());
        assert_eq!(id.as_str(), "msg_00000000000000000000000000000000");
    }
}
