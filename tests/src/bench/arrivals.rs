//! Which messages came to the stub, and when: the text of a marked message says which one it is.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

/// Which message it is: its conversation, and its place among the messages of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    pub conversation: usize,
    pub place: usize,
}

/// A marked message that has come.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub mark: Mark,
    pub at: Instant,
}

/// The marked messages that have come, in their order.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<Vec<Arrival>>);

const BEFORE: &[u8] = b"number ";

impl Mark {
    /// Returns the text of the message.
    pub fn text(self) -> String {
        let Self {
            conversation,
            place,
        } = self;
        format!("number {conversation}.{place}.")
    }

    /// Finds the mark in a provider's request.
    fn read(body: &[u8]) -> Option<Self> {
        let begin = body.windows(BEFORE.len()).position(|part| part == BEFORE)?;
        let mut numbers = body[begin + BEFORE.len()..].split(|byte| *byte == b'.');
        let mut number = || std::str::from_utf8(numbers.next()?).ok()?.parse().ok();
        Some(Self {
            conversation: number()?,
            place: number()?,
        })
    }
}

impl Arrivals {
    /// Adds a provider's request, if it has a mark.
    pub fn add(&self, body: &[u8]) {
        if let Some(mark) = Mark::read(body) {
            let at = Instant::now();
            self.lock().push(Arrival { mark, at });
        }
    }

    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Returns those that have come.
    pub fn all(&self) -> Vec<Arrival> {
        self.lock().clone()
    }

    /// Forgets those that have come.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arrival>> {
        let locked = self.0.lock();
        locked.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Tells what is wrong unless each conversation got each of its messages once, in their order. `expected` are the
/// conversations, and how many messages each was sent.
pub fn faults(arrivals: &[Arrival], expected: &BTreeMap<usize, usize>) -> Option<String> {
    let mut come: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for Arrival { mark, .. } in arrivals {
        come.entry(mark.conversation).or_default().push(mark.place);
    }
    let (mut missing, mut more, mut unordered) = (0, 0, 0);
    for (conversation, sent) in expected {
        let mut places = come.remove(conversation).unwrap_or_default();
        unordered += usize::from(!places.is_sorted());
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        let due = places.iter().filter(|place| *place < sent).count();
        missing += sent - due;
        more += count - due;
    }
    more += come.values().map(Vec::len).sum::<usize>();
    (missing + more + unordered > 0).then(|| {
        format!(
            "{missing} messages did not come, {more} came once more than they were sent, and {unordered} conversations were not in order"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_from_a_request_with_its_text_and_from_no_other() {
        let mark = Mark {
            conversation: 17,
            place: 3,
        };
        let body = format!(r#"{{"to":"5511","body":{{"text":"{}"}}}}"#, mark.text());
        assert_eq!(Mark::read(body.as_bytes()), Some(mark));
        for other in ["", r#"{"text":"number one"}"#, "number 1", "number 1.x."] {
            assert_eq!(Mark::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_message_that_is_missing_doubled_or_out_of_order_is_a_fault() {
        let faults = |come: &[(usize, usize)]| {
            let arrivals = Arrivals::default();
            for &(conversation, place) in come {
                let mark = Mark {
                    conversation,
                    place,
                };
                arrivals.add(mark.text().as_bytes());
            }
            faults(&arrivals.all(), &BTreeMap::from([(1, 2), (2, 1)]))
        };
        assert_eq!(faults(&[(1, 0), (2, 0), (1, 1)]), None);
        for (come, expected) in [
            (&[(1, 0), (2, 0)][..], "1 messages did not come, 0 came"),
            (
                &[(1, 0), (1, 1), (2, 0), (2, 0)],
                "0 messages did not come, 1 came",
            ),
            (
                &[(1, 0), (1, 1), (2, 0), (3, 0)],
                "0 messages did not come, 1 came",
            ),
            (
                &[(1, 1), (1, 0), (2, 0)],
                "and 1 conversations were not in order",
            ),
        ] {
            let found = faults(come).expect("a fault");
            assert!(found.contains(expected), "{found} of {come:?}");
        }
    }
}
