//! A program that ran to its end.

use std::ffi::OsStr;
use std::iter::once;
use std::process::Output;

use serde_json::Value;
use tokio::process::Command;

use crate::soon::soon;

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    /// The program and its arguments.
    pub line: String,
    /// -1 if a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub async fn ran(command: &mut Command) -> Ran {
    let output = soon("a program ends", command.output()).await;
    Ran::of(command, output.expect("a process"))
}

impl Ran {
    /// What that command left behind.
    pub fn of(command: &Command, output: Output) -> Self {
        let command = command.as_std();
        let words = once(command.get_program()).chain(command.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self {
            line: words.join(" "),
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Expects success, and returns what was printed.
    #[track_caller]
    pub fn succeeded(self) -> String {
        self.ended(0);
        self.stdout
    }

    /// Expects that exit code.
    #[track_caller]
    pub fn ended(&self, expected: i32) {
        let Self {
            line,
            code,
            stdout,
            stderr,
        } = self;
        assert_eq!(*code, expected, "{line}\n{stdout}{stderr}");
    }

    /// Expects success without a word on standard error, and returns what was printed.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.stderr, "", "{}\n{}", self.line, self.stdout);
        self.succeeded()
    }

    /// Expects what [`Self::done`] expects, and returns the JSON that was printed.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.done()).expect("JSON")
    }

    /// Expects that exit code and that part of standard error.
    #[track_caller]
    pub fn failed(&self, code: i32, part: &str) {
        self.ended(code);
        let Self { line, stderr, .. } = self;
        assert!(stderr.contains(part), "{line}\n{part} is not in:\n{stderr}");
    }

    /// Expects a refusal of the server's program that says this.
    #[track_caller]
    pub fn refused(&self, part: &str) {
        self.failed(1, part);
    }
}
