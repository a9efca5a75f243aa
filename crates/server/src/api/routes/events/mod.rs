//! Events: what happened, once, in order; as a list and as a stream.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::Stream;
use recado_core::event::EventType;
use recado_store::{EventBounds, EventFilter, EventId};

use super::listing::limit;
use super::prelude::*;
use crate::api::event::Event;
use crate::api::streams::OpenStream;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

/// Events that a stream asks the database for at first, before it knows how large they are.
const FIRST_CATCH_UP: u32 = 10;

/// Bytes of the events that a stream reads at once: what it holds while its reader takes nothing.
const MAX_CATCH_UP_BYTES: usize = 64 * 1024;

failures!(EventFailures: &[Reason::ConversationNotFound]);
failures!(StreamFailures: &[Reason::ConversationNotFound, Reason::RateLimited]);

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventQuery {
    /// The id of the last event that you have; the list continues exactly there. It is an error if events behind it are
    /// removed because of their age.
    // The name of earlier versions.
    #[serde(alias = "after")]
    cursor: Option<String>,
    /// Maximum number of events, 1 to 1000. A page holds at most 1 MiB, so it can have fewer: go on until
    /// `nextCursor` is null.
    #[param(value_type = Option<u32>, default = 100, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// Lists only events of this type.
    #[param(value_type = Option<words::EventType>, inline)]
    r#type: Option<String>,
    /// Lists only events of this conversation. A conversation that does not exist is an error.
    conversation_id: Option<String>,
}

/// One part of the events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Events {
    /// The events, oldest first.
    data: Vec<Event>,
    /// Give it as `cursor` to read on; null at the end.
    next_cursor: Option<String>,
}

impl EventQuery {
    fn limit(&self) -> Result<u32, ApiError> {
        limit(self.limit.as_deref(), DEFAULT_LIMIT, MAX_LIMIT)
    }

    fn cursor(&self) -> Result<Option<EventId>, ApiError> {
        event_id("cursor", self.cursor.as_deref())
    }

    fn filter(&self) -> Result<EventFilter, ApiError> {
        let event_type = self.r#type.as_deref();
        let conversation = self
            .conversation_id
            .as_deref()
            .filter(|text| !text.is_empty());
        Ok(EventFilter {
            event_type: event_type
                .map(str::parse::<EventType>)
                .transpose()
                .map_err(|_| wrong("type", "Expected an event type such as button.pressed"))?,
            conversation: conversation
                .map(str::parse::<ConversationId>)
                .transpose()
                .map_err(|error| wrong("conversationId", &error.to_string()))?,
        })
    }
}

fn event_id(name: &str, text: Option<&str>) -> Result<Option<EventId>, ApiError> {
    text.filter(|text| !text.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(|_| wrong(name, "Expected the id of an event"))
}

/// Checks that the conversation exists whose events are wanted.
async fn check_conversation(
    app: &App,
    organization: &OrganizationId,
    filter: &EventFilter,
) -> Result<(), ApiError> {
    if let Some(id) = &filter.conversation {
        find::<store::Conversation>(app, organization, id).await?;
    }
    Ok(())
}

/// Checks that no event behind the one that a caller has seen is missing: neither does that one not exist yet, nor are
/// events behind it removed.
fn check_seen(name: &str, seen: Option<EventId>, bounds: EventBounds) -> Result<(), ApiError> {
    let EventBounds { newest, removed_to } = bounds;
    match seen {
        Some(seen) if seen > newest => {
            let sentence = format!("Is later than the newest event, which is {newest}");
            Err(wrong(name, &sentence))
        }
        Some(seen) if seen < removed_to => {
            let sentence = format!(
                "Is too old: events up to {removed_to} are removed; give that one to read on behind them"
            );
            Err(wrong(name, &sentence))
        }
        _ => Ok(()),
    }
}

/// List events
///
/// Returns what happened in the organization, in the order in which it was stored. Keep the id of the last event that you
/// have, and read on from there to get what happened since.
#[utoipa::path(get, path = "/events",
    params(EventQuery),
    responses((status = 200, description = "One part of the list", body = Events), EventFailures))]
pub(crate) async fn list_events(
    caller: Caller<Reads>,
    Query(query): Query<EventQuery>,
) -> LongAnswer {
    let (after, limit) = (query.cursor()?, query.limit()?);
    let filter = query.filter()?;
    let page = caller
        .app
        .store
        .list_events(&caller.organization_id, after, &filter, limit)
        .await?;
    if page.data.is_empty() {
        check_conversation(&caller.app, &caller.organization_id, &filter).await?;
    }
    if after.is_some() {
        // After the page is read, for events behind the cursor may be removed until then.
        let bounds = caller
            .app
            .store
            .event_bounds(&caller.organization_id)
            .await?;
        check_seen("cursor", after, bounds)?;
    }
    let events = Events {
        next_cursor: page.next.map(|id| id.to_string()),
        data: page.data.into_iter().map(Event::from).collect(),
    };
    caller.answer(&events)
}

