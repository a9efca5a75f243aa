//! The promises about what we send: outcomes, recipients and statuses.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::history::{Answer, Loss, Message, Organization, Send};
use super::{Checker, Rule, by, duration, is_final, rank, status_of};

/// How long a server may be stopped during a send until it gives the provider's answer up: it waits 10 seconds, of which a
/// provider takes up to 3.
const LONG_PAUSE: u64 = 7_000;

/// Returns whether the provider took a message under the id that is known, or under any if none is known.
fn is_taken(accepted: &[&str], known: Option<&str>) -> bool {
    let is_same = |id: &&str| known.is_none_or(|known| known == *id);
    accepted.iter().any(is_same)
}

/// Returns whether another message of a repeated call was accepted: this one was stored too late, and taken back.
fn took_over(organization: &Organization, send: &Send, message: &Message) -> bool {
    let same = organization.messages.iter();
    let mut others = same.filter(|other| other.text == message.text && other.id != message.id);
    send.way.is_repeated()
        && others.any(|other| rank(&other.status) >= rank("accepted") && !is_final(&other.status))
}

impl<'a> Checker<'a> {
    /// Compares what clients were told with what the provider took.
    pub(super) fn check_answers(&mut self) {
        for send in &self.history.sends {
            let accepted = self.accepted(&send.text);
            match &send.answer {
                Answer::Nothing | Answer::Queued { .. } => {}
                // The database was slow, and the message may be queued; what came of it is looked at below.
                Answer::Refused { reason, .. }
                    if send.way.is_queued() && reason == "outcome_unknown" => {}
                Answer::Accepted { external_id, .. } => {
                    let is_taken = is_taken(&accepted, external_id.as_deref());
                    self.promise(Rule::AcceptedIsAccepted, is_taken, || {
                        format!("{send:?} was told as accepted; the provider took {accepted:?}")
                    });
                }
                Answer::Refused { reason, .. } if reason == "outcome_unknown" => {
                    let mut outages = self.history.outages.iter();
                    let outage = outages.any(|outage| outage.overlaps(duration(send)));
                    let has_cause = outage || self.may_be_unknown(send);
                    self.promise(Rule::UnknownHasACause, has_cause, || {
                        format!("{send:?} was told as unknown")
                    });
                }
                Answer::Refused { .. } => {
                    self.promise(Rule::RefusedIsNotAccepted, accepted.is_empty(), || {
                        format!("{send:?} was told as refused; the provider took {accepted:?}")
                    });
                }
            }
        }
    }

    /// Returns whether an answer was lost on the way to the server, or the server died or was stopped meanwhile.
    fn may_be_unknown(&self, send: &Send) -> bool {
        let handled = self.handled.get(send.text.as_str()).into_iter().flatten();
        let mut handled = handled.copied();
        let is_of = |loss: &&Loss| {
            loss.organizations.contains(&send.organization)
                && loss.server.is_none_or(|server| send.way.may_be_of(server))
        };
        let mut losses = self.history.losses.iter().filter(is_of);
        let mut paused: HashMap<_, u64> = HashMap::new();
        for pause in self.history.pauses.iter().filter(is_of) {
            *paused.entry(pause.server).or_default() += pause.period.shared(duration(send));
        }
        handled.any(|handled| handled.answer_lost)
            || losses.any(|loss| loss.period.overlaps(duration(send)))
            || paused.into_values().any(|paused| paused >= LONG_PAUSE)
    }

    /// Looks at what the provider took: once each, stored, and for the right recipient.
    pub(super) fn check_handled(&mut self) {
        let organizations = &self.history.organizations;
        let by_id = by(organizations, |organization| organization.id.as_str());
        let messages = organizations.iter().flat_map(|known| &known.messages);
        let stored: HashSet<_> = messages.map(|message| message.text.as_str()).collect();
        for (text, handled) in self.handled.clone() {
            let accepted = self.accepted(text);
            self.promise(Rule::AcceptedOnce, accepted.len() <= 1, || {
                format!("{text:?} was taken {} times: {accepted:?}", accepted.len())
            });
            self.promise(Rule::MessageIsStored, stored.contains(text), || {
                format!("{text:?} went out and is not stored")
            });
            let Some(send) = self.sends.get(text).copied() else {
                self.promise(Rule::MessageIsStored, false, || {
                    format!("{text:?} went out and no client asked for it")
                });
                continue;
            };
            let organization = by_id.get(send.organization.as_str());
            let conversation =
                organization.and_then(|known| known.conversations.get(&send.conversation));
            for request in handled {
                let channel = organization.and_then(|known| known.channels.get(&request.account));
                let is_right = conversation.is_some_and(|conversation| {
                    Some(&conversation.channel) == channel
                        && conversation.customer == request.customer
                });
                self.promise(Rule::RightRecipient, is_right, || {
                    format!("{request:?} belongs to {send:?}, that is {conversation:?}")
                });
            }
        }
    }

