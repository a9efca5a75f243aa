//! Open event streams: bounded for each organization, fed by one read for all of them, and closed when
//! their API key is deleted.
//!
//! Each organization with open streams has one feed in this process, which reads every new event once
//! and hands it to all its streams. A stream reads by itself only what was before it, or what it missed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_core::{ApiKeyId, OrganizationId};
use recado_store::{Event, EventFilter, EventId, Store};
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::error::{ApiError, Reason};

/// Most open streams of one organization in this process.
pub const MAX_STREAMS_PER_ORGANIZATION: usize = 100;

/// Events that a feed keeps for streams that are slow; one that is slower reads by itself.
const FEED_LENGTH: usize = 256;

/// Most events of one read.
const MAX_BATCH: u32 = 100;

/// How often a feed looks for events, should a signal be lost.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// How long a feed waits after the database failed.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// How often the keys of open streams are looked up: a key that another server deletes is noticed
/// within a second.
const KEY_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The open streams of this process.
#[derive(Clone)]
pub(crate) struct Streams {
    store: Store,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    feeds: HashMap<OrganizationId, Feed>,
    /// The number of the next stream.
    next: u64,
    /// The task that looks for deleted keys, while there are streams.
    watching: bool,
}

struct Feed {
    events: broadcast::Sender<Arc<Event>>,
    reader: AbortHandle,
    streams: HashMap<u64, (ApiKeyId, CancellationToken)>,
}

/// One open stream; it makes room for another when it is dropped.
pub(crate) struct OpenStream {
    /// The events that are appended from now on.
    pub(crate) events: broadcast::Receiver<Arc<Event>>,
    /// Ends when the stream has to.
    pub(crate) closed: CancellationToken,
    organization: OrganizationId,
    number: u64,
    streams: Streams,
}

impl Streams {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            open: Arc::default(),
        }
    }

    /// Opens a stream of the organization; `newest` was its newest event a moment ago.
    ///
    /// The feed begins behind `newest` at the latest. So what is read from the database after this call
    /// and what the feed brings have no gap between them.
    ///
    /// # Errors
    ///
    /// The organization has as many streams as it may have.
    pub(crate) fn open(
        &self,
        organization: &OrganizationId,
        key: ApiKeyId,
        newest: Option<EventId>,
    ) -> Result<OpenStream, ApiError> {
        let mut open = self.lock();
        let number = open.next;
        let feed = open.feeds.entry(organization.clone()).or_insert_with(|| {
            let events = broadcast::Sender::new(FEED_LENGTH);
            let reader = read(self.clone(), organization.clone(), newest, events.clone());
            Feed {
                events,
                reader: tokio::spawn(reader).abort_handle(),
                streams: HashMap::new(),
            }
        });
        if feed.streams.len() >= MAX_STREAMS_PER_ORGANIZATION {
            return Err(ApiError::new(
                Reason::RateLimited,
                format!(
                    "The organization has {MAX_STREAMS_PER_ORGANIZATION} open event streams on this server, and may not have more: close one first"
                ),
            ));
        }
        let closed = CancellationToken::new();
        feed.streams.insert(number, (key, closed.clone()));
        let events = feed.events.subscribe();
        open.next += 1;
        if !std::mem::replace(&mut open.watching, true) {
            tokio::spawn(watch_keys(self.clone()));
        }
        Ok(OpenStream {
            events,
            closed,
            organization: organization.clone(),
            number,
            streams: self.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing that panics is done under the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes all streams of an organization.
    fn close(&self, organization: &OrganizationId) {
        if let Some(feed) = self.lock().feeds.get(organization) {
            for (_, closed) in feed.streams.values() {
                closed.cancel();
            }
        }
    }

    /// The keys of the open streams; `None` ends the task that watches them.
    fn watched(&self) -> Option<BTreeSet<ApiKeyId>> {
        let mut open = self.lock();
        let streams = open.feeds.values().flat_map(|feed| feed.streams.values());
        let keys: BTreeSet<_> = streams.map(|(key, _)| key.clone()).collect();
        open.watching = !keys.is_empty();
        open.watching.then_some(keys)
    }

    /// Closes the streams of these keys.
    fn close_keys(&self, keys: &BTreeSet<ApiKeyId>) {
        for feed in self.lock().feeds.values() {
            for (key, closed) in feed.streams.values() {
                if keys.contains(key) {
                    closed.cancel();
                }
            }
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        let Some(feed) = open.feeds.get_mut(&self.organization) else {
            return;
        };
        feed.streams.remove(&self.number);
        if feed.streams.is_empty() {
            feed.reader.abort();
            open.feeds.remove(&self.organization);
        }
    }
}

/// Reads the events of an organization, and hands each to all its streams.
async fn read(
    streams: Streams,
    organization: OrganizationId,
    mut after: Option<EventId>,
    events: broadcast::Sender<Arc<Event>>,
) {
    let (store, all) = (&streams.store, EventFilter::default());
    loop {
        // Asked for before the look, so that nothing written in between is missed.
        let mut signal = store.event_signal(Some(&organization));
        match store
            .list_events(&organization, after, &all, MAX_BATCH)
            .await
        {
            Ok(found) if found.is_empty() => {
                tokio::select! {
                    () = signal.appended() => {}
                    () = tokio::time::sleep(POLL_INTERVAL) => {}
                }
            }
            Ok(found) => {
                after = found.last().map(|event| event.id).or(after);
                for event in found {
                    // The last stream may have ended meanwhile.
                    events.send(Arc::new(event)).map(drop).unwrap_or_default();
                }
            }
            Err(error) => {
                tracing::warn!(%error, "event streams are closed: the events cannot be read");
                // Their readers come back with the last event that they have.
                streams.close(&organization);
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }
}

/// Closes the streams of deleted keys, as long as there are streams.
async fn watch_keys(streams: Streams) {
    let mut deleted = streams.store.key_signal();
    while let Some(keys) = streams.watched() {
        match streams.store.existing_api_keys(&keys).await {
            Ok(existing) => {
                let gone = keys.difference(&existing).cloned().collect();
                streams.close_keys(&gone);
            }
            Err(error) => {
                // A key that may be deleted shows nothing more; a good one opens its stream again.
                tracing::warn!(%error, "event streams are closed: their keys cannot be looked up");
                streams.close_keys(&keys);
            }
        }
        tokio::select! {
            () = deleted.appended() => {}
            () = tokio::time::sleep(KEY_POLL_INTERVAL) => {}
        }
    }
}
