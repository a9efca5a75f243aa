//! A program that ran to its end.

use std::process::Output;

use serde_json::Value;
use tokio::process::Command;

use crate::json::assert_contains;
use crate::soon::soon;

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    /// -1 if a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub async fn ran(command: &mut Command) -> Ran {
    let output = soon("a program ends", command.output()).await;
    output.expect("a process").into()
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ran {
    /// Expects success, and returns what was printed.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Expects success without a word on standard error, and returns what was printed.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.stderr, "", "{}", self.stdout);
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
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert_contains(&self.stderr, part);
    }

    /// Expects a refusal of the server's program that says this.
    #[track_caller]
    pub fn refused(&self, part: &str) {
        self.failed(1, part);
    }
}
