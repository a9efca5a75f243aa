//! `recado-server serve`

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use clap::Args;
use recado_providers::RetryPolicy;
use recado_server::app::{App, AppParts, Clock, HEARTBEAT, MAX_SENDS_IN_FLIGHT};
use recado_server::config::ConfigArgs;
use recado_server::startup::Settings;
use recado_server::telemetry::gauges::Gauges;
use recado_server::{ConnectionLimits, serve, telemetry};
use tokio_util::sync::CancellationToken;

use super::{listen, shutdown_signal};

/// Connections at once to `/metrics`, which has few readers.
const METRICS_CONNECTIONS: usize = 16;

/// The media type of Prometheus's text format.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Args, Default)]
pub(crate) struct ServeArgs {
    /// If another server uses the SQLite database, wait for its end instead of ending
    #[arg(long)]
    wait: bool,
}

/// Serves until the system asks it to stop.
pub(crate) async fn run(config: &ConfigArgs, args: &ServeArgs) -> anyhow::Result<()> {
    telemetry::init_log(&config.log)?;
    let limits = ConnectionLimits {
        connections_per_peer: config.connections_per_peer,
        ..ConnectionLimits::default()
    };
    let limits = limits.within(serve::raise_limit())?;
    let stop = CancellationToken::new();
    let settings = Settings::check(config).await?;
    settings.check_database().await?;
    // Held until the end: another server would declare the sends of this one unknown.
    let _alone = settings.lock(args.wait).await?;
    let store = settings.open_server_database().await?;
    let gauges = Arc::new(Gauges::default());
    let metrics = start_metrics(settings.metrics_listen, Arc::clone(&gauges), stop.clone()).await?;
    let listener = listen(settings.listen).await?;
    let app = App::new(AppParts {
        store,
        http: settings.http,
        defaults: settings.defaults,
        public_url: config.public_url(listener.local_addr()?),
        clock: Clock::system(),
        retry: RetryPolicy::default(),
        max_sends_in_flight: MAX_SENDS_IN_FLIGHT,
        heartbeat: HEARTBEAT,
        max_webhook_endpoints: config.max_webhook_endpoints,
        server_name: config.server_name.clone().filter(|name| !name.is_empty()),
        retention: config.retention.retention(),
    });
    gauges.measure(Arc::clone(&app));
    let served = recado_server::run(app, listener, limits, shutdown_signal()).await;
    stop.cancel();
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    served
}

/// Serves `/metrics` on an address of its own, so that it need not be public.
async fn start_metrics(
    address: Option<SocketAddr>,
    gauges: Arc<Gauges>,
    stop: CancellationToken,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let handle = telemetry::init_metrics()?;
    let listener = listen(address).await?;
    let upkeep = handle.clone();
    let scrape = async move || {
        gauges.refresh().await;
        ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], handle.render())
    };
    let router = Router::new().route("/metrics", get(scrape));
    tracing::info!(address = %listener.local_addr()?, "serving metrics");
    Ok(Some(tokio::spawn(async move {
        let limits = ConnectionLimits {
            connections: METRICS_CONNECTIONS,
            ..ConnectionLimits::default()
        };
        let served = serve::serve(listener, router, limits, stop.cancelled());
        tokio::select! {
            () = served => {}
            () = telemetry::keep_up(&upkeep) => {}
        }
    })))
}
