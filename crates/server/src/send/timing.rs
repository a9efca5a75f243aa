//! When a message is sent.

use jiff::Timestamp;

/// When a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// While the caller waits.
    Now,
    /// From the queue, in its turn; from an instant on, if there is one.
    Queued(Option<Timestamp>),
}
