//! What an operator sees of the work: metrics and a log line of each send, without bodies, secrets or full numbers.

pub mod catalogue;
pub mod gauges;
mod limits;
pub mod logging;
mod process;
mod repeats;

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use recado_core::{ChannelId, ConversationId, MessageId, OrganizationId};
use recado_providers::{ChannelError, Receipt};

pub(crate) use limits::limited;
pub(crate) use repeats::{Repeat, repeated};

/// Adds the organization of a request to its log lines, as soon as it is known.
pub(crate) fn log_organization(id: &OrganizationId) {
    tracing::Span::current().record("organization_id", tracing::field::display(id));
}

/// Upper edges of the duration buckets, in seconds.
const BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0,
];

/// Starts counting for the whole process.
pub fn init_metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)
        .map_err(|_| anyhow::anyhow!("metrics are recorded already"))?;
    catalogue::register();
    Ok(handle)
}

/// One send came to its end, or one attempt of a queued message.
pub fn sent(
    (message_id, conversation_id, channel_id): (&MessageId, &ConversationId, &ChannelId),
    provider: &'static str,
    result: &Result<Receipt, ChannelError>,
    took: Duration,
) {
    let outcome = match result {
        Ok(_) => "accepted",
        Err(error) => error.kind.reason(),
    };
    metrics::counter!("recado_sends_total", "provider" => provider, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("recado_send_seconds", "provider" => provider).record(took);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(_) => {
            tracing::info!(%message_id, %conversation_id, %channel_id, %provider, duration_ms, "message accepted");
        }
        Err(error) => {
            tracing::warn!(%message_id, %conversation_id, %channel_id, %provider, outcome, code = error.code, duration_ms, "message not accepted");
        }
    }
}

/// Folds recorded durations into their buckets now and then, so that they do not pile up between two scrapes.
pub async fn keep_up(handle: &PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}
