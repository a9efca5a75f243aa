//! `cargo xtask docs`: writes the generated documents, or checks that they are current.

use anyhow::Result;

use crate::cargo::{cargo, run as run_command};

pub(crate) fn run(check: bool) -> Result<()> {
    let mut docs = cargo([
        "run",
        "--quiet",
        "-p",
        "recado-tests",
        "--bin",
        "docs",
        "--",
    ]);
    if check {
        docs.arg("--check");
    }
    run_command(&mut docs)
}
