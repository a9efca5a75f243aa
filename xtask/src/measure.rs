//! `cargo xtask bench` and `cargo xtask abuse`: the release build, on SQLite and on a durable PostgreSQL of its own.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{build_release, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

/// Raises the limit of descriptors, which the attacker's connections need.
const RUN: &str = r#"ulimit -Sn "$(ulimit -Hn)" && exec "$0" "$@""#;

pub(crate) fn bench() -> Result<()> {
    let programs = Programs::find_or_install()?;
    let built = build_release()?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut bench = Command::new(built.join("bench"));
    bench.current_dir(root());
    run_command(bench.env("RECADO_BENCH_POSTGRES", postgres.url()))
}

/// Lets one hostile organization attack another one.
pub(crate) fn abuse(args: &[String]) -> Result<()> {
    let programs = Programs::find_or_install()?;
    let built = build_release()?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut abuse = Command::new("sh");
    abuse.args(["-c", RUN]).arg(built.join("abuse")).args(args);
    // Not the temporary directory of the environment: memory instead of a disk would look fast.
    abuse.current_dir(root()).env("TMPDIR", "/var/tmp");
    abuse.env_remove("RECADO_TEST_DATABASE");
    run_command(abuse.env("RECADO_ABUSE_POSTGRES", postgres.url()))
}
