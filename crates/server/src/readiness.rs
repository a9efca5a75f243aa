//! Whether the server can work: its database answers and takes writes.

use std::time::Duration;

use recado_store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a write proves that the database takes writes: anyone may ask, and each proof costs a commit.
const PROOF_TTL: Duration = Duration::from_secs(1);

/// When the database last took a write that was made to prove it.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<Instant>>);

impl Readiness {
    /// Asks the database.
    pub(crate) async fn check(&self, store: &Store) -> Result<(), StoreError> {
        store.ping().await?;
        let mut proved = self.0.lock().await;
        if proved.is_none_or(|at| at.elapsed() >= PROOF_TTL) {
            store.prove_write().await?;
            *proved = Some(Instant::now());
        }
        Ok(())
    }
}
