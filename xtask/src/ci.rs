//! `cargo xtask ci`: everything that must hold before a change is taken, as `.ci/run` does it.

use anyhow::{Context, Result};

use crate::cargo::{cargo, run as run_command};
use crate::{test, tidy};

pub(crate) fn run() -> Result<()> {
    step("format", || {
        run_command(&mut cargo(["fmt", "--all", "--check"]))
    })?;
    step("clippy", || {
        let lints = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        run_command(&mut cargo(lints))
    })?;
    step("documentation", || {
        let mut doc = cargo(["doc", "--workspace", "--no-deps"]);
        run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    step("tidy", tidy::run)?;
    step("test", || test::run(&[]))?;
    println!("== everything passed ==");
    Ok(())
}

fn step(name: &str, task: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("== {name} ==");
    task().with_context(|| format!("step `{name}` failed"))
}
