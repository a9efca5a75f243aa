//! Requests of rows: made again while a wait may help, and all of them waiting when the server asks for it.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::checking::{Message, Wrong};
use super::outcome::{
    Meaning, Outcome, Status, faults, is_about_the_channel, may_have_sent, meaning,
};
use crate::commands::pace::{Pace, reached};
use crate::commands::send::kind::Kind;
use crate::render::progress::Progress;
use crate::{Answer, Client, Effect, Failure, Result, note};

const FIRST_PAUSE: Duration = Duration::from_millis(200);

const MAX_PAUSE: Duration = Duration::from_secs(8);

/// How long rows are tried while none of them is answered: longer than a server takes to restart.
const GIVE_UP_AFTER: Duration = Duration::from_mins(2);

/// How long a row that may have been sent is sent again under its key: the server forgets keys after 24 hours, and
/// clocks may differ.
const KEY_LIFETIME: jiff::SignedDuration = jiff::SignedDuration::from_hours(20);

/// How far a clock may have been set back since a row was begun.
const MAX_CLOCK_STEP: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

/// The key under which a row is sent once.
pub(super) struct Key {
    pub(super) text: String,
    /// When the row was sent for the first time.
    pub(super) begun: Timestamp,
    /// Whether an earlier run began the row and learned no outcome.
    pub(super) is_repeated: bool,
}

/// What the server says of a message that can be sent.
pub(super) struct Valid {
    pub(super) warnings: Vec<String>,
    /// Null if its provider says nothing about prices, or the server is of an earlier version.
    pub(super) cost: Value,
}

/// How the request of a row ended.
pub(super) enum Ended {
    /// With what became of the row, and perhaps a failure that the next row would meet.
    Final(Outcome, Option<Failure>),
    /// Without an outcome; the message may have been sent.
    Open(Failure),
    /// Without an outcome; surely nothing was sent.
    Free(Failure),
}

