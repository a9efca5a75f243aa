//! `recado send … --csv FILE`: a message for each row, checked before the first is sent, each sent once.

pub(super) mod args;
mod caller;
mod checking;
mod cost;
mod outcome;
mod queue;
mod reporting;
mod result_file;
mod sending;
mod sheet;
mod variables;

use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use recado_sandbox::terminal::visible;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use self::caller::Caller;
use self::checking::{Message, Wrong};
use self::cost::Costs;
use self::outcome::{Outcome, Status};
use self::reporting::{Counts, Report};
use self::result_file::{Known, ResultFile, Run};
use self::sending::{Sending, Stop};
use super::draft::Draft;
use crate::commands::pace::Pace;
use crate::render::{bubble, progress::Progress};
use crate::{Client, ExitCode, Failure, Globals, Lookup, Output, Result, View, input, table};

/// Checks under way at once: enough to hide the way to a distant server.
const CHECKS: usize = 8;

const DIRECT: &str = "--csv needs a server, which sends no row twice: leave --direct out";

const NO_RESULT: &str = "the rows of standard input need a result file: name one with --result";

/// A file that was read, and checked without a server.
struct Sheet {
    file: String,
    hash: String,
    /// The lines of all rows.
    lines: Vec<u64>,
    messages: Vec<Message>,
    wrong: Vec<Wrong>,
}

pub(super) async fn run(draft: Draft, globals: &Globals, lookup: Lookup<'_>) -> Result<Output> {
    if draft.how.direct.is_some() {
        return Err(Failure::Usage(DIRECT.to_owned()));
    }
    let mut sheet = Sheet::read(&draft)?;
    let (client, mut report) = (globals.client(lookup)?, Report::new(globals.printer()));
    if draft.how.dry_run {
        let checked = check(&client, &draft, &sheet.messages).await?;
        return shown(&draft, sheet, checked, report);
    }
    let path = draft.how.csv.result();
    let path = path.ok_or_else(|| Failure::Usage(NO_RESULT.to_owned()))?;
    input::check_kept("--result", &path, std::slice::from_ref(&sheet.file))?;
    let known = Known::load(&path)?;
    let run = new_run(&client, &draft, &sheet.hash).await?;
    known.check_same(&path, &run)?;
    sheet.leave_out_done(&known);
    // A row that was begun is not checked again: a request under its key tells its outcome.
    let (mut begun, fresh): (Vec<_>, _) =
        (sheet.messages.drain(..)).partition(|message| known.begun(message.line).is_some());
    let checked = check(&client, &draft, &fresh).await?;
    sheet.wrong.extend(checked.wrong);
    sheet.wrong.sort_by_key(|wrong| wrong.line);
    for wrong in &sheet.wrong {
        report.wrong(wrong)?;
    }
    let wrong: HashSet<_> = sheet.wrong.iter().map(|wrong| wrong.line).collect();
    if !wrong.is_empty() && !draft.how.csv.skip_invalid {
        return Ok(refused(&sheet, &known, &report));
    }
    begun.extend(fresh);
    sheet.messages = begun;
    sheet
        .messages
        .retain(|message| !wrong.contains(&message.line));
    sheet.messages.sort_by_key(|message| message.line);
    let results = ResultFile::open(&path, run, known)?;
    send(&draft, &client, sheet, results, (&path, report)).await
}

impl Sheet {
    fn read(draft: &Draft) -> Result<Self> {
        let csv = &draft.how.csv;
        let file = csv.file().unwrap_or_default();
        let (name, bytes) = (input::name(file), input::bytes(file)?);
        let hash = hex::encode(Sha256::digest(&bytes));
        let text = table::decode(name, bytes)?;
        let rows = sheet::rows(name, &text, draft.kind, &draft.body)?;
        let lines = rows.iter().map(|row| row.line).collect();
        let (messages, wrong) = checking::locally(rows, draft.kind, csv.allow_duplicates);
        Ok(Self {
            file: file.to_owned(),
            hash,
            lines,
            messages,
            wrong,
        })
    }

    fn leave_out_done(&mut self, known: &Known) {
        self.messages.retain(|message| !known.is_done(message.line));
        self.wrong.retain(|wrong| !known.is_done(wrong.line));
    }
}

