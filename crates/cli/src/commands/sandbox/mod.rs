//! `recado sandbox`: simulated providers on this machine, and the phones of their customers.

mod control;
mod phone;
mod run;

use clap::Subcommand;

use crate::{Failure, Output, Printer, Result};

const HELP: &str = "Examples:
  recado sandbox --listen 127.0.0.1:8090
  recado sandbox say --provider zapi --from +5511900000001 'Hello'
  recado sandbox tap wamid.HBgM btn_sales
  recado sandbox pick wamid.HBgM slot-14

tap, pick, say, read and connect speak to a sandbox that runs: on this machine at port 8090,
or where --sandbox or RECADO_SANDBOX says.";

/// Runs WhatsApp Cloud API, Z-API and ZapperHUB as simulators, and plays their customers
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Run the simulators until Ctrl-C, as `recado sandbox` alone does
    Run(run::RunArgs),
    #[command(flatten)]
    Phone(phone::Command),
}

pub(crate) async fn run(args: Args, printer: Printer) -> Result<Output> {
    // Not `args_conflicts_with_subcommands` of clap, which refuses --output there as well.
    if args.command.is_some() && args.run.listen.is_some() {
        let reason = "--listen belongs to `recado sandbox run`, behind its name";
        return Err(Failure::Usage(reason.to_owned()));
    }
    match args.command {
        None => run::run(args.run, printer).await,
        Some(Command::Run(args)) => run::run(args, printer).await,
        Some(Command::Phone(command)) => phone::run(command).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;
    use crate::exit_code::ExitCode;

    #[tokio::test]
    async fn an_address_to_listen_at_is_no_part_of_another_command() {
        let words = ["recado", "sandbox", "--listen", "127.0.0.1:0", "read", "m"];
        let cli = Cli::try_parse_from(words).unwrap();
        let failure = cli.run(Printer::new(None)).await.err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}
