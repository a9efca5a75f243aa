//! `cargo xtask bench` on stored results: what it tells of two of them.

use std::path::Path;

use recado_tests::bench::report::metric::Metric;
use recado_tests::bench::report::samples::Samples;
use recado_tests::bench::report::{example, stored};
use recado_tests::binaries::{Ran, command, ran};
use rstest::rstest;
use tempfile::TempDir;

/// Writes a result whose sends took so many milliseconds of CPU time.
fn write(folder: &TempDir, name: &str, cpu: f64) {
    let mut samples = Samples::default();
    for round in [0.99, 1.0, 1.01] {
        let values = [(Metric::Cpu, cpu * round)];
        samples.add_all("sends", "16 connections", "Recado, SQLite", &values);
    }
    let report = example::report(samples.figures());
    stored::write(&report, &folder.path().join(name)).expect("a file");
}

async fn bench(folder: &Path, words: &str) -> Ran {
    let mut bench = command("bench").expect("the binary");
    ran(bench.args(words.split(' ')).current_dir(folder)).await
}

#[rstest]
#[case::worse(0.3, 1, "1 worse, 0 better, 0 within the spread")]
#[case::better(0.1, 0, "0 worse, 1 better, 0 within the spread")]
#[case::within_the_spread(0.201, 0, "0 worse, 0 better, 1 within the spread")]
#[tokio::test]
async fn a_comparison_fails_only_if_something_got_worse(
    #[case] cpu: f64,
    #[case] code: i32,
    #[case] told: &str,
) {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "old.json", 0.2);
    write(&folder, "new.json", cpu);
    let ran = bench(folder.path(), "--from new.json --compare old.json").await;
    assert_eq!(ran.code, code, "{}", ran.stderr);
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}
