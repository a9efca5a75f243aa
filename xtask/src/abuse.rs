//! `cargo xtask abuse`: one hostile organization against another one, on SQLite and on a durable PostgreSQL of
//! its own.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{BUILD, cargo, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

/// Raises the limit of descriptors, which the attacker's connections need.
const RUN: &str = r#"ulimit -Sn "$(ulimit -Hn)" && exec "$0" "$@""#;

pub(crate) fn run(args: &[String]) -> Result<()> {
    let programs = Programs::find_or_install()?;
    // What `cargo xtask test` builds, so that nothing is built twice.
    run_command(&mut cargo(BUILD))?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let own = env::current_exe()?;
    let folder = own.parent().context("this program is in a folder")?;
    let mut abuse = Command::new("sh");
    abuse
        .args(["-c", RUN])
        .arg(folder.join("abuse"))
        .args(args)
        .current_dir(root())
        // Not the temporary directory of the environment: memory instead of a disk would look fast.
        .env("TMPDIR", "/var/tmp")
        .env_remove("RECADO_TEST_DATABASE")
        .env("RECADO_ABUSE_POSTGRES", postgres.url());
    run_command(&mut abuse)
}
