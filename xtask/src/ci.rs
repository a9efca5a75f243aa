//! `cargo xtask ci`: everything that must hold before a change is taken; `.ci/run` calls it.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result};

use crate::cargo::{cargo, line, run as run_command};
use crate::{test, tidy};

const FORMAT: &str = "fmt --all --check";
const CLIPPY: &str = "clippy --workspace --all-targets --locked -- -D warnings";
/// What others reuse is complete as a package; its code is compiled by the other steps.
const PACKAGES: &str = "package --package recado-core --package recado-providers --no-verify \
    --allow-dirty --locked";
const DOCUMENTATION: &str = "doc --workspace --no-deps --locked";

/// Runs one step after the other, up to the first that fails.
pub(crate) fn run() -> Result<()> {
    let started = Instant::now();
    command(&mut cargo(FORMAT))?;
    command(&mut cargo(CLIPPY))?;
    command(cargo(DOCUMENTATION).env("RUSTDOCFLAGS", "-D warnings"))?;
    command(&mut cargo(PACKAGES))?;
    step("cargo xtask tidy", tidy::run)?;
    step("cargo xtask test", || test::run(&[]))?;
    println!("\n== everything passed in {} s ==", seconds(started));
    Ok(())
}

fn command(command: &mut Command) -> Result<()> {
    step(&line(command), || run_command(command))
}

/// Says what runs, and what came of it after how long.
fn step(name: &str, task: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n== {name} ==");
    let started = Instant::now();
    let done = task();
    let seconds = seconds(started);
    match &done {
        Ok(()) => println!("== passed in {seconds} s: {name} =="),
        Err(_) => eprintln!("== FAILED after {seconds} s: {name} =="),
    }
    done.with_context(|| format!("step `{name}` failed"))
}

fn seconds(since: Instant) -> u64 {
    since.elapsed().as_secs()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_step_that_fails_names_itself_and_its_cause() {
        let error = step("cargo xtask tidy", || bail!("the tree is not tidy")).unwrap_err();
        let sentence = format!("{error:#}");
        assert_eq!(
            sentence,
            "step `cargo xtask tidy` failed: the tree is not tidy"
        );
    }
}
