//! What the gateway tells: the whole list in its database, and a reader of `GET /events/stream`.

use std::time::Duration;

use recado_store::testing::TestDatabase;
use recado_store::{Event, EventFilter};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::Client;
use crate::soon::soon;

/// Every event of the organization `demo` of that type, oldest first, when no server runs any more.
pub async fn stored(database: &TestDatabase, kind: &str) -> Vec<Event> {
    let store = database.store().await;
    let organization = "demo".parse().expect("an id");
    let filter = EventFilter {
        event_type: Some(kind.parse().expect("a type")),
        conversation: None,
    };
    let (mut events, mut after) = (Vec::<Event>::new(), None);
    loop {
        let page = store.list_events(&organization, after, &filter, 500).await;
        let page = page.expect("events");
        events.extend(page.data);
        after = page.next;
        if after.is_none() {
            store.close().await;
            return events;
        }
    }
}

/// An open stream.
pub struct EventStream {
    response: Response,
    unread: String,
}

/// What came between two empty lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub id: String,
    pub kind: String,
    /// Null in a comment.
    pub data: Value,
}

impl EventStream {
    /// Opens the stream with that query, behind that event.
    pub async fn open(client: &Client, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = client.request(Method::GET, &format!("/events/stream{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = soon("the event stream opens", request.send()).await;
        let response = response.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            unread: String::new(),
        }
    }

    /// The next event or comment; none at the end.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.unread.split_once("\n\n") {
                let (frame, rest) = (read(frame), rest.to_owned());
                self.unread = rest;
                return Some(frame);
            }
            let chunk = soon("the event stream", self.response.chunk()).await;
            let chunk = chunk.expect("a chunk")?;
            self.unread += std::str::from_utf8(&chunk).expect("UTF-8");
        }
    }

    /// The next event, past comments.
    pub async fn next_event(&mut self) -> Frame {
        loop {
            let frame = self.next().await.expect("an event");
            if !frame.data.is_null() {
                return frame;
            }
        }
    }
}

fn read(frame: &str) -> Frame {
    let field = |name: &str| {
        let mut lines = frame.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let data = field("data").map(|data| serde_json::from_str(data).expect("JSON"));
    Frame {
        id: field("id").unwrap_or_default().trim().to_owned(),
        kind: field("event").unwrap_or_default().trim().to_owned(),
        data: data.unwrap_or(Value::Null),
    }
}

/// Reads until the stream ends, which it does within that time.
pub async fn ends_within(stream: &mut EventStream, time: Duration) {
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(time, end).await.expect("an end");
}
