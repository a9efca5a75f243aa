//! The result file: what became of each row, and which run it belongs to.
//!
//! The first line names the run, and a line `# begun TIME LINE…` stands on the disk before these rows are sent. A row
//! that was begun and has no outcome may have been sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use csv::{ReaderBuilder, WriterBuilder};
use jiff::Timestamp;
use recado_sandbox::terminal::one_line;
use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, Status};
use crate::{Failure, Result};

const HEAD: &str = "line,messageId,status,reason,error\n";

/// How the first line begins.
const RUN: &str = "# {\"run\":";

/// How the first line begins after a spreadsheet has saved the file.
const SAVED_AGAIN: [&str; 3] = ["\"# {", "\u{feff}\"# {", "\u{feff}# {"];

/// What a run is about: it is continued only if all of this is the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    /// Random: the keys of the rows begin with it.
    #[serde(rename = "run")]
    pub(super) id: String,
    pub(super) server: String,
    pub(super) organization: String,
    /// SHA-256 of the input file.
    pub(super) file: String,
    /// SHA-256 of the kind of the message and of the options that are the default for all rows.
    pub(super) options: String,
}

/// What is known of the rows of a run.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) run: Option<Run>,
    rows: BTreeMap<u64, State>,
}

#[derive(Default, Clone, PartialEq, Eq)]
struct State {
    begun: Option<Timestamp>,
    outcome: Option<Outcome>,
}

/// The open file of a run, which no other command writes meanwhile.
pub(super) struct ResultFile {
    path: String,
    file: File,
    run: Run,
    known: Known,
    is_begun: bool,
}

/// A row of the file.
type Line = (u64, Option<String>, Status, Option<String>, Option<String>);

impl Known {
    /// Reads the file at `path`; one that does not exist knows nothing.
    pub(super) fn load(path: &str) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(|(known, _)| known),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(unusable("cannot read", path, &error)),
        }
    }

    /// Reads the text of a file. Returns also how much of it is whole: a line may have been cut off.
    fn parse(path: &str, text: &str) -> Result<(Self, usize)> {
        let (first, rest) = match text.find('\n') {
            Some(end) => text.split_at(end + 1),
            None => (text, ""),
        };
        if SAVED_AGAIN.iter().any(|begin| first.starts_with(begin)) {
            return Err(unreadable(
                path,
                "another program has saved it: restore it as it was",
            ));
        }
        if !first.starts_with(RUN) && !RUN.starts_with(first) {
            return Err(Failure::Usage(format!(
                "{path} is there already, and is not the result file of a run: name another file with --result"
            )));
        }
        // It was cut off before a row was begun.
        if rest != HEAD && HEAD.starts_with(rest) {
            return Ok((Self::default(), 0));
        }
        if !rest.starts_with(HEAD) {
            return Err(unreadable(
                path,
                "its second line is not the names of the columns",
            ));
        }
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let mut known = Self::default();
        for line in whole.lines().filter(|line| line.starts_with('#')) {
            known.note(line).ok_or_else(|| unreadable(path, line))?;
        }
        let mut reader = ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(whole.as_bytes());
        for line in reader.deserialize() {
            let (line, message_id, status, reason, error): Line =
                line.map_err(|error| unreadable(path, &error.to_string()))?;
            let outcome = Outcome {
                status,
                message_id,
                reason,
                error,
            };
            known.rows.entry(line).or_default().outcome = Some(outcome);
        }
        Ok((known, whole.len()))
    }

    /// Takes in a line that is not the outcome of a row.
    fn note(&mut self, line: &str) -> Option<()> {
        let mark = line.strip_prefix("# ")?;
        if self.run.is_none() {
            self.run = Some(serde_json::from_str(mark).ok()?);
            return Some(());
        }
        let mut words = mark.split(' ');
        let begun = match words.next()? {
            "begun" => Some(words.next()?.parse().ok()?),
            "free" => None,
            _ => return None,
        };
        for line in words {
            self.mark(line.parse().ok()?, begun);
        }
        Some(())
    }

    /// Notes when a row was begun. It may have been sent since the first time.
    fn mark(&mut self, line: u64, begun: Option<Timestamp>) {
        let state = self.rows.entry(line).or_default();
        state.begun = begun.map(|begun| state.begun.unwrap_or(begun));
    }

    /// Returns the last outcome of a row.
    pub(super) fn outcome(&self, line: u64) -> Option<&Outcome> {
        self.rows.get(&line)?.outcome.as_ref()
    }

    /// Returns whether a row is not sent any more.
    pub(super) fn is_done(&self, line: u64) -> bool {
        let outcome = self.outcome(line);
        outcome.is_some_and(|outcome| outcome.status != Status::Invalid)
    }

    /// Returns when a row was begun, if it may have been sent and has no outcome.
    pub(super) fn begun(&self, line: u64) -> Option<Timestamp> {
        let begun = self.rows.get(&line)?.begun;
        begun.filter(|_| !self.is_done(line))
    }

    /// Refuses to continue a run as another one.
    pub(super) fn check_same(&self, path: &str, other: &Run) -> Result<()> {
        let Some(run) = &self.run else { return Ok(()) };
        let reason = if run.file != other.file {
            "its file has changed since: undo that, or put the rows that remain into a file of their own".to_owned()
        } else if run.options != other.options {
            "the options that are the default for all rows have changed since: repeat the command as it was".to_owned()
        } else if (&run.server, &run.organization) != (&other.server, &other.organization) {
            format!(
                "it was begun for organization {} at {}, and this is organization {} at {}: another server does not know its keys",
                run.organization, run.server, other.organization, other.server
            )
        } else {
            return Ok(());
        };
        Err(Failure::Usage(format!(
            "{path} belongs to a run that cannot be continued: {reason}; nothing was sent; --result begins a run of all rows in another result file"
        )))
    }
}