/// Returns what a run of this file is about; it has a fresh id.
async fn new_run(client: &Client, draft: &Draft, hash: &str) -> Result<Run> {
    let key = client.get(&["api-keys", "current"], &[]).await?.value;
    let organization = key["organizationId"].as_str();
    let organization = organization
        .ok_or_else(|| Failure::Usage("this key belongs to no organization".to_owned()))?;
    // Which rows are wrong is a part of what the run is about.
    let duplicates = draft.how.csv.allow_duplicates;
    let options = format!(
        "{} {} {duplicates}",
        draft.kind.name,
        Value::Object(draft.body.clone())
    );
    Ok(Run {
        id: Uuid::now_v7().to_string(),
        server: client.server().to_string(),
        organization: organization.to_owned(),
        file: hash.to_owned(),
        options: hex::encode(Sha256::digest(options)),
    })
}

/// What the server says of messages.
struct Checked {
    /// The warnings of each message that can be sent, by its line.
    valid: Vec<(u64, Vec<String>)>,
    wrong: Vec<Wrong>,
    costs: Costs,
}

/// Has the server check messages.
async fn check(client: &Client, draft: &Draft, messages: &[Message]) -> Result<Checked> {
    // The pace of a check does not change: Ctrl-C ends the command, which has sent nothing.
    let (_pace, paced) = watch::channel(Pace::Going);
    let progress = Progress::of(messages.len());
    let caller = Caller::new(client, draft.kind, paced, &progress);
    let checks = messages.iter().map(async |message| {
        let checked = caller.check(message).await?;
        progress.step();
        Ok::<_, Failure>(checked.map(|valid| (message.line, valid)))
    });
    let answers: Vec<_> = stream::iter(checks).buffered(CHECKS).try_collect().await?;
    progress.end();
    let (mut valid, mut wrong, mut costs) = (Vec::new(), Vec::new(), Costs::default());
    for answer in answers {
        match answer {
            Ok((line, checked)) => {
                costs.add(&checked.cost);
                valid.push((line, checked.warnings));
            }
            Err(fault) => wrong.push(fault),
        }
    }
    Ok(Checked {
        valid,
        wrong,
        costs,
    })
}

/// Shows the result of a dry run, and the first message.
fn shown(draft: &Draft, mut sheet: Sheet, checked: Checked, mut report: Report) -> Result<Output> {
    let first = checked.valid.first().map(|(line, _)| *line);
    let first = sheet
        .messages
        .iter()
        .find(|message| Some(message.line) == first);
    let body = first.and_then(|message| message.body.as_object().cloned());
    let content = body.and_then(|body| (draft.kind.read)(body).ok());
    let mut views: Vec<_> = content
        .map(|message| View::Message(bubble::of_content(&message.content)))
        .into_iter()
        .collect();
    sheet.wrong.extend(checked.wrong);
    let wrong = sheet.wrong.iter().map(|wrong| (wrong.line, Err(wrong)));
    let valid = checked.valid.iter();
    let valid = valid.map(|(line, warnings)| (*line, Ok(warnings)));
    let mut rows: Vec<_> = wrong.chain(valid).collect();
    rows.sort_by_key(|(line, _)| *line);
    for (line, row) in rows {
        match row {
            Ok(warnings) => report.valid(line, warnings)?,
            Err(wrong) => report.wrong(wrong)?,
        }
    }
    let (valid, wrong) = (checked.valid.len(), sheet.wrong.len());
    let lines: HashSet<_> = checked.valid.iter().map(|(line, _)| *line).collect();
    let messages = sheet.messages.iter();
    let messages = messages.filter(|message| lines.contains(&message.line));
    let conversations: HashSet<_> = messages.map(|message| &message.conversation).collect();
    let hidden = report.hidden("--output json shows all");
    let to_correct = (wrong > 0).then(|| format!("; {wrong} have to be corrected"));
    let summary = format!(
        "{valid} rows can be sent, to {} conversations{}\nnothing was sent (dry run)",
        conversations.len(),
        to_correct.unwrap_or_default()
    );
    let costs = checked.costs.lines();
    views.push(View::Text(joined([hidden, costs, Some(summary)])));
    let json = json!({"valid": valid, "invalid": wrong, "costs": checked.costs.json()});
    Ok(Output {
        exit_code: if wrong == 0 {
            ExitCode::Ok
        } else {
            ExitCode::Usage
        },
        ..Output::new(json.to_string(), views)
    })
}

