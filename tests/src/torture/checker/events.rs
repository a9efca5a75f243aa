//! The promises about what comes back: inbound items, the list of events, and deliveries.

use std::collections::{HashMap, HashSet};

use super::super::history::{Answer, Content, Event, Inbound, Message, Organization};
use super::{Checker, Rule, by, is_inbound};

impl<'a> Checker<'a> {
    /// Compares what customers did with the events.
    pub(super) fn check_inbound(&mut self, organization: &'a Organization) {
        let mut told: HashMap<&str, Vec<&Event>> = HashMap::new();
        for event in organization.events.iter().filter(|event| is_inbound(event)) {
            if let Some(id) = event.external_id.as_deref() {
                told.entry(id).or_default().push(event);
            }
        }
        let messages = Self::by_external_id(organization);
        let mut done = HashSet::new();
        for inbound in &self.history.inbound {
            let id = inbound.external_id.as_str();
            done.insert(id);
            let events = told.get(id).map_or(&[][..], Vec::as_slice);
            if inbound.organization != organization.id {
                self.promise(Rule::Isolated, events.is_empty(), || {
                    format!("{inbound:?} was told to {}", organization.id)
                });
                continue;
            }
            let is_told = !events.is_empty() || !inbound.acknowledged;
            self.promise(Rule::InboundIsTold, is_told, || {
                format!("{inbound:?} was taken and is not told")
            });
            self.promise(Rule::InboundIsToldOnce, events.len() <= 1, || {
                format!("{inbound:?} is told {} times", events.len())
            });
            for event in events {
                self.check_event_of(organization, inbound, event, &messages);
            }
        }
        for (id, events) in told {
            self.promise(Rule::InboundIsToldOnce, done.contains(id), || {
                format!("{:?} was not done by a customer", events[0])
            });
        }
    }

    fn by_external_id(organization: &'a Organization) -> HashMap<&'a str, &'a Message> {
        let messages = organization.messages.iter();
        messages
            .filter_map(|message| Some((message.external_id.as_deref()?, message)))
            .collect()
    }

    fn check_event_of(
        &mut self,
        organization: &Organization,
        inbound: &Inbound,
        event: &Event,
        messages: &HashMap<&str, &Message>,
    ) {
        let conversation = event.conversation.as_ref();
        let conversation = conversation.and_then(|id| organization.conversations.get(id));
        let channel = organization.channels.get(&inbound.account);
        let is_right = conversation.is_some_and(|conversation| {
            Some(&conversation.channel) == channel && conversation.customer == inbound.customer
        });
        let phone = event.phone.as_ref();
        let is_right = is_right && phone.is_none_or(|phone| *phone == inbound.customer);
        self.promise(Rule::RightConversation, is_right, || {
            format!("{inbound:?} is filed as {event:?}, that is {conversation:?}")
        });
        let survives = match &inbound.content {
            Content::Text(text) => {
                event.kind == "message.received" && event.text.as_ref() == Some(text)
            }
            Content::Tap { message, button } => {
                let answered = messages.get(message.as_str());
                event.kind == "button.pressed"
                    && event.button.as_ref() == Some(button)
                    && self.names_what_it_answers(inbound, event, answered.copied())
            }
        };
        self.promise(Rule::ContentSurvives, survives, || {
            format!("{inbound:?} is told as {event:?}")
        });
    }

    /// A tap names our message; it may name none only if it came before the outcome was told.
    fn names_what_it_answers(
        &self,
        inbound: &Inbound,
        event: &Event,
        answered: Option<&Message>,
    ) -> bool {
        match (&event.in_reply_to, answered) {
            (Some(id), Some(message)) => *id == message.id,
            (Some(_), None) => false,
            (None, None) => true,
            (None, Some(message)) => {
                let send = self.sends.get(message.text.as_str());
                !send.is_some_and(|send| {
                    matches!(send.answer, Answer::Accepted { .. }) && send.ended < inbound.at
                })
            }
        }
    }

    /// Looks at the list of events itself: its ids, and whose they are.
    pub(super) fn check_events(&mut self, organization: &Organization) {
        let mut places = (1..).zip(&organization.events);
        let gap = places.find(|(place, event)| event.id != format!("evt_{place:016x}"));
        self.promise(Rule::EventsAreGapless, gap.is_none(), || {
            format!("event {gap:?} of {}", organization.id)
        });
        for event in &organization.events {
            let is_own = event.organization == organization.id;
            self.promise(Rule::Isolated, is_own, || {
                format!("{} lists {event:?}", organization.id)
            });
        }
    }

    /// Compares what arrived at the endpoint with the list of events.
    pub(super) fn check_arrivals(&mut self, organization: &Organization) {
        for refused in &organization.refused_arrivals {
            self.promise(Rule::EveryEventArrives, false, || {
                format!("{} got what is not signed: {refused}", organization.id)
            });
        }
        let listed = by(&organization.events, |event| event.id.as_str());
        let mut arrived = HashSet::new();
        let mut newest: HashMap<&str, &str> = HashMap::new();
        for event in &organization.arrivals {
            let is_own = event.organization == organization.id;
            self.promise(Rule::Isolated, is_own, || {
                format!("{} was sent {event:?}", organization.id)
            });
            if !is_own {
                continue;
            }
            let is_listed = listed.get(event.id.as_str()) == Some(&event);
            self.promise(Rule::EveryEventArrives, is_listed, || {
                format!("{event:?} arrived and is not listed so")
            });
            let is_first = arrived.insert(event.id.as_str());
            let Some(conversation) = event.conversation.as_deref().filter(|_| is_first) else {
                continue;
            };
            let before = newest.insert(conversation, &event.id);
            let in_order = before.is_none_or(|before| before <= event.id.as_str());
            self.promise(Rule::ArrivesInOrder, in_order, || {
                format!("{} of {conversation} arrived after {before:?}", event.id)
            });
        }
        for event in &organization.events {
            let has_arrived = arrived.contains(event.id.as_str());
            self.promise(Rule::EveryEventArrives, has_arrived, || {
                format!("{event:?} did not arrive")
            });
        }
    }
}