impl ResultFile {
    /// Opens the file of a run that is begun, or of one that goes on from what is known of it.
    pub(super) fn open(path: &str, run: Run, known: Known) -> Result<Self> {
        let failed = |error: io::Error| unusable("cannot write", path, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let (present, whole) = Known::parse(path, &text)?;
        // Another command may have ended between the check of the rows and the lock, and written its file.
        if present != known || !is_still_at(&file, path).map_err(failed)? {
            return Err(in_use(path));
        }
        file.set_len(whole as u64).map_err(failed)?;
        let (run, is_begun) = match &known.run {
            Some(run) => (run.clone(), true),
            None => (run, false),
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            run,
            known,
            is_begun,
        })
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Returns the idempotency key of a row.
    pub(super) fn key(&self, line: u64) -> String {
        format!("{}-{line}", self.run.id)
    }

    /// Writes outcomes, and which rows are sent next; all of it is on the disk afterwards.
    pub(super) fn write(
        &mut self,
        outcomes: &[(u64, Outcome)],
        begun: &[u64],
        now: Timestamp,
    ) -> Result<()> {
        let mut text = String::new();
        if !self.is_begun {
            text = head(&self.run);
        }
        for (line, outcome) in outcomes {
            text += &row(*line, outcome);
        }
        if !begun.is_empty() {
            text += &mark(&format!("begun {now:.0}"), begun);
        }
        self.append(&text)?;
        for (line, outcome) in outcomes {
            self.known.rows.entry(*line).or_default().outcome = Some(outcome.clone());
        }
        for line in begun {
            self.known.mark(*line, Some(now));
        }
        Ok(())
    }

    /// Writes that rows were begun and surely not sent.
    pub(super) fn free(&mut self, lines: &[u64]) -> Result<()> {
        if !lines.is_empty() {
            self.append(&mark("free", lines))?;
        }
        for line in lines {
            self.known.mark(*line, None);
        }
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let written = (self.file.write_all(text.as_bytes()))
            .and_then(|()| self.file.sync_data())
            // Without its folder a new file may be gone after a power cut.
            .and_then(|()| {
                if self.is_begun {
                    Ok(())
                } else {
                    sync_folder(&self.path)
                }
            });
        written.map_err(|error| unusable("cannot write", &self.path, &error))?;
        self.is_begun = true;
        Ok(())
    }

    /// Replaces the file by one that has its rows in the order of their lines, and only the marks of rows without an
    /// outcome. Both files say the same, so that a failure changes nothing.
    pub(super) fn tidy(self) -> Known {
        if self.is_begun {
            self.rewrite().ok();
        }
        self.known
    }

    fn rewrite(&self) -> io::Result<()> {
        let mut text = head(&self.run);
        for (line, state) in &self.known.rows {
            if let Some(outcome) = &state.outcome {
                text += &row(*line, outcome);
            }
        }
        for line in self.known.rows.keys() {
            if let Some(begun) = self.known.begun(*line) {
                text += &mark(&format!("begun {begun:.0}"), &[*line]);
            }
        }
        let path = std::fs::canonicalize(&self.path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(text.as_bytes())?;
        new.as_file()
            .set_permissions(self.file.metadata()?.permissions())?;
        new.as_file().sync_all()?;
        new.persist(&path)?;
        sync_folder(&self.path)
    }
}

fn head(run: &Run) -> String {
    let run = serde_json::to_string(run).unwrap_or_default();
    format!("# {run}\n{HEAD}")
}

fn mark(words: &str, lines: &[u64]) -> String {
    let mut text = format!("# {words}");
    for line in lines {
        let _ = write!(text, " {line}");
    }
    text.push('\n');
    text
}

fn row(line: u64, outcome: &Outcome) -> String {
    // A spreadsheet that takes `;` as the separator would read what follows one as a cell, perhaps as a formula.
    let shown =
        |text: &Option<String>| text.as_deref().map(|text| one_line(text).replace(';', ","));
    let row: Line = (
        line,
        shown(&outcome.message_id),
        outcome.status,
        shown(&outcome.reason),
        shown(&outcome.error),
    );
    let mut writer = WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    // Texts and a number are written into memory, which cannot fail.
    writer.serialize(row).ok();
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Returns whether an open file is still the one at its path.
fn is_still_at(file: &File, path: &str) -> io::Result<bool> {
    let (open, there) = (file.metadata()?, std::fs::metadata(path)?);
    Ok(open.len() == there.len() && open.modified()? == there.modified()?)
}

fn sync_folder(path: &str) -> io::Result<()> {
    let folder = Path::new(path).parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn in_use(path: &str) -> Failure {
    Failure::Usage(format!(
        "another command is sending with the result file {path}: wait until it ends, or stop it"
    ))
}

fn unreadable(path: &str, what: &str) -> Failure {
    Failure::Usage(format!(
        "the result file {path} cannot be read ({what}): a row might be sent twice; nothing was sent"
    ))
}

fn unusable(what: &str, path: &str, error: &io::Error) -> Failure {
    Failure::Own(format!("{what} the result file {path}: {error}"))
}

#[cfg(test)]
mod tests;
