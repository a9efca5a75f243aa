//! `cargo xtask abuse`: one hostile organization against another one, on SQLite and on a durable PostgreSQL of
//! its own, with the release build.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{build_release, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};

/// Raises the limit of descriptors, which the attacker's connections need.
const RUN: &str = r#"ulimit -Sn "$(ulimit -Hn)" && exec "$0" "$@""#;

pub(crate) fn run(args: &[String]) -> Result<()> {
    let programs = Programs::find_or_install()?;
    let built = build_release()?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut abuse = Command::new("sh");
    abuse
        .args(["-c", RUN])
        .arg(built.join("abuse"))
        .args(args)
        .current_dir(root())
        // Not the temporary directory of the environment: memory instead of a disk would look fast.
        .env("TMPDIR", "/var/tmp")
        .env_remove("RECADO_TEST_DATABASE")
        .env("RECADO_ABUSE_POSTGRES", postgres.url());
    run_command(&mut abuse)
}
