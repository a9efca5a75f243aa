//! All printing: on standard output what was asked for, on standard error what goes on.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};

use clap::ValueEnum;
use recado_sandbox::drawing::Style;
use recado_sandbox::terminal::{turns_direction, visible};

use super::{output::Output, terminal};
use crate::{ExitCode, Failure};

/// The format of the output: tables for people, the server's answer for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables as wide as the terminal, with long ids and texts shortened
    Table,
    /// Tables with nothing shortened
    Wide,
    /// The server's answer, with times in UTC
    Json,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    format: Format,
}

impl Printer {
    /// Creates a printer; without a given format, a terminal gets tables and everything else JSON.
    pub(crate) fn new(format: Option<Format>) -> Self {
        let format = format.unwrap_or(if terminal::is_terminal() {
            Format::Table
        } else {
            Format::Json
        });
        Self { format }
    }

    pub(crate) fn print(self, output: &Output) -> ExitCode {
        let text = self.text(&output.json, |columns, style| output.people(columns, style));
        if text.is_empty() {
            return output.exit_code;
        }
        match write_line(std::io::stdout(), &text) {
            // The reader closed the pipe, as `recado … | head` does.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => ExitCode::OwnFault,
            _ => output.exit_code,
        }
    }

    /// Prints one line of many; an error means that the reader has closed the pipe.
    pub(crate) fn line(
        self,
        json: &str,
        people: impl FnOnce(usize, Style) -> String,
    ) -> std::io::Result<()> {
        write_line(std::io::stdout(), &self.text(json, people))
    }

    fn text(self, json: &str, people: impl FnOnce(usize, Style) -> String) -> String {
        match self.columns() {
            None => harmless(json),
            Some(columns) => people(columns, Style::of_stdout()),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Returns how many columns a line may take; `None` for a program, which gets JSON.
    fn columns(self) -> Option<usize> {
        match self.format {
            Format::Json => None,
            Format::Table => Some(terminal::columns()),
            Format::Wide => Some(usize::MAX),
        }
    }

    /// Prints a failure on standard error; programs get the server's answer on standard output too.
    pub(crate) fn fail(self, failure: &Failure) -> ExitCode {
        if let (Format::Json, Some(json)) = (self.format, failure.json()) {
            write_line(std::io::stdout(), &harmless(json)).ok();
        }
        let sentence = visible(&failure.to_string());
        // ChatVolt's own sentences begin with the word.
        let sentence = sentence.strip_prefix("error ").unwrap_or(&sentence);
        write_line(std::io::stderr(), &format!("error: {sentence}")).ok();
        failure.exit_code()
    }
}

/// Escapes every character of JSON that could steer a terminal: a customer's name may hold some.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for sign in json.chars() {
        let is_space = matches!(sign, '\n' | '\r' | '\t');
        if (sign.is_control() && !is_space) || turns_direction(sign) {
            write!(text, "\\u{:04x}", u32::from(sign)).ok();
        } else {
            text.push(sign);
        }
    }
    text
}

/// Prints what is going on to standard error.
pub(crate) fn note(sentence: &str) {
    write_line(std::io::stderr(), &visible(sentence)).ok();
}

fn write_line(mut to: impl Write, text: &str) -> std::io::Result<()> {
    writeln!(to, "{}", text.trim_end_matches('\n'))?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_steers_no_terminal_and_says_the_same() {
        let value = json!({"name": "a\u{9b}31m\u{7f}\u{202e}\u{2066}b\u{1b}ç\n😀"});
        let shown = harmless(&value.to_string());
        assert_eq!(
            shown,
            r#"{"name":"a\u009b31m\u007f\u202e\u2066b\u001bç\n😀"}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
