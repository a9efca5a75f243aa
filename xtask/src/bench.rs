//! `cargo xtask bench`: measures the release build.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{build_release, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

pub(crate) fn run() -> Result<()> {
    let programs = Programs::find_or_install()?;
    let built = build_release()?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut bench = Command::new(built.join("bench"));
    bench.current_dir(root());
    run_command(bench.env("RECADO_BENCH_POSTGRES", postgres.url()))
}
