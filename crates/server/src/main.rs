//! The `recado-server` binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use recado_server::config::ConfigArgs;
use recado_server::rotation::NewKeyArgs;

mod commands;

use commands::serve::ServeArgs;
use commands::user::NewUserArgs;

/// One HTTP call sends a WhatsApp message with reply buttons over WhatsApp Cloud API, Z-API or ZapperHUB.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (this is also what happens without a subcommand)
    Serve(ServeArgs),
    /// Try everything: a database, the sandbox and three conversations of their own
    Demo(commands::demo::DemoArgs),
    /// Bring the database up to date, and end
    Migrate,
    /// Manage the keys that manage organizations
    #[command(subcommand)]
    OperatorKey(OperatorKey),
    /// Manage the people of organizations
    #[command(subcommand)]
    User(User),
    /// Encrypt everything again with a new master key; all servers have to be stopped
    RotateMasterKey(NewKeyArgs),
    /// Print the effective configuration with secrets hidden, check it as the server does at its start, and end
    CheckConfig,
}

#[derive(Subcommand)]
enum OperatorKey {
    /// Make an operator key and print it, alone, on standard output; it is shown this once
    Create {
        /// What it is for
        #[arg(long, default_value = "operator")]
        name: String,
    },
}

#[derive(Subcommand)]
enum User {
    /// Create a user with a password that is asked for on the terminal, or with a one-time link
    Create(NewUserArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    let done = match command.unwrap_or_else(|| Command::Serve(ServeArgs::default())) {
        Command::Serve(args) => commands::serve::run(&config, &args).await,
        Command::Demo(args) => commands::demo::run(&config, args).await,
        Command::Migrate => commands::migrate::run(&config).await,
        Command::OperatorKey(OperatorKey::Create { name }) => {
            commands::operator_key::create(&config, name).await
        }
        Command::User(User::Create(args)) => commands::user::create(&config, args).await,
        Command::RotateMasterKey(args) => commands::rotate_master_key::run(&config, &args).await,
        Command::CheckConfig => commands::check_config::run(&config).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
