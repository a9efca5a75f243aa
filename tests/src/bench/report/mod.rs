//! The result of a benchmark: the one place of its JSON shape.

pub mod compare;
pub mod machine;
pub mod metric;
pub mod pages;
pub mod samples;
pub mod stored;
pub mod subjects;
pub mod tables;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use metric::Metric;

/// One run of the benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub taken_at: Timestamp,
    /// The measured commit; it ends with `+` if files were changed since.
    pub commit: String,
    /// The profile of the build: `release` is what is shipped.
    pub profile: String,
    /// Length of one measurement.
    pub seconds: u64,
    /// How often everything was measured, in turns.
    pub rounds: u32,
    pub machine: Machine,
    pub figures: Vec<Figure>,
    pub left_out: Vec<LeftOut>,
}

/// Where it ran: nothing that names the machine or its folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub kernel: String,
    pub memory_mib: u64,
    /// The version of each program that took part.
    pub programs: BTreeMap<String, String>,
}

/// One measured value, over all rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    #[serde(flatten)]
    pub key: Key,
    pub median: f64,
    pub min: f64,
    pub max: f64,
    /// How many values it is made of.
    pub values: usize,
}

/// What a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Such as `sends`.
    pub area: String,
    /// What was done in this area, such as `16 connections`.
    pub case: String,
    /// Who did it, such as `Recado, SQLite`.
    pub subject: String,
    pub metric: Metric,
}

/// A row that is missing, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub what: String,
    pub reason: String,
}

impl Report {
    /// Returns the figure with that key.
    pub fn figure(&self, key: &Key) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.key == *key)
    }

    /// Returns the figures of an area, in the order in which they were measured.
    pub fn of_area(&self, area: &str) -> Vec<&Figure> {
        let figures = self.figures.iter();
        figures.filter(|figure| figure.key.area == area).collect()
    }

    /// Describes where, when and how it was measured, in Markdown.
    pub fn describe(&self) -> String {
        let Machine {
            cpu,
            cores,
            kernel,
            memory_mib,
            programs,
        } = &self.machine;
        let programs = programs.iter();
        let programs: Vec<_> = programs
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        format!(
            "{cores} cores of {cpu}, {memory_mib} MiB of memory, Linux {kernel}; {}. \
             Commit {}, profile {}, on {}; {} rounds of {} s.",
            programs.join(", "),
            self.commit,
            self.profile,
            self.taken_at.strftime("%Y-%m-%d"),
            self.rounds,
            self.seconds
        )
    }
}

/// A result for tests.
pub mod example {
    use super::{Figure, Key, Machine, Metric, Report};

    /// A report with one figure of each value.
    pub fn report(figures: Vec<Figure>) -> Report {
        Report {
            taken_at: "2026-11-29T10:00:00Z".parse().expect("an instant"),
            commit: "0123456789ab".to_owned(),
            profile: "release".to_owned(),
            seconds: 5,
            rounds: 3,
            machine: Machine {
                cpu: "Example 1".to_owned(),
                cores: 2,
                kernel: "6.1".to_owned(),
                memory_mib: 8192,
                programs: [("rustc".to_owned(), "1.95.0".to_owned())].into(),
            },
            figures,
            left_out: Vec::new(),
        }
    }

    pub fn key(area: &str, subject: &str, metric: Metric) -> Key {
        Key {
            area: area.to_owned(),
            case: "16 connections".to_owned(),
            subject: subject.to_owned(),
            metric,
        }
    }

    pub fn figure(key: Key, [min, median, max]: [f64; 3]) -> Figure {
        Figure {
            key,
            median,
            min,
            max,
            values: 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_is_stored_flat_and_read_back() {
        let figure = example::figure(
            example::key("sends", "nginx", Metric::Cpu),
            [0.02, 0.022, 0.03],
        );
        let stored = serde_json::to_value(&figure).expect("JSON");
        let expected = json!({
            "area": "sends", "case": "16 connections", "subject": "nginx", "metric": "cpu",
            "median": 0.022, "min": 0.02, "max": 0.03, "values": 3,
        });
        assert_eq!(stored, expected);
        assert_eq!(
            serde_json::from_value::<Figure>(stored).expect("a figure"),
            figure
        );
    }

    #[test]
    fn a_report_describes_its_machine_and_its_rounds() {
        let described = example::report(Vec::new()).describe();
        assert_eq!(
            described,
            "2 cores of Example 1, 8192 MiB of memory, Linux 6.1; rustc 1.95.0. \
             Commit 0123456789ab, profile release, on 2026-11-29; 3 rounds of 5 s."
        );
    }
}