/// Follow events as they happen
///
/// Sends server-sent events. The data of each is one event in JSON, as in the list of events.
/// An organization has at most 100 open streams on one server.
#[utoipa::path(get, path = "/events/stream",
    params(
        EventQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that you have; without it and `cursor`, the stream begins now."),
    ),
    responses(
        (status = 200, description = "One event after the other", content_type = "text/event-stream", body = String),
        StreamFailures,
    ))]
pub(crate) async fn stream_events(
    caller: Caller<Reads>,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let filter = query.filter()?;
    let (last, cursor) = (event_id("Last-Event-ID", last)?, query.cursor()?);
    check_conversation(&caller.app, &caller.organization_id, &filter).await?;
    let bounds = caller
        .app
        .store
        .event_bounds(&caller.organization_id)
        .await?;
    check_seen("Last-Event-ID", last, bounds)?;
    check_seen("cursor", cursor, bounds)?;
    let newest = bounds.newest;
    let after = last.or(cursor);
    let stream = caller
        .app
        .streams
        .open(&caller.organization_id, caller.credential, newest)?;
    let heartbeat = caller.app.heartbeat;
    let follower = Follower {
        app: caller.app,
        organization: caller.organization_id,
        filter,
        after: after.unwrap_or(newest),
        stream,
        rows: FIRST_CATCH_UP,
    };
    Ok(Sse::new(follower.events()).keep_alive(KeepAlive::new().interval(heartbeat)))
}

/// One reader of the stream.
struct Follower {
    app: Arc<App>,
    organization: OrganizationId,
    filter: EventFilter,
    after: EventId,
    stream: OpenStream,
    /// Rows that the next read of events from the database asks for.
    rows: u32,
}

impl Follower {
    fn events(self) -> impl Stream<Item = Result<sse::Event, Infallible>> {
        // Where the stream begins, so that a reader who loses it before the first event misses none.
        let begin = sse::Event::default().id(self.after.to_string());
        let start = (self, VecDeque::from([begin]));
        futures_util::stream::unfold(start, |(mut follower, mut ready)| async move {
            while ready.is_empty() {
                ready.extend(follower.next().await?);
            }
            // What was read before the key was deleted is not shown after it.
            let event = ready
                .pop_front()
                .filter(|_| !follower.stream.closed.is_cancelled())?;
            Some((Ok(event), (follower, ready)))
        })
    }

    /// Returns the events since the last ones, as soon as there are some; `None` ends the stream.
    async fn next(&mut self) -> Option<Vec<sse::Event>> {
        let closed = self.stream.closed.clone();
        let stopping = self.app.stopping.clone();
        tokio::select! {
            events = self.read() => events,
            () = closed.cancelled() => None,
            () = stopping.cancelled() => None,
        }
    }

    async fn read(&mut self) -> Option<Vec<sse::Event>> {
        let Some(event) = self.stream.next(self.after).await else {
            return self.catch_up().await;
        };
        self.after = event.id;
        let wanted = self.filter.matches(&event);
        let frame = wanted.then(|| frame(&event.as_ref().clone().into()));
        Some(frame.flatten().into_iter().collect())
    }

    /// Reads from the database what the feed does not have any more.
    async fn catch_up(&mut self) -> Option<Vec<sse::Event>> {
        let (store, after) = (&self.app.store, Some(self.after));
        let newest = self.stream.newest();
        let page = store
            .list_events_within(
                &self.organization,
                after,
                &self.filter,
                self.rows,
                MAX_CATCH_UP_BYTES,
            )
            .await
            .ok()?;
        // Of large events the database need not send more than the stream holds.
        let fewer = u32::try_from(page.data.len()).unwrap_or(DEFAULT_LIMIT);
        self.rows = if fewer < self.rows && page.next.is_some() {
            fewer
        } else {
            (2 * self.rows).min(DEFAULT_LIMIT)
        };
        let last = page.data.last().map(|event| event.id);
        // Without a next part, nothing more of what was appended before the read is wanted.
        let known = page.next.is_none().then_some(newest);
        self.after = [last, known]
            .into_iter()
            .flatten()
            .fold(self.after, EventId::max);
        let frames = page
            .data
            .into_iter()
            .filter_map(|event| frame(&event.into()));
        Some(frames.collect())
    }
}

fn frame(event: &Event) -> Option<sse::Event> {
    let named = sse::Event::default().id(event.id.clone()).event(event.kind);
    named.json_data(event).ok()
}
