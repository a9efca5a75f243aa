//! Applies calls of one organization: read, in parts that one transaction has room for, one part at a time.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;
use std::vec::IntoIter;

use recado_providers::{MAX_ITEMS, Received};
use recado_store::{self as store, Application, DatabaseKind, SetAsideReason, WebhookCall};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::queue::Taken;
use super::routing::Routes;
use crate::app::App;
use crate::memory::budget::Room;

/// Most items that are applied in one transaction, so that it ends in time on a slow database too.
///
/// Each may make a delivery for each of 20 webhook endpoints. On SQLite the writes of all organizations wait for
/// the transaction; on PostgreSQL only those of its own organization do, and most of the cost is per transaction.
const fn max_items(kind: DatabaseKind) -> usize {
    match kind {
        DatabaseKind::Sqlite => 50,
        DatabaseKind::Postgres => 200,
    }
}

/// How long a part is tried again that the database does not take.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// Pause before a part is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Calls that are applied in one transaction at most.
pub(crate) const MAX_CALLS: usize = 64;

/// Bytes of the calls that are read together at most; a larger one is read alone.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// A call that is being applied.
struct Reading {
    call: WebhookCall,
    items: IntoIter<Received>,
    /// The call has more items than one call may have.
    too_many: bool,
    begun: bool,
    _room: Option<Room>,
}

/// Applies calls of one organization in their order.
///
/// Each transaction waits for its place among those of all organizations, so that a large call of one
/// delays another by one transaction, and not by all of its own.
pub(crate) async fn apply(app: &App, calls: Vec<Taken>) {
    let mut unfinished = Unfinished::begin(app, &calls);
    if let Some(first) = calls.first() {
        app.unstored.settle(&first.call.organization_id).await;
    }
    let bytes: usize = calls.iter().map(|taken| taken.call.body.len()).sum();
    // Parsed items take up to fifty times the memory of the body, so few large calls are parsed at once.
    let _large = if bytes > MAX_BYTES {
        app.intake.large.acquire().await.ok()
    } else {
        None
    };
    let mut place = app.intake.transactions.acquire().await.ok();
    let mut reading = VecDeque::with_capacity(calls.len());
    for taken in calls {
        reading.extend(read(app, taken).await);
    }
    let mut routes = Routes::new(app);
    let mut failed = HashSet::new();
    loop {
        let parts = next_parts(app, &mut routes, &mut reading, &mut failed).await;
        for (id, applied) in apply_parts(app, parts, place).await {
            count(&applied);
            if applied.is_err() || applied.is_ok_and(|applied| applied.no_agent) {
                failed.insert(id);
            }
        }
        if reading.is_empty() {
            break;
        }
        place = app.intake.transactions.acquire().await.ok();
    }
    unfinished.calls = failed;
}

/// Applies parts. A part that the database cannot take is tried again for a while: otherwise a short restart of the
/// database would delay a customer's message until the call is tried again as a whole.
///
/// The place among the transactions is given up meanwhile: the lock of one organization may be what is awaited.
async fn apply_parts(
    app: &App,
    mut parts: Vec<Application>,
    mut place: Option<SemaphorePermit<'_>>,
) -> Vec<(String, Result<store::Applied, store::StoreError>)> {
    let deadline = Instant::now() + RETRY_FOR;
    let mut done = Vec::with_capacity(parts.len());
    loop {
        let results = app.store.apply_webhooks(parts.clone()).await;
        let may_repeat = Instant::now() < deadline && !app.stopping.is_cancelled();
        let mut again = Vec::new();
        for (part, result) in parts.into_iter().zip(results) {
            match result {
                Err(error) if may_repeat && error.is_passing() => again.push(part),
                result => done.push((part.call_id, result)),
            }
        }
        if again.is_empty() {
            return done;
        }
        parts = again;
        drop(place);
        tokio::select! {
            () = tokio::time::sleep(RETRY_PAUSE) => {}
            () = app.stopping.cancelled() => {}
        }
        place = app.intake.transactions.acquire().await.ok();
    }
}

/// The calls that are being applied. Those that are not applied, or not yet, are tried again, also if their
/// application panics.
struct Unfinished<'a> {
    app: &'a App,
    all: Vec<String>,
    calls: HashSet<String>,
}

impl<'a> Unfinished<'a> {
    fn begin(app: &'a App, calls: &[Taken]) -> Self {
        let all: Vec<_> = calls.iter().map(|taken| taken.call.id.clone()).collect();
        app.intake.claims().add(all.iter().cloned());
        Self {
            app,
            calls: all.iter().cloned().collect(),
            all,
        }
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.app.intake.claims().remove(&self.all);
        self.app
            .intake
            .did_not_apply(std::mem::take(&mut self.calls));
    }
}

