//! `cargo xtask simulate`: what a load needs, from the results of the benchmark.

pub mod estimate;
pub mod inputs;
pub mod options;

use std::fmt::Write as _;

use clap::Parser as _;
use estimate::{Disk, Load, Need};
use inputs::{Inputs, measured_ends};
use options::Options;

use super::report::Report;
use super::report::tables::number;

/// Estimates what a load needs, as tables of Markdown: the result, and what went into it.
pub fn simulate(load: &Load, reports: &[Report]) -> String {
    let mut inputs = Inputs::new(reports);
    inputs.set("Organizations", load.organizations, "", "--organizations");
    inputs.set("Messages a second", load.messages, "", "--messages");
    inputs.set(
        "Webhook calls for each message",
        load.webhook_calls,
        "",
        "--webhook-calls",
    );
    inputs.set(
        "Deliveries for each message",
        load.deliveries,
        "",
        "--deliveries",
    );
    inputs.set(
        "Messages and events stay",
        load.message_days,
        "days",
        "--message-days",
    );
    inputs.set(
        "Calls and deliveries stay",
        load.call_days,
        "days",
        "--call-days",
    );
    inputs.set("Cores of a server", load.server_cores, "", "--server-cores");
    inputs.set(
        "Cores of a PostgreSQL server",
        load.database_cores,
        "",
        "--database-cores",
    );
    inputs.set(
        "Part of the cores that is used",
        load.busy * 100.0,
        "%",
        "--busy",
    );
    let need = inputs.costs().need(load);
    let rates = inputs.rates();
    let mut text = "| Estimate | Value | How |\n|---|---|---|\n".to_owned();
    for (name, value, unit, how) in rows(load, &need, rates) {
        let _ = writeln!(text, "| {name} | {} | {how} |", with_unit(value, unit));
    }
    text += "\n| Input | Value | From |\n|---|---|---|\n";
    for input in &inputs.used {
        let value = with_unit(input.value, input.unit);
        let _ = writeln!(text, "| {} | {value} | {} |", input.name, input.from);
    }
    text
}

/// Writes where one of everything ended when it was measured, and the estimate of the default load.
pub fn figures(reports: &[Report]) -> String {
    if reports.is_empty() {
        return "No result is kept yet.\n\n".to_owned();
    }
    let mut text = "| Measured | A second | From |\n|---|---|---|\n".to_owned();
    for end in measured_ends(reports) {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            end.name,
            number(end.value),
            end.from
        );
    }
    let load = Options::parse_from(["simulate"]).load();
    let _ = write!(
        text,
        "\nWhat `cargo xtask simulate` says without options:\n\n{}\n",
        simulate(&load, reports)
    );
    text
}

type Row = (&'static str, f64, &'static str, String);

fn rows(load: &Load, need: &Need, [of_organization, of_sqlite]: [Option<f64>; 2]) -> Vec<Row> {
    let Need { disk, .. } = need;
    let Disk {
        messages,
        events,
        webhook_calls,
        deliveries,
        indexes,
        log,
    } = *disk;
    let each = "a send + the webhook calls + the deliveries of a message";
    let cores = |kind| {
        format!(
            "messages a second × {kind} CPU of a message / 1,000 / part of the cores that is used"
        )
    };
    let rows = |count: &str| format!("messages a day × {count} × KiB of its rows");
    let mut table: Vec<Row> = vec![
        ("Server CPU of a message", need.cpu, "ms", each.to_owned()),
        ("PostgreSQL CPU of a message", need.database_cpu, "ms", each.to_owned()),
        ("Cores for servers", need.cores, "", cores("server")),
        ("Cores for PostgreSQL", need.database_cores, "", cores("PostgreSQL")),
        ("PostgreSQL servers (cells)", need.cells, "", "cores for PostgreSQL / cores of one, rounded up".to_owned()),
        ("Servers of each cell", need.servers_of_cell, "", "cores for servers / cells / cores of one, rounded up; at least 2, so that one may fail".to_owned()),
        ("Connections to each PostgreSQL server", need.connections, "", "servers of a cell × connections of a server; PostgreSQL allows 100 unless `max_connections` says more".to_owned()),
        ("Messages, a day", messages, "GiB", rows("1")),
        ("Events, a day", events, "GiB", rows("(1 + webhook calls)")),
        ("Webhook calls, a day", webhook_calls, "GiB", rows("webhook calls")),
        ("Deliveries, a day", deliveries, "GiB", rows("deliveries")),
        ("Indexes, a day", indexes, "GiB", "the same with the KiB of indexes, all together".to_owned()),
        ("Write-ahead log, a day", log, "GiB", "messages a day × log of a send, the calls and the deliveries; it stays only where it is archived".to_owned()),
        ("On disk in the end", need.kept, "GiB", "rows and indexes of a day × the days that they stay, webhook calls a seventh longer; all cells together".to_owned()),
        ("Messages a second of each organization", need.of_organization, "", "messages a second / organizations".to_owned()),
    ];
    for (name, rate, share) in [
        (
            "Share of the measured rate of one organization",
            of_organization,
            need.of_organization,
        ),
        (
            "Share of the measured rate of one SQLite file",
            of_sqlite,
            load.messages,
        ),
    ] {
        if let Some(rate) = rate.filter(|rate| *rate > 0.0) {
            let how =
                "messages a second / that rate, of sends alone; more than `--busy` is too much";
            table.push((name, share / rate * 100.0, "%", how.to_owned()));
        }
    }
    table
}

fn with_unit(value: f64, unit: &str) -> String {
    let whole = value.fract() == 0.0;
    let value = if whole {
        format!("{value:.0}")
    } else {
        number(value)
    };
    format!("{value} {unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_each_estimate_with_its_formula_and_each_input_with_its_source() {
        let text = simulate(&estimate::example::LOAD, &[]);
        for line in [
            "| Server CPU of a message | 3 ms | a send + the webhook calls + the deliveries of a message |",
            "| Servers of each cell | 2 |",
            "| Organizations | 50 | `--organizations` |",
            "| Server CPU of a send | 0.500 ms | assumed: no result has sends, 1 connection |",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
