//! How a command of many requests is stopped: each Ctrl-C is one step down.

use tokio::sync::watch;

/// What a person is told at the first Ctrl-C.
pub(super) const WAITS: &str = "waiting for the requests under way; Ctrl-C again does not wait";

/// How far a command goes on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pace {
    Going,
    /// Requests under way are awaited, but not tried again.
    Stopping,
    /// No request is awaited.
    Ending,
}

impl Pace {
    pub(super) fn slow_down(&mut self) {
        *self = match self {
            Self::Going => Self::Stopping,
            Self::Stopping | Self::Ending => Self::Ending,
        };
    }
}

/// Resolves when the command goes on at that pace at most.
pub(super) async fn reached(pace: &mut watch::Receiver<Pace>, least: Pace) {
    // The sender lives as long as the command.
    if pace.wait_for(|pace| *pace >= least).await.is_err() {
        std::future::pending::<()>().await;
    }
}
