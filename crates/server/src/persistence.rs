//! Writes that have to succeed, because what they say is known to this process alone.

use std::time::Duration;

use recado_store::StoreError;

use crate::app::App;

/// Pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Repeats a write until the database takes it.
///
/// # Errors
///
/// Another try would fail as well, or the server ends.
pub(crate) async fn until_stored<T, F>(
    app: &App,
    mut write: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match write().await {
            Err(error) if !error.is_final() => error,
            done => return done,
        };
        tracing::warn!(%error, "a write is tried again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.ending.cancelled() => return Err(error),
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
