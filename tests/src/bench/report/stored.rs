//! Reports as files, and those that the repository keeps in docs/benchmarks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Report;

/// The folder of the kept reports, from the root of the repository.
pub const FOLDER: &str = "docs/benchmarks";

/// Reads a report.
pub fn read(file: &Path) -> anyhow::Result<Report> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read the report {}", file.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not a report of this benchmark", file.display()))
}

/// Writes a report.
pub fn write(report: &Report, file: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)? + "\n";
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Keeps a report below that root, under its time and commit; returns its file.
pub fn keep(report: &Report, root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let time = report.taken_at.strftime("%Y-%m-%d-%H%M");
    let file = folder.join(format!(
        "{time}-{}.json",
        report.commit.trim_end_matches('+')
    ));
    write(report, &file)?;
    Ok(file)
}

/// Reads the kept reports below that root, the newest first.
pub fn kept(root: &Path) -> anyhow::Result<Vec<Report>> {
    let Ok(entries) = fs::read_dir(root.join(FOLDER)) else {
        return Ok(Vec::new());
    };
    let files = entries.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    let reports = files.iter().map(|file| read(file));
    let mut reports = reports.collect::<anyhow::Result<Vec<_>>>()?;
    reports.sort_by_key(|report| std::cmp::Reverse(report.taken_at));
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::super::example::{figure, key, report};
    use super::super::metric::Metric;
    use super::*;

    #[test]
    fn kept_reports_are_read_back_whole_with_the_newest_first() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(kept(root.path()).expect("no reports"), []);
        let cpu = key("sends", "nginx", Metric::Cpu);
        let old = report(vec![figure(cpu, [0.1, 0.2, 0.3])]);
        let mut new = old.clone();
        new.taken_at = "2026-12-01T10:00:00Z".parse().expect("an instant");
        new.commit = "fedcba987654+".to_owned();
        for report in [&new, &old] {
            keep(report, root.path()).expect("a file");
        }
        assert_eq!(kept(root.path()).expect("reports"), [new, old]);
    }

    #[test]
    fn a_file_that_is_not_a_report_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("other.json");
        fs::write(&file, "{}").expect("a file");
        let error = read(&file).expect_err("not a report").to_string();
        assert!(
            error.ends_with("other.json is not a report of this benchmark"),
            "{error}"
        );
    }
}
