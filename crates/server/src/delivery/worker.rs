//! The worker: takes what is due, sends it, and writes down what came of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use recado_store::{
    AfterAttempt, ClaimLimits, DeliveryAttempt, DeliveryKey, DueDelivery, StoreError,
};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::outcome::word;
use super::request::{Answered, Transmission};
use super::schedule::SetAside;
use super::{delivery_id, formats, schedule};
use crate::app::App;
use crate::app::clock::{elapsed, later};
use crate::lifecycle::failures::Failures;

/// Calls at once, in all.
const IN_FLIGHT: usize = 64;

/// Calls at once of one endpoint, so that a slow one does not hold up the others.
const IN_FLIGHT_PER_ENDPOINT: u32 = 8;

/// Calls at once of one organization, so that it cannot take the places of all others.
const IN_FLIGHT_PER_ORGANIZATION: u32 = 16;

/// How long a claim lasts within this process; longer than a call takes.
const CLAIM: Duration = Duration::from_mins(1);

/// How often deliveries are looked for without any sign: retries that a server planned that is gone.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// How often claims are ended of which this server did not learn.
const FREE_LOST_INTERVAL: Duration = Duration::from_secs(15);

/// Longest that the end of the server waits for receivers: what they do not answer is delivered again.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait when the database does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// 410: the receiver is gone for good (RFC 9110, 15.5.11).
const GONE: u16 = 410;

/// What [`drain`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Deliveries that arrived.
    pub delivered: usize,
    /// Attempts after which another one follows.
    pub retried: usize,
    /// Deliveries that were given up.
    pub given_up: usize,
    /// Events that a format has no word for.
    pub skipped: usize,
}

impl Drained {
    fn count(&mut self, after: AfterAttempt) {
        match after {
            AfterAttempt::Delivered => self.delivered += 1,
            AfterAttempt::RetryAt(_) => self.retried += 1,
            AfterAttempt::GiveUp => self.given_up += 1,
            AfterAttempt::Skipped => self.skipped += 1,
        }
    }
}

/// Delivers until `stop`; then finishes what is in flight, within five seconds.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut subscription = app.store.subscribe_deliveries();
    let mut worker = Worker {
        app,
        in_flight: JoinSet::new(),
        held: HashSet::new(),
        retries: BinaryHeap::new(),
        freed_lost: None,
    };
    let mut failures = Failures::default();
    loop {
        let begun = worker.begin_due().await;
        let wait = failures.log(begun, "cannot look for deliveries that are due");
        tokio::select! {
            () = stop.cancelled() => break,
            Some(finished) = worker.in_flight.join_next() => worker.note(&finished),
            () = subscription.changed() => {}
            () = tokio::time::sleep(wait.unwrap_or(PAUSE)) => {}
        }
        while let Some(finished) = worker.in_flight.try_join_next() {
            worker.note(&finished);
        }
    }
    let end = async { while worker.in_flight.join_next().await.is_some() {} };
    if timeout(STOP_TIMEOUT, end).await.is_err() {
        tracing::warn!(
            deliveries = worker.in_flight.len(),
            "receivers did not answer"
        );
    }
}

/// Delivers everything that is due by the clock of `app`, and returns when nothing is due any more.
pub async fn drain(app: &Arc<App>) -> Result<Drained, StoreError> {
    let mut drained = Drained::default();
    loop {
        let mut in_flight = JoinSet::new();
        for due in claim(app, IN_FLIGHT).await? {
            in_flight.spawn(deliver(Arc::clone(app), due));
        }
        if in_flight.is_empty() {
            return Ok(drained);
        }
        while let Some(finished) = in_flight.join_next().await {
            if let Ok((_, Some(Ok(after)))) = finished {
                drained.count(after);
            }
        }
    }
}

struct Worker {
    app: Arc<App>,
    in_flight: JoinSet<Done>,
    /// What is in flight, and what cannot be written down: it waits until its claim runs out.
    held: HashSet<DeliveryKey>,
    /// When what failed here is due again, the earliest first.
    retries: BinaryHeap<Reverse<Timestamp>>,
    /// When lost claims were ended last.
    freed_lost: Option<Instant>,
}

