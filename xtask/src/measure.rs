//! `cargo xtask bench` and `cargo xtask abuse`: an optimized build, on SQLite and on a durable PostgreSQL of its own;
//! `cargo xtask simulate` takes their results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo::{
    BUILD, Profile, build_optimized, built, cargo, root, run as run_command, target,
};
use crate::debian;
use crate::postgres::{Durability, Postgres, Programs};

/// Raises the limit of descriptors, which the connections of the load and of the attacker need.
const RUN: &str = r#"ulimit -Sn "$(ulimit -Hn)" && exec "$0" "$@""#;

/// The library that Recado is compared with, in its newest version.
const LIBRARY: &str = "whatsapp-api-js@latest";

/// The script that uses it.
const SCRIPT: &str = "whatsapp-api-js.mjs";

/// Where Debian puts nginx, which is not among the programs of a person's shell there.
const NGINX: &str = "/usr/sbin/nginx";

/// Measures, or compares two results, which needs no optimized build.
pub(crate) fn bench(profile: Profile, args: &[String]) -> Result<()> {
    if args.iter().any(|arg| arg.starts_with("--from")) {
        return from_results("bench", args);
    }
    let programs = Programs::find_or_install()?;
    let built = build_optimized(
        profile,
        &["recado-server", "recado", "hyper_proxy", "bench"],
    )?;
    let mut bench = program(&built.join("bench"), args);
    for (variable, reason, found) in [
        ("RECADO_BENCH_NGINX", "RECADO_BENCH_NO_NGINX", nginx()),
        ("RECADO_BENCH_NODE", "RECADO_BENCH_NO_NODE", library()),
    ] {
        match found {
            Ok(path) => bench.env(variable, path),
            Err(error) => bench.env(reason, format!("{error:#}")),
        };
    }
    let postgres = Postgres::start(&programs, Durability::On)?;
    run_command(bench.env("RECADO_BENCH_POSTGRES", postgres.url()))
}

/// Estimates what a load needs.
pub(crate) fn simulate(args: &[String]) -> Result<()> {
    from_results("simulate", args)
}

/// Runs a program that measures nothing, which needs no optimized build.
fn from_results(name: &str, args: &[String]) -> Result<()> {
    run_command(&mut cargo(BUILD))?;
    run_command(&mut program(&built()?.join(name), args))
}

/// A program in that folder, run from the root of the repository.
fn program(file: &Path, args: &[String]) -> Command {
    let mut program = Command::new("sh");
    program.args(["-c", RUN]).arg(file).args(args);
    program.current_dir(root());
    program
}

/// Lets one hostile organization attack another one.
pub(crate) fn abuse(args: &[String]) -> Result<()> {
    let programs = Programs::find_or_install()?;
    let built = build_optimized(Profile::Daily, &["recado-server", "recado", "abuse"])?;
    let postgres = Postgres::start(&programs, Durability::On)?;
    let mut abuse = program(&built.join("abuse"), args);
    // Not the temporary directory of the environment: memory instead of a disk would look fast.
    abuse.env("TMPDIR", "/var/tmp");
    abuse.env_remove("RECADO_TEST_DATABASE");
    run_command(abuse.env("RECADO_ABUSE_POSTGRES", postgres.url()))
}

/// Finds nginx, or installs it.
fn nginx() -> Result<PathBuf> {
    if !has_nginx() {
        debian::install_or_say("nginx is", &["nginx"])?;
    }
    let is_in_path = debian::in_path("nginx");
    Ok(if is_in_path { "nginx" } else { NGINX }.into())
}

fn has_nginx() -> bool {
    debian::in_path("nginx") || Path::new(NGINX).is_file()
}

/// Installs the library in a folder of its own, with the script that uses it; returns the folder.
fn library() -> Result<PathBuf> {
    if !debian::in_path("node") || !debian::in_path("npm") {
        debian::install_or_say("Node.js or npm is", &["nodejs", "npm"])?;
    }
    let folder = target()?.join("bench");
    fs::create_dir_all(&folder)?;
    let script = root().join("tests/bench").join(SCRIPT);
    fs::copy(&script, folder.join(SCRIPT)).context("cannot copy the script")?;
    let mut npm = Command::new("npm");
    // Scripts of packages are not run.
    npm.args([
        "install",
        "--silent",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ])
    .args(["--prefix", ".", LIBRARY])
    .current_dir(&folder);
    run_command(&mut npm)?;
    Ok(folder)
}