/// Makes the requests of all rows.
pub(super) struct Caller<'a> {
    client: &'a Client,
    kind: &'static Kind,
    pace: watch::Receiver<Pace>,
    progress: &'a Progress,
    /// When requests may be made again.
    opens: Cell<Instant>,
    last_answer: Cell<Instant>,
    is_told: Cell<bool>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        client: &'a Client,
        kind: &'static Kind,
        pace: watch::Receiver<Pace>,
        progress: &'a Progress,
    ) -> Self {
        let now = Instant::now();
        Self {
            client,
            kind,
            pace,
            progress,
            opens: Cell::new(now),
            last_answer: Cell::new(now),
            is_told: Cell::new(false),
        }
    }

    /// Has the server check a message; returns what it says of it, or what is wrong with the row.
    pub(super) async fn check(&self, message: &Message) -> Result<Result<Valid, Wrong>> {
        let (answer, _) = self.ask(&message.body, None).await;
        let failure = match answer {
            Ok(answer) => return Ok(Ok(Valid::of(&answer.value))),
            Err(failure) => failure,
        };
        let is_of_row = matches!(meaning(&failure), Meaning::Final(_));
        match failure.refusal() {
            Some(refusal) if is_of_row || is_about_the_channel(&failure) => Ok(Err(Wrong {
                line: message.line,
                faults: faults(self.kind, refusal),
            })),
            _ => Err(failure),
        }
    }

    /// Sends a message under its key.
    pub(super) async fn send(&self, message: &Message, key: &Key) -> Ended {
        let (answer, may_be_sent) = self.ask(&message.body, Some(key)).await;
        let failure = match answer {
            Ok(answer) => {
                let id = answer.value.pointer("/message/id").and_then(Value::as_str);
                let outcome = Outcome {
                    message_id: id.map(str::to_owned),
                    ..Outcome::new(Status::Accepted, None)
                };
                return Ended::Final(outcome, None);
            }
            Err(failure) => failure,
        };
        let refusal = failure.refusal();
        let is_replayed = refusal.is_some_and(|refusal| refusal.is_replayed);
        match meaning(&failure) {
            Meaning::Final(status) => {
                let outcome = Outcome::new(status, refusal);
                let stops = is_about_the_channel(&failure).then_some(failure);
                Ended::Final(outcome, stops)
            }
            // The server keeps this answer for the key: another try would get the same.
            Meaning::Again | Meaning::Wait(_) if is_replayed => {
                Ended::Final(Outcome::new(Status::Rejected, refusal), None)
            }
            _ if may_be_sent && is_forgotten(key.begun, Timestamp::now()) => {
                Ended::Final(forgotten(key), None)
            }
            _ if may_be_sent => Ended::Open(failure),
            _ => Ended::Free(failure),
        }
    }

    /// Returns whether requests have to wait.
    pub(super) fn is_waiting(&self) -> bool {
        self.opens.get() > Instant::now()
    }

    /// Resolves when requests may be made again.
    pub(super) async fn open(&self) {
        while self.is_waiting() {
            sleep_until(self.opens.get()).await;
        }
    }

    /// Makes a request until it is answered, or waiting does not help. Returns also whether the message may have been
    /// sent by this request or an earlier one, which is for failures alone.
    async fn ask(&self, body: &Value, key: Option<&Key>) -> (Result<Answer>, bool) {
        let (mut pause, mut pace) = (FIRST_PAUSE, self.pace.clone());
        let mut may_be_sent = key.is_some_and(|key| key.is_repeated);
        loop {
            tokio::select! {
                biased;
                () = reached(&mut pace, Pace::Stopping) => return (Err(stopped()), may_be_sent),
                () = self.open() => {}
            }
            let is_too_late = key.is_some_and(|key| is_forgotten(key.begun, Timestamp::now()));
            if may_be_sent && is_too_late {
                return (Err(stopped()), may_be_sent);
            }
            let failure = match self.request(body, key).await {
                Ok(answer) => {
                    self.answered();
                    return (Ok(answer), may_be_sent);
                }
                Err(failure) => failure,
            };
            may_be_sent |= may_have_sent(&failure);
            // The server keeps this answer for the key.
            if failure.refusal().is_some_and(|refusal| refusal.is_replayed) {
                self.answered();
                return (Err(failure), may_be_sent);
            }
            match meaning(&failure) {
                Meaning::Wait(asked) => self.wait(asked.unwrap_or(pause), &failure),
                Meaning::Again => {}
                Meaning::Final(_) | Meaning::Stop => {
                    self.answered();
                    return (Err(failure), may_be_sent);
                }
            }
            if self.last_answer.get().elapsed() > GIVE_UP_AFTER {
                return (Err(failure), may_be_sent);
            }
            self.tell(&failure);
            tokio::select! {
                () = sleep(pause) => {}
                () = reached(&mut pace, Pace::Stopping) => return (Err(failure), may_be_sent),
            }
            pause = MAX_PAUSE.min(pause * 2);
        }
    }

    async fn request(&self, body: &Value, key: Option<&Key>) -> Result<Answer> {
        let client = self.client;
        let path = body.as_object().map(self.kind.path).unwrap_or_default();
        if let Some(key) = key {
            return client.post_under(&key.text, &path, &[], body).await;
        }
        let (query, effect) = ([("dryRun", "true".to_owned())], Effect::Reads);
        let checked = client.call(Method::POST, &path, &query, Some(body), effect);
        checked.await
    }

    fn answered(&self) {
        let last = self.last_answer.get();
        self.last_answer.set(last.max(Instant::now()));
        self.is_told.set(false);
    }

    /// Has all requests wait.
    fn wait(&self, time: Duration, failure: &Failure) {
        let opens = Instant::now() + time;
        self.opens.set(self.opens.get().max(opens));
        // A limit is not a fault: it is waited for as long as the server says.
        if failure.reason() != Some("unavailable") {
            self.last_answer.set(self.last_answer.get().max(opens));
        }
    }

    /// Prints once why rows wait.
    fn tell(&self, failure: &Failure) {
        if !self.is_told.replace(true) {
            let text = failure.to_string();
            let first = text.lines().next().unwrap_or_default();
            self.progress.beside(|| note(&format!("waiting: {first}")));
        }
    }
}

impl Valid {
    fn of(answer: &Value) -> Self {
        let warnings = answer["warnings"].as_array().into_iter().flatten();
        let texts = warnings.filter_map(|it| {
            let (field, message) = (it["field"].as_str()?, it["message"].as_str()?);
            Some(format!("{field}: {message}"))
        });
        Self {
            warnings: texts.collect(),
            cost: answer["cost"].clone(),
        }
    }
}

/// The failure of a request that is not made, because the command is being stopped or its key is too old.
fn stopped() -> Failure {
    Failure::Own("the row was not sent".to_owned())
}

/// Returns whether the server may have forgotten a key by now.
fn is_forgotten(begun: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(begun);
    age > KEY_LIFETIME || age < -MAX_CLOCK_STEP
}

/// What became of a row whose answer was lost too long ago.
fn forgotten(key: &Key) -> Outcome {
    let error = format!(
        "it may have been sent at {:.0}, and the server may have forgotten its key since: look at the conversation before you send it again",
        key.begun
    );
    Outcome {
        reason: Some("key_forgotten".to_owned()),
        error: Some(error),
        ..Outcome::new(Status::Unknown, None)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::just_now(0, false)]
    #[case::within_the_time_of_keys(19 * 60, false)]
    #[case::a_clock_that_was_set_back(-60, false)]
    #[case::near_the_end_of_keys(20 * 60 + 1, true)]
    #[case::days_later(5000, true)]
    #[case::a_clock_that_makes_no_sense(-5000, true)]
    fn a_key_is_used_while_the_server_surely_knows_it(
        #[case] minutes: i64,
        #[case] expected: bool,
    ) {
        let begun: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let now = begun + SignedDuration::from_mins(minutes);
        assert_eq!(is_forgotten(begun, now), expected);
    }
}
