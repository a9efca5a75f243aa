//! The `recado-server` binary.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use recado_core::ApiKeyId;
use recado_server::config::{ConfigArgs, NewKeyArgs};
use recado_server::database::backup::{BackupArgs, RestoreArgs};

mod command_line;
mod commands;

use commands::healthcheck::HealthcheckArgs;
use commands::serve::ServeArgs;
use commands::user::NewUserArgs;

/// One HTTP call sends a WhatsApp message with reply buttons or a list over WhatsApp Cloud API, Z-API or ZapperHUB.
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
    /// Bring the database up to date, and end; a SQLite database that does not exist is created
    Migrate,
    /// Write a copy of a SQLite database to a file and check it; a server may use the database meanwhile
    Backup(BackupArgs),
    /// Put a copy that `backup` wrote in the place of the SQLite database; the server has to be stopped
    Restore(RestoreArgs),
    /// Manage the keys that manage organizations
    #[command(subcommand)]
    OperatorKey(OperatorKey),
    /// Manage the people of organizations
    #[command(subcommand)]
    User(User),
    /// Encrypt everything again with a new master key; all servers have to be stopped
    RotateMasterKey(NewKeyArgs),
    /// Print the effective configuration with secrets hidden and where each value comes from, check it as the server does at its start, and end
    CheckConfig,
    /// Ask a running server whether it is ready, and end with 0 if it is; for containers without a shell
    Healthcheck(HealthcheckArgs),
}

#[derive(Subcommand)]
enum OperatorKey {
    /// Make an operator key and print it, alone, on standard output; it is shown this once
    Create {
        /// What it is for
        #[arg(long, default_value = "operator")]
        name: String,
    },
    /// List the operator keys, oldest first
    List,
    /// Revoke an operator key, at once on every server
    Revoke {
        /// The id that `list` shows
        id: ApiKeyId,
    },
}

#[derive(Subcommand)]
enum User {
    /// Create a user with a password that is asked for on the terminal, or with a one-time link
    Create(NewUserArgs),
}

/// The command line, with only those options of the server at `demo` that have an effect there.
fn command_line() -> clap::Command {
    // Every command reads the settings of the server.
    let command = Cli::command().mut_args(|setting| setting.global(true));
    command_line::prepare(commands::demo::without_effect(command))
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let expected = command_line();
    let (is_server, done) = match parse(&expected, &words) {
        Ok((matches, cli)) => {
            let is_server = matches!(cli.command, None | Some(Command::Serve(_)));
            (is_server, run(&matches, cli).await)
        }
        Err(error) => match command_line::refused_variable(&error, &expected, &words) {
            Some(sentence) => {
                let is_server = command_line::is_of_server(&expected, &words);
                (is_server, Err(anyhow::Error::msg(sentence)))
            }
            None => error.exit(),
        },
    };
    match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) if is_server => commands::complain_in_log(&error),
        Err(error) => commands::complain(&error),
    }
    ExitCode::FAILURE
}

fn parse(expected: &clap::Command, words: &[OsString]) -> Result<(ArgMatches, Cli), clap::Error> {
    let matches = expected.clone().try_get_matches_from(words)?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok((matches, cli))
}

async fn run(matches: &ArgMatches, cli: Cli) -> anyhow::Result<()> {
    let Cli { config, command } = cli;
    match command.unwrap_or_else(|| Command::Serve(ServeArgs::default())) {
        Command::Serve(args) => Box::pin(commands::serve::run(&config, &args)).await,
        Command::Demo(args) => commands::demo::run(&config, args).await,
        Command::Migrate => commands::database::migrate(&config).await,
        Command::Backup(args) => commands::database::backup(&config, &args).await,
        Command::Restore(args) => commands::database::restore(&config, &args).await,
        Command::OperatorKey(command) => match command {
            OperatorKey::Create { name } => commands::operator_key::create(&config, name).await,
            OperatorKey::List => commands::operator_key::list(&config).await,
            OperatorKey::Revoke { id } => commands::operator_key::revoke(&config, &id).await,
        },
        Command::User(User::Create(args)) => commands::user::create(&config, args).await,
        Command::RotateMasterKey(args) => {
            commands::database::rotate_master_key(&config, &args).await
        }
        Command::CheckConfig => {
            commands::database::check_config(&config, |variable| source(matches, variable)).await
        }
        Command::Healthcheck(args) => commands::healthcheck::run(&config, args).await,
    }
}

fn source(matches: &ArgMatches, variable: &str) -> Option<ValueSource> {
    let command = Cli::command();
    let mut arguments = command.get_arguments();
    let argument =
        arguments.find(|argument| argument.get_env().is_some_and(|name| name == variable))?;
    matches.value_source(argument.get_id().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command_line().debug_assert();
    }

    #[test]
    fn only_the_words_of_the_server_have_a_log_for_their_failure() {
        for (words, expected) in [
            (&["recado-server"][..], true),
            (&["recado-server", "--listen", "8081"], true),
            (&["recado-server", "serve", "--wait"], true),
            (&["recado-server", "--listen", "8081", "migrate"], false),
            (&["recado-server", "operator-key", "list"], false),
        ] {
            let given: Vec<_> = words.iter().map(OsString::from).collect();
            let found = command_line::is_of_server(&command_line(), &given);
            assert_eq!(found, expected, "{words:?}");
        }
    }

    #[test]
    fn the_demo_takes_only_what_has_an_effect_there() {
        let parse = |words: &[&str]| command_line().try_get_matches_from(words);
        for words in [
            &["recado-server", "demo", "--listen", "8081", "--once"][..],
            &["recado-server", "--listen", "8081", "demo"],
        ] {
            let cli = Cli::from_arg_matches(&parse(words).expect("it is understood"));
            let listen = cli.expect("it is understood").config.listen;
            assert_eq!(listen.to_string(), "localhost:8081");
        }
        let refused = parse(&["recado-server", "demo", "--database-url", "sqlite:x.db"]);
        let refused = refused.expect_err("it has no effect").to_string();
        assert!(refused.contains("settings of its own"), "{refused}");
        let help = parse(&["recado-server", "demo", "--help"]);
        let help = help.expect_err("the help").to_string();
        let offered: Vec<_> = help
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
            .collect();
        assert_eq!(offered, ["--listen", "--once", "--help"]);
    }
}
