//! The key under which a command takes effect once.

use uuid::Uuid;

#[derive(Default, clap::Args)]
pub(crate) struct Once {
    /// Key of the request: the same command with the same key takes effect once within 24 hours [default: a random key]
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Once {
    pub(crate) fn key(self) -> String {
        self.idempotency_key.unwrap_or_else(random)
    }
}

/// Returns a key that no other request has.
pub(crate) fn random() -> String {
    Uuid::now_v7().to_string()
}
