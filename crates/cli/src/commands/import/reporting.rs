//! What became of each row: for a person, for a program, and in a file.

use std::{collections::BTreeMap, fs::File, io::Write as _};

use recado_sandbox::terminal::{one_line, visible};
use serde_json::{Value, json};

use super::checked::{Checked, Kind, Verdict};
use crate::commands::resource::filled;
use crate::render::progress::Progress;
use crate::{ExitCode, Failure, Output, Printer, Result, View};

/// Problems, and as many warnings, that a person is shown; the report has all.
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
    /// Lines that a person was shown, or would have been if they were fewer.
    problem_lines: usize,
    warning_lines: usize,
    pub(super) progress: Progress,
}

impl Report {
    pub(super) fn new(path: Option<&str>, printer: Printer) -> Result<Self> {
        let file = path.map(File::create).transpose();
        Ok(Self {
            file: file.map_err(|error| unwritten(&error))?,
            printer,
            counts: BTreeMap::new(),
            warnings: 0,
            shared: 0,
            problem_lines: 0,
            warning_lines: 0,
            progress: Progress::of(0),
        })
    }

    /// Reports a row for which nothing is done.
    pub(super) fn add(&mut self, row: &Checked) -> Result<()> {
        match &row.verdict {
            Verdict::Create(_) => self.tell(row, "ready", None),
            Verdict::Present => self.tell(row, "present", None),
            Verdict::LeftOut(reason) => self.tell(row, "leftOut", Some(reason)),
            Verdict::Wrong(problem) => self.tell(row, "wrong", Some(problem)),
        }
    }

    pub(super) fn tell(
        &mut self,
        row: &Checked,
        status: &'static str,
        problem: Option<&str>,
    ) -> Result<()> {
        *self.counts.entry(status).or_default() += 1;
        self.warnings += usize::from(row.warning.is_some());
        self.shared += usize::from(row.shared.is_some());
        let kind = match row.kind {
            Kind::Agent => "agent",
            Kind::Conversation => "conversation",
            Kind::Row => "row",
        };
        let notice = joined([row.shared.as_deref(), row.notice.as_deref()]);
        let warning = joined([row.warning.as_deref(), notice.as_deref()]);
        let line = filled(json!({
            "file": &*row.place.file, "line": row.place.line, "kind": kind, "id": row.id,
            "status": status, "entry": row.place.entry, "problem": problem, "warning": warning,
        }));
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}").map_err(|error| unwritten(&error))?;
        }
        if self.printer.is_json() {
            return self.print(&line, String::new());
        }
        let problem = problem.filter(|_| matches!(status, "wrong" | "failed"));
        let Some(told) = self.shown(problem, notice.as_deref()) else {
            return Ok(());
        };
        let what = match row.kind {
            Kind::Row => String::new(),
            _ => format!("{kind} {}: ", one_line(&row.id)),
        };
        let text = format!("{}: {what}{}", row.place, visible(told));
        self.print(&line, text)
    }

    /// Returns what a person is shown of a row: its problem, or else its warning, unless enough of that sort were
    /// shown.
    fn shown<'a>(&mut self, problem: Option<&'a str>, warning: Option<&'a str>) -> Option<&'a str> {
        let count = match problem {
            // Many warnings must not hide the rows that have to be corrected.
            Some(_) => &mut self.problem_lines,
            None => &mut self.warning_lines,
        };
        let text = problem.or(warning)?;
        *count += 1;
        (*count <= MAX_SHOWN).then_some(text)
    }

    fn print(&self, json: &Value, text: String) -> Result<()> {
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
        for (count, noun) in [
            (self.problem_lines, "problem"),
            (self.warning_lines, "warning"),
        ] {
            let hidden = count.saturating_sub(MAX_SHOWN);
            if hidden > 0 {
                let nouns = plural(hidden, noun);
                lines.push(format!("{hidden} more {nouns}: --report FILE keeps all"));
            }
        }
        lines.push(parts.join(", "));
        if self.warnings > 0 {
            lines.push(format!(
                "{} {} may be meant otherwise: --report FILE tells how each was read",
                self.warnings,
                plural(self.warnings, "phone number")
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

fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{noun}{ending}")
}

fn joined(texts: [Option<&str>; 2]) -> Option<String> {
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::Own(format!("cannot write the report: {error}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::render::printer::Format;

    #[test]
    fn warnings_hide_no_problem() {
        let mut report = Report::new(None, Printer::new(Some(Format::Table))).unwrap();
        let shown = (0..MAX_SHOWN + 2).filter_map(|_| report.shown(None, Some("a warning")));
        assert_eq!(shown.count(), MAX_SHOWN);
        let shown = (0..=MAX_SHOWN).filter_map(|_| report.shown(Some("a problem"), None));
        assert_eq!(shown.count(), MAX_SHOWN);
        assert_eq!(report.shown(None, None), None);
        let output = report.checked(false);
        let [View::Text(text)] = &*output.views else {
            panic!("{}", output.json);
        };
        let rest =
            "1 more problem: --report FILE keeps all\n2 more warnings: --report FILE keeps all\n";
        assert!(text.starts_with(rest), "{text}");
    }

    #[rstest]
    #[case(1, "1 phone number may")]
    #[case(2, "2 phone numbers may")]
    fn uncertain_phone_numbers_are_counted(#[case] warnings: usize, #[case] expected: &str) {
        let mut report = Report::new(None, Printer::new(Some(Format::Table))).unwrap();
        report.warnings = warnings;
        let output = report.checked(true);
        let [View::Text(text)] = &*output.views else {
            panic!("{}", output.json);
        };
        assert!(text.contains(expected), "{text}");
    }
}
