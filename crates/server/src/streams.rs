//! Open event streams: bounded for each organization, fed by one read for all of them, and closed when
//! their API key is deleted or does not work any more.
//!
//! Each organization with open streams has one feed in this process, which reads every new event once
//! and hands it to all its streams. A stream reads by itself only what was before it, or what it missed.

mod feed;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_core::{ApiKeyId, OrganizationId};
use recado_store::{Event, EventFilter, EventId, Store, StoreError};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::error::{ApiError, Reason};
use feed::{Feed, Look};

/// Most open streams of one organization in this process.
pub const MAX_STREAMS_PER_ORGANIZATION: usize = 100;

/// Most events of one read.
const MAX_BATCH: u32 = 100;

/// Most bytes of the events of one read.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// How often a feed looks for events, should a signal be lost.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// How long a feed waits after the database failed.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// How often the keys of open streams are looked up: what another server does to a key or its organization
/// is noticed within a second.
const KEY_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The open streams of this process.
#[derive(Clone)]
pub(crate) struct Streams {
    store: Store,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    feeds: HashMap<OrganizationId, Audience>,
    /// The number of the next stream.
    next: u64,
    /// The task that looks up the keys, while there are streams.
    watching: bool,
}

/// A feed, the task that reads for it, and the streams that it feeds.
struct Audience {
    feed: Arc<Feed>,
    reader: AbortHandle,
    streams: HashMap<u64, (ApiKeyId, CancellationToken)>,
}

