//! The newest events of one organization, shared by all its streams and bounded in bytes and in time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use recado_store::{Event, EventId};
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use crate::memory::lock;

/// Most events that a feed keeps for streams that are slow; a stream that is slower reads by itself.
const MAX_EVENTS: usize = 256;

/// Most bytes of their data; the newest event is kept even if it is larger.
const MAX_BYTES: usize = 1024 * 1024;

/// Longest that a feed keeps an event: another server may have erased it since.
const MAX_AGE: Duration = Duration::from_secs(30);

/// The newest events of an organization.
pub(super) struct Feed {
    kept: Mutex<Kept>,
    newest: watch::Sender<EventId>,
}

/// What a stream finds behind its place.
pub(super) enum Look {
    /// The next event.
    Event(Arc<Event>),
    /// The feed has nothing newer.
    Nothing,
    /// The feed does not go back so far.
    Missed,
}

struct Kept {
    /// The feed has every event behind this one.
    begin: EventId,
    /// The events in their order.
    events: VecDeque<KeptEvent>,
    bytes: usize,
}

struct KeptEvent {
    event: Arc<Event>,
    /// The size of its data.
    bytes: usize,
    read_at: Instant,
}

impl Feed {
    pub(super) fn new(begin: EventId) -> Self {
        Self {
            kept: Mutex::new(Kept {
                begin,
                events: VecDeque::new(),
                bytes: 0,
            }),
            newest: watch::Sender::new(begin),
        }
    }

    /// Appends the next events, and drops the oldest ones until the rest is within the limits.
    pub(super) fn extend(&self, events: Vec<Event>) {
        let Some(newest) = events.last().map(|event| event.id) else {
            return;
        };
        let mut kept = lock(&self.kept);
        for event in events {
            let bytes = event.data.to_string().len();
            kept.bytes += bytes;
            kept.events.push_back(KeptEvent {
                event: Arc::new(event),
                bytes,
                read_at: Instant::now(),
            });
            while kept.events.len() > MAX_EVENTS || kept.bytes > MAX_BYTES && kept.events.len() > 1
            {
                kept.drop_oldest();
            }
        }
        drop(kept);
        self.newest.send_replace(newest);
    }

    /// Drops the events that were kept for as long as they may be.
    pub(super) fn drop_old(&self) {
        let mut kept = lock(&self.kept);
        while (kept.events.front()).is_some_and(|oldest| oldest.read_at.elapsed() >= MAX_AGE) {
            kept.drop_oldest();
        }
    }

    /// Looks for the first event behind `after`.
    pub(super) fn behind(&self, after: EventId) -> Look {
        let kept = lock(&self.kept);
        if after < kept.begin {
            return Look::Missed;
        }
        let place = kept.events.partition_point(|kept| kept.event.id <= after);
        match kept.events.get(place) {
            Some(kept) => Look::Event(Arc::clone(&kept.event)),
            None => Look::Nothing,
        }
    }

    /// Returns the newest event that was appended, or the beginning.
    pub(super) fn newest(&self) -> EventId {
        *self.newest.borrow()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<EventId> {
        self.newest.subscribe()
    }
}

impl Kept {
    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.events.pop_front() {
            self.begin = oldest.event.id;
            self.bytes -= oldest.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use recado_core::event::EventType;
    use serde_json::json;

    use super::*;

    fn id(number: u64) -> EventId {
        format!("evt_{number:016x}").parse().expect("an id")
    }

    fn event(number: u64, text: &str) -> Event {
        Event {
            id: id(number),
            organization_id: "demo".parse().expect("an id"),
            event_type: EventType::MessageReceived,
            agent_id: None,
            channel_id: None,
            conversation_id: None,
            data: json!(text),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn number(look: &Look) -> Option<EventId> {
        match look {
            Look::Event(event) => Some(event.id),
            Look::Nothing | Look::Missed => None,
        }
    }

    #[test]
    fn a_stream_gets_the_next_event_nothing_or_hears_that_it_missed_some() {
        let feed = Feed::new(id(5));
        assert!(matches!(feed.behind(id(5)), Look::Nothing));
        assert!(matches!(feed.behind(id(4)), Look::Missed));
        feed.extend(vec![event(6, ""), event(7, "")]);
        assert_eq!(number(&feed.behind(id(5))), Some(id(6)));
        assert_eq!(number(&feed.behind(id(6))), Some(id(7)));
        assert!(matches!(feed.behind(id(7)), Look::Nothing));
        assert!(matches!(feed.behind(id(9)), Look::Nothing));
        assert_eq!(feed.newest(), id(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_feed_keeps_no_event_for_long() {
        let feed = Feed::new(id(0));
        feed.extend(vec![event(1, "")]);
        tokio::time::advance(MAX_AGE / 2).await;
        feed.extend(vec![event(2, "")]);
        feed.drop_old();
        assert_eq!(number(&feed.behind(id(0))), Some(id(1)));
        tokio::time::advance(MAX_AGE / 2).await;
        feed.drop_old();
        assert!(matches!(feed.behind(id(0)), Look::Missed));
        assert_eq!(number(&feed.behind(id(1))), Some(id(2)));
        tokio::time::advance(MAX_AGE).await;
        feed.drop_old();
        assert!(lock(&feed.kept).events.is_empty());
        assert!(matches!(feed.behind(id(2)), Look::Nothing));
    }

    #[test]
    fn a_feed_keeps_no_more_than_its_bytes_and_its_events() {
        let feed = Feed::new(id(0));
        let large = "x".repeat(64 * 1024);
        for number in 1..=100 {
            feed.extend(vec![event(number, &large)]);
            assert!(lock(&feed.kept).bytes <= MAX_BYTES);
        }
        assert!(matches!(feed.behind(id(80)), Look::Missed));
        assert_eq!(number(&feed.behind(id(90))), Some(id(91)));
        let beyond = "x".repeat(2 * MAX_BYTES);
        feed.extend(vec![event(101, &beyond)]);
        assert!(matches!(feed.behind(id(99)), Look::Missed));
        assert_eq!(number(&feed.behind(id(100))), Some(id(101)));
        feed.extend((102..1000).map(|number| event(number, "")).collect());
        assert_eq!(lock(&feed.kept).events.len(), MAX_EVENTS);
        assert_eq!(number(&feed.behind(id(998))), Some(id(999)));
    }
}