    /// Compares the order in which the provider was asked with the order in which messages were queued.
    pub(super) fn check_queue(&mut self) {
        let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
        for (place, handled) in self.history.handled.iter().enumerate() {
            let (_, last) = places.entry(&handled.text).or_insert((place, place));
            *last = place;
        }
        let mut conversations: BTreeMap<_, Vec<&Send>> = BTreeMap::new();
        for send in &self.history.sends {
            if matches!(send.answer, Answer::Queued { .. }) {
                let conversation = (&send.organization, &send.conversation);
                conversations.entry(conversation).or_default().push(send);
            }
        }
        for sends in conversations.into_values() {
            for send in &sends {
                let Some((first, _)) = places.get(send.text.as_str()) else {
                    continue;
                };
                let before = sends.iter().filter(|other| other.ended < send.asked);
                let overtaken = before.filter(|other| {
                    let place = places.get(other.text.as_str());
                    place.is_some_and(|(_, last)| last > first)
                });
                let overtaken: Vec<_> = overtaken.map(|other| &other.text).collect();
                self.promise(Rule::QueueKeepsOrder, overtaken.is_empty(), || {
                    format!("{send:?} left before {overtaken:?}")
                });
            }
        }
    }

    /// Compares the messages of the API with what clients were told and what the provider took.
    pub(super) fn check_messages(&mut self, organization: &'a Organization) {
        let messages = by(&organization.messages, |message| message.id.as_str());
        let is_once = messages.len() == organization.messages.len();
        self.promise(Rule::MessageIsStored, is_once, || {
            format!("{} lists a message twice", organization.id)
        });
        let sends = self.history.sends.iter();
        for send in sends.filter(|send| send.organization == organization.id) {
            let (Answer::Accepted { message_id, .. }
            | Answer::Queued { message_id }
            | Answer::Refused {
                message_id: Some(message_id),
                ..
            }) = &send.answer
            else {
                continue;
            };
            let message = messages.get(message_id.as_str());
            // The database was slow, or the server was stopped while it stored the message: it may not be there if it did not
            // go out.
            let is_open = matches!(&send.answer, Answer::Refused { reason, .. } if reason == "outcome_unknown");
            let may_be_lost =
                is_open && (send.way.is_queued() || self.accepted(&send.text).is_empty());
            let is_stored = message.map_or(may_be_lost, |message| {
                message.text == send.text && message.conversation == send.conversation
            });
            self.promise(Rule::MessageIsStored, is_stored, || {
                format!("{send:?} was told and is not stored so")
            });
        }
        for message in &organization.messages {
            self.check_outcome(organization, message);
        }
    }

    fn check_outcome(&mut self, organization: &Organization, message: &Message) {
        let accepted = self.accepted(&message.text);
        let send = self.sends.get(message.text.as_str()).copied();
        let Some(send) = send.filter(|send| send.organization == organization.id) else {
            self.promise(Rule::Isolated, false, || {
                format!("{message:?} of {} was not asked for", organization.id)
            });
            return;
        };
        let (rule, is_kept) = match message.status.as_str() {
            "accepted" | "sent" | "delivered" | "read" | "failed" => {
                let is_taken = is_taken(&accepted, message.external_id.as_deref());
                (Rule::AcceptedIsAccepted, is_taken)
            }
            "rejected" => {
                let is_kept = accepted.is_empty() || took_over(organization, send, message);
                (Rule::RefusedIsNotAccepted, is_kept)
            }
            "unknown" => (Rule::UnknownHasACause, self.may_be_unknown(send)),
            _ => (Rule::MessageEnds, false),
        };
        self.promise(rule, is_kept, || {
            format!("{message:?} of {send:?}; the provider took {accepted:?}")
        });
        let was_accepted = matches!(send.answer, Answer::Accepted { .. });
        let is_current = !was_accepted || rank(&message.status) >= rank("accepted");
        self.promise(Rule::StatusIsCurrent, is_current, || {
            format!("{message:?} was told as accepted")
        });
    }

    /// Follows the events of each message, and compares them with its status and with what the provider told.
    pub(super) fn check_statuses(&mut self, organization: &'a Organization) {
        let mut last: HashMap<&str, &str> = HashMap::new();
        for event in &organization.events {
            let (Some(status), Some(id)) = (status_of(event), event.message_id.as_deref()) else {
                continue;
            };
            let before = last.insert(id, status);
            let advances =
                before.is_none_or(|before| rank(before) < rank(status) && !is_final(before));
            self.promise(Rule::StatusesAdvance, advances, || {
                let organization = &organization.id;
                format!("{id} of {organization} was {before:?} and became {status}")
            });
        }
        let told = self.told_ranks();
        for message in &organization.messages {
            let by_events = last.get(message.id.as_str()).copied();
            let agrees = message.status == "sending" || by_events == Some(message.status.as_str());
            self.promise(Rule::StatusIsCurrent, agrees, || {
                format!("{message:?}; its last event says {by_events:?}")
            });
            let ids = [Some(message.id.as_str()), message.external_id.as_deref()];
            let told = ids.iter().flatten().filter_map(|id| told.get(id)).max();
            let is_current = told.is_none_or(|told| rank(&message.status) >= *told);
            self.promise(Rule::StatusIsCurrent, is_current, || {
                format!("{message:?}; the provider told more: {told:?}")
            });
        }
    }

    /// Returns how far the provider said that each message came, by both of its ids.
    fn told_ranks(&self) -> HashMap<&'a str, u8> {
        let mut told = HashMap::new();
        for status in &self.history.statuses {
            let ids = [Some(status.external_id.as_str()), status.own_id.as_deref()];
            for id in ids.into_iter().flatten() {
                let known = told.entry(id).or_default();
                *known = rank(&status.status).max(*known);
            }
        }
        told
    }
}
