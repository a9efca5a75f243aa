//! `cargo xtask bench`: measures the release build.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{cargo, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

/// One build for the programs and what measures them, so that nothing is built twice.
const BUILD: [&str; 9] = [
    "build",
    "--release",
    "-p",
    "recado-server",
    "-p",
    "recado",
    "-p",
    "recado-tests",
    "--bins",
];

pub(crate) fn run() -> Result<()> {
    let programs = Programs::find_or_install()?;
    run_command(&mut cargo(BUILD))?;
    let own = env::current_exe()?;
    let target = own
        .ancestors()
        .nth(2)
        .context("this program is in a folder of the target folder")?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut bench = Command::new(target.join("release").join("bench"));
    bench.current_dir(root());
    run_command(bench.env("RECADO_BENCH_POSTGRES", postgres.url()))
}
