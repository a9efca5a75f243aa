//! A report as tables of Markdown: on the terminal and in docs/performance.md.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::metric::Metric;
use super::{Figure, Report};

/// Returns the figures of an area as a table, with a row for each case and subject; empty if it was not measured.
pub fn table(report: &Report, area: &str) -> String {
    let figures = report.of_area(area);
    if figures.is_empty() {
        return String::new();
    }
    let metrics: BTreeSet<Metric> = figures.iter().map(|figure| figure.key.metric).collect();
    let mut text = "| Case | Who |".to_owned();
    for metric in &metrics {
        let _ = write!(text, " {} |", metric.title());
    }
    text += "\n|---|---|";
    text += &"---|".repeat(metrics.len());
    text.push('\n');
    for (case, subject) in rows(&figures) {
        let _ = write!(text, "| {case} | {subject} |");
        for metric in &metrics {
            let mut own = figures.iter().filter(|figure| {
                let key = &figure.key;
                (&*key.case, &*key.subject, key.metric) == (case, subject, *metric)
            });
            let cell = own.next().map(|figure| cell(figure)).unwrap_or_default();
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

/// Returns each case with its subjects, in the order of the measurement.
fn rows<'a>(figures: &[&'a Figure]) -> Vec<(&'a str, &'a str)> {
    let mut rows = Vec::new();
    for figure in figures {
        let row = (&*figure.key.case, &*figure.key.subject);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

fn cell(figure: &Figure) -> String {
    let Figure {
        median, min, max, ..
    } = *figure;
    let [middle, least, most] = [median, min, max].map(number);
    if least == most {
        middle
    } else {
        format!("{middle} [{least}–{most}]")
    }
}

/// Writes three significant digits, and whole numbers from a hundred on.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::super::example::{figure, key, report};
    use super::*;

    #[test]
    fn a_table_has_a_row_for_each_subject_and_an_empty_cell_for_what_it_lacks() {
        let report = report(vec![
            figure(
                key("sends", "nginx", Metric::Throughput),
                [29_000.0, 29_619.0, 31_000.0],
            ),
            figure(key("sends", "nginx", Metric::Cpu), [0.023; 3]),
            figure(key("sends", "Recado", Metric::Cpu), [0.18, 0.195, 0.22]),
            figure(key("lists", "Recado", Metric::P50), [1.0; 3]),
        ]);
        assert_eq!(
            table(&report, "sends"),
            "| Case | Who | CPU ms | Per second |\n\
             |---|---|---|---|\n\
             | 16 connections | nginx | 0.023 | 29619 [29000–31000] |\n\
             | 16 connections | Recado | 0.195 [0.180–0.220] |  |\n"
        );
        assert_eq!(table(&report, "growth"), "");
    }
}
