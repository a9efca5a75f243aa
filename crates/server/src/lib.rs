//! The Recado gateway: `POST /messages/interactive/send-buttons`, and what it needs around it.
//!
//! Start reading at [`run`], then [`router`] for the routes, and `send.rs` for the one thing that matters.

mod address;
pub mod app;
mod auth;
mod background;
pub mod backup;
mod body;
mod clock;
pub mod config;
mod credential;
pub mod delivery;
pub mod demo;
pub mod error;
mod extract;
mod inbound;
pub mod intake;
mod key_file;
mod layers;
pub mod memory;
mod numbers;
mod openapi;
mod pages;
pub mod passwords;
mod persistence;
pub mod pruning;
mod readiness;
pub mod removal;
pub mod rotation;
mod router;
mod routes;
mod send;
mod send_places;
pub mod serve;
mod servers;
pub mod sign_in;
pub mod startup;
pub mod streams;
pub mod telemetry;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use background::Background;

pub use app::{App, AppParts, Clock};
pub use router::{openapi, router};
pub use serve::ConnectionLimits;

/// Longest that the end of the server waits for outcomes that the database does not take; longer than a
/// send may take.
const OUTCOMES_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves the API on `listener` until `shutdown` resolves; then finishes what is in flight.
///
/// # Errors
///
/// The database cannot be used, or a task in the background ended before the server did.
pub async fn run(
    app: Arc<App>,
    listener: TcpListener,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    startup::prepare(&app.store).await?;
    numbers::fill(&app)
        .await
        .context("cannot store which numbers the channels connect")?;
    let membership = servers::join(&app).await?;
    let (stopping, served) = (app.stopping.clone(), CancellationToken::new());
    // The lease ends last, after the work that other servers would take over.
    let left = CancellationToken::new();
    let leases = Background::new(left.clone());
    let lease = leases.spawn("lease", servers::keep_lease(Arc::clone(&membership)));
    let background = Background::new(served.clone());
    let intake = intake::run(Arc::clone(&app), served.clone().cancelled_owned());
    let writer = app.store.clone();
    let tasks = [
        background.spawn("sweeper", servers::sweep(Arc::clone(&app))),
        background.spawn("pruner", pruning::run(Arc::clone(&app))),
        background.spawn("remover", removal::run(Arc::clone(&app))),
        background.spawn_stopping("intake", intake),
        background.spawn_stopping(
            "deliveries",
            delivery::run(Arc::clone(&app), served.clone()),
        ),
        background.spawn("writer", async move { writer.writer_broken().await }),
    ];
    let router = router(Arc::clone(&app))?;
    tracing::info!(address = %listener.local_addr()?, "recado-server is listening");
    // Streams end first, for they would keep their connections open for good.
    let stopped = async {
        let failed = tokio::select! {
            () = shutdown => None,
            () = background.broken.cancelled() => None,
            () = leases.broken.cancelled() => None,
            error = startup::key_changed(&app) => Some(error),
        };
        stopping.cancel();
        failed
    };
    let mut failed = None;
    serve::serve(listener, router, limits, async { failed = stopped.await }).await;
    served.cancel();
    end_sends(&app).await;
    let mut ended = Ok(());
    for task in tasks {
        ended = ended.and(task.await?);
    }
    left.cancel();
    ended = ended.and(lease.await?);
    servers::leave(&app, membership).await;
    app.store.clone().close().await;
    ended?;
    tracing::info!("recado-server has stopped");
    failed.map_or(Ok(()), Err)
}

/// Waits for the sends in flight, which outlive the connections of their callers, but not for ever when the
/// database is away.
async fn end_sends(app: &App) {
    app.sends.close();
    if tokio::time::timeout(OUTCOMES_TIMEOUT, app.sends.wait())
        .await
        .is_err()
    {
        tracing::error!(
            sends = app.sends.len(),
            "outcomes of sends are lost: the database does not take them"
        );
    }
    app.ending.cancel();
    app.sends.wait().await;
}
