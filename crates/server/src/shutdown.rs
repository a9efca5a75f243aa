//! The end of a server: the request to stop, and what the log says while work in flight is finished.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::service_manager;

/// How often the log says what the end of the server waits for.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// The request to stop a server, in two steps.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Cancelled when the server is asked to stop: it says that it is not ready, and goes on serving.
    pub asked: CancellationToken,
    /// Cancelled when the server has to accept no more connections and to finish what is in flight.
    pub drained: CancellationToken,
}

impl Stop {
    /// Waits for both steps, and makes the server say that it is not ready between them.
    pub(crate) async fn drain(&self, app: &App) {
        self.asked.cancelled().await;
        app.draining.cancel();
        self.drained.cancelled().await;
    }
}

/// What the end of a server waits for.
struct InFlight {
    requests: usize,
    sends: usize,
    deliveries: usize,
    webhook_calls: usize,
    erasures: usize,
}

impl InFlight {
    fn of(app: &App, requests: &TaskTracker) -> Self {
        Self {
            requests: requests.len(),
            sends: app.sends.len(),
            deliveries: app.deliveries.len(),
            webhook_calls: app.intake.in_progress(),
            erasures: app.erasures.len(),
        }
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            requests,
            sends,
            deliveries,
            webhook_calls,
            erasures,
        } = self;
        write!(
            f,
            "{requests} requests, {sends} sends, {deliveries} deliveries, {webhook_calls} webhook calls, {erasures} erasures"
        )
    }
}

/// Runs the end of a server, and logs what it waits for, at the beginning and every five seconds.
pub(crate) async fn report<T>(
    app: &App,
    requests: &TaskTracker,
    end: impl Future<Output = T>,
) -> T {
    let begun = Instant::now();
    tokio::pin!(end);
    loop {
        let waits_for = InFlight::of(app, requests);
        tracing::info!(
            requests = waits_for.requests,
            sends = waits_for.sends,
            deliveries = waits_for.deliveries,
            webhook_calls = waits_for.webhook_calls,
            erasures = waits_for.erasures,
            waited_s = begun.elapsed().as_secs(),
            "recado-server accepts no more and finishes what is in flight"
        );
        service_manager::stopping(&format!("Finishing {waits_for}"));
        if let Ok(ended) = timeout(REPORT_INTERVAL, &mut end).await {
            let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(took_ms, "recado-server has stopped");
            return ended;
        }
    }
}
