//! The Recado command line.

mod api;
mod cli;
mod commands;
mod credentials;
mod direct;
mod environment;
mod exit_code;
mod failure;
mod input;
mod profiles;
mod render;
mod usage;

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let cli = cli::Cli::try_parse().unwrap_or_else(|error| usage::mended(error).exit());
    let printer = cli.globals.printer();
    let code = match cli.run(printer).await {
        Ok(output) => printer.print(&output),
        Err(failure) => printer.fail(&failure),
    };
    code.into()
}
