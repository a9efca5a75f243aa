//! The connection of the number to WhatsApp.

/// Whether the number is connected to WhatsApp.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionUpdate {
    /// True if the number is connected.
    pub connected: bool,
    /// What the provider says about it.
    pub detail: Option<String>,
}

impl ConnectionUpdate {
    /// Creates a change of the connection.
    pub const fn new(connected: bool, detail: Option<String>) -> Self {
        Self { connected, detail }
    }
}
