//! Open event streams: bounded for each organization, fed by one read for all of them, and closed when
//! their API key or session ends.
//!
//! Each organization with open streams has one feed in this process, which reads every new event once
//! and hands it to all its streams. A stream reads by itself only what was before it, or what it missed.

mod feed;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::OrganizationId;
use recado_store::{Event, EventFilter, EventId, Store, StoreError};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::auth::Credential;
use super::error::{ApiError, Reason};
use crate::app::clock::Clock;
use crate::memory::lock;
use feed::{Feed, Look};

/// Most open streams of one organization in this process.
pub const MAX_STREAMS_PER_ORGANIZATION: usize = 100;

/// Most events of one read.
const MAX_BATCH: u32 = 100;

/// Most bytes of the events of one read.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// How often a feed looks for events, should a notification be lost.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// How long a feed waits after the database failed.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// How often the credentials of open streams are looked up: what another server does to a key, a
/// session or its organization is noticed within a second.
const CREDENTIAL_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The open streams of this process.
#[derive(Clone)]
pub(crate) struct Streams {
    store: Store,
    clock: Clock,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    feeds: HashMap<OrganizationId, Audience>,
    /// The number of the next stream.
    next: u64,
    /// Whether the task runs that looks up the credentials, as it does while there are streams.
    watching: bool,
}

/// A feed, the task that reads for it, and the streams that it feeds.
struct Audience {
    feed: Arc<Feed>,
    reader: AbortHandle,
    streams: HashMap<u64, (Credential, CancellationToken)>,
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
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            open: Arc::default(),
        }
    }

    /// Opens a stream of the organization; `newest` was its newest event a moment ago.
    ///
    /// The feed begins behind `newest` at the latest. So what is read from the database after this call
    /// and what the feed brings have no gap between them.
    pub(crate) fn open(
        &self,
        organization: &OrganizationId,
        credential: Credential,
        newest: EventId,
    ) -> Result<OpenStream, ApiError> {
        let mut open = lock(&self.open);
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
        audience
            .streams
            .insert(number, (credential, closed.clone()));
        let feed = Arc::clone(&audience.feed);
        open.next += 1;
        if !std::mem::replace(&mut open.watching, true) {
            tokio::spawn(watch_credentials(self.clone()));
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

    pub(crate) fn close(&self, organization: &OrganizationId) {
        if let Some(audience) = lock(&self.open).feeds.get(organization) {
            for (_, closed) in audience.streams.values() {
                closed.cancel();
            }
        }
    }

    /// Returns the credentials of the open streams; `None` ends the task that watches them.
    fn watched(&self) -> Option<BTreeSet<Credential>> {
        let mut open = lock(&self.open);
        let streams = open
            .feeds
            .values()
            .flat_map(|audience| audience.streams.values());
        let credentials: BTreeSet<_> = streams.map(|(credential, _)| credential.clone()).collect();
        open.watching = !credentials.is_empty();
        open.watching.then_some(credentials)
    }

    fn close_streams_of(&self, credentials: &BTreeSet<Credential>) {
        for audience in lock(&self.open).feeds.values() {
            for (credential, closed) in audience.streams.values() {
                if credentials.contains(credential) {
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

    pub(crate) fn newest(&self) -> EventId {
        *self.newest.borrow()
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = lock(&self.streams.open);
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
        feed.drop_old();
        // Asked for before the look, so that nothing written in between is missed.
        let mut subscription = store.subscribe_events(Some(&organization));
        let after = Some(feed.newest());
        match store
            .list_events_within(&organization, after, &all, MAX_BATCH, MAX_BATCH_BYTES)
            .await
        {
            Ok(page) if page.data.is_empty() => {
                tokio::select! {
                    () = subscription.changed() => {}
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

/// Closes the streams of credentials that do not work any more, as long as there are streams.
async fn watch_credentials(streams: Streams) {
    let mut ended = streams.store.subscribe_keys();
    let mut watch = CredentialWatch::default();
    while let Some(credentials) = streams.watched() {
        let working = working(&streams.store, &credentials, streams.clock.now()).await;
        streams.close_streams_of(&watch.ended(credentials, working));
        tokio::select! {
            () = ended.changed() => {}
            () = tokio::time::sleep(CREDENTIAL_POLL_INTERVAL) => {}
        }
    }
}

/// Returns those of the credentials that work.
async fn working(
    store: &Store,
    credentials: &BTreeSet<Credential>,
    now: Timestamp,
) -> Result<BTreeSet<Credential>, StoreError> {
    let (mut keys, mut sessions) = (BTreeSet::new(), BTreeSet::new());
    for credential in credentials {
        match credential {
            Credential::ApiKey(id) => drop(keys.insert(id.clone())),
            Credential::Session(id) => drop(sessions.insert(id.clone())),
        }
    }
    let mut working = BTreeSet::new();
    if !keys.is_empty() {
        let keys = store.working_api_keys(&keys, now).await?;
        working.extend(keys.into_iter().map(Credential::ApiKey));
    }
    if !sessions.is_empty() {
        let sessions = store.working_sessions(&sessions, now).await?;
        working.extend(sessions.into_iter().map(Credential::Session));
    }
    Ok(working)
}

/// Decides from one look-up of credentials to the next whose streams end.
#[derive(Default)]
struct CredentialWatch {
    has_failed: bool,
}

impl CredentialWatch {
    /// Returns the credentials whose streams end: those that do not work, or all if two look-ups in a row
    /// have failed.
    fn ended(
        &mut self,
        credentials: BTreeSet<Credential>,
        working: Result<BTreeSet<Credential>, StoreError>,
    ) -> BTreeSet<Credential> {
        let failed_before = std::mem::replace(&mut self.has_failed, working.is_err());
        match working {
            Ok(working) => credentials.difference(&working).cloned().collect(),
            // A credential that may have ended shows nothing more; a good one opens its stream again.
            Err(error) if failed_before => {
                tracing::warn!(%error, "event streams are closed: their credentials cannot be looked up");
                credentials
            }
            // The database may only have been away for a moment.
            Err(_) => BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> BTreeSet<Credential> {
        let ids = names.iter().map(|name| name.parse().expect("an id"));
        ids.map(Credential::ApiKey).collect()
    }

    #[test]
    fn streams_end_with_their_credential_or_after_two_failed_look_ups_in_a_row() {
        let mut watch = CredentialWatch::default();
        let both = || keys(&["key_1", "key_2"]);
        let failed = || Err(StoreError::Timeout);
        for (looked_up, ended) in [
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
            assert_eq!(watch.ended(both(), looked_up), ended);
        }
    }
}
