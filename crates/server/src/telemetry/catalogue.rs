//! Every metric with its labels; `docs/metrics.md` is made of this list, and a new server begins with all of it.

use recado_core::Provider;
use recado_core::capabilities::SendLimit;
use recado_core::inbound::{AlertSeverity, Ignored};
use recado_providers::ErrorKind;
use recado_store::{Pruned, SetAsideReason};

use super::logging;
use super::process;
use super::repeats::Repeat;
use crate::api::openapi;
use crate::delivery::outcome;

/// One metric.
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    pub labels: &'static [&'static str],
    /// What it measures.
    pub help: &'static str,
    /// The values of the labels that a new server begins with.
    series: fn() -> Vec<Vec<String>>,
}

/// How a metric behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It grows, and begins with zero at each start.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts durations by their lengths.
    Histogram,
}

/// The states of a channel, as a metric names them.
pub(super) const CHANNEL_STATES: [&str; 3] = ["connected", "disconnected", "unknown"];

/// Why the queued messages of a channel wait, as a metric names it.
pub(super) const PAUSE_CAUSES: [&str; 2] = ["request", "failure"];

/// The metrics of the process, with the names that all programs have for them.
pub const PROCESS_METRICS: [&str; 8] = [
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
    "process_virtual_memory_max_bytes",
];

/// Defines the metrics, two lines for each: its kind, name, labels and first series, and what it measures.
macro_rules! catalogue {
    ($($kind:ident $name:literal [$($label:literal),*] $series:expr => $help:literal;)+) => {
        /// Every metric of Recado, in the order of the documentation.
        pub const METRICS: &[Metric] = &[$(
            Metric {
                name: $name,
                kind: MetricKind::$kind,
                labels: &[$($label),*],
                help: $help,
                series: $series,
            },
        )+];
    };
}

catalogue! {
    Counter "recado_sends_total" ["provider", "outcome"] sends =>
        "Sends that reached a provider: `accepted`, or the reason why not";
    Histogram "recado_send_seconds" ["provider"] providers =>
        "Time of one send, retries included";
    Counter "recado_sends_repeated_total" ["by"] || each(Repeat::ALL.map(Repeat::as_str)) =>
        "Sends that repeated an earlier one and were answered with its state: they have its `key`, or the content of a message whose outcome became `unknown`";
    Counter "recado_sends_limited_total" ["limit"] || each(SendLimit::ALL.map(SendLimit::as_str)) =>
        "Sends that a limit did not allow yet, by whose it is: of the `channel`, its `recipient`, the `organization` or the `api_key`; `budget`: the budget of the channel is used up";
    Gauge "recado_messages" ["status"] || each(["queued", "sending", "unknown"]) =>
        "Messages in the queue (`queued`, with those of it that are being sent, at most 100,000), messages that are being sent (`sending`), and messages of the last seven days whose outcome is `unknown`";
    Gauge "recado_queue_oldest_seconds" [] once =>
        "Seconds since the oldest due message of the queue became due; it grows while a channel is paused, or over its limit or budget";
    Counter "recado_http_requests_total" ["route", "method", "status"] || operations(true) =>
        "Answered requests; a method that HTTP APIs do not use is `other`, a path that leads nowhere is `unmatched`";
    Histogram "recado_http_request_seconds" ["route", "method"] || operations(false) =>
        "Time until the answer";
    Gauge "recado_http_connections" [] once =>
        "Open connections";
    Counter "recado_http_connections_refused_total" [] once =>
        "Connections that were closed because their public address had too many";
    Counter "recado_webhook_events_total" [] once =>
        "Events that the providers' webhooks made";
    Counter "recado_webhook_duplicates_total" [] once =>
        "Items of webhooks that were known already, and had no effect";
    Counter "recado_webhook_unknown_total" [] once =>
        "Messages of customers of a kind that Recado does not know; their events have the kind `unknown`";
    Counter "recado_webhook_account_alerts_total" ["severity"] || each(AlertSeverity::ALL.map(AlertSeverity::as_str)) =>
        "Account alerts of providers; one that did not come on the same day before makes an event `channel.alert`";
    Counter "recado_webhook_ignored_total" ["what"] || each(Ignored::ALL.map(Ignored::as_str)) =>
        "Items of webhooks that make no event, by what they are; `other_instance`: the URL of a channel's webhook is set at another instance";
    Counter "recado_webhook_refused_total" ["provider"] providers =>
        "Calls of providers' webhooks that were not verified";
    Counter "recado_webhook_set_aside_total" ["reason"] || each(SetAsideReason::ALL.map(SetAsideReason::as_str)) =>
        "Calls of providers that are kept and not applied";
    Gauge "recado_webhook_calls_waiting" [] once =>
        "Calls of providers that are not applied yet, at most 100,000";
    Gauge "recado_webhook_calls_oldest_seconds" [] once =>
        "Age of the oldest of them";
    Counter "recado_deliveries_total" ["outcome"] || each(outcome::OUTCOMES) =>
        "Attempts to deliver an event to a webhook endpoint: `delivered`, `retried`, `given_up`, or `skipped` because nothing had to be sent";
    Counter "recado_rows_removed_total" ["what"] || each(Pruned::ALL) =>
        "Rows that were removed because their time has passed, by what they are; provider webhooks on PostgreSQL are estimated";
    Gauge "recado_deliveries_waiting" [] once =>
        "Deliveries that are not finished, at most 100,000; those of disabled endpoints and suspended organizations are left out";
    Gauge "recado_deliveries_oldest_seconds" [] once =>
        "Age of the oldest of them";
    Gauge "recado_channels" ["provider", "state"] channels =>
        "Channels by what their provider said last: `connected`, `disconnected`, or `unknown` while it has said nothing";
    Gauge "recado_channels_paused" ["provider", "cause"] pauses =>
        "Channels whose queued messages wait: because of a `request`, or of a `failure` until they work again";
    Gauge "recado_ready" [] once =>
        "1 while `/readyz` answers 200: the database answers and takes writes, and the server is not about to stop; else 0";
    Gauge "recado_database_connections" ["pool", "state"] Vec::new =>
        "Connections to the database that are `in_use` or `idle`";
    Gauge "recado_database_connections_max" ["pool"] Vec::new =>
        "Most connections of the pool at once; while as many are in use, reads or writes wait";
    Gauge "recado_build_info" ["version"] || each([logging::VERSION]) =>
        "1; the label tells the version";
}

