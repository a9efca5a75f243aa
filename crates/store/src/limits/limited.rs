//! Why a send has to wait.

use jiff::Timestamp;
use recado_core::capabilities::SendLimit;

/// The limit that does not allow a send, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// The limit; of several, the one that lasts longest.
    pub limit: SendLimit,
    /// The instant from which on it allows the send, if no other send comes first.
    pub until: Timestamp,
}
