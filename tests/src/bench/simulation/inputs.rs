//! What goes into an estimate, and where each value comes from.

use super::estimate::{Cost, Costs, Size};
use crate::bench::areas::disk;
use crate::bench::report::metric::Metric;
use crate::bench::report::{Key, Report};

const POSTGRES: &str = "Recado, PostgreSQL";
const SQLITE: &str = "Recado, SQLite";

/// A value, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub from: String,
}

/// What was measured, the newest first, and what of it was used.
pub struct Inputs<'a> {
    reports: &'a [Report],
    pub used: Vec<Input>,
}

/// A measured case, and how a table of inputs names it.
struct Measured {
    name: &'static str,
    area: &'static str,
    case: &'static str,
    subject: &'static str,
}

/// Sends of many organizations hardly share transactions, as those of one connection.
const SEND: Measured = of("a send", "sends", "1 connection", POSTGRES);
const WEBHOOK_CALL: Measured = of("a webhook call", "intake", "1 status in a call", POSTGRES);
const DELIVERY: Measured = of("a delivery", "deliveries", "a backlog", POSTGRES);

const OF_SQLITE: Measured = of(
    "Sends on one SQLite file, 64 connections",
    "sends",
    "64 connections",
    SQLITE,
);
const OF_ORGANIZATION: Measured = of(
    "Sends of one organization, 3 servers",
    "servers",
    "1 organization",
    "3 servers",
);

/// Where one of something ended, in things a second.
const ENDS: [Measured; 10] = [
    OF_SQLITE,
    of(
        "Sends on one PostgreSQL by one server, 64 connections",
        "sends",
        "64 connections",
        POSTGRES,
    ),
    of(
        "Sends of one organization, 1 server",
        "servers",
        "1 organization",
        "1 server",
    ),
    of(
        "Sends of one organization, 2 servers",
        "servers",
        "1 organization",
        "2 servers",
    ),
    OF_ORGANIZATION,
    of(
        "Sends of 32 organizations, 1 server",
        "servers",
        "32 organizations",
        "1 server",
    ),
    of(
        "Sends of 32 organizations, 2 servers",
        "servers",
        "32 organizations",
        "2 servers",
    ),
    of(
        "Sends of 32 organizations, 3 servers",
        "servers",
        "32 organizations",
        "3 servers",
    ),
    of(
        "Queued messages of one organization, SQLite",
        "backlog",
        "80 a second on each channel",
        SQLITE,
    ),
    of(
        "Queued messages of one organization, PostgreSQL",
        "backlog",
        "80 a second on each channel",
        POSTGRES,
    ),
];

const fn of(
    name: &'static str,
    area: &'static str,
    case: &'static str,
    subject: &'static str,
) -> Measured {
    Measured {
        name,
        area,
        case,
        subject,
    }
}

/// Returns what was measured of these ends.
pub fn measured_ends(reports: &[Report]) -> Vec<Input> {
    let mut inputs = Inputs::new(reports);
    for case in &ENDS {
        inputs.rate(case);
    }
    inputs.used
}

/// What stands in for a figure that no result has: CPU in milliseconds and log in KiB, with room.
const ASSUMED_COST: Cost = Cost {
    cpu: 0.5,
    database_cpu: 0.5,
    log: 8.0,
};
const ASSUMED_SIZE: Size = Size {
    rows: 1.0,
    indexes: 1.0,
};

impl<'a> Inputs<'a> {
    pub const fn new(reports: &'a [Report]) -> Self {
        let used = Vec::new();
        Self { reports, used }
    }

    /// Returns what one of everything costs on PostgreSQL.
    pub fn costs(&mut self) -> Costs {
        Costs {
            send: self.cost(&SEND),
            webhook_call: self.cost(&WEBHOOK_CALL),
            delivery: self.cost(&DELIVERY),
            message: self.size(disk::MESSAGE),
            event: self.size(disk::EVENT),
            stored_call: self.size(disk::WEBHOOK_CALL),
            stored_delivery: self.size(disk::DELIVERY),
            connections: self.add(
                "Connections of a server".to_owned(),
                f64::from(recado_store::MAX_POSTGRES_CONNECTIONS),
                "",
                "the program".to_owned(),
            ),
        }
    }

