//! Tasks of the repository: `cargo xtask test | ci | tidy | docs | openapi | deb | bench | simulate | torture | abuse`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to the person who started it"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::cargo::Profile;

mod browser;
mod cargo;
mod ci;
mod deb;
mod debian;
mod deployment;
mod docs;
mod measure;
mod openapi;
mod postgres;
mod test;
mod tidy;
mod torture;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the Recado repository")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run all tests, on SQLite and then on a PostgreSQL of its own, and a short storm
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
    /// Lint the OpenAPI document, call the server at random by it, and try clients that are made of it
    Openapi,
    /// Make a Debian package of the release build
    Deb {
        /// Make it of the programs of the tests, install it into an empty root, and purge it
        #[arg(long)]
        check: bool,
    },
    /// Measure the release build beside nginx, a minimal proxy and a library, on SQLite and on a durable PostgreSQL of
    /// its own
    Bench {
        /// Measure the build of the profile `daily` instead, which is made sooner and is somewhat slower; it comes first
        #[arg(long)]
        daily: bool,
        /// Passed on: `--only AREAS`, `--seconds N`, `--rounds N`, `--growth N`, `--backlog N`, `--json FILE`, `--save`,
        /// `--compare FILE`, `--from FILE`
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        args: Vec<String>,
    },
    /// Estimate servers, connections and disk for a load from what the benchmark measured
    Simulate {
        /// Passed on: `--organizations N`, `--messages N` (a second), and what `--help` lists
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        args: Vec<String>,
    },
    /// Let one hostile organization attack, and measure what another one notices
    Abuse {
        /// Passed on: `--seconds N`, `--only ATTACK`, `--on DATABASE`
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        args: Vec<String>,
    },
    /// Put real servers under faults, and check that every promise was kept
    Torture {
        /// Passed to the storm: `--seconds N`, `--seed S`, `--without TROUBLE`, `--logs FOLDER`
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Test { args } => test::run(&args),
        Task::Ci => ci::run(),
        Task::Tidy => tidy::run(),
        Task::Docs { check } => docs::run(check),
        Task::Openapi => openapi::run(),
        Task::Deb { check } => deb::run(check),
        Task::Bench { daily: true, args } => measure::bench(Profile::Daily, &args),
        Task::Bench { daily: false, args } => measure::bench(Profile::Release, &args),
        Task::Simulate { args } => measure::simulate(&args),
        Task::Abuse { args } => measure::abuse(&args),
        Task::Torture { args } => torture::run(&args),
    };
    if let Err(error) = done {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
