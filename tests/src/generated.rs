//! The documents that are made from code: the API, its errors, the limits, the metrics, the configuration and the figures
//! of the benchmark.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args as _, ValueEnum as _};
use recado_core::ContentKind;
use recado_core::capabilities::{self, Capabilities, Limit, SendRate};
use recado_server::api::error::Reason;
use recado_server::config::{ConfigArgs, NewKeyArgs};
use recado_server::telemetry::catalogue::{METRICS, MetricKind, PROCESS_METRICS};

use crate::access;
use crate::bench::areas::Area;
use crate::bench::report::{pages, stored};
use crate::bench::simulation;

const NOTICE: &str = "<!-- Made by `cargo xtask docs`; do not edit. -->\n\n";

/// Every generated document, by its path from the root of the repository.
pub fn documents() -> anyhow::Result<Vec<(PathBuf, String)>> {
    let openapi = recado_server::openapi().to_pretty_json()? + "\n";
    Ok(vec![
        ("docs/openapi.json".into(), openapi),
        ("docs/access.md".into(), access::document(NOTICE)?),
        ("docs/errors.md".into(), errors()?),
        ("docs/limits.md".into(), limits()?),
        ("docs/metrics.md".into(), metrics()?),
        ("docs/configuration.md".into(), configuration()?),
        ("docs/performance.md".into(), performance()?),
        ("docs/scaling.md".into(), scaling()?),
    ])
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn errors() -> anyhow::Result<String> {
    let mut text = format!(
        "{NOTICE}# Errors\n\nEvery error has one shape, on every route, and `error` is always a string.\n\
         Branch on `reason`: the words below do not change.\n\n\
         ```json\n{{ \"error\": \"one sentence that a person can act on\", \"reason\": \"too_many_buttons\", \"code\": 131009,\n  \
         \"details\": {{ \"_errors\": [], \"button_1_title\": {{ \"_errors\": [\"Required\"] }} }}, \"requestId\": \"…\" }}\n```\n\n\
         `code` is there where the provider's number is known, `details` only with 400, `messageId` where a message was written down.\n\n\
         | Status | reason | When |\n|---|---|---|\n"
    );
    for reason in Reason::ALL {
        let (word, when) = (reason.as_str(), reason.describe());
        writeln!(text, "| {} | `{word}` | {when} |", reason.status().as_u16())?;
    }
    Ok(text)
}

fn limits() -> anyhow::Result<String> {
    let mut text = format!(
        "{NOTICE}# Limits\n\nWhat each provider carries, checked before anything is sent. Lengths count Unicode code points.\n"
    );
    for (name, capabilities) in capabilities::ALL {
        for kind in ContentKind::ALL {
            let Some(table) = capabilities.limits(kind) else {
                continue;
            };
            write!(
                text,
                "\n## {name}: {}\n\n`{}`\n\n| What | Least | Most | Basis | Source |\n|---|---|---|---|---|\n",
                kind.title(),
                table.api
            )?;
            for (what, Limit { min, max, source }) in table.limits {
                let (basis, source) = (source.basis, source.text);
                writeln!(text, "| {what} | {min} | {max} | {basis} | {source} |")?;
            }
            for (what, source) in table.rules {
                let (basis, source) = (source.basis, source.text);
                writeln!(text, "| {what} | | | {basis} | {source} |")?;
            }
            let recipients = capabilities.recipients(kind).unwrap_or_default().iter();
            let recipients: Vec<_> = recipients.map(|kind| kind.title()).collect();
            writeln!(text, "\nRecipients: {}.", recipients.join(", "))?;
        }
    }
    rates(&mut text)?;
    Ok(text)
}

/// Writes how fast messages are sent.
fn rates(text: &mut String) -> std::fmt::Result {
    *text += "\n## How fast messages are sent\n\n\
        A send that comes too fast is refused with 429 `rate_limited`, and `Retry-After` tells when it can be sent; [providers.md](providers.md#how-fast-messages-are-sent) describes the limits that you set yourself.\n\n\
        | Provider | Whose | Rate | At once | Basis | Source |\n|---|---|---|---|---|---|\n";
    for (
        name,
        Capabilities {
            send_rate,
            pair_rate,
            ..
        },
    ) in capabilities::ALL
    {
        if let Some(SendRate { rate, source }) = send_rate {
            let (most, basis, source) = (rate.messages(), source.basis, source.text);
            writeln!(
                text,
                "| {name} | number | {rate} | {most} | {basis} | {source} |"
            )?;
        } else {
            writeln!(text, "| {name} | number | not published | | | |")?;
        }
        if let Some(pair) = pair_rate {
            let (rate, burst, source) = (pair.rate(), pair.burst, pair.source);
            let (basis, source) = (source.basis, source.text);
            writeln!(
                text,
                "| {name} | number and person | {rate} | {burst} | {basis} | {source} |"
            )?;
        }
    }
    *text += "\nThe messages to one person that are sent at once are paid for afterwards: after 45 of them within 6 seconds, the next one can be sent 45 × 6 seconds after the first.\n";
    Ok(())
}

fn metrics() -> anyhow::Result<String> {
    let mut text = format!(
        "{NOTICE}# Metrics of recado-server\n\n`GET /metrics` at `RECADO_METRICS_LISTEN`, in Prometheus's text format.\n\
         Counters and histograms are there from the start, with zero; a route that the OpenAPI document does not have begins with its first request.\n\
         Gauges of the database are measured when they are asked for, at most every 10 seconds; what the database does not tell within 2 seconds is `NaN`.\n\
         They tell of the whole database, so on several servers look at one of them (`max`), and do not add them up.\n\
         Labels never name an organization, a channel or a person.\n\n\
         | Metric | Kind | What |\n|---|---|---|\n"
    );
    for metric in METRICS {
        let labels = match metric.labels {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let (name, help) = (metric.name, metric.help);
        writeln!(text, "| `{name}{labels}` | {kind} | {help} |")?;
    }
    let process = PROCESS_METRICS.map(|name| format!("`{name}`")).join(", ");
    writeln!(text, "\nAnd of the process, on Linux: {process}.")?;
    Ok(text)
}

fn configuration() -> anyhow::Result<String> {
    let mut text = format!(
        "{NOTICE}# Configuration of recado-server\n\nFlags and environment say the same thing; a flag wins.\n\
         Every secret may come from a file instead, but not both ways at once.\n\
         `recado-server check-config` prints what is in force and where each value comes from, with secrets hidden, makes the checks of the server's start, and fails when the server would.\n\
         A variable that is empty counts as not set; a variable that looks like a mistyped setting is named by `check-config` and in the log of the start.\n"
    );
    let command = clap::Command::new("recado-server");
    settings(&mut text, &ConfigArgs::augment_args(command.clone()))?;
    text += "\n## Of `rotate-master-key`\n\n";
    text += "For [the change of the master key](operations.md#changing-the-master-key) alone; the server does not read them.\n";
    settings(&mut text, &NewKeyArgs::augment_args(command))?;
    Ok(text)
}

/// Inserts the figures of the kept benchmarks into the page that says what they mean.
fn performance() -> anyhow::Result<String> {
    let page = fs::read_to_string(root().join("docs/performance.md"))?;
    let reports = stored::kept(root())?;
    let areas = Area::value_variants().iter();
    let areas: Vec<_> = areas.map(|area| (area.name(), area.describe())).collect();
    pages::insert(&page, &areas, &reports)
}

/// Inserts what these figures say of larger loads into the page about them.
fn scaling() -> anyhow::Result<String> {
    let page = fs::read_to_string(root().join("docs/scaling.md"))?;
    let reports = stored::kept(root())?;
    pages::place(&page, &simulation::figures(&reports))
}

/// Writes the settings of a command as a table.
fn settings(text: &mut String, command: &clap::Command) -> std::fmt::Result {
    *text += "\n| Variable | Flag | Default | What |\n|---|---|---|---|\n";
    for argument in command.get_arguments() {
        let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
            continue;
        };
        let flag = argument.get_long().unwrap_or_default();
        let default = argument.get_default_values().iter();
        let default = default
            .filter_map(|value| value.to_str())
            .map(|value| format!("`{value}`"));
        let default: String = default.collect();
        let help = argument.get_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        writeln!(text, "| `{variable}` | `--{flag}` | {default} | {help} |")?;
    }
    Ok(())
}