/// A delivery and what became of its attempt; `None` after a panic.
type Done = (DeliveryKey, Option<Result<AfterAttempt, StoreError>>);

impl Worker {
    /// Begins what is due, as far as there is room; tells when to look again if nothing happens before.
    async fn begin_due(&mut self) -> Result<Duration, StoreError> {
        let room = IN_FLIGHT.saturating_sub(self.in_flight.len());
        if room == 0 {
            return Ok(POLL_INTERVAL);
        }
        self.free_lost().await?;
        let now = self.app.clock.now();
        for due in claim(&self.app, room).await? {
            self.held.insert(due.delivery.key.clone());
            let delivery = deliver(Arc::clone(&self.app), due);
            self.in_flight
                .spawn(self.app.deliveries.track_future(delivery));
        }
        // What was due and not claimed waits for something in flight, here or on another server.
        while let Some(Reverse(next)) = self.retries.peek() {
            if *next > now {
                return Ok(elapsed(now, *next).min(POLL_INTERVAL));
            }
            self.retries.pop();
        }
        Ok(POLL_INTERVAL)
    }

    /// Ends claims whose answer was lost, and those of attempts that were not written down: otherwise they
    /// would wait for a minute. No other task claims for this server.
    async fn free_lost(&mut self) -> Result<(), StoreError> {
        if self
            .freed_lost
            .is_none_or(|at| at.elapsed() >= FREE_LOST_INTERVAL)
        {
            let freed = self.app.store.free_lost_deliveries(&self.held).await?;
            self.freed_lost = Some(Instant::now());
            if freed > 0 {
                tracing::info!(freed, "deliveries whose claim was lost are made now");
            }
        }
        Ok(())
    }

    fn note(&mut self, finished: &Result<Done, JoinError>) {
        let Ok((key, outcome)) = finished else {
            return;
        };
        match outcome {
            Some(Ok(AfterAttempt::RetryAt(at))) => self.retries.push(Reverse(*at)),
            // It would fail again at once.
            Some(Err(error)) if error.is_final() => return,
            None => return,
            Some(_) => {}
        }
        self.held.remove(key);
    }
}

async fn claim(app: &App, room: usize) -> Result<Vec<DueDelivery>, StoreError> {
    let limits = ClaimLimits {
        total: u32::try_from(room).unwrap_or(u32::MAX),
        per_endpoint: IN_FLIGHT_PER_ENDPOINT,
        per_organization: IN_FLIGHT_PER_ORGANIZATION,
    };
    let now = app.clock.now();
    app.store
        .claim_deliveries(now, later(now, CLAIM), limits)
        .await
}

/// Makes one attempt; if it cannot be written down, it is repeated.
async fn deliver(app: Arc<App>, due: DueDelivery) -> Done {
    let key = due.delivery.key.clone();
    let attempted = AssertUnwindSafe(attempt(&app, &due)).catch_unwind().await;
    let Ok(outcome) = attempted else {
        tracing::error!(endpoint_id = %due.endpoint.id, event_id = %due.event.id, "a delivery attempt panicked; it is made again");
        return (key, None);
    };
    match &outcome {
        Ok(outcome) => {
            metrics::counter!("recado_deliveries_total", "outcome" => word(*outcome)).increment(1);
        }
        Err(error) => {
            tracing::warn!(endpoint_id = %due.endpoint.id, event_id = %due.event.id, %error, "a delivery was not written down; it is made again");
        }
    }
    (key, Some(outcome))
}

async fn attempt(app: &App, due: &DueDelivery) -> Result<AfterAttempt, StoreError> {
    let at = app.clock.now();
    let Some(body) = formats::of(app, due).await? else {
        return skip(app, due, at).await;
    };
    let answered = send(app, due, body, at).await;
    let after = after(app, due, &answered).await?;
    log(due, &answered, after);
    let status = answered.status;
    let failing_since = record(app, due, at, answered, after).await?;
    let too_long = failing_since.is_some_and(|since| elapsed(since, at) >= schedule::DISABLE_AFTER);
    if status == Some(GONE) || too_long {
        disable(app, due, status).await?;
    }
    Ok(after)
}

