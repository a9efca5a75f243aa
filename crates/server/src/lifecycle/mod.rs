//! The life of a server: it joins the others of its database, works, and finishes what is in flight.

pub(crate) mod background;
pub(crate) mod failures;
pub(crate) mod servers;
pub mod service_manager;
mod shutdown;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use recado_store::Membership;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::api::{router, waiting};
use crate::app::App;
use crate::channels::{numbers, pauses};
use crate::retention::{pruning, removal};
use crate::serve::{self, ConnectionLimits, Served};
use crate::{delivery, inbound, queue, startup};
use background::Background;

pub use shutdown::Stop;

/// Longest that the end of the server waits for outcomes that the database does not take; longer than a
/// send may take.
const OUTCOMES_TIMEOUT: Duration = Duration::from_secs(20);

/// A server that has joined the others of its database, and does not serve yet.
pub struct Joined {
    app: Arc<App>,
    membership: Arc<Mutex<Membership>>,
}

/// Joins the servers of the database, which is brought up to date.
pub async fn join(app: Arc<App>) -> anyhow::Result<Joined> {
    startup::prepare(&app.store).await?;
    numbers::fill(&app)
        .await
        .context("cannot store which numbers the channels connect")?;
    let membership = servers::join(&app).await?;
    Ok(Joined { app, membership })
}

/// Serves the API on `listener` until `shutdown` resolves; then finishes what is in flight.
pub async fn run(
    app: Arc<App>,
    listener: TcpListener,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let joined = join(app).await?;
    let stop = Stop::default();
    let asking = async {
        shutdown.await;
        stop.asked.cancel();
        stop.drained.cancel();
    };
    let served = serve_joined(joined, listener, limits, &stop);
    tokio::pin!(served);
    tokio::select! {
        ended = &mut served => return ended,
        () = asking => {}
    }
    served.await
}

/// Serves the API on `listener` until `stop`; then finishes what is in flight.
pub async fn serve_joined(
    joined: Joined,
    listener: TcpListener,
    limits: ConnectionLimits,
    stop: &Stop,
) -> anyhow::Result<()> {
    let router = router(Arc::clone(&joined.app))?;
    let front = Front::open(listener, router, limits)?;
    work(joined, front, stop).await
}

/// Serves as [`serve_joined`] does as soon as `joining` is done; until then it answers that it is not ready.
pub async fn serve_once_joined(
    joining: impl Future<Output = anyhow::Result<Joined>>,
    listener: TcpListener,
    limits: ConnectionLimits,
    stop: &Stop,
) -> anyhow::Result<()> {
    let front = Front::open(listener, waiting::router(), limits)?;
    let joined = tokio::select! {
        joined = joining => joined?,
        () = stop.asked.cancelled() => {
            front.close().await?;
            tracing::info!("recado-server has stopped, and never had its database");
            return Ok(());
        }
    };
    drop(front.router.send_replace(router(Arc::clone(&joined.app))?));
    work(joined, front, stop).await
}

/// The accept loop of a server.
struct Front {
    address: SocketAddr,
    router: watch::Sender<Router>,
    requests: TaskTracker,
    closing: DropGuard,
    serving: JoinHandle<()>,
}

impl Front {
    fn open(
        listener: TcpListener,
        router: Router,
        limits: ConnectionLimits,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let (router, current) = watch::channel(router);
        let served = Served::new(current);
        let requests = served.requests.clone();
        let closing = CancellationToken::new();
        let closed = closing.clone().cancelled_owned();
        let serving = tokio::spawn(serve::serve_changing(listener, served, limits, closed));
        tracing::info!(%address, "recado-server is listening");
        Ok(Self {
            address,
            router,
            requests,
            closing: closing.drop_guard(),
            serving,
        })
    }

    /// Accepts no more connections, and finishes the requests in flight.
    async fn close(self) -> Result<(), JoinError> {
        drop(self.closing);
        self.serving.await
    }
}

/// Does all the work of a server until `stop`; then finishes what is in flight.
async fn work(joined: Joined, front: Front, stop: &Stop) -> anyhow::Result<()> {
    let Joined { app, membership } = joined;
    let served = CancellationToken::new();
    // The lease ends last, after the work that other servers would take over.
    let left = CancellationToken::new();
    let leases = Background::new(left.clone());
    let lease = leases.spawn("lease", servers::keep_lease(Arc::clone(&membership)));
    let background = Background::new(served.clone());
    let tasks = start_tasks(&app, &background, &served);
    service_manager::ready();
    tracing::info!(address = %front.address, "recado-server is ready");
    let failed = tokio::select! {
        () = stop.drain(&app) => None,
        () = background.broken.cancelled() => None,
        () = leases.broken.cancelled() => None,
        error = startup::key_changed(&app) => Some(error),
    };
    // Streams end first, for they would keep their connections open for good.
    app.stopping.cancel();
    let requests = front.requests.clone();
    let end = async {
        front.close().await?;
        served.cancel();
        end_sends(&app).await;
        // Each ends after its present step.
        app.erasures.close();
        app.erasures.wait().await;
        let mut ended = Ok(());
        for task in tasks {
            ended = ended.and(task.await?);
        }
        left.cancel();
        ended = ended.and(lease.await?);
        servers::leave(&app, membership).await;
        app.store.clone().close().await;
        ended
    };
    shutdown::report(&app, &requests, end).await?;
    failed.map_or(Ok(()), Err)
}

/// A task in the background, and how it ended.
type Task = JoinHandle<anyhow::Result<()>>;

/// Starts what a server does without being asked, until `served`.
fn start_tasks(app: &Arc<App>, background: &Background, served: &CancellationToken) -> [Task; 9] {
    let intake = inbound::run(Arc::clone(app), served.clone().cancelled_owned());
    let writer = app.store.clone();
    [
        background.spawn("sweeper", servers::sweep(Arc::clone(app))),
        background.spawn("pruner", pruning::run(Arc::clone(app))),
        background.spawn("remover", removal::run(Arc::clone(app))),
        background.spawn("checker", pauses::run(Arc::clone(app))),
        background.spawn("watchdog", service_manager::keep_watchdog()),
        background.spawn_stopping("intake", intake),
        background.spawn_stopping("queue", queue::run(Arc::clone(app), served.clone())),
        background.spawn_stopping("deliveries", delivery::run(Arc::clone(app), served.clone())),
        background.spawn("writer", async move { writer.writer_broken().await }),
    ]
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
