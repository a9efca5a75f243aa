//! A server that starts while its PostgreSQL is away.

use std::error::Error;
use std::time::{Duration, Instant};

use recado_store::{StoreError, files};
use secrecy::ExposeSecret as _;

use super::Settings;
use crate::lifecycle::service_manager;

/// Time between two tries to open a database that is away.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Tries after which the log says once more that the database is away.
const TRIES_PER_LINE: u64 = 10;

impl Settings {
    /// Returns `None` if PostgreSQL is away, because it may come back, and passes on every other error. A SQLite file does
    /// not come back by itself.
    pub fn unless_away<T>(&self, tried: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        match tried {
            Ok(done) => Ok(Some(done)),
            Err(error) if self.is_away(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Repeats `open` while the database is away.
    pub async fn when_there<T>(
        &self,
        open: impl AsyncFn() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        let mut tries = 0_u64;
        loop {
            match open().await {
                Err(error) if self.is_away(&error) => {
                    if tries.is_multiple_of(TRIES_PER_LINE) {
                        let waited_s = begun.elapsed().as_secs();
                        tracing::warn!(
                            error = format!("{error:#}"),
                            waited_s,
                            "recado-server is not ready and waits for the database"
                        );
                    }
                    service_manager::starting(&format!("Waiting for the database: {error:#}"));
                }
                opened => return opened,
            }
            tries += 1;
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    fn is_away(&self, error: &anyhow::Error) -> bool {
        let is_file = files::sqlite_file(self.database_url.expose_secret()).is_some();
        let away = |cause: &(dyn Error + 'static)| {
            cause
                .downcast_ref()
                .is_some_and(|error: &StoreError| error.is_away())
        };
        !is_file && error.chain().any(away)
    }
}
