//! `cargo xtask test`: every test on SQLite, then those that touch a database on PostgreSQL, then a short storm.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::cargo::{BUILD, cargo, output, root, run as run_command};
use crate::postgres::{Durability, Postgres, Programs};
use crate::{browser, deb, deployment, openapi, torture};

/// Names the administrator's URL under which a test makes a fresh database for itself.
const DATABASE: &str = "RECADO_TEST_DATABASE";

/// The storm that every test run ends with; its seed is random and printed.
const STORM: [&str; 4] = ["--seconds", "20", "--settle", "40"];

/// The room in memory that the tests want, in bytes.
const ROOM: u64 = 512 * 1024 * 1024;

/// The members whose tests touch a database.
const DATABASE_MEMBERS: [&str; 2] = ["crates/store", "tests"];

pub(crate) fn run(args: &[String]) -> Result<()> {
    // First of all, so that a machine that lacks one says so before the long build.
    let programs = Programs::find_or_install()?;
    browser::find_or_install()?;
    deployment::find_or_install()?;
    let tools = if args.is_empty() {
        deb::find_or_install()?;
        Some(openapi::Tools::find_or_install()?)
    } else {
        None
    };
    let files = files()?;

    println!("== build ==");
    run_command(&mut cargo(BUILD))?;

    if let Some(tools) = tools {
        tools.check()?;
        deb::check()?;
    }

    println!("== tests on SQLite ==");
    let mut tests = cargo("test --workspace --no-fail-fast --");
    tests
        .args(args)
        .env_remove(DATABASE)
        .env("TMPDIR", files.path());
    run_command(&mut tests)?;

    let postgres = Postgres::start(&programs, Durability::Off)?;
    println!("== tests on PostgreSQL {} ==", programs.major_version()?);
    let mut failed = Vec::new();
    for TestProgram { path, member } in database_tests()? {
        println!("     Running {}", path.display());
        let mut tests = Command::new(&path);
        tests
            .args(args)
            .current_dir(&member)
            .env("CARGO_MANIFEST_DIR", &member)
            .env("TMPDIR", files.path())
            // For the tests that restart a server of their own.
            .env("RECADO_POSTGRES_BIN", programs.folder());
        if let Err(error) = run_command(tests.env(DATABASE, postgres.url())) {
            failed.push(error.to_string());
        }
    }
    ensure!(failed.is_empty(), "on PostgreSQL: {}", failed.join("; "));
    drop(postgres);
    if args.is_empty() {
        println!("== a short storm ==");
        torture::storm(&programs, &STORM.map(str::to_owned))?;
    }
    println!("== all tests passed, on SQLite and on PostgreSQL ==");
    Ok(())
}

/// Where the tests put their files: in memory, where the system has such a folder. Nothing in a test
/// depends on the disk, and a disk that something else keeps busy makes a durable write wait for seconds.
fn files() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let mut folder = tempfile::Builder::new();
    folder.prefix("recado-tests-");
    Ok(if has_room(memory) {
        folder.tempdir_in(memory)?
    } else {
        folder.tempdir()?
    })
}

fn has_room(folder: &Path) -> bool {
    let mut df = Command::new("df");
    let table = output(df.args(["--output=avail", "-B1"]).arg(folder)).unwrap_or_default();
    let free = table
        .lines()
        .nth(1)
        .and_then(|line| line.trim().parse().ok());
    free.is_some_and(|free: u64| free >= ROOM)
}

/// A compiled test program, and the folder of its member, where cargo would run it.
struct TestProgram {
    path: PathBuf,
    member: PathBuf,
}

/// The programs that the SQLite run has just used: `cargo test -p` would choose other features
/// for the dependencies and build part of the tree again.
fn database_tests() -> Result<Vec<TestProgram>> {
    let messages = output(&mut cargo(
        "test --workspace --no-run --message-format=json",
    ))?;
    let members = DATABASE_MEMBERS.map(|member| root().join(member));
    let programs = test_programs(&messages)?;
    let mut chosen: Vec<_> = programs
        .into_iter()
        .filter(|test| members.contains(&test.member))
        .collect();
    chosen.sort_by(|left, right| left.path.cmp(&right.path));
    for member in &members {
        let found = chosen.iter().any(|test| test.member == *member);
        ensure!(found, "no test program found for {}", member.display());
    }
    Ok(chosen)
}

fn test_programs(messages: &str) -> Result<Vec<TestProgram>> {
    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("cargo's message is not JSON")?;
        let path = message["executable"].as_str();
        let member = message["manifest_path"]
            .as_str()
            .and_then(|path| Path::new(path).parent());
        if let (Some(path), Some(member), Some(true)) =
            (path, member, message["profile"]["test"].as_bool())
        {
            programs.push(TestProgram {
                path: path.into(),
                member: member.into(),
            });
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_built_for_tests_is_a_test_program() {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/r/tests/Cargo.toml","profile":{"test":true},"executable":"/r/t"}
{"reason":"compiler-artifact","manifest_path":"/r/tests/Cargo.toml","profile":{"test":false},"executable":"/r/bin"}
{"reason":"compiler-artifact","manifest_path":"/r/tests/Cargo.toml","profile":{"test":false},"executable":null}
{"reason":"build-finished","success":true}"#;
        let programs = test_programs(messages).unwrap();
        assert_eq!(programs.len(), 1);
        assert_eq!(programs[0].path, Path::new("/r/t"));
        assert_eq!(programs[0].member, Path::new("/r/tests"));
    }
}
