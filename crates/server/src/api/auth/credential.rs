//! The names of what proves who calls.

use recado_core::{ApiKeyId, SessionId};

/// The name of what proves who calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Credential {
    ApiKey(ApiKeyId),
    Session(SessionId),
}
