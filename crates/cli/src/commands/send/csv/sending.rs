//! Sends the rows of a run, some at once.

use std::fmt;
use std::pin::pin;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::watch;

use super::caller::{Caller, Ended, Key};
use super::checking::Message;
use super::outcome::Outcome;
use super::queue::Queue;
use super::reporting::Report;
use super::result_file::ResultFile;
use crate::commands::pace::{Pace, WAITS, reached};
use crate::render::{progress::Progress, terminal::interrupted};
use crate::{Failure, Result, note};

/// Why a run ended before all rows had an outcome.
pub(super) enum Stop {
    Interrupted,
    Failed(Failure),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("interrupted by Ctrl-C"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// A run of rows.
pub(super) struct Sending<'a> {
    pub(super) caller: &'a Caller<'a>,
    pub(super) pace: watch::Sender<Pace>,
    pub(super) results: &'a mut ResultFile,
    pub(super) report: &'a mut Report,
    pub(super) progress: &'a Progress,
    pub(super) concurrency: usize,
    pub(super) stop: Option<Stop>,
}

impl Sending<'_> {
    /// Sends the messages, until a failure that would meet each row, or Ctrl-C; returns why it ended early.
    pub(super) async fn run(mut self, messages: Vec<Message>) -> Result<Option<Stop>> {
        let (caller, mut queue) = (self.caller, Queue::new(messages));
        let (mut in_flight, mut interrupt) = (FuturesUnordered::new(), pin!(interrupted()));
        let mut ended = Vec::new();
        loop {
            let free = self.concurrency.saturating_sub(in_flight.len());
            // Rows that would only wait are not begun.
            let is_waiting = caller.is_waiting();
            let may_begin = if is_waiting || self.stop.is_some() {
                0
            } else {
                free
            };
            let next: Vec<_> = std::iter::from_fn(|| queue.next())
                .take(may_begin)
                .collect();
            let keys = self.settle(&mut ended, &next)?;
            for (message, key) in next.into_iter().zip(keys) {
                in_flight.push(send(caller, message, key, self.pace.subscribe()));
            }
            let is_paused = is_waiting && self.stop.is_none();
            if in_flight.is_empty() && !is_paused {
                return Ok(self.stop);
            }
            tokio::select! {
                Some(first) = in_flight.next() => {
                    ended.push(first);
                    // One write of the file is for all that have ended.
                    while let Some(Some(other)) = in_flight.next().now_or_never() {
                        ended.push(other);
                    }
                    for (message, _) in &ended {
                        queue.ended(&message.conversation);
                    }
                }
                () = caller.open(), if is_paused => {}
                () = &mut interrupt => {
                    self.stop = Some(Stop::Interrupted);
                    self.progress.beside(|| note(WAITS));
                    self.pace.send_modify(Pace::slow_down);
                    interrupt.set(interrupted());
                }
            }
        }
    }

    /// Keeps and reports what has ended, and keeps what begins; returns the keys of what begins.
    fn settle(&mut self, ended: &mut Vec<(Message, Ended)>, next: &[Message]) -> Result<Vec<Key>> {
        let (mut outcomes, mut free) = (Vec::new(), Vec::new());
        for (message, ended) in ended.drain(..) {
            let failure = match ended {
                Ended::Final(outcome, failure) => {
                    outcomes.push((message.line, outcome));
                    failure
                }
                Ended::Open(failure) => Some(failure),
                Ended::Free(failure) => {
                    free.push(message.line);
                    Some(failure)
                }
            };
            if let (Some(failure), None) = (failure, &self.stop) {
                self.stop = Some(Stop::Failed(failure));
                self.pace.send_modify(Pace::slow_down);
            }
        }
        let now = Timestamp::now();
        let next = if self.stop.is_some() { &[] } else { next };
        let keys = next.iter().map(|message| self.key(message.line, now));
        let keys: Vec<_> = keys.collect();
        let begun: Vec<_> = next.iter().map(|message| message.line).collect();
        self.results.write(&outcomes, &begun, now)?;
        self.results.free(&free)?;
        for (line, outcome) in &outcomes {
            self.tell(*line, outcome)?;
        }
        Ok(keys)
    }

    fn key(&self, line: u64, now: Timestamp) -> Key {
        let begun = self.results.known().begun(line);
        Key {
            text: self.results.key(line),
            begun: begun.unwrap_or(now),
            is_repeated: begun.is_some(),
        }
    }

    fn tell(&mut self, line: u64, outcome: &Outcome) -> Result<()> {
        self.progress.step();
        self.progress.beside(|| self.report.outcome(line, outcome))
    }
}

/// Sends a message, and does not wait for its answer after a second Ctrl-C.
async fn send(
    caller: &Caller<'_>,
    message: Message,
    key: Key,
    mut pace: watch::Receiver<Pace>,
) -> (Message, Ended) {
    let ended = tokio::select! {
        ended = caller.send(&message, &key) => ended,
        () = reached(&mut pace, Pace::Ending) => {
            Ended::Open(Failure::OutcomeUnknown("the answer was not waited for".to_owned()))
        }
    };
    (message, ended)
}
