//! `cargo xtask bench`: measures the release build.

use anyhow::Result;

use crate::cargo::{cargo, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

pub(crate) fn run() -> Result<()> {
    let programs = Programs::find_or_install()?;
    run_command(&mut cargo([
        "build",
        "--release",
        "-p",
        "recado-server",
        "-p",
        "recado",
    ]))?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut bench = cargo(["run", "--release", "-p", "recado-tests", "--bin", "bench"]);
    run_command(bench.env("RECADO_BENCH_POSTGRES", postgres.url()))
}
