//! Events: what happened, once, in order; as a list and as a stream.

#![expect(
    unused_qualifications,
    reason = "utoipa's macro names the query by its whole path"
)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::Stream;
use recado_core::{ConversationId, FieldErrors, OrganizationId};
use recado_store::{self as store, EventFilter, EventId, EventKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::rfc3339;
use crate::app::App;
use crate::auth::Tenant;
use crate::error::ApiError;
use crate::extract::Query;
use crate::openapi::{KEY, QUERY, failures};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

/// How often a stream looks for events, should a signal be lost.
const LOOK: Duration = Duration::from_secs(15);

/// Stands before the first event of every organization.
const BEFORE_ALL: &str = "evt_0000000000000000";

failures!(EventFailures: KEY, QUERY);

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventQuery {
    /// The id of the last event that you have; the list continues exactly there.
    after: Option<String>,
    /// How many at most, 1 to 1000.
    #[param(value_type = Option<u32>, default = 100, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// Only this type, such as `button.pressed`.
    r#type: Option<String>,
    /// Only this conversation.
    conversation_id: Option<String>,
}

/// One fact.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "evt_000000000000002a", "type": "button.pressed", "createdAt": "2026-11-22T12:00:00.000Z",
    "organizationId": "loja", "agentId": "agent-123", "channelId": "main", "conversationId": "conv-456",
    "data": {
        "messageId": "msg_0199f3aa4a1e7c109d7b000000000002", "externalId": "wamid.HBgM", "inReplyTo": "msg_0199f3aa4a1e7c109d7b000000000001",
        "button": {"id": "btn_sales", "title": "Sales"},
        "from": {"phone": "5521988887777", "userId": null, "name": "Ana"}
    }
}))]
pub(crate) struct Event {
    /// Sorts in the order of writing within the organization.
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    created_at: String,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    agent_id: Option<String>,
    channel_id: Option<String>,
    conversation_id: Option<String>,
    /// By type: see the documentation.
    #[schema(value_type = Object)]
    data: Value,
}

/// One part of the events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Events {
    /// Oldest first.
    data: Vec<Event>,
    /// Give it as `after` to read on; null at the end.
    next_cursor: Option<String>,
}

impl From<store::Event> for Event {
    fn from(event: store::Event) -> Self {
        Self {
            id: event.id.to_string(),
            kind: event.kind.as_str(),
            created_at: rfc3339(event.created_at),
            organization_id: event.organization_id,
            agent_id: event.agent_id.map(String::from),
            channel_id: event.channel_id.map(String::from),
            conversation_id: event.conversation_id.map(String::from),
            data: event.data,
        }
    }
}

impl EventQuery {
    fn limit(&self) -> Result<u32, FieldErrors> {
        match self.limit.as_deref() {
            None | Some("") => Ok(DEFAULT_LIMIT),
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| FieldErrors::field("limit", "Expected a number from 1 to 1000")),
        }
    }

    fn after(&self) -> Result<Option<EventId>, FieldErrors> {
        event_id("after", self.after.as_deref())
    }

    fn filter(&self) -> Result<EventFilter, FieldErrors> {
        let kind = self.r#type.as_deref().filter(|text| !text.is_empty());
        let conversation = self
            .conversation_id
            .as_deref()
            .filter(|text| !text.is_empty());
        Ok(EventFilter {
            kind: kind.map(str::parse::<EventKind>).transpose().map_err(|_| {
                FieldErrors::field("type", "Expected an event type such as button.pressed")
            })?,
            conversation: conversation
                .map(str::parse::<ConversationId>)
                .transpose()
                .map_err(|error| FieldErrors::field("conversationId", &error.to_string()))?,
        })
    }
}

fn event_id(name: &str, text: Option<&str>) -> Result<Option<EventId>, FieldErrors> {
    text.filter(|text| !text.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(|_| FieldErrors::field(name, "Expected the id of an event"))
}

/// List events
#[utoipa::path(get, path = "/events", operation_id = "listEvents", tag = "Events", params(EventQuery), responses((status = 200, description = "One part of the list", body = Events), EventFailures))]
pub(crate) async fn list(
    Tenant(organization): Tenant,
    State(app): State<Arc<App>>,
    Query(query): Query<EventQuery>,
) -> Result<Json<Events>, ApiError> {
    let (after, limit) = (query.after()?, query.limit()?);
    let found = app
        .store
        .list_events(&organization, after, &query.filter()?, limit)
        .await?;
    let more = found.len() == limit as usize;
    Ok(Json(Events {
        next_cursor: found
            .last()
            .filter(|_| more)
            .map(|event| event.id.to_string()),
        data: found.into_iter().map(Event::from).collect(),
    }))
}

/// Follow events as they happen, as server-sent events
#[utoipa::path(get, path = "/events/stream", operation_id = "streamEvents", tag = "Events", params(EventQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that you have; without it and `after`, the stream begins now")), responses((status = 200, description = "One event after the other", content_type = "text/event-stream", body = String), EventFailures))]
pub(crate) async fn stream(
    Tenant(organization): Tenant,
    State(app): State<Arc<App>>,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let filter = query.filter()?;
    let after = match event_id("Last-Event-ID", last)?.or(query.after()?) {
        Some(after) => after,
        None => newest(&app, &organization).await?,
    };
    let heartbeat = app.heartbeat;
    let follower = Follower {
        app,
        organization,
        filter,
        after,
    };
    Ok(Sse::new(follower.events()).keep_alive(KeepAlive::new().interval(heartbeat)))
}

/// Behind which event a stream begins now.
async fn newest(app: &App, organization: &OrganizationId) -> Result<EventId, ApiError> {
    match app.store.last_event(organization).await? {
        Some(last) => Ok(last),
        None => BEFORE_ALL.parse().map_err(ApiError::internal),
    }
}

/// One reader of the stream.
struct Follower {
    app: Arc<App>,
    organization: OrganizationId,
    filter: EventFilter,
    after: EventId,
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
            let event = ready.pop_front()?;
            Some((Ok(event), (follower, ready)))
        })
    }

    /// The events since the last ones; waits while there are none, and ends when the database is gone.
    async fn next(&mut self) -> Option<Vec<sse::Event>> {
        // Asked for before the look, so that nothing written in between is missed.
        let mut signal = self.app.store.event_signal(Some(&self.organization));
        let (store, after) = (&self.app.store, Some(self.after));
        let found = store
            .list_events(&self.organization, after, &self.filter, DEFAULT_LIMIT)
            .await
            .ok()?;
        if let Some(last) = found.last() {
            self.after = last.id;
        } else {
            tokio::select! {
                () = signal.appended() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = self.app.stopping.cancelled() => return None,
            }
        }
        Some(
            found
                .into_iter()
                .filter_map(|event| frame(&event.into()))
                .collect(),
        )
    }
}

fn frame(event: &Event) -> Option<sse::Event> {
    let named = sse::Event::default().id(event.id.clone()).event(event.kind);
    named.json_data(event).ok()
}
