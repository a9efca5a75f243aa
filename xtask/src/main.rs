//! Tasks of the repository: `cargo xtask test | ci | tidy | docs | bench`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to the person who started it"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod browser;
mod cargo;
mod ci;
mod debian;
mod docs;
mod postgres;
mod test;
mod tidy;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the Recado repository")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run all tests, on SQLite and then on a PostgreSQL of its own
    Test {
        /// Passed to the test programs, for instance a part of a test's name
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Run everything that must hold before a change is taken
    Ci,
    /// Check the rules of the tree that neither the compiler nor clippy knows
    Tidy,
    /// Write the generated documents
    Docs {
        /// Write nothing; fail when a document is out of date
        #[arg(long)]
        check: bool,
    },
    /// Measure the release build on SQLite and on a durable PostgreSQL of its own
    Bench,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Test { args } => test::run(&args),
        Task::Ci => ci::run(),
        Task::Tidy => tidy::run(),
        Task::Docs { check } => docs::run(check),
        Task::Bench => bench::run(),
    };
    if let Err(error) = done {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
