//! Writes that have to succeed, because what they say is known to this process alone.

use std::time::Duration;

use recado_store::StoreError;
use tokio::sync::{Notify, watch};

use crate::app::App;

/// Pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_millis(500);

/// Longest that a webhook call waits for the writes that are repeated.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The writes that are repeated because the database did not take them.
#[derive(Default)]
pub(crate) struct Repeated {
    count: watch::Sender<usize>,
    now: Notify,
}

impl Repeated {
    /// Has the waiting writes tried at once, and waits for them, but no longer than a second.
    ///
    /// A customer may answer a message whose outcome is among them: only after it is stored, the answer's
    /// quotation is known to be of that message.
    pub(crate) async fn settle(&self) {
        let mut count = self.count.subscribe();
        if *count.borrow() == 0 {
            return;
        }
        self.now.notify_waiters();
        let settled = count.wait_for(|count| *count == 0);
        // The end of the time is no failure: the call is applied all the same.
        tokio::time::timeout(SETTLE_TIMEOUT, settled).await.ok();
    }

    fn begin(&self) -> Repeating<'_> {
        self.count.send_modify(|count| *count += 1);
        Repeating(self)
    }
}

/// One write that is repeated.
struct Repeating<'a>(&'a Repeated);

impl Drop for Repeating<'_> {
    fn drop(&mut self) {
        self.0.count.send_modify(|count| *count -= 1);
    }
}

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
    let mut repeating = None;
    loop {
        let error = match write().await {
            Err(error) if !error.is_final() => error,
            done => return done,
        };
        tracing::warn!(%error, "a write is tried again");
        repeating.get_or_insert_with(|| app.repeated.begin());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.repeated.now.notified() => {}
            () = app.ending.cancelled() => return Err(error),
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
