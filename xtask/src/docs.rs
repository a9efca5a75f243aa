//! `cargo xtask docs`: writes the generated documents, or checks that they are current.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{BUILD, built, cargo, root, run as run_command};

pub(crate) fn run(check: bool) -> Result<()> {
    // What `cargo xtask test` builds, so that nothing is built twice.
    run_command(cargo(BUILD).arg("--quiet"))?;
    let mut docs = Command::new(built()?.join("docs"));
    docs.current_dir(root());
    if check {
        docs.arg("--check");
    }
    run_command(&mut docs)
}