/// Describes every metric, and begins its series: an alert on a counter that appears with its first error would
/// not see that error.
pub(super) fn register() {
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => metrics::describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            MetricKind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
        for values in (metric.series)() {
            let labels: Vec<_> = metric.labels.iter().copied().zip(values).collect();
            match metric.kind {
                MetricKind::Counter => drop(metrics::counter!(metric.name, &labels)),
                MetricKind::Gauge => drop(metrics::gauge!(metric.name, &labels)),
                MetricKind::Histogram => drop(metrics::histogram!(metric.name, &labels)),
            }
        }
    }
    metrics::gauge!("recado_build_info", "version" => logging::VERSION).set(1);
    process::describe();
}

fn once() -> Vec<Vec<String>> {
    vec![Vec::new()]
}

fn each<const N: usize>(values: [&str; N]) -> Vec<Vec<String>> {
    values.map(|value| vec![value.to_owned()]).into()
}

/// Each provider with each word.
fn by_provider(words: &[&str]) -> Vec<Vec<String>> {
    let providers = Provider::ALL.into_iter();
    let all =
        providers.flat_map(|provider| words.iter().map(move |word| [provider.as_str(), word]));
    all.map(|pair| pair.map(str::to_owned).into()).collect()
}

fn providers() -> Vec<Vec<String>> {
    each(Provider::ALL.map(Provider::as_str))
}

fn sends() -> Vec<Vec<String>> {
    let mut outcomes = vec!["accepted"];
    outcomes.extend(ErrorKind::ALL.map(ErrorKind::reason));
    by_provider(&outcomes)
}

fn channels() -> Vec<Vec<String>> {
    by_provider(&CHANNEL_STATES)
}

fn pauses() -> Vec<Vec<String>> {
    by_provider(&PAUSE_CAUSES)
}

/// The documented operations, each with its statuses if they are asked for; others begin with their first request.
fn operations(with_statuses: bool) -> Vec<Vec<String>> {
    let mut series = Vec::new();
    for (path, mut item) in openapi().paths.paths {
        for (method, operation) in openapi::operations(&mut item) {
            let operation_labels = [path.clone(), method.to_owned()];
            if with_statuses {
                let statuses = operation.responses.responses.keys();
                series.extend(statuses.map(|status| {
                    let [path, method] = operation_labels.clone();
                    vec![path, method, status.clone()]
                }));
            } else {
                series.push(operation_labels.into());
            }
        }
    }
    series
}
