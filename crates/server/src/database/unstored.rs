//! Writes that have to succeed, because what they say is known to this process alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use recado_core::OrganizationId;
use recado_store::StoreError;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_millis(500);

/// Longest that a webhook call waits for outcomes that are not stored.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The outcomes of sends that the database did not take, by organization.
pub(crate) struct Unstored {
    waiting: watch::Sender<HashMap<OrganizationId, Waiting>>,
    /// Cancelled when the process ends: the writes are given up.
    ending: CancellationToken,
}

/// The outcomes of one organization that wait for their next try.
#[derive(Default)]
struct Waiting {
    count: usize,
    /// Has them tried at once.
    now: Arc<Notify>,
}

impl Unstored {
    pub(crate) fn new(ending: CancellationToken) -> Self {
        Self {
            waiting: watch::Sender::default(),
            ending,
        }
    }

    /// Has the waiting outcomes of an organization stored at once, and waits for them, but no longer than a
    /// second.
    ///
    /// A customer may answer a message whose outcome is among them: only after it is stored, the answer's
    /// quotation is known to be of that message.
    pub(crate) async fn settle(&self, organization: &OrganizationId) {
        let mut all = self.waiting.subscribe();
        let waiting = all.borrow().get(organization).map(|it| Arc::clone(&it.now));
        let Some(now) = waiting else {
            return;
        };
        now.notify_waiters();
        let settled = all.wait_for(|all| !all.contains_key(organization));
        // After the timeout the call is applied without them: a customer must not wait for a broken write.
        tokio::time::timeout(SETTLE_TIMEOUT, settled).await.ok();
    }

    /// Repeats a write until the database takes it; webhook calls of the organization `awaiting` wait for it.
    ///
    /// Errors: another try would fail as well, or the server ends.
    pub(crate) async fn write<T, F>(
        &self,
        awaiting: Option<&OrganizationId>,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let mut pause = FIRST_PAUSE;
        let mut repeating: Option<Repeating<'_>> = None;
        loop {
            let error = match attempt().await {
                Err(error) if !error.is_final() => error,
                done => return done,
            };
            tracing::warn!(%error, "a write is tried again");
            if repeating.is_none() {
                repeating = awaiting.map(|organization| self.begin(organization));
            }
            let asked = async {
                match &repeating {
                    Some(repeating) => repeating.now.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = asked => {}
                () = self.ending.cancelled() => return Err(error),
            }
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn begin(&self, organization: &OrganizationId) -> Repeating<'_> {
        let mut now = Arc::default();
        self.waiting.send_modify(|all| {
            let waiting = all.entry(organization.clone()).or_default();
            waiting.count += 1;
            now = Arc::clone(&waiting.now);
        });
        Repeating {
            all: &self.waiting,
            organization: organization.clone(),
            now,
        }
    }
}

/// One outcome that waits for its next try.
struct Repeating<'a> {
    all: &'a watch::Sender<HashMap<OrganizationId, Waiting>>,
    organization: OrganizationId,
    now: Arc<Notify>,
}

impl Drop for Repeating<'_> {
    fn drop(&mut self) {
        self.all.send_modify(|all| {
            if let Some(waiting) = all.get_mut(&self.organization) {
                waiting.count -= 1;
                if waiting.count == 0 {
                    all.remove(&self.organization);
                }
            }
        });
    }
}
