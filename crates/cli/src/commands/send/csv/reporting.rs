//! What a person and a program are told of a run.

use std::io;

use recado_sandbox::terminal::visible;
use serde_json::{Value, json};

use super::checking::Wrong;
use super::outcome::{Outcome, Status};
use super::result_file::Known;
use crate::commands::resource::filled;
use crate::{Failure, Printer, Result};

/// Lines about rows that a person is shown.
const MAX_SHOWN: usize = 50;

pub(super) struct Report {
    printer: Printer,
    lines: usize,
}

/// How many rows came to what.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    pub(super) unknown: usize,
    pub(super) invalid: usize,
    /// Begun, without an outcome.
    pub(super) open: usize,
    /// Not begun.
    pub(super) not_sent: usize,
}

impl Report {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer, lines: 0 }
    }

    /// Tells what is wrong with a row.
    pub(super) fn wrong(&mut self, wrong: &Wrong) -> Result<()> {
        let (line, faults) = (wrong.line, wrong.faults.iter());
        let problems = faults.clone().map(|fault| filled(json!({"field": (!fault.field.is_empty()).then_some(&fault.field), "message": fault.sentence})));
        let problems: Vec<_> = problems.collect();
        let json = json!({"line": line, "status": "invalid", "problems": problems});
        let texts = faults.map(|fault| format!("line {line}: {fault}"));
        self.row(&json, texts.collect())
    }

    /// Tells that a row can be sent.
    pub(super) fn valid(&mut self, line: u64, warnings: &[String]) -> Result<()> {
        let json = json!({"line": line, "status": "valid", "warnings": warnings});
        let texts = warnings.iter();
        let texts = texts.map(|warning| format!("line {line}: warning: {warning}"));
        self.row(&json, texts.collect())
    }

    /// Tells what became of a row.
    pub(super) fn outcome(&mut self, line: u64, outcome: &Outcome) -> Result<()> {
        let Outcome {
            status,
            message_id,
            reason,
            error,
        } = outcome;
        let json = filled(json!({
            "line": line, "status": status, "messageId": message_id, "reason": reason, "error": error,
        }));
        let text = |error: &String| {
            let id = message_id.as_ref().map(|id| format!(" ({id})"));
            format!("line {line}: {status}{}: {error}", id.unwrap_or_default())
        };
        self.row(&json, error.iter().map(text).collect())
    }

    fn row(&mut self, json: &Value, texts: Vec<String>) -> Result<()> {
        if self.printer.is_json() {
            let printed = self.printer.line(&json.to_string(), |_, _| String::new());
            return printed.map_err(|error| unwritten(&error));
        }
        for text in texts {
            self.lines += 1;
            if self.lines <= MAX_SHOWN {
                let printed = self.printer.line("", |_, _| visible(&text));
                printed.map_err(|error| unwritten(&error))?;
            }
        }
        Ok(())
    }

    /// Returns how many lines were not shown, in a sentence that says where they are.
    pub(super) fn hidden(&self, place: &str) -> Option<String> {
        let hidden = self.lines.saturating_sub(MAX_SHOWN);
        (hidden > 0).then(|| format!("and {hidden} more: {place}"))
    }
}

impl Counts {
    pub(super) fn of(lines: &[u64], known: &Known) -> Self {
        let mut counts = Self::default();
        for line in lines {
            let count = match known.outcome(*line).map(|outcome| outcome.status) {
                Some(Status::Accepted) => &mut counts.accepted,
                Some(Status::Rejected) => &mut counts.rejected,
                Some(Status::Unknown) => &mut counts.unknown,
                _ if known.begun(*line).is_some() => &mut counts.open,
                Some(Status::Invalid) => &mut counts.invalid,
                None => &mut counts.not_sent,
            };
            *count += 1;
        }
        counts
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "accepted": self.accepted, "rejected": self.rejected, "unknown": self.unknown,
            "invalid": self.invalid, "open": self.open, "notSent": self.not_sent,
        })
    }

    /// Returns the counts in words, without those that are zero.
    pub(super) fn words(&self) -> String {
        let parts = [
            (self.accepted, "accepted"),
            (self.rejected, "rejected"),
            (self.unknown, "unknown"),
            (self.invalid, "left out because they are wrong"),
            (self.open, "begun and without an answer"),
            (self.not_sent, "not sent"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        parts.join(", ")
    }
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::Own(format!("cannot print what became of a row: {error}"))
}
