//! The server: hyper directly, because a simulated provider must be able to close a connection without an answer.

use std::net::SocketAddr;
use std::{future::Future, pin::pin, time::Duration};

use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::{any, get};
use axum::{Router, body::Body, response::IntoResponse};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::{net::TcpListener, runtime::Handle, task::JoinSet};
use tower::ServiceExt;

use crate::dispatch::react;
use crate::webhooks::Parcel;
use crate::{Answer, Call, Provider, Sandbox, Urls, base_urls, control, files};

/// How long requests in flight may take after the shutdown.
const GRACE: Duration = Duration::from_secs(1);
/// Pause after a failed accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

impl Sandbox {
    /// Serves on a free port of this machine, for as long as the runtime runs, and returns the base URLs.
    pub async fn serve_on_free_port(&self) -> std::io::Result<Urls> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let urls = base_urls(listener.local_addr()?);
        tokio::spawn(self.clone().serve(listener, std::future::pending()));
        Ok(urls)
    }

    /// Notes where it serves, and that parcels can leave.
    fn begins_at(&self, address: SocketAddr) {
        let mut state = self.state();
        state.files.address = Some(address);
        state.outbox.runtime = Some(Handle::current());
    }

    /// Serves all providers and the control API on `listener` until `shutdown` resolves.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let address = listener.local_addr()?;
        self.begins_at(address);
        self.wake();
        let router = router(self);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new());
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            // Small answers must not wait for more; a connection that refuses the option is already dead.
            stream.set_nodelay(true).ok();
            let router = router.clone();
            let service = service_fn(move |request| respond(router.clone(), request));
            let connection = http.serve_connection(TokioIo::new(stream), service);
            connections.spawn(graceful.watch(connection));
        }
        drop(listener);
        // What is not finished in time is dropped with the set of connections.
        tokio::time::timeout(GRACE, graceful.shutdown()).await.ok();
        Ok(())
    }
}

fn router(sandbox: Sandbox) -> Router {
    let mut router = control::routes();
    for provider in Provider::ALL {
        let receive = any(move |State(sandbox): State<Sandbox>, request: Request| {
            receive(sandbox, provider, request)
        });
        let root = format!("/{}", provider.as_str());
        router = router
            .route(&root, receive.clone())
            .route(&format!("{root}/"), receive.clone())
            .route(&format!("{root}/{{*path}}"), receive);
    }
    router
        .route("/files/{id}", get(files::show))
        .route("/whatsapp/files/{id}", get(files::show_with_token))
        .with_state(sandbox)
}

async fn receive(sandbox: Sandbox, provider: Provider, request: Request) -> Response<Body> {
    let Some(call) = Call::read(provider, request).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let reaction = react(&mut sandbox.state(), &call);
    let mut held = Held {
        sandbox,
        parcels: reaction.parcels,
    };
    if reaction.before_answer {
        held.release_and_wait().await;
    }
    if !reaction.delay.is_zero() {
        tokio::time::sleep(reaction.delay).await;
    }
    let response = reaction.answer.map_or_else(reset, Answer::into_response);
    if held.parcels.is_empty() {
        return response;
    }
    // The function is never called: it holds the parcels until the body is written, or its connection is gone.
    let holding = move |error| {
        let _ = &held;
        error
    };
    response.map(|body| Body::new(body.map_err(holding)))
}

/// Parcels that leave when this is dropped, so also if the caller does not wait for the answer.
struct Held {
    sandbox: Sandbox,
    parcels: Vec<Parcel>,
}

impl Held {
    /// Lets the parcels leave and waits for their first tries, but not for long.
    async fn release_and_wait(&mut self) {
        let parcels = std::mem::take(&mut self.parcels);
        self.sandbox.dispatch_and_wait(parcels).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.sandbox.dispatch(std::mem::take(&mut self.parcels));
    }
}

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
struct Reset;

fn reset() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Reset);
    response
}

/// Hyper closes the connection when a service fails.
async fn respond(router: Router, request: Request<Incoming>) -> Result<Response<Body>, Reset> {
    let Ok(response) = router.oneshot(request).await;
    match response.extensions().get::<Reset>() {
        Some(reset) => Err(*reset),
        None => Ok(response),
    }
}
