//! The Recado command line, as a library: the binary runs it, and the end-to-end tests share its [`api`].

pub mod api;
mod cli;
mod commands;
mod credentials;
mod direct;
mod environment;
mod exit_code;
mod failure;
mod globals;
mod input;
mod profiles;
mod render;
mod table;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use api::client::{Answer, Client, Effect};
pub(crate) use api::refusal::Refusal;
pub(crate) use environment::Lookup;
pub(crate) use exit_code::ExitCode;
pub(crate) use failure::{Failure, Result};
pub(crate) use globals::Globals;
pub(crate) use render::output::{Columns, Output, View, cell};
pub(crate) use render::printer::{Printer, note};

use clap::Parser as _;

/// Runs the command line of this process, and returns its exit code.
pub async fn run() -> std::process::ExitCode {
    let cli = cli::Cli::try_parse().unwrap_or_else(|error| usage::mended(error).exit());
    let printer = cli.globals.printer();
    let code = match cli.run(printer).await {
        Ok(output) => printer.print(&output),
        Err(failure) => printer.fail(&failure),
    };
    code.into()
}