    /// Returns the rate that was measured for one organization, and the one on one SQLite file.
    pub fn rates(&mut self) -> [Option<f64>; 2] {
        [&OF_ORGANIZATION, &OF_SQLITE].map(|case| self.rate(case))
    }

    /// Adds a value that an option sets.
    pub fn set(&mut self, name: &str, value: f64, unit: &'static str, option: &str) {
        self.add(name.to_owned(), value, unit, format!("`{option}`"));
    }

    fn rate(&mut self, case: &Measured) -> Option<f64> {
        let (rate, from) = self.find(case, Metric::Throughput)?;
        Some(self.add(case.name.to_owned(), rate, "a second", from))
    }

    fn cost(&mut self, case: &Measured) -> Cost {
        let mut take = |what: &str, metric, unit, assumed| {
            let name = format!("{what} of {}", case.name);
            self.measured(name, case, metric, unit, assumed)
        };
        Cost {
            cpu: take("Server CPU", Metric::Cpu, "ms", ASSUMED_COST.cpu),
            database_cpu: take(
                "PostgreSQL CPU",
                Metric::DatabaseCpu,
                "ms",
                ASSUMED_COST.database_cpu,
            ),
            log: take("Write-ahead log", Metric::Disk, "KiB", ASSUMED_COST.log),
        }
    }

    fn size(&mut self, case: &'static str) -> Size {
        let case = Measured {
            name: case,
            area: "disk",
            case,
            subject: POSTGRES,
        };
        let mut take = |what: &str, metric, assumed| {
            let name = format!("{what} of {}", case.name);
            self.measured(name, &case, metric, "KiB", assumed)
        };
        Size {
            rows: take("Rows", Metric::Stored, ASSUMED_SIZE.rows),
            indexes: take("Indexes", Metric::Indexes, ASSUMED_SIZE.indexes),
        }
    }

    fn measured(
        &mut self,
        name: String,
        case: &Measured,
        metric: Metric,
        unit: &'static str,
        assumed: f64,
    ) -> f64 {
        let found = self.find(case, metric);
        let (value, from) = found.unwrap_or_else(|| {
            let (area, case) = (case.area, case.case);
            (assumed, format!("assumed: no result has {area}, {case}"))
        });
        self.add(name, value, unit, from)
    }

    /// Finds a figure in the newest result that has it.
    fn find(&self, case: &Measured, metric: Metric) -> Option<(f64, String)> {
        let key = Key {
            area: case.area.to_owned(),
            case: case.case.to_owned(),
            subject: case.subject.to_owned(),
            metric,
        };
        self.reports.iter().find_map(|report| {
            let figure = report.figure(&key)?;
            let date = report.taken_at.strftime("%Y-%m-%d");
            let (area, case) = (case.area, case.case);
            Some((figure.median, format!("measured: {area}, {case}, {date}")))
        })
    }

    fn add(&mut self, name: String, value: f64, unit: &'static str, from: String) -> f64 {
        self.used.push(Input {
            name,
            value,
            unit,
            from,
        });
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::example;

    fn with_send(cpu: f64) -> Report {
        let key = Key {
            case: SEND.case.to_owned(),
            ..example::key(SEND.area, SEND.subject, Metric::Cpu)
        };
        example::report(vec![example::figure(key, [cpu; 3])])
    }

    #[test]
    fn a_figure_comes_from_the_newest_result_that_has_it_and_says_so() {
        let reports = [example::report(Vec::new()), with_send(0.25), with_send(0.5)];
        let mut inputs = Inputs::new(&reports);
        let costs = inputs.costs();
        assert_eq!(costs.send.cpu.to_string(), "0.25");
        let input = &inputs.used[0];
        assert_eq!(
            (&*input.name, &*input.from),
            (
                "Server CPU of a send",
                "measured: sends, 1 connection, 2026-11-29"
            )
        );
    }

    #[test]
    fn what_no_result_has_is_called_an_assumption() {
        let mut inputs = Inputs::new(&[]);
        assert_eq!(inputs.costs().send, ASSUMED_COST);
        assert_eq!(inputs.rates(), [None, None]);
        let assumed = inputs.used.iter();
        let assumed = assumed.filter(|input| input.from.starts_with("assumed: "));
        assert_eq!(assumed.count(), inputs.used.len() - 1);
    }
}
