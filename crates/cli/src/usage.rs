//! The usage line of an error: the command with what it requires, and nothing else.

use clap::error::{ContextKind, ContextValue, Error};
use clap::{Command, CommandFactory as _, builder::StyledStr};

use crate::cli::Cli;

/// Replaces the usage line of an error. That of clap lists everything that was given, also by the environment, so that
/// `--server` looks as if it were required.
pub(crate) fn mended(mut error: Error) -> Error {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return error;
    };
    let usage = usage.to_string();
    let mut root = Cli::command();
    root.build();
    // Behind `Usage:` and the name of the program stand the names of the command.
    let usage = usage_of(&mut root, usage.split_whitespace().skip(2));
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    error
}

fn usage_of<'a>(command: &mut Command, mut words: impl Iterator<Item = &'a str>) -> StyledStr {
    let word = words.next().unwrap_or_default();
    let inner = command
        .get_subcommands_mut()
        .find(|inner| inner.get_name() == word);
    if let Some(inner) = inner {
        return usage_of(inner, words);
    }
    command.render_usage()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// The words of each command that does something, in all depths.
    fn commands(command: &Command, words: &[String], into: &mut Vec<Vec<String>>) {
        let inner = command.get_subcommands();
        for inner in inner.filter(|inner| inner.get_name() != "help") {
            let words = [words, &[inner.get_name().to_owned()]].concat();
            if !inner.has_subcommands() {
                into.push(words.clone());
            }
            commands(inner, &words, into);
        }
    }

    #[test]
    fn every_commands_usage_line_names_only_what_it_requires() {
        let mut all = Vec::new();
        commands(&Cli::command(), &[], &mut all);
        assert!(all.len() > 50, "{}", all.len());
        for words in all {
            let globals = [
                "--server",
                "http://h:1",
                "--output",
                "json",
                "--profile",
                "p",
            ];
            // Each command refuses this option, and some what they lack.
            for faulty in [&["--no-such-option"][..], &[]] {
                let line = ["recado"].into_iter().chain(globals);
                let line = line.chain(words.iter().map(String::as_str));
                let Err(error) = Cli::try_parse_from(line.chain(faulty.iter().copied())) else {
                    continue;
                };
                let shown = mended(error).to_string();
                let usage = shown.lines().find(|line| line.starts_with("Usage:"));
                let usage = usage.unwrap_or_else(|| panic!("{words:?}: {shown}"));
                let start = format!("Usage: recado {}", words.join(" "));
                assert!(usage.starts_with(&start), "{usage}");
                for option in ["--server", "--output", "--profile", "--key"] {
                    assert!(!usage.contains(option), "{usage}");
                }
                assert!(!shown.contains("error: error"), "{shown}");
            }
        }
    }

    #[test]
    fn what_is_required_is_in_the_usage_line() {
        let line = "recado conversation create --agent a --server http://h:1";
        let error = Cli::try_parse_from(line.split(' ')).err();
        let shown = mended(error.expect("an error")).to_string();
        let usage = "Usage: recado conversation create [OPTIONS] --agent <ID> --channel <ID> --to <RECIPIENT>";
        assert!(shown.contains(usage), "{shown}");
    }
}
