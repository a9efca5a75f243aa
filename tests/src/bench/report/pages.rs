//! The figures of kept reports in a page of Markdown.

use std::fmt::Write as _;

use anyhow::Context as _;

use super::Report;
use super::tables::table;

const BEGIN: &str =
    "<!-- Figures, made by `cargo xtask docs` from docs/benchmarks; do not edit. -->\n";
const END: &str = "<!-- End of the figures. -->\n";

/// Replaces what stands between the two marks of a page by a table of each area, from the newest report that has it.
pub fn insert(page: &str, areas: &[(String, &str)], reports: &[Report]) -> anyhow::Result<String> {
    place(page, &figures(areas, reports)?)
}

/// Replaces what stands between the two marks of a page.
pub fn place(page: &str, figures: &str) -> anyhow::Result<String> {
    let (before, rest) = page
        .split_once(BEGIN)
        .context("the page has no place for figures")?;
    let (_, after) = rest
        .split_once(END)
        .context("the place for figures has no end")?;
    Ok(format!("{before}{BEGIN}\n{figures}{END}{after}"))
}

fn figures(areas: &[(String, &str)], reports: &[Report]) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut described = None;
    for (area, description) in areas {
        let newest = reports
            .iter()
            .find(|report| !report.of_area(area).is_empty());
        let Some(report) = newest else {
            continue;
        };
        write!(text, "### {area}\n\n{description}\n")?;
        // Most areas come from one report, which is described once.
        if described != Some(report.taken_at) {
            writeln!(text, "\n{}", report.describe())?;
            for missing in &report.left_out {
                writeln!(text, "Left out: {}: {}.", missing.what, missing.reason)?;
            }
            described = Some(report.taken_at);
        }
        writeln!(text, "\n{}", table(report, area))?;
    }
    if text.is_empty() {
        text += "No result is kept yet.\n\n";
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::example::{figure, key, report};
    use super::super::metric::Metric;
    use super::*;

    #[test]
    fn each_area_comes_from_the_newest_report_that_has_it_and_replaces_what_stood_there() {
        let page = format!("# Page\n\n{BEGIN}old\n{END}\nMore.\n");
        let areas = [
            ("sends".to_owned(), "Sends."),
            ("lists".to_owned(), "Lists."),
        ];
        let cpu = |area, value| figure(key(area, "nginx", Metric::Cpu), [value; 3]);
        let newest = report(vec![cpu("sends", 1.0)]);
        let older = report(vec![cpu("sends", 2.0), cpu("lists", 3.0)]);
        let whole = insert(&page, &areas, &[newest, older]).expect("a page");
        assert!(
            whole.starts_with("# Page\n") && whole.ends_with("\nMore.\n"),
            "{whole}"
        );
        for (part, count) in [
            ("| 1.00 |", 1),
            ("| 2.00 |", 0),
            ("| 3.00 |", 1),
            ("old", 0),
        ] {
            assert_eq!(whole.matches(part).count(), count, "{part} in {whole}");
        }
        let again = insert(&whole, &areas, &[]).expect("a page");
        assert!(again.contains("No result is kept yet."), "{again}");
    }
}