/// The end of a run of which a row is wrong.
fn refused(sheet: &Sheet, known: &Known, report: &Report) -> Output {
    let (wrong, all) = (sheet.wrong.len(), sheet.lines.len());
    let text = format!(
        "{wrong} of {all} rows have to be corrected; nothing was sent: correct them, or leave them out with --skip-invalid"
    );
    let mut counts = Counts::of(&sheet.lines, known);
    // Rows that are wrong count once.
    let earlier = counts.invalid + counts.not_sent;
    (counts.invalid, counts.not_sent) = (wrong, earlier.saturating_sub(wrong));
    let json = counts.json();
    Output {
        exit_code: ExitCode::Usage,
        ..Output::said(
            json.to_string(),
            joined([report.hidden("--output json shows all"), Some(text)]),
        )
    }
}

/// Sends the messages of a sheet, and says what became of them.
async fn send(
    draft: &Draft,
    client: &Client,
    sheet: Sheet,
    mut results: ResultFile,
    (path, mut report): (&str, Report),
) -> Result<Output> {
    leave_out(&sheet.wrong, &mut results)?;
    let is_done = sheet.messages.is_empty();
    let progress = Progress::of(sheet.messages.len());
    let (pace, paced) = watch::channel(Pace::Going);
    let sending = Sending {
        caller: &Caller::new(client, draft.kind, paced, &progress),
        pace,
        results: &mut results,
        report: &mut report,
        progress: &progress,
        concurrency: draft.how.csv.concurrency(),
        stop: None,
    };
    let stop = sending.run(sheet.messages).await?;
    progress.end();
    let counts = Counts::of(&sheet.lines, &results.tidy());
    let mut json = counts.json();
    json["result"] = path.into();
    let advice = match &stop {
        Some(stop) => {
            json["stopped"] = stop.to_string().into();
            Some(format!(
                "stopped: {}\n{GOES_ON}",
                visible(&stop.to_string())
            ))
        }
        None => is_done.then(|| ALL_DONE.to_owned()),
    };
    let unknown = (counts.unknown > 0).then(|| UNKNOWN.to_owned());
    let summary = format!(
        "{} rows: {}\nwhat became of each row: {}",
        sheet.lines.len(),
        counts.words(),
        visible(path)
    );
    let hidden = report.hidden(path);
    let text = joined([hidden, Some(summary), unknown, advice]);
    Ok(Output {
        exit_code: exit_code(stop.as_ref(), &counts),
        ..Output::said(json.to_string(), text)
    })
}

const GOES_ON: &str = "run the same command again, and it goes on with the rows that remain";

const ALL_DONE: &str = "every row was done before, and nothing was sent: --result begins a run of all rows in another result file";

const UNKNOWN: &str = "a row whose outcome is unknown is not sent again: look at its message (`recado message show ID`) or its conversation first";

/// Keeps that wrong rows are left out.
fn leave_out(wrong: &[Wrong], results: &mut ResultFile) -> Result<()> {
    let outcomes = wrong.iter().map(|wrong| {
        let faults: Vec<_> = wrong.faults.iter().map(ToString::to_string).collect();
        let outcome = Outcome {
            error: Some(faults.join("; ")),
            ..Outcome::new(Status::Invalid, None)
        };
        (wrong.line, outcome)
    });
    let known = results.known();
    let new = outcomes.filter(|(line, outcome)| known.outcome(*line) != Some(outcome));
    let new: Vec<_> = new.collect();
    results.write(&new, &[], Timestamp::now())
}

/// Returns what a script reads: first whether rows remain, then what became of those that were sent.
fn exit_code(stop: Option<&Stop>, counts: &Counts) -> ExitCode {
    match stop {
        Some(Stop::Interrupted) => ExitCode::OwnFault,
        Some(Stop::Failed(failure)) => failure.exit_code(),
        None if counts.unknown > 0 => ExitCode::OutcomeUnknown,
        None if counts.rejected > 0 => ExitCode::Refused,
        None if counts.invalid > 0 => ExitCode::Usage,
        None => ExitCode::Ok,
    }
}

fn joined<const N: usize>(texts: [Option<String>; N]) -> String {
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    texts.join("\n")
}