/// Reads a call; returns `None` if it was set aside or cannot be read now.
async fn read(app: &App, taken: Taken) -> Option<Reading> {
    let Taken {
        mut call,
        channel,
        room,
    } = taken;
    let is_large = call.body.len() > MAX_BYTES;
    // The items say everything from here on.
    let body = std::mem::take(&mut call.body);
    abort_if_asked(&body);
    let media_type = call.content_type.clone();
    let parse = move || match channel {
        Some(channel) => channel.parse_webhook(media_type.as_deref(), &body),
        None => Ok(Vec::new()),
    };
    let items = if is_large {
        // Reading takes more memory than what is read, and so long that others would wait for the thread.
        let _alone = app.intake.large_read.lock().await;
        match tokio::task::spawn_blocking(parse).await {
            Ok(items) => items,
            Err(error) => {
                tracing::error!(call_id = call.id, %error, "reading a webhook call panicked");
                app.intake.did_not_apply(HashSet::from([call.id]));
                return None;
            }
        }
    } else {
        parse()
    };
    let Ok(mut items) = items else {
        set_aside(app, &call, SetAsideReason::Unreadable).await;
        return None;
    };
    let too_many = items.len() > MAX_ITEMS;
    items.truncate(MAX_ITEMS);
    Some(Reading {
        call,
        items: items.into_iter(),
        too_many,
        begun: false,
        _room: room,
    })
}

/// Takes as many items of the first calls as one transaction has room for; a call that would fit into a
/// transaction is not split.
async fn next_parts(
    app: &App,
    routes: &mut Routes<'_>,
    reading: &mut VecDeque<Reading>,
    failed: &mut HashSet<String>,
) -> Vec<Application> {
    let (mut parts, mut room) = (Vec::new(), max_items(app.store.kind()));
    while let Some(first) = reading.front_mut() {
        let fits = first.items.len() <= room;
        if !fits && !parts.is_empty() && !first.begun {
            break;
        }
        first.begun = true;
        let count = first.items.len().min(room);
        let taken = first.items.by_ref().take(count);
        let (organization, channel) = (&first.call.organization_id, &first.call.channel_id);
        let found = routes.route(organization, channel, taken).await;
        let ends = first.items.len() == 0;
        match found {
            Ok(items) => parts.push(Application {
                call_id: first.call.id.clone(),
                organization_id: organization.clone(),
                items,
                at: app.clock.now(),
                completes: ends && !first.too_many && !failed.contains(&first.call.id),
            }),
            Err(error) => {
                let (id, error) = (&first.call.id, error.message);
                tracing::warn!(call_id = id, error, "cannot route a webhook call");
                failed.insert(id.clone());
            }
        }
        room -= count;
        if ends
            && let Some(done) = reading.pop_front()
            && done.too_many
        {
            set_aside(app, &done.call, SetAsideReason::TooManyItems).await;
        }
        if room == 0 {
            break;
        }
    }
    parts
}

/// Sets a call aside, and says so.
pub(super) async fn set_aside(app: &App, call: &WebhookCall, reason: SetAsideReason) {
    metrics::counter!("recado_webhook_set_aside_total", "reason" => reason.as_str()).increment(1);
    tracing::error!(call_id = call.id, organization_id = %call.organization_id, channel_id = %call.channel_id, %reason, "a webhook call is set aside: look at it with `recado webhook-call list`");
    let set = app
        .store
        .set_webhook_call_aside(&call.organization_id, &call.id, reason)
        .await;
    if let Err(error) = set {
        tracing::error!(call_id = call.id, %error, "a webhook call could not be set aside; it is tried again");
        let id = HashSet::from([call.id.clone()]);
        app.intake.did_not_apply(id);
    }
}

fn count(applied: &Result<store::Applied, store::StoreError>) {
    match applied {
        Ok(applied) => {
            metrics::counter!("recado_webhook_events_total").increment(applied.events as u64);
            metrics::counter!("recado_webhook_duplicates_total")
                .increment(applied.duplicates as u64);
            if applied.no_agent {
                tracing::warn!(
                    "a customer wrote, but the organization has no agent; create an agent, and the waiting message is applied"
                );
            }
        }
        Err(error) => tracing::error!(%error, "a webhook call was not applied; it is tried again"),
    }
}

/// Ends the process if a test asked for it; a release build cannot be asked.
#[cfg(debug_assertions)]
fn abort_if_asked(body: &[u8]) {
    if let Ok(text) = std::env::var("RECADO_TEST_ABORT_ON")
        && body
            .windows(text.len().max(1))
            .any(|window| window == text.as_bytes())
    {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
const fn abort_if_asked(_: &[u8]) {}
