//! What became of each row: for a person, for a program, and in a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;

use recado_sandbox::terminal::{one_line, visible};
use serde_json::{Value, json};

use super::checking::{Checked, Kind, Verdict};
use super::progress::Progress;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::{Output, Printer, View};

/// Rows with a problem that a person is shown; the report has all.
const MAX_SHOWN: usize = 50;

/// The words for what became of a row, in the order of the summary.
const STATUSES: [(&str, &str); 7] = [
    ("created", "created"),
    ("ready", "to create"),
    ("present", "there already"),
    ("leftOut", "left out"),
    ("wrong", "to correct"),
    ("failed", "failed"),
    ("notTried", "not tried"),
];

pub(super) struct Report {
    printer: Printer,
    file: Option<File>,
    counts: BTreeMap<&'static str, usize>,
    warnings: usize,
    shared: usize,
    shown: usize,
    pub(super) progress: Progress,
}

impl Report {
    /// Opens the file that is to hold all rows.
    pub(super) fn new(path: Option<&str>, printer: Printer) -> Result<Self, Failure> {
        let file = path.map(File::create).transpose();
        Ok(Self {
            file: file.map_err(|error| unwritten(&error))?,
            printer,
            counts: BTreeMap::new(),
            warnings: 0,
            shared: 0,
            shown: 0,
            progress: Progress::none(),
        })
    }

    /// Reports a row for which nothing is done.
    pub(super) fn add(&mut self, row: &Checked) -> Result<(), Failure> {
        match &row.verdict {
            Verdict::Create(_) => self.tell(row, "ready", None),
            Verdict::Present => self.tell(row, "present", None),
            Verdict::LeftOut(reason) => self.tell(row, "leftOut", Some(reason)),
            Verdict::Wrong(problem) => self.tell(row, "wrong", Some(problem)),
        }
    }

    /// Reports what became of a row.
    pub(super) fn tell(
        &mut self,
        row: &Checked,
        status: &'static str,
        problem: Option<&str>,
    ) -> Result<(), Failure> {
        *self.counts.entry(status).or_default() += 1;
        self.warnings += usize::from(row.warning.is_some());
        self.shared += usize::from(row.shared.is_some());
        let kind = match row.kind {
            Kind::Agent => "agent",
            Kind::Conversation => "conversation",
            Kind::Row => "row",
        };
        let mut line = json!({
            "file": &*row.place.file, "line": row.place.line, "kind": kind, "id": row.id, "status": status,
        });
        if let Some(entry) = row.place.entry {
            line["entry"] = entry.into();
        }
        let shown = joined([row.shared.as_deref(), row.notice.as_deref()]);
        let warning = joined([row.warning.as_deref(), shown.as_deref()]);
        for (key, text) in [("problem", problem), ("warning", warning.as_deref())] {
            if let Some(text) = text {
                line[key] = text.into();
            }
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}").map_err(|error| unwritten(&error))?;
        }
        if self.printer.is_json() {
            return self.print(&line, String::new());
        }
        let problem = problem.filter(|_| matches!(status, "wrong" | "failed"));
        match problem.or(shown.as_deref()) {
            Some(problem) => {
                self.shown += 1;
                if self.shown > MAX_SHOWN {
                    return Ok(());
                }
                let what = match row.kind {
                    Kind::Row => String::new(),
                    _ => format!("{kind} {}: ", one_line(&row.id)),
                };
                let text = format!("{}: {what}{}", row.place, visible(problem));
                self.print(&line, text)
            }
            None => Ok(()),
        }
    }

    fn print(&self, json: &Value, text: String) -> Result<(), Failure> {
        let printed = self
            .progress
            .beside(|| self.printer.line(&json.to_string(), |_, _| text));
        printed.map_err(|error| unwritten(&error))
    }

    /// The end of a run that created nothing.
    pub(super) fn checked(self, is_dry_run: bool) -> Output {
        let is_wrong = self.counts.contains_key("wrong");
        let advice = match (is_wrong, is_dry_run) {
            (true, _) => "nothing was created: correct the rows above, and run it again",
            (false, _) => "nothing was created, as --dry-run asks",
        };
        let exit_code = if is_wrong {
            ExitCode::Usage
        } else {
            ExitCode::Ok
        };
        self.output(advice, exit_code)
    }

    /// The end of a run that created what it could.
    pub(super) fn created(self, failure: Option<ExitCode>) -> Output {
        let advice = match failure {
            None => "",
            Some(_) if self.counts.contains_key("notTried") => {
                "stopped: run it again, and it goes on there"
            }
            Some(_) => "run it again when that is mended: what is there is left as it is",
        };
        self.output(advice, failure.unwrap_or(ExitCode::Ok))
    }

    fn output(self, advice: &str, exit_code: ExitCode) -> Output {
        let mut json = serde_json::Map::new();
        let mut parts = Vec::new();
        for (status, words) in STATUSES {
            let count = self.counts.get(status).copied().unwrap_or_default();
            json.insert(status.to_owned(), count.into());
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
        let mut lines = Vec::new();
        if self.shown > MAX_SHOWN {
            lines.push(format!(
                "{} more problems: --report FILE keeps all",
                self.shown - MAX_SHOWN
            ));
        }
        lines.push(parts.join(", "));
        if self.warnings > 0 {
            lines.push(format!(
                "{} phone numbers may be meant otherwise: --report FILE tells how each was read",
                self.warnings
            ));
        }
        if self.shared > 0 {
            lines.push(format!(
                "{} with a phone to which another agent talks as well",
                self.shared
            ));
        }
        lines.extend((!advice.is_empty()).then(|| advice.to_owned()));
        Output {
            json: Value::Object(json).to_string(),
            views: vec![View::Text(lines.join("\n"))],
            exit_code,
        }
    }
}

/// Joins the texts that are there; `None` if there are none.
fn joined(texts: [Option<&str>; 2]) -> Option<String> {
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::Own(format!("cannot write the report: {error}"))
}
