//! The command line and its environment: what the options of every command have in common.

use std::env;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

/// Prepares a command: a variable that is empty counts as not set, and the line of the usage is the one of the help.
pub(crate) fn prepare(command: Command) -> Command {
    let command = without_empty_variables(command);
    let mut built = command.clone();
    built.build();
    with_usage_of_help(command, &built)
}

fn without_empty_variables(command: Command) -> Command {
    let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| {
            if arg.get_env().is_some_and(is_empty) {
                arg.env(None::<&'static str>)
            } else {
                arg
            }
        })
        .mut_subcommands(without_empty_variables)
}

/// Sets the lines of the usage, which would list every option that a variable sets as one that is required.
fn with_usage_of_help(command: Command, built: &Command) -> Command {
    let usage = built.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    command.override_usage(usage).mut_subcommands(|subcommand| {
        match built.find_subcommand(subcommand.get_name()) {
            Some(built) => with_usage_of_help(subcommand, built),
            None => subcommand,
        }
    })
}

/// Returns the sentence about a variable whose value is refused, or `None` if the words of the command line are wrong.
pub(crate) fn refused_variable(
    error: &clap::Error,
    command: &Command,
    words: &[OsString],
) -> Option<String> {
    if error.kind() == ErrorKind::InvalidUtf8 {
        let mut variables = arguments(command).filter_map(Arg::get_env);
        let is_unreadable =
            |name: &&OsStr| env::var_os(name).is_some_and(|value| value.to_str().is_none());
        let variable = variables.find(is_unreadable)?.to_str()?;
        return Some(format!("{variable}: the value is not UTF-8"));
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let flag = option.split([' ', '[', '=']).next()?;
    let is_given = words.iter().filter_map(|word| word.to_str());
    let mut is_given = is_given.map(|word| word.split('=').next().unwrap_or(word));
    if error.kind() != ErrorKind::ValueValidation || is_given.any(|word| word == flag) {
        return None;
    }
    let long = flag.strip_prefix("--")?;
    let argument = arguments(command).find(|argument| argument.get_long() == Some(long))?;
    let variable = argument.get_env()?.to_str()?;
    // The value may be a secret.
    let cause = error.source()?;
    Some(format!("{variable}: {cause}"))
}

fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let subcommands = command.get_subcommands();
    let theirs = subcommands.flat_map(Command::get_arguments);
    command.get_arguments().chain(theirs)
}

/// Returns whether these words, which could not be parsed, seem to ask for the server, whose sentences are lines of a log.
pub(crate) fn is_of_server(command: &Command, words: &[OsString]) -> bool {
    let mut others = command
        .get_subcommands()
        .map(Command::get_name)
        .filter(|name| *name != "serve");
    others.all(|other| words.iter().all(|word| word != other))
}
