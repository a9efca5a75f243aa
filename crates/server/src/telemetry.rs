//! What an operator sees: log lines and metrics, without bodies, secrets or full numbers.

pub mod catalogue;
pub mod gauges;
mod process;

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use recado_providers::{ChannelError, Receipt};
use recado_store::NewMessage;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Upper edges of the duration buckets, in seconds.
const BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0,
];

const EXPECTED_LOG: &str = "expected off, error, warn, info, debug or trace, or filters such as `info,recado_server=debug`";

/// What `RECADO_LOG` lets through.
///
/// # Errors
///
/// It is neither levels nor filters. A word that is no level would be the name of a target, hiding
/// everything else: it is more likely a typing error.
pub fn log_filter(text: &str) -> anyhow::Result<EnvFilter> {
    let is_level = |word: &str| word.is_empty() || word.parse::<LevelFilter>().is_ok();
    let unknown = text
        .split(',')
        .map(str::trim)
        .find(|word| !word.contains(['=', '[']) && !is_level(word));
    if let Some(word) = unknown {
        bail!("RECADO_LOG: `{word}` is no level; {EXPECTED_LOG}");
    }
    EnvFilter::try_new(text).with_context(|| format!("RECADO_LOG: {EXPECTED_LOG}"))
}

/// Starts logging: for people on a terminal, as JSON otherwise; always on standard error.
///
/// # Errors
///
/// The filter is malformed, or logging runs already.
pub fn init_log(filter: &str) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(log_filter(filter)?)
        .with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        lines.with_target(false).try_init()
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init()
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}

/// Starts counting for the whole process.
///
/// # Errors
///
/// Something else counts already.
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

/// One send came to its end.
pub fn sent(
    message: &NewMessage,
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
            tracing::info!(message.id = %message.id, conversation.id = %message.conversation_id, channel.id = %message.channel_id, %provider, duration_ms, "message accepted");
        }
        Err(error) => {
            tracing::warn!(message.id = %message.id, conversation.id = %message.conversation_id, channel.id = %message.channel_id, %provider, outcome, code = error.code, duration_ms, "message not accepted");
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("info")]
    #[case("WARN")]
    #[case("off")]
    #[case("")]
    #[case("info,recado_server=debug")]
    #[case("recado_server::delivery=trace")]
    #[case("warn,[request]=info")]
    fn levels_and_filters_are_taken(#[case] text: &str) {
        assert!(log_filter(text).is_ok());
    }

    #[rstest]
    #[case("quiet", "`quiet` is no level")]
    #[case("info,recado_server", "`recado_server` is no level")]
    #[case("recado_server=loud", "RECADO_LOG: expected off, error")]
    fn a_word_that_would_hide_everything_is_refused(#[case] text: &str, #[case] sentence: &str) {
        let error = log_filter(text).expect_err("no filter").to_string();
        assert!(error.contains(sentence), "{error}");
    }
}
