//! Whether the server can work: its database answers and takes writes.

use std::time::Duration;

use recado_store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a proof holds: anyone may ask, and each proof costs a commit.
const PROOF_TTL: Duration = Duration::from_secs(1);

/// When the database was last asked to take a write, and whether it did.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    pub(crate) async fn check(&self, store: &Store) -> Result<(), StoreError> {
        store.ping().await?;
        let mut last = self.0.lock().await;
        if let Some((at, proved)) = *last
            && at.elapsed() < PROOF_TTL
        {
            // A failure counts as well: those who wait here would otherwise fail one after the other.
            return if proved {
                Ok(())
            } else {
                Err(StoreError::Busy)
            };
        }
        let proof = store.prove_write().await;
        *last = Some((Instant::now(), proof.is_ok()));
        proof
    }
}
