//! The accept loop: bounds of connections, deadlines for reading and writing, and a shutdown that finishes
//! what is in flight.

mod descriptors;
mod peers;
mod stream;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::api::address::Peer;
use crate::api::layers::canonical;
pub use descriptors::raise_limit;
use peers::{PeerSlot, Peers};
use stream::{Activity, Watched};

/// Longest head of a request, and most bytes that are read ahead of a handler.
const HEAD_BYTES: usize = 32 * 1024;

/// Bounds of the connections of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Connections at once; more wait in the kernel's queue.
    pub connections: usize,
    /// Connections at once of one public address; more are closed.
    pub connections_per_peer: usize,
    /// Longest time in which a peer takes nothing of an answer that is there for it.
    pub write_timeout: Duration,
    /// Longest wait for a request's head, on a fresh connection and between two requests.
    pub header_read_timeout: Duration,
    /// Longest wait for requests in flight at shutdown; longer than a send may take.
    pub shutdown_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_peer: 256,
            write_timeout: Duration::from_secs(30),
            header_read_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

/// What a listener serves, and the requests that it is serving.
#[derive(Clone)]
pub(crate) struct Served {
    /// The routes of the next request.
    router: watch::Receiver<Router>,
    pub(crate) requests: TaskTracker,
}

impl Served {
    /// Serves the routes that the sender has last sent.
    pub(crate) fn new(router: watch::Receiver<Router>) -> Self {
        Self {
            router,
            requests: TaskTracker::new(),
        }
    }
}

/// Serves `router` until `shutdown` resolves, then finishes the requests in flight.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let (_, router) = watch::channel(router);
    serve_changing(listener, Served::new(router), limits, shutdown).await;
}

/// Serves routes that may change as [`serve`] does.
pub(crate) async fn serve_changing(
    listener: TcpListener,
    served: Served,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let places = Places {
        slots: Arc::new(Semaphore::new(limits.connections)),
        peers: Peers::new(limits.connections_per_peer),
    };
    let connections = TaskTracker::new();
    let (stopping, over) = (CancellationToken::new(), CancellationToken::new());
    tokio::pin!(shutdown);
    loop {
        let (stream, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        let activity = Arc::new(Activity::default());
        let connection = connection(stream, Arc::clone(&activity), served.clone(), limits);
        let (stopping, over) = (stopping.clone(), over.clone());
        connections.spawn(async move {
            metrics::gauge!("recado_http_connections").increment(1);
            tokio::select! {
                ended = to_its_end(connection, &activity, &stopping) => if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                },
                () = activity.stuck(&stopping) => tracing::debug!("a stuck connection was closed at shutdown"),
                () = over.cancelled() => {}
            }
            metrics::gauge!("recado_http_connections").decrement(1);
            drop(place);
        });
    }
    drop(listener);
    stopping.cancel();
    connections.close();
    if tokio::time::timeout(limits.shutdown_timeout, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("shutdown did not wait for connections that are still busy");
        over.cancel();
    }
}

/// The connections that there may be.
struct Places {
    slots: Arc<Semaphore>,
    peers: Peers,
}

async fn accept(
    listener: &TcpListener,
    places: &Places,
) -> (TcpStream, (OwnedSemaphorePermit, PeerSlot)) {
    loop {
        let Ok(slot) = Arc::clone(&places.slots).acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = places.peers.admit(peer.ip()) {
                    return (stream, (slot, place));
                }
                metrics::counter!("recado_http_connections_refused_total").increment(1);
                tracing::debug!(%peer, "a connection was closed: its address has too many");
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

/// A peer that has closed the connection is not a problem; without file descriptors, only waiting helps.
async fn pause_after(error: &io::Error) {
    let gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !gone {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Serves a connection, whose last request is the one that is served when the server is stopping.
///
/// A connection that had no request yet gets a moment for one: its client was let in.
async fn to_its_end(
    connection: impl GracefulConnection<Error = hyper::Error>,
    activity: &Activity,
    stopping: &CancellationToken,
) -> hyper::Result<()> {
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = activity.served_once(stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

fn connection(
    stream: TcpStream,
    activity: Arc<Activity>,
    served: Served,
    limits: ConnectionLimits,
) -> http1::Connection<
    TokioIo<Watched>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    let peer = stream.peer_addr().ok();
    let peer = peer.map(|address| Peer(address.ip().to_canonical()));
    let stream = Watched::new(stream, Arc::clone(&activity), limits.write_timeout);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        if let Some(uri) = canonical(request.uri()) {
            *request.uri_mut() = uri;
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let handling = (activity.handling(), served.requests.token());
        let router = served.router.borrow().clone();
        let answer = router.oneshot(request.map(Body::new));
        async move {
            let answer = answer.await;
            drop(handling);
            answer
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_buf_size(HEAD_BYTES)
        // A caller that closes right after its request is heard all the same.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
}
