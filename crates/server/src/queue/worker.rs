//! The worker: begins what is due, as many at once as organizations and channels may have.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use recado_store::{self as store, Attempt, ChannelQueue, MAX_QUEUES, StoreError};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attempt::{After, attempt};
use crate::app::App;
use crate::app::clock::elapsed;
use crate::lifecycle::failures::Failures;
use crate::send::places::SendPlace;

/// Attempts at once, in all; [`SendPlaces`](crate::send::places::SendPlaces) says how they are shared.
pub(crate) const MAX_ATTEMPTS_IN_FLIGHT: usize = 512;

/// Attempts of one queue that one look begins.
const MAX_BEGUN: usize = 32;

/// How often the outbox is looked at without any sign: other servers queue messages, and scheduled ones become due.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Shortest time between two looks, so that many small changes cost one look.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How long to wait when the database does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends what is queued until the server begins to stop, finishes the attempts in flight, and ends with `end`.
pub(crate) async fn run(app: Arc<App>, end: CancellationToken) {
    let mut subscription = app.store.subscribe_outbox();
    let stop = app.stopping.clone();
    let mut worker = Worker::new(app);
    let mut failures = Failures::default();
    loop {
        let looked = Instant::now();
        let begun = worker.begin_due().await;
        let wait = failures.log(begun, "cannot look for queued messages that are due");
        let wait = sleep(wait.unwrap_or(PAUSE));
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = worker.in_flight.join_next() => worker.note(ended),
            () = subscription.changed() => {}
            () = wait => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep_until(looked + LOOK_INTERVAL) => {}
        }
        worker.note_ended();
    }
    while worker.in_flight.join_next().await.is_some() {}
    end.cancelled().await;
}

/// Sends everything that is due by the clock of `app`, and returns how many attempts were made.
pub async fn drain(app: &Arc<App>) -> Result<usize, StoreError> {
    let mut worker = Worker::new(Arc::clone(app));
    let mut made = 0;
    loop {
        worker.begin_due().await?;
        if worker.in_flight.is_empty() {
            return Ok(made);
        }
        while let Some(ended) = worker.in_flight.join_next().await {
            worker.note(ended);
            made += 1;
        }
    }
}

struct Worker {
    app: Arc<App>,
    in_flight: JoinSet<(ChannelQueue, After)>,
    /// Queues whose channel takes nothing until an instant.
    held: HashMap<ChannelQueue, Timestamp>,
    /// When what failed here is due again, the earliest first.
    retries: BinaryHeap<Reverse<Timestamp>>,
    /// The queue after which the next look begins, because the last one did not come to the end.
    after: Option<ChannelQueue>,
}

impl Worker {
    fn new(app: Arc<App>) -> Self {
        Self {
            app,
            in_flight: JoinSet::new(),
            held: HashMap::new(),
            retries: BinaryHeap::new(),
            after: None,
        }
    }

    /// Begins what is due, as far as there are places; tells when to look again if nothing happens before.
    async fn begin_due(&mut self) -> Result<Duration, StoreError> {
        let now = self.app.clock.now();
        self.held.retain(|_, until| *until > now);
        let after = self.after.take();
        let queues = self.app.store.queues_due(now, after.as_ref()).await?;
        let is_cut = queues.len() == MAX_QUEUES;
        self.after = queues.last().filter(|_| is_cut).cloned();
        let free = queues
            .into_iter()
            .filter(|queue| !self.held.contains_key(queue));
        let begun = join_all(free.map(|queue| begin(&self.app, queue, now))).await;
        // Where one look ended, the next one begins.
        let mut is_more_due = is_cut || after.is_some();
        let mut failed = None;
        for begun in begun {
            match begun {
                Ok(begun) => is_more_due |= self.spawn(begun),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or_else(|| Ok(self.next_look(now, is_more_due)), Err)
    }

    /// Makes the attempts that were begun; returns whether there may be more to begin now.
    fn spawn(&mut self, begun: Begun) -> bool {
        let Begun {
            queue,
            channel,
            attempts,
            places,
        } = begun;
        let channel = channel.map(Arc::new);
        let is_full = !attempts.is_empty() && attempts.len() == places.len();
        for (begun, place) in attempts.into_iter().zip(places) {
            let (app, queue, channel) = (Arc::clone(&self.app), queue.clone(), channel.clone());
            let making = async move {
                let _place = place;
                (queue, attempt(&app, begun, channel.as_deref()).await)
            };
            self.in_flight.spawn(self.app.sends.track_future(making));
        }
        is_full
    }

    fn next_look(&mut self, now: Timestamp, is_more_due: bool) -> Duration {
        if is_more_due {
            return Duration::ZERO;
        }
        while let Some(Reverse(next)) = self.retries.peek() {
            if *next > now {
                return elapsed(now, *next).min(POLL_INTERVAL);
            }
            self.retries.pop();
        }
        POLL_INTERVAL
    }

    fn note_ended(&mut self) {
        while let Some(ended) = self.in_flight.try_join_next() {
            self.note(ended);
        }
    }

    fn note(&mut self, ended: Result<(ChannelQueue, After), JoinError>) {
        let Ok((queue, After::Again { at, holds_channel })) = ended else {
            return;
        };
        self.retries.push(Reverse(at));
        if holds_channel {
            let until = self.held.entry(queue).or_insert(at);
            *until = at.max(*until);
        }
    }
}

/// What was begun of one queue.
struct Begun {
    queue: ChannelQueue,
    /// `None` if it was deleted.
    channel: Option<store::Channel>,
    attempts: Vec<Attempt>,
    /// A place for each attempt, and those that were not needed.
    places: Vec<SendPlace>,
}

/// Begins attempts of one queue, as many as have a place.
async fn begin(app: &App, queue: ChannelQueue, now: Timestamp) -> Result<Begun, StoreError> {
    let (organization, id) = (&queue.organization_id, &queue.channel_id);
    let free = || app.queue_places.take(organization, id).ok();
    let places: Vec<_> = std::iter::from_fn(free).take(MAX_BEGUN).collect();
    let mut begun = Begun {
        channel: None,
        attempts: Vec::new(),
        places,
        queue,
    };
    if begun.places.is_empty() {
        return Ok(begun);
    }
    let (store, queue) = (&app.store, &begun.queue);
    // Before the attempts: what was begun is sent.
    begun.channel = store.get(&queue.organization_id, &queue.channel_id).await?;
    let most = u32::try_from(begun.places.len()).unwrap_or(u32::MAX);
    begun.attempts = store.begin_attempts(queue, now, most).await?;
    Ok(begun)
}
