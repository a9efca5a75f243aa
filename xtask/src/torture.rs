//! `cargo xtask torture`: a storm over real servers, on SQLite and on a durable PostgreSQL of its own.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{BUILD, built, cargo, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

pub(crate) fn run(args: &[String]) -> Result<()> {
    let programs = Programs::find_or_install()?;
    // What `cargo xtask test` builds, so that nothing is built twice.
    run_command(&mut cargo(BUILD))?;
    storm(&programs, args)
}

/// Runs the storm with programs that are built already.
pub(crate) fn storm(programs: &Programs, args: &[String]) -> Result<()> {
    // The storm restarts its PostgreSQL, which must not lose what it has acknowledged.
    let postgres = Postgres::start(programs, Durability::On)?;
    let mut torture = Command::new(built()?.join("torture"));
    torture
        .args(args)
        .current_dir(root())
        .env("RECADO_TORTURE_POSTGRES", postgres.url())
        .env("RECADO_TORTURE_PG_CTL", programs.path("pg_ctl"))
        .env("RECADO_TORTURE_PG_DATA", postgres.data());
    run_command(&mut torture)
}
