//! Compares what each side saw in a storm, and names every promise that was broken.
//!
//! It knows the promises and nothing of the server: plain data goes in, violations come out.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::history::{Answer, Event, Handled, History, Period, Send};

mod events;
mod sends;

/// Longest that a send may go on after its client left, or was told that the database is slow, in milliseconds: a message
/// that was stored too late is taken back after half a minute.
const LONGEST_SEND: u64 = 35_000;

/// The promises, one each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// What was told as accepted was accepted by the provider, under the id that was told.
    AcceptedIsAccepted,
    /// No message is accepted twice by the provider.
    AcceptedOnce,
    /// What was refused was never accepted by the provider.
    RefusedIsNotAccepted,
    /// Every message ends as accepted, rejected or unknown.
    MessageEnds,
    /// A message is unknown only where an answer was lost or a server died.
    UnknownHasACause,
    /// Every message that was told or went out is stored, once, in its conversation.
    MessageIsStored,
    /// A message goes to its own recipient, from its own account.
    RightRecipient,
    /// The status is at least what the provider told last, and agrees with the events.
    StatusIsCurrent,
    /// Statuses never go backwards and are told once.
    StatusesAdvance,
    /// What a customer did, and a server took, is one event.
    InboundIsTold,
    /// No item of a provider is told twice, and none is invented.
    InboundIsToldOnce,
    /// The event is filed under its customer's conversation, in its own organization.
    RightConversation,
    /// Text, button id and title survive, and a tap names the message that it answers.
    ContentSurvives,
    /// The ids of events have no gap and are in order.
    EventsAreGapless,
    /// Nothing of another organization is listed or delivered.
    Isolated,
    /// Queued messages of one conversation leave in the order in which they were queued.
    QueueKeepsOrder,
    /// Every event arrives at the endpoint, as it is listed.
    EveryEventArrives,
    /// Events of one conversation arrive in their order.
    ArrivesInOrder,
}

/// One broken promise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub rule: Rule,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

/// Returns every broken promise.
pub fn check(history: &History) -> Vec<Violation> {
    let mut checker = Checker {
        history,
        handled: BTreeMap::new(),
        sends: HashMap::new(),
        violations: Vec::new(),
    };
    for handled in &history.handled {
        let same = checker.handled.entry(&handled.text).or_default();
        same.push(handled);
    }
    checker.sends = by(&history.sends, |send| send.text.as_str());
    checker.check_answers();
    checker.check_handled();
    checker.check_queue();
    for organization in &history.organizations {
        checker.check_messages(organization);
        checker.check_statuses(organization);
        checker.check_inbound(organization);
        checker.check_events(organization);
        checker.check_arrivals(organization);
    }
    checker.violations.sort();
    checker.violations
}

struct Checker<'a> {
    history: &'a History,
    /// By text.
    handled: BTreeMap<&'a str, Vec<&'a Handled>>,
    sends: HashMap<&'a str, &'a Send>,
    violations: Vec<Violation>,
}

impl<'a> Checker<'a> {
    /// Notes a promise that was broken.
    fn promise(&mut self, rule: Rule, is_kept: bool, what: impl FnOnce() -> String) {
        if !is_kept {
            let what = what();
            self.violations.push(Violation { rule, what });
        }
    }

    /// Returns the ids under which the provider took the message of that text.
    fn accepted(&self, text: &str) -> Vec<&'a str> {
        let handled = self.handled.get(text).into_iter().flatten();
        handled
            .filter_map(|handled| handled.accepted.as_deref())
            .collect()
    }
}

/// The time in which a send may have been under way.
fn duration(send: &Send) -> Period {
    let until = match send.answer {
        _ if send.way.is_queued() => u64::MAX,
        Answer::Nothing => send.ended + LONGEST_SEND,
        Answer::Refused { ref reason, .. } if reason == "unavailable" => send.ended + LONGEST_SEND,
        Answer::Accepted { .. } | Answer::Queued { .. } | Answer::Refused { .. } => send.ended,
    };
    Period {
        from: send.asked,
        until,
    }
}

fn status_of(event: &Event) -> Option<&str> {
    let status = event.kind.strip_prefix("message.")?;
    (rank(status) > 0).then_some(status)
}

fn is_inbound(event: &Event) -> bool {
    matches!(
        event.kind.as_str(),
        "message.received" | "button.pressed" | "list.selected"
    )
}

/// How far a message has come.
fn rank(status: &str) -> u8 {
    match status {
        "unknown" => 1,
        "accepted" | "rejected" => 2,
        "sent" => 3,
        "delivered" => 4,
        "read" => 5,
        "failed" => 6,
        _ => 0,
    }
}

fn is_final(status: &str) -> bool {
    status == "rejected"
}

fn by<'a, T>(items: &'a [T], key: impl Fn(&'a T) -> &'a str) -> HashMap<&'a str, &'a T> {
    items.iter().map(|item| (key(item), item)).collect()
}

#[cfg(test)]
mod correct;
#[cfg(test)]
mod tests;
