//! What got better or worse between two reports, beyond the spread of both.

use std::fmt;

use super::metric::{Better, Follows, Metric};
use super::{Figure, Key, Report, subjects};

/// A median that moved by less than this says nothing: two runs of one program differ by as much.
const NOTICED: f64 = 0.1;

/// The case that every report measures, by which the speeds of two runs are compared.
pub const YARDSTICK: &str = "yardstick";

/// The area that is measured once: its figures have no spread, and move by chance.
const MEASURED_ONCE: &str = "backlog";

/// Two reports side by side.
#[derive(Debug)]
pub struct Comparison {
    pub slowdown: Slowdown,
    /// Whether both ran on the same kind of machine.
    pub same_machine: bool,
    pub worse: Vec<Change>,
    pub better: Vec<Change>,
    /// How many figures are in both reports.
    pub compared: usize,
}

/// How much slower the machine was in the second run, by the yardstick; 1 if a report has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slowdown {
    /// In CPU time.
    pub cpu: f64,
    /// In time, with all that other programs took.
    pub time: f64,
}

/// A figure that moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub key: Key,
    /// The median before, as the yardstick says that it would be on the machine of the second run.
    pub before: f64,
    pub now: f64,
}

/// Compares every figure of ours that both reports have.
pub fn compare(before: &Report, now: &Report) -> Comparison {
    let slowdown = Slowdown::between(before, now);
    let mut comparison = Comparison {
        slowdown,
        same_machine: before.machine.cpu == now.machine.cpu
            && before.machine.cores == now.machine.cores,
        worse: Vec::new(),
        better: Vec::new(),
        compared: 0,
    };
    let is_ours = |key: &Key| {
        let is_judged = ![YARDSTICK, MEASURED_ONCE].contains(&&*key.area);
        is_judged && !subjects::is_other(&key.subject)
    };
    for figure in now.figures.iter().filter(|figure| is_ours(&figure.key)) {
        let Some(earlier) = before.figure(&figure.key) else {
            continue;
        };
        comparison.compared += 1;
        let expected = Spread::of(earlier).times(slowdown.of(figure.key.metric));
        let found = Spread::of(figure);
        let change = Change {
            key: figure.key.clone(),
            before: expected.median,
            now: found.median,
        };
        match figure.key.metric.better() {
            Some(Better::Less) if expected.is_below(&found) => comparison.worse.push(change),
            Some(Better::More) if found.is_below(&expected) => comparison.worse.push(change),
            Some(Better::Less) if found.is_below(&expected) => comparison.better.push(change),
            Some(Better::More) if expected.is_below(&found) => comparison.better.push(change),
            _ => {}
        }
    }
    comparison
}

impl Slowdown {
    fn between(before: &Report, now: &Report) -> Self {
        let ratio = |metric, above: &Report, below: &Report| {
            let (above, below) = (yardstick(above, metric)?, yardstick(below, metric)?);
            (above > 0.0 && below > 0.0).then(|| above / below)
        };
        Self {
            cpu: ratio(Metric::Cpu, now, before).unwrap_or(1.0),
            time: ratio(Metric::Throughput, before, now).unwrap_or(1.0),
        }
    }

    /// Returns by how much a value of that metric differs only because of the machine.
    const fn of(self, metric: Metric) -> f64 {
        match metric.follows() {
            Follows::CpuTime => self.cpu,
            Follows::Time => self.time,
            Follows::Rate => 1.0 / self.time,
            Follows::Nothing => 1.0,
        }
    }
}

fn yardstick(report: &Report, metric: Metric) -> Option<f64> {
    let mut figures = report.of_area(YARDSTICK).into_iter();
    let figure = figures.find(|figure| figure.key.metric == metric);
    figure.map(|figure| figure.median)
}

struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn of(figure: &Figure) -> Self {
        let Figure {
            min, median, max, ..
        } = *figure;
        Self { min, median, max }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            min: self.min * factor,
            median: self.median * factor,
            max: self.max * factor,
        }
    }

    /// Whether all rounds of this one are below all rounds of the other, and the medians noticeably so.
    fn is_below(&self, other: &Self) -> bool {
        self.max < other.min && self.median * (1.0 + NOTICED) < other.median
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            slowdown,
            same_machine,
            worse,
            better,
            compared,
        } = self;
        if !same_machine {
            writeln!(
                f,
                "The reports are of two machines: only ratios, memory and sizes can be compared."
            )?;
        }
        let Slowdown { cpu, time } = slowdown;
        writeln!(
            f,
            "By the yardstick, the second run has {cpu:.2} times the CPU time and {time:.2} times the time for the same work."
        )?;
        for (title, changes) in [("Worse", worse), ("Better", better)] {
            if !changes.is_empty() {
                writeln!(f, "\n{title}:")?;
            }
            for change in changes {
                writeln!(f, "- {change}")?;
            }
        }
        let same = compared - worse.len() - better.len();
        writeln!(
            f,
            "\n{compared} figures are in both: {} worse, {} better, {same} within the spread.",
            worse.len(),
            better.len()
        )
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key {
            area,
            case,
            subject,
            metric,
        } = &self.key;
        let percent = (self.now / self.before - 1.0) * 100.0;
        write!(
            f,
            "{area}, {case}, {subject}: {} {} instead of {} ({percent:+.0} %)",
            metric.title(),
            super::tables::number(self.now),
            super::tables::number(self.before)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{figure, key, report};
    use super::*;

    fn sends(metric: Metric, values: [f64; 3]) -> Report {
        report(vec![figure(key("sends", "Recado, SQLite", metric), values)])
    }

    fn names(comparison: &Comparison) -> (usize, usize) {
        (comparison.worse.len(), comparison.better.len())
    }

    #[test]
    fn a_figure_is_worse_only_if_its_rounds_do_not_overlap_and_its_median_moved_by_a_tenth() {
        let before = sends(Metric::Cpu, [0.19, 0.20, 0.21]);
        for (now, expected) in [
            ([0.25, 0.26, 0.30], (1, 0)),
            ([0.20, 0.26, 0.30], (0, 0)),
            ([0.212, 0.215, 0.22], (0, 0)),
            ([0.10, 0.12, 0.15], (0, 1)),
        ] {
            let found = compare(&before, &sends(Metric::Cpu, now));
            assert_eq!(names(&found), expected, "{now:?}");
        }
    }

    #[test]
    fn less_throughput_is_worse() {
        let before = sends(Metric::Throughput, [4000.0, 4100.0, 4200.0]);
        let now = sends(Metric::Throughput, [3000.0, 3100.0, 3200.0]);
        assert_eq!(names(&compare(&before, &now)), (1, 0));
        assert_eq!(names(&compare(&now, &before)), (0, 1));
    }

    #[test]
    fn a_slower_or_busier_machine_does_not_make_the_program_worse() {
        // Twice the time, and half as much more of CPU time.
        let run = |cpu: f64, time: f64| {
            let yardstick = |metric| key(YARDSTICK, subjects::HYPER_PROXY, metric);
            let own = |metric| key("sends", "Recado, SQLite", metric);
            report(vec![
                figure(yardstick(Metric::Cpu), [0.03 * cpu; 3]),
                figure(yardstick(Metric::Throughput), [25_000.0 / time; 3]),
                figure(own(Metric::Cpu), [0.2 * cpu; 3]),
                figure(own(Metric::Throughput), [4000.0 / time; 3]),
                figure(own(Metric::P99), [7.0 * time; 3]),
                figure(own(Metric::PeakMemory), [40.0; 3]),
            ])
        };
        let found = compare(&run(1.0, 1.0), &run(1.5, 2.0));
        assert_eq!((names(&found), found.compared), ((0, 0), 4));
    }

    #[test]
    fn programs_of_others_are_not_compared() {
        let nginx = |cpu| {
            report(vec![figure(
                key("sends", subjects::NGINX, Metric::Cpu),
                [cpu; 3],
            )])
        };
        assert_eq!(compare(&nginx(0.02), &nginx(0.04)).compared, 0);
    }

    #[test]
    fn what_got_worse_is_told_in_words_and_percent() {
        let before = sends(Metric::Cpu, [0.2; 3]);
        let told = compare(&before, &sends(Metric::Cpu, [0.3; 3])).to_string();
        let line = "- sends, 16 connections, Recado, SQLite: CPU ms 0.300 instead of 0.200 (+50 %)";
        assert!(told.contains(line), "{told}");
        assert!(
            told.contains("1 figures are in both: 1 worse, 0 better, 0 within"),
            "{told}"
        );
    }
}
