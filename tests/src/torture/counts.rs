//! What happened in a storm, in numbers.

use std::collections::BTreeMap;

use super::Report;
use super::history::{Answer, Content, History, Organization, Way};

/// Most promises that are named as those that held last.
const HELD_LAST: usize = 3;

impl Report {
    /// Returns the counts, a line each.
    pub fn counts(&self) -> Vec<String> {
        let strikes = self.damage.copy().strikes;
        let mut troubles = BTreeMap::new();
        for strike in &strikes {
            *troubles.entry(format!("{:?}", strike.trouble)).or_insert(0) += 1;
        }
        let troubles = troubles.iter();
        let troubles: Vec<_> = troubles
            .map(|(trouble, count)| format!("{trouble} {count}"))
            .collect();
        let mut lines = vec![sends(&self.history), providers(&self.history)];
        lines.extend(self.history.organizations.iter().map(organization));
        lines.push(format!(
            "Trouble: {}; settled after {:.1} s",
            troubles.join(", "),
            self.settled_after.as_secs_f64()
        ));
        // What held last tells why the servers took as long.
        let last = self.held_last.iter().take(HELD_LAST);
        lines.extend(last.map(|violation| format!("held last: {violation}")));
        lines
    }
}

fn sends(history: &History) -> String {
    let count = |wanted: fn(&Answer) -> bool| {
        let sends = history.sends.iter();
        sends.filter(|send| wanted(&send.answer)).count()
    };
    let is_unknown = |answer: &Answer| matches!(answer, Answer::Refused { reason, .. } if reason == "outcome_unknown");
    let is_refused = |answer: &Answer| matches!(answer, Answer::Refused { reason, .. } if reason != "outcome_unknown");
    let ways = |wanted: fn(Way) -> bool| {
        let sends = history.sends.iter();
        sends.filter(|send| wanted(send.way)).count()
    };
    format!(
        "{} sends ({} repeated with a key, {} queued, {} in batches, {} rows of files): {} told as accepted, {} as queued, \
         {} as unknown, {} as refused, {} without an answer",
        history.sends.len(),
        ways(|way| way == Way::Repeated),
        ways(|way| way == Way::Queued),
        ways(|way| way == Way::Batch),
        ways(|way| way == Way::Row),
        count(|answer| matches!(answer, Answer::Accepted { .. })),
        count(|answer| matches!(answer, Answer::Queued { .. })),
        count(is_unknown),
        count(is_refused),
        count(|answer| *answer == Answer::Nothing),
    )
}

fn providers(history: &History) -> String {
    let handled = history.handled.iter();
    let inbound = history.inbound.iter();
    let taps = inbound
        .clone()
        .filter(|inbound| matches!(inbound.content, Content::Tap { .. }))
        .count();
    format!(
        "{} requests to providers, {} messages taken; {taps} taps and {} texts of customers, {} of them taken with 200; {} statuses",
        history.handled.len(),
        handled.filter(|handled| handled.accepted.is_some()).count(),
        history.inbound.len() - taps,
        inbound.filter(|inbound| inbound.acknowledged).count(),
        history.statuses.len(),
    )
}

fn organization(organization: &Organization) -> String {
    let count = |status: &str| {
        let messages = organization.messages.iter();
        messages.filter(|message| message.status == status).count()
    };
    format!(
        "{}: {} messages ({} rejected, {} unknown), {} events, {} arrivals",
        organization.id,
        organization.messages.len(),
        count("rejected"),
        count("unknown"),
        organization.events.len(),
        organization.arrivals.len(),
    )
}
