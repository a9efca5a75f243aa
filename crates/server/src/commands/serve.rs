//! `recado-server serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use clap::Args;
use recado_providers::RetryPolicy;
use recado_server::app::{
    App, AppParts, Clock, HEARTBEAT, MAX_ATTEMPTS_IN_FLIGHT, MAX_SENDS_IN_FLIGHT,
};
use recado_server::config::ConfigArgs;
use recado_server::lifecycle::service_manager;
use recado_server::startup::{Settings, hints};
use recado_server::telemetry::gauges::Gauges;
use recado_server::telemetry::{self, logging};
use recado_server::{ConnectionLimits, serve};
use recado_store::Store;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{listen, stop_at_signals};

/// Connections at once to `/metrics`, which has few readers.
const METRICS_CONNECTIONS: usize = 16;

const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Args, Default)]
pub(crate) struct ServeArgs {
    /// If another server uses the SQLite database, wait for its end instead of ending
    #[arg(long)]
    wait: bool,
}

/// Serves until the system asks it to stop.
pub(crate) async fn run(config: &ConfigArgs, args: &ServeArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    tracing::info!(version = logging::VERSION, "recado-server is starting");
    let limits = Settings::connection_limits(config)?;
    let mut settings = Settings::check(config).await?;
    log_hints();
    let there = settings.unless_away(settings.check_database().await)?;
    let stop = stop_at_signals(Duration::from_secs(config.drain_seconds.into()));
    // Held until the end: another server would declare the sends of this one unknown.
    let locking = service_manager::asking_for_time(settings.lock_for_server(args.wait));
    let _alone = tokio::select! {
        lock = locking => lock?,
        () = stop.asked.cancelled() => return Ok(()),
    };
    settings.read_key_again(config)?;
    let metrics_stop = CancellationToken::new();
    let gauges = Arc::new(Gauges::default());
    let metrics = start_metrics(
        settings.metrics_listen,
        Arc::clone(&gauges),
        metrics_stop.clone(),
    )
    .await?;
    let listener = match service_manager::listener()? {
        Some(listener) => listener,
        None => listen(settings.listen, "listen").await?,
    };
    let public_url = config.public_url(listener.local_addr()?);
    let open = async || {
        let store = settings.open_server_database().await?;
        let app = app(store, config, &settings, public_url.clone());
        let joined = recado_server::join(Arc::clone(&app)).await?;
        gauges.measure(app);
        Ok(joined)
    };
    let joined = match there {
        Some(_) => {
            let opened = tokio::select! {
                opened = service_manager::asking_for_time(open()) => opened,
                () = stop.asked.cancelled() => {
                    tracing::info!("recado-server was stopped before it had opened its database");
                    return Ok(());
                }
            };
            settings.unless_away(opened)?
        }
        None => None,
    };
    let served = if let Some(joined) = joined {
        recado_server::serve_joined(joined, listener, limits, &stop).await
    } else {
        let joining = service_manager::asking_for_time(settings.when_there(open));
        recado_server::serve_once_joined(joining, listener, limits, &stop).await
    };
    metrics_stop.cancel();
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    served
}

fn log_hints() {
    for hint in hints() {
        tracing::warn!("{hint}");
    }
}

fn app(store: Store, config: &ConfigArgs, settings: &Settings, public_url: Url) -> Arc<App> {
    App::new(AppParts {
        store,
        http: settings.http.clone(),
        defaults: settings.defaults.clone(),
        public_url,
        clock: Clock::system(),
        retry: RetryPolicy::default(),
        max_sends_in_flight: MAX_SENDS_IN_FLIGHT,
        max_attempts_in_flight: MAX_ATTEMPTS_IN_FLIGHT,
        heartbeat: HEARTBEAT,
        max_webhook_endpoints: config.max_webhook_endpoints,
        max_queued_mib: config.max_queued_mib,
        server_name: config.server_name.clone(),
        retention: config.retention.retention(),
        rates: settings.rates.clone(),
    })
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
    let listener = listen(address, "metrics-listen").await?;
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
