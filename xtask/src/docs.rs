//! `cargo xtask docs`: writes the generated documents, or checks that they are current.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{BUILD, cargo, root, run as run_command};

pub(crate) fn run(check: bool) -> Result<()> {
    // What `cargo xtask test` builds, so that nothing is built twice.
    run_command(cargo(BUILD).arg("--quiet"))?;
    let own = env::current_exe()?;
    let folder = own.parent().context("this program is in a folder")?;
    let mut docs = Command::new(folder.join("docs"));
    docs.current_dir(root());
    if check {
        docs.arg("--check");
    }
    run_command(&mut docs)
}
