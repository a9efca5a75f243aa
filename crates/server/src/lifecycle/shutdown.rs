//! The end of a server: the request to stop, and what the log says while work in flight is finished.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::service_manager;
use crate::app::App;

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

/// What the end of a server waits for, by its names in the status.
struct InFlight([(&'static str, usize); 5]);

impl InFlight {
    fn of(app: &App, requests: &TaskTracker) -> Self {
        Self([
            ("requests", requests.len()),
            ("sends", app.sends.len()),
            ("deliveries", app.deliveries.len()),
            ("webhook calls", app.intake.in_progress()),
            ("erasures", app.erasures.len()),
        ])
    }

    fn is_nothing(&self) -> bool {
        self.0.iter().all(|(_, count)| *count == 0)
    }

    fn log(&self, waited_s: u64) {
        let [requests, sends, deliveries, webhook_calls, erasures] = self.0.map(|(_, count)| count);
        tracing::info!(
            requests,
            sends,
            deliveries,
            webhook_calls,
            erasures,
            waited_s,
            "recado-server accepts no more and finishes what is in flight"
        );
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.map(|(name, count)| format!("{count} {name}"));
        f.write_str(&counts.join(", "))
    }
}

/// Runs the end of a server, and logs what it waits for, at the beginning and every five seconds: work in flight, or else
/// the database, which may be away.
pub(crate) async fn report<T>(
    app: &App,
    requests: &TaskTracker,
    end: impl Future<Output = T>,
) -> T {
    let begun = Instant::now();
    tokio::pin!(end);
    loop {
        let waits_for = InFlight::of(app, requests);
        let waited_s = begun.elapsed().as_secs();
        if !waits_for.is_nothing() {
            waits_for.log(waited_s);
            service_manager::stopping(&format!("Finishing {waits_for}"));
        } else if waited_s > 0 {
            tracing::info!(
                waited_s,
                "recado-server accepts no more and waits for the database"
            );
            service_manager::stopping("Waiting for the database");
        } else {
            service_manager::stopping("Closing the database");
        }
        if let Ok(ended) = timeout(REPORT_INTERVAL, &mut end).await {
            let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(took_ms, "recado-server has stopped");
            return ended;
        }
    }
}
