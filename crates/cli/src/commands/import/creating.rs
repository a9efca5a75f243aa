//! Creates what was checked; what the server has already is not created a second time.

use std::{pin::pin, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::Value;
use tokio::sync::watch;

use super::checked::{Checked, Verdict};
use super::{checking::Plan, reporting::Report};
use crate::commands::pace::{self, Pace, reached};
use crate::render::{progress::Progress, terminal::interrupted};
use crate::{Client, ExitCode, Failure, Output, Result, note};

/// Requests under way at once: enough to hide the way to a distant server.
const IN_FLIGHT: usize = 8;

/// Tries of one row while the server may come back.
const ATTEMPTS: u32 = 5;

const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest wait between two tries that a server may ask for.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Refusals that are about one row alone; any other would meet each row.
const ABOUT_ONE_ROW: &str = "invalid_body already_exists agent_not_found channel_not_found";

/// Creates the agents and then the conversations, until a failure that would meet each row, or Ctrl-C.
pub(super) async fn run(plan: Plan, client: &Client, mut report: Report) -> Result<Output> {
    let count = |rows: &[Checked]| rows.iter().filter(|row| row.is_new()).count();
    report.progress = Progress::of(count(&plan.agents) + count(&plan.conversations));
    let (pace, paced) = watch::channel(Pace::Going);
    let mut failure = None;
    let mut interrupt = pin!(interrupted());
    let lists = ["agents", "conversations"].into_iter();
    for (list, rows) in lists.zip([plan.agents, plan.conversations]) {
        let new = new_of(rows, &mut report)?;
        let (mut waiting, mut in_flight) = (new.into_iter(), FuturesUnordered::new());
        // A conversation of an agent that could not be created would fail as well.
        let mut stops = failure.is_some();
        loop {
            while !stops && in_flight.len() < IN_FLIGHT {
                let Some((row, body)) = waiting.next() else {
                    break;
                };
                in_flight.push(create(client, list, row, body, paced.clone()));
            }
            let (row, created) = tokio::select! {
                done = in_flight.next() => match done {
                    Some(done) => done,
                    None => break,
                },
                () = &mut interrupt => {
                    failure = failure.or(Some(ExitCode::OwnFault));
                    stops = true;
                    report.progress.beside(|| note(pace::WAITS));
                    pace.send_modify(Pace::slow_down);
                    interrupt.set(interrupted());
                    continue;
                }
            };
            report.progress.step();
            match created {
                Ok(status) => report.tell(&row, status, None)?,
                Err(error) => {
                    report.tell(&row, "failed", Some(&error.to_string()))?;
                    failure = failure.or(Some(error.exit_code()));
                    let mut about_one_row = ABOUT_ONE_ROW.split(' ');
                    stops |= !about_one_row.any(|reason| error.reason() == Some(reason));
                }
            }
        }
        for (row, _) in waiting {
            report.tell(&row, "notTried", None)?;
        }
    }
    report.progress.end();
    Ok(report.created(failure))
}

/// Returns what is to be created with the body of each, and reports the other rows.
fn new_of(rows: Vec<Checked>, report: &mut Report) -> Result<Vec<(Checked, Value)>> {
    let mut new = Vec::new();
    for row in rows {
        match &row.verdict {
            Verdict::Create(body) => {
                let body = body.clone();
                new.push((row, body));
            }
            _ => report.add(&row)?,
        }
    }
    Ok(new)
}

/// Creates one, and says what became of it. Its id makes it safe to try again after a lost answer.
async fn create(
    client: &Client,
    list: &str,
    mut row: Checked,
    body: Value,
    pace: watch::Receiver<Pace>,
) -> (Checked, Result<&'static str>) {
    let (mut ends, path, mut notice) = (pace.clone(), [list, &row.id], None);
    let known = row.warning.as_deref();
    let created = tokio::select! {
        created = try_to_create(client, &path, &body, pace, known, &mut notice) => created,
        () = reached(&mut ends, Pace::Ending) => {
            Err(Failure::OutcomeUnknown("the answer was not waited for".to_owned()))
        }
    };
    // The check of the rows may have found the same.
    row.notice = row.notice.or(notice);
    (row, created)
}

async fn try_to_create(
    client: &Client,
    path: &[&str; 2],
    body: &Value,
    mut paced: watch::Receiver<Pace>,
    known: Option<&str>,
    notice: &mut Option<String>,
) -> Result<&'static str> {
    let (mut pause, mut attempt) = (FIRST_PAUSE, 1);
    loop {
        let failure = match client.post(&path[..1], body).await {
            Ok(answer) => {
                *notice = warnings(&answer.value, known);
                return Ok("created");
            }
            Err(failure) => failure,
        };
        if failure.reason() == Some("already_exists") {
            return same(client, path, body, failure).await;
        }
        let is_lost = matches!(failure, Failure::OutcomeUnknown(_));
        if attempt == ATTEMPTS || !(is_lost || failure.may_pass()) {
            return Err(failure);
        }
        tokio::select! {
            () = reached(&mut paced, Pace::Stopping) => return Err(failure),
            () = tokio::time::sleep(wait(pause, failure.retry_after())) => {}
        }
        pause *= 2;
        attempt += 1;
    }
}

/// Returns the warnings of an answer, without the one that the row has itself.
fn warnings(answer: &Value, known: Option<&str>) -> Option<String> {
    let warnings = answer["warnings"].as_array()?.iter();
    let texts = warnings.filter_map(|it| it["message"].as_str());
    let texts: Vec<_> = texts.filter(|text| Some(*text) != known).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn wait(pause: Duration, asked: Option<Duration>) -> Duration {
    asked.map_or(pause, |asked| asked.clamp(pause, MAX_WAIT.max(pause)))
}

/// Something of that id came into being meanwhile: by a try whose answer was lost, or by another caller.
async fn same(
    client: &Client,
    path: &[&str],
    body: &Value,
    failure: Failure,
) -> Result<&'static str> {
    let Ok(found) = client.get(path, &[]).await else {
        return Err(failure);
    };
    let text = |value: &Value| Some(value.as_str()?.trim_start_matches('+').to_owned());
    let mut members = body.as_object().into_iter().flatten();
    let is_same = members.all(|(key, value)| text(&found.value[key]) == text(value));
    if is_same { Ok("present") } else { Err(failure) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::not_asked(2, None, 2)]
    #[case::less(2, Some(1), 2)]
    #[case::more(2, Some(7), 7)]
    #[case::too_much(2, Some(3600), 60)]
    fn a_server_is_asked_again_when_it_says_so(
        #[case] pause: u64,
        #[case] asked: Option<u64>,
        #[case] expected: u64,
    ) {
        let waited = wait(Duration::from_secs(pause), asked.map(Duration::from_secs));
        assert_eq!(waited.as_secs(), expected);
    }

    #[rstest]
    #[case::of_none(None, Some("A; B"))]
    #[case::of_another(Some("C"), Some("A; B"))]
    #[case::of_one(Some("A"), Some("B"))]
    fn the_warning_of_the_row_is_not_told_twice(
        #[case] known: Option<&str>,
        #[case] expected: Option<&str>,
    ) {
        let answer =
            json!({"warnings": [{"field": "to", "message": "A"}, {"field": "to", "message": "B"}]});
        assert_eq!(warnings(&answer, known).as_deref(), expected);
    }

    #[test]
    fn the_only_warning_is_not_told_if_the_row_has_it() {
        let answer = json!({"warnings": [{"field": "to", "message": "A"}]});
        assert_eq!(warnings(&answer, Some("A")), None);
    }
}
