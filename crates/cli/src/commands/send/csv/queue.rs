//! Which message is sent next: those of one conversation one after another, in the order of the file.

use std::collections::{HashMap, VecDeque};

use super::checking::Message;

pub(super) struct Queue {
    rest: std::vec::IntoIter<Message>,
    /// The next message of conversations whose last one has ended.
    ready: VecDeque<Message>,
    /// The conversations that have a message under way or ready, each with those behind it.
    busy: HashMap<String, VecDeque<Message>>,
}

impl Queue {
    pub(super) fn new(messages: Vec<Message>) -> Self {
        Self {
            rest: messages.into_iter(),
            ready: VecDeque::new(),
            busy: HashMap::new(),
        }
    }

    /// Returns a message that may be sent now; its conversation is busy until [`Self::ended`].
    pub(super) fn next(&mut self) -> Option<Message> {
        if let Some(message) = self.ready.pop_front() {
            return Some(message);
        }
        loop {
            let message = self.rest.next()?;
            let Some(behind) = self.busy.get_mut(&message.conversation) else {
                let conversation = message.conversation.clone();
                self.busy.insert(conversation, VecDeque::new());
                return Some(message);
            };
            behind.push_back(message);
        }
    }

    /// Notes that the message under way in a conversation has ended.
    pub(super) fn ended(&mut self, conversation: &str) {
        let behind = self.busy.get_mut(conversation);
        match behind.and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_back(next),
            None => drop(self.busy.remove(conversation)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn queue(conversations: &[&str]) -> Queue {
        let message = |(line, conversation): (u64, &&str)| Message {
            line,
            conversation: (*conversation).to_owned(),
            body: Value::Null,
        };
        Queue::new((2..).zip(conversations).map(message).collect())
    }

    fn next(queue: &mut Queue) -> Option<u64> {
        queue.next().map(|message| message.line)
    }

    #[test]
    fn a_conversation_has_one_message_under_way_and_others_go_past() {
        let mut queue = queue(&["a", "a", "b", "a"]);
        assert_eq!(
            (next(&mut queue), next(&mut queue), next(&mut queue)),
            (Some(2), Some(4), None)
        );
        queue.ended("b");
        assert_eq!(next(&mut queue), None);
        queue.ended("a");
        assert_eq!((next(&mut queue), next(&mut queue)), (Some(3), None));
        queue.ended("a");
        assert_eq!((next(&mut queue), next(&mut queue)), (Some(5), None));
        queue.ended("a");
        assert_eq!(next(&mut queue), None);
    }
}