async fn send(app: &App, due: &DueDelivery, body: Vec<u8>, at: Timestamp) -> Answered {
    let secrets = match app.store.endpoint_secrets(&due.endpoint) {
        Ok(secrets) => secrets,
        Err(error) => return Answered::unsent(&error),
    };
    let transmission = Transmission {
        url: &due.endpoint.url,
        id: &delivery_id(&due.delivery.key),
        body,
        secrets: &secrets,
        at,
    };
    transmission.send(&app.http).await
}

async fn after(
    app: &App,
    due: &DueDelivery,
    answered: &Answered,
) -> Result<AfterAttempt, StoreError> {
    if answered.error.is_none() {
        return Ok(AfterAttempt::Delivered);
    }
    let now = app.clock.now();
    let attempts = due.delivery.attempts.saturating_add(1);
    let retry_after = answered.retry_after.as_deref();
    let asked = retry_after.and_then(|text| schedule::asked(text, now));
    let random = getrandom::u32().map_err(StoreError::Random)?;
    let mut wait = schedule::wait(attempts, asked, random);
    let failures = failures(app, due).await?;
    match schedule::set_aside(&failures, due.endpoint.accepted_at, now) {
        Some(SetAside::Now) => return Ok(AfterAttempt::GiveUp),
        Some(SetAside::NotBefore(left)) if asked.is_none() => wait = wait.min(left),
        Some(SetAside::NotBefore(_)) | None => {}
    }
    Ok(AfterAttempt::RetryAt(later(now, wait)))
}

/// When the delivery failed since it was made, or replayed; the oldest first.
async fn failures(app: &App, due: &DueDelivery) -> Result<Vec<Timestamp>, StoreError> {
    if due.delivery.attempts == 0 {
        return Ok(Vec::new());
    }
    let found = app.store.get_delivery(&due.delivery.key).await?;
    let attempts = found.map(|(_, attempts)| attempts).unwrap_or_default();
    // A replay counts its attempts from one; the earlier attempts stay listed.
    let since_replay = usize::try_from(due.delivery.attempts).unwrap_or(usize::MAX);
    let before = attempts.len().saturating_sub(since_replay);
    Ok(attempts
        .iter()
        .skip(before)
        .map(|attempt| attempt.at)
        .collect())
}

/// Ends a delivery whose event the format of its endpoint has no word for.
async fn skip(app: &App, due: &DueDelivery, at: Timestamp) -> Result<AfterAttempt, StoreError> {
    let format = due.endpoint.format.as_str();
    let reason = format!("not sent: format {format} has no word for it");
    let answered = Answered::unsent(&reason);
    record(app, due, at, answered, AfterAttempt::Skipped).await?;
    Ok(AfterAttempt::Skipped)
}

async fn record(
    app: &App,
    due: &DueDelivery,
    at: Timestamp,
    answered: Answered,
    after: AfterAttempt,
) -> Result<Option<Timestamp>, StoreError> {
    let attempt = DeliveryAttempt {
        at,
        status: answered.status,
        error: answered.error,
        duration: answered.duration,
    };
    let key = &due.delivery.key;
    app.unstored
        .write(None, || {
            app.store.record_attempt(key, attempt.clone(), after)
        })
        .await
}

async fn disable(app: &App, due: &DueDelivery, status: Option<u16>) -> Result<(), StoreError> {
    let (organization, id) = (&due.endpoint.organization_id, &due.endpoint.id);
    let at = app.clock.now();
    if app
        .store
        .disable_webhook_endpoint(organization, id, at)
        .await?
    {
        tracing::warn!(endpoint_id = %id, status, "a webhook endpoint was disabled: it is gone, or has failed for five days");
    }
    Ok(())
}

fn log(due: &DueDelivery, answered: &Answered, after: AfterAttempt) {
    let (endpoint, event) = (&due.endpoint.id, &due.event.id);
    let (status, outcome) = (answered.status, word(after));
    let duration_ms = u64::try_from(answered.duration.as_millis()).unwrap_or(u64::MAX);
    if answered.error.is_none() {
        tracing::debug!(endpoint_id = %endpoint, event_id = %event, status, duration_ms, "delivered");
    } else {
        tracing::info!(endpoint_id = %endpoint, event_id = %event, status, outcome, duration_ms, "not delivered");
    }
}
