//! The Recado command line.

mod bubble;
mod chat;
mod cli;
mod client;
mod commands;
mod confirmation;
mod credentials;
mod direct;
mod environment;
mod event_line;
mod exit_code;
mod failure;
mod fitting;
mod happening;
mod id_kinds;
mod input;
mod output;
mod profiles;
mod sse;
mod terminal;
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