/// One open stream; it makes room for another when it is dropped.
pub(crate) struct OpenStream {
    feed: Arc<Feed>,
    newest: watch::Receiver<EventId>,
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
        newest: EventId,
    ) -> Result<OpenStream, ApiError> {
        let mut open = self.lock();
        let number = open.next;
        let audience = open.feeds.entry(organization.clone()).or_insert_with(|| {
            let feed = Arc::new(Feed::new(newest));
            let reader = read(self.clone(), organization.clone(), Arc::clone(&feed));
            Audience {
                feed,
                reader: tokio::spawn(reader).abort_handle(),
                streams: HashMap::new(),
            }
        });
        if audience.streams.len() >= MAX_STREAMS_PER_ORGANIZATION {
            return Err(ApiError::new(
                Reason::RateLimited,
                format!(
                    "The organization has {MAX_STREAMS_PER_ORGANIZATION} open event streams on this server, and may not have more: close one first"
                ),
            ));
        }
        let closed = CancellationToken::new();
        audience.streams.insert(number, (key, closed.clone()));
        let feed = Arc::clone(&audience.feed);
        open.next += 1;
        if !std::mem::replace(&mut open.watching, true) {
            tokio::spawn(watch_keys(self.clone()));
        }
        Ok(OpenStream {
            newest: feed.subscribe(),
            feed,
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
        if let Some(audience) = self.lock().feeds.get(organization) {
            for (_, closed) in audience.streams.values() {
                closed.cancel();
            }
        }
    }

    /// The keys of the open streams; `None` ends the task that watches them.
    fn watched(&self) -> Option<BTreeSet<ApiKeyId>> {
        let mut open = self.lock();
        let streams = open
            .feeds
            .values()
            .flat_map(|audience| audience.streams.values());
        let keys: BTreeSet<_> = streams.map(|(key, _)| key.clone()).collect();
        open.watching = !keys.is_empty();
        open.watching.then_some(keys)
    }

    /// Closes the streams of these keys.
    fn close_keys(&self, keys: &BTreeSet<ApiKeyId>) {
        for audience in self.lock().feeds.values() {
            for (key, closed) in audience.streams.values() {
                if keys.contains(key) {
                    closed.cancel();
                }
            }
        }
    }
}

impl OpenStream {
    /// Returns the first event behind `after` as soon as there is one, or `None` if the feed does not go
    /// back so far.
    pub(crate) async fn next(&mut self, after: EventId) -> Option<Arc<Event>> {
        loop {
            // Marked as seen before the look, so that an event that comes in between ends the wait.
            self.newest.borrow_and_update();
            match self.feed.behind(after) {
                Look::Event(event) => return Some(event),
                Look::Missed => return None,
                Look::Nothing => {}
            }
            if self.newest.changed().await.is_err() {
                // The feed lives as long as its streams.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns the newest event that the feed has read.
    pub(crate) fn newest(&self) -> EventId {
        *self.newest.borrow()
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        let Some(audience) = open.feeds.get_mut(&self.organization) else {
            return;
        };
        audience.streams.remove(&self.number);
        if audience.streams.is_empty() {
            audience.reader.abort();
            open.feeds.remove(&self.organization);
        }
    }
}

/// Reads the events of an organization, and hands each to all its streams.
async fn read(streams: Streams, organization: OrganizationId, feed: Arc<Feed>) {
    let (store, all) = (&streams.store, EventFilter::default());
    loop {
        // Asked for before the look, so that nothing written in between is missed.
        let mut signal = store.event_signal(Some(&organization));
        let after = Some(feed.newest());
        match store
            .list_events_within(&organization, after, &all, MAX_BATCH, MAX_BATCH_BYTES)
            .await
        {
            Ok(page) if page.data.is_empty() => {
                tokio::select! {
                    () = signal.appended() => {}
                    () = tokio::time::sleep(POLL_INTERVAL) => {}
                }
            }
            Ok(page) => feed.extend(page.data),
            Err(error) => {
                tracing::warn!(%error, "event streams are closed: the events cannot be read");
                // Their readers come back with the last event that they have.
                streams.close(&organization);
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }
}

/// Closes the streams of keys that do not work any more, as long as there are streams.
async fn watch_keys(streams: Streams) {
    let mut deleted = streams.store.key_signal();
    let mut watch = KeyWatch::default();
    while let Some(keys) = streams.watched() {
        let working = streams.store.working_api_keys(&keys).await;
        streams.close_keys(&watch.gone(keys, working));
        tokio::select! {
            () = deleted.appended() => {}
            () = tokio::time::sleep(KEY_POLL_INTERVAL) => {}
        }
    }
}

/// Decides from one look-up of keys to the next which of them show nothing more.
#[derive(Default)]
struct KeyWatch {
    has_failed: bool,
}

impl KeyWatch {
    /// Returns the keys whose streams end: those that do not exist, or all if two look-ups in a row have failed.
    fn gone(
        &mut self,
        keys: BTreeSet<ApiKeyId>,
        existing: Result<BTreeSet<ApiKeyId>, StoreError>,
    ) -> BTreeSet<ApiKeyId> {
        let failed_before = std::mem::replace(&mut self.has_failed, existing.is_err());
        match existing {
            Ok(existing) => keys.difference(&existing).cloned().collect(),
            // A key that may be deleted shows nothing more; a good one opens its stream again.
            Err(error) if failed_before => {
                tracing::warn!(%error, "event streams are closed: their keys cannot be looked up");
                keys
            }
            // The database may only have been away for a moment.
            Err(_) => BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> BTreeSet<ApiKeyId> {
        let ids = names.iter().map(|name| name.parse().expect("an id"));
        ids.collect()
    }

    #[test]
    fn streams_end_with_their_key_or_after_two_failed_look_ups_in_a_row() {
        let mut watch = KeyWatch::default();
        let both = || keys(&["key_1", "key_2"]);
        let failed = || Err(StoreError::Timeout);
        for (looked_up, gone) in [
            (Ok(both()), keys(&[])),
            (failed(), keys(&[])),
            (Ok(both()), keys(&[])),
            (failed(), keys(&[])),
            (Ok(keys(&["key_1"])), keys(&["key_2"])),
            (failed(), keys(&[])),
            (failed(), both()),
            (failed(), both()),
            (Ok(both()), keys(&[])),
        ] {
            assert_eq!(watch.gone(both(), looked_up), gone);
        }
    }
}
