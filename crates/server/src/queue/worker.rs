//! The worker: begins what is due, as many at once as organizations and channels may have.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use recado_core::{ChannelId, MessageId, OrganizationId};
use recado_store::{Begun, ChannelQueue, MAX_QUEUES, StoreError};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::allowances::{Allowances, channel_of};
use super::attempt::{After, Made, attempt};
use super::beginning::{Making, begin};
use super::fair_order::{FairOrder, Wanting};
use super::limited::LimitedQueues;
use crate::app::App;
use crate::app::clock::{elapsed, later};
use crate::lifecycle::failures::Failures;
use crate::send::places::SendPlace;

/// Attempts of one queue that one look begins.
const MAX_BEGUN: usize = 32;

/// How often the outbox is looked at without any sign: other servers queue messages, and scheduled ones become due.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Shortest time between two looks, so that many small changes cost one look.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// A look goes over all queues: one that takes long is followed by a pause of so many times as long, at most the longest,
/// because what has just become due waits for it.
const LOOK_SHARE: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How often attempts are freed that were begun without this server learning it.
const FREE_LOST_INTERVAL: Duration = Duration::from_secs(15);

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
        let look = worker.look().await;
        let rest = (looked.elapsed() * LOOK_SHARE).min(LONGEST_PAUSE);
        let next = Instant::now() + rest;
        let wait = failures.log(look, "cannot look for queued messages that are due");
        tokio::select! {
            () = stop.cancelled() => break,
            () = worker.step() => {}
            () = subscription.changed() => {}
            () = sleep(wait.unwrap_or(PAUSE)) => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep_until(next.max(looked + LOOK_INTERVAL)) => {}
        }
        worker.take_all();
    }
    while worker.is_busy() {
        worker.step().await;
    }
    end.cancelled().await;
}

struct Worker {
    app: Arc<App>,
    /// The queues of which attempts are being begun: another look begins none of theirs.
    beginning: HashSet<ChannelQueue>,
    beginnings: JoinSet<(ChannelQueue, Result<Making, StoreError>)>,
    in_flight: HashSet<(OrganizationId, MessageId)>,
    attempts: JoinSet<Ended>,
    /// Channels that did not work at the last attempt.
    doubtful: HashMap<(OrganizationId, ChannelId), Doubtful>,
    limited: LimitedQueues,
    allowances: Allowances,
    order: FairOrder,
    /// When what failed here or has to wait is due again, the earliest first.
    retries: BinaryHeap<Reverse<Timestamp>>,
    /// The queue after which the next look begins, because the last one did not come to the end.
    after: Option<ChannelQueue>,
    /// When lost attempts were freed last.
    freed_lost: Option<Instant>,
}

/// A channel that did not work.
struct Doubtful {
    /// Until when nothing is sent.
    until: Timestamp,
    /// Whether the one message is on its way that tries the channel after that.
    is_tried: bool,
}

/// An attempt that has ended.
struct Ended {
    queue: ChannelQueue,
    message: (OrganizationId, MessageId),
    made: Made,
    /// How many attempts of its channel were in flight when it began, with it.
    in_flight: usize,
    /// Its place, which another attempt takes only after the channel's allowance has learned of this one.
    place: SendPlace,
}

impl Worker {
    fn new(app: Arc<App>) -> Self {
        Self {
            app,
            beginning: HashSet::new(),
            beginnings: JoinSet::new(),
            in_flight: HashSet::new(),
            attempts: JoinSet::new(),
            doubtful: HashMap::new(),
            limited: LimitedQueues::default(),
            allowances: Allowances::default(),
            order: FairOrder::default(),
            retries: BinaryHeap::new(),
            after: None,
            freed_lost: None,
        }
    }

    fn is_busy(&self) -> bool {
        !self.beginnings.is_empty() || !self.attempts.is_empty()
    }

    /// Has attempts begun of all queues that have something due, as far as there are places; tells when to look again
    /// if nothing happens before.
    async fn look(&mut self) -> Result<Duration, StoreError> {
        self.free_lost().await;
        let now = self.app.clock.now();
        self.limited.forget_old(now);
        let queues = self.due(now).await?;
        let queues = queues.into_iter().map(|queue| Wanting {
            most: self.most(&queue, now),
            allowance: self.allowances.of(&channel_of(&queue)),
            queue,
        });
        let queues = queues.filter(|wanting| wanting.most > 0).collect();
        let places = &self.app.queue_places;
        for (queue, places) in self.order.share(places, &self.beginning, queues) {
            // One message tries a channel, which may have several queues.
            if self.most(&queue, now) > 0 {
                self.begin(queue, places, now);
            }
        }
        if self.after.is_some() {
            return Ok(Duration::ZERO);
        }
        self.order.end_pass();
        Ok(self.next_look(now))
    }

    /// Returns the queues that have something due, or as many as share the places fairly; the next look goes on after them.
    async fn due(&mut self, now: Timestamp) -> Result<Vec<ChannelQueue>, StoreError> {
        let (mut due, mut after) = (Vec::new(), self.after.clone());
        loop {
            let page = self.app.store.queues_due(now, after.as_ref()).await?;
            due.extend(page.queues);
            after = page.after;
            if after.is_none() || due.len() >= MAX_QUEUES {
                self.after = after;
                return Ok(due);
            }
        }
    }

    /// Returns how many attempts of a queue may begin: 0 while others are being begun, and while its channel does not work.
    fn most(&self, queue: &ChannelQueue, now: Timestamp) -> usize {
        if self.beginning.contains(queue) || self.limited.has(queue, now) {
            return 0;
        }
        match self.doubtful.get(&channel_of(queue)) {
            None => MAX_BEGUN,
            Some(doubtful) if doubtful.until > now || doubtful.is_tried => 0,
            Some(_) => 1,
        }
    }

    /// Has attempts of one queue begun.
    fn begin(&mut self, queue: ChannelQueue, places: Vec<SendPlace>, now: Timestamp) {
        self.try_channel(&queue, true);
        self.beginning.insert(queue.clone());
        let app = Arc::clone(&self.app);
        self.beginnings.spawn(async move {
            let begun = AssertUnwindSafe(begin(&app, &queue, places, now)).catch_unwind();
            let begun = begun.await.unwrap_or(Err(StoreError::NotCommitted));
            (queue, begun)
        });
    }

    /// Frees attempts that were begun and whose beginning was not learned, because the answer of the database was lost.
    async fn free_lost(&mut self) {
        let is_due = |at: Instant| at.elapsed() >= FREE_LOST_INTERVAL;
        if !self.freed_lost.is_none_or(is_due) {
            return;
        }
        self.freed_lost = Some(Instant::now());
        let (store, at) = (&self.app.store, self.app.clock.now());
        let freeing = store.free_lost_attempts(&self.in_flight, &self.beginning, at);
        match freeing.await {
            Ok(0) => {}
            Ok(freed) => tracing::info!(freed, "attempts whose beginning was lost are made now"),
            Err(error) => {
                tracing::warn!(%error, "attempts whose beginning may be lost could not be freed");
            }
        }
    }

    fn next_look(&mut self, now: Timestamp) -> Duration {
        while let Some(Reverse(next)) = self.retries.peek() {
            if *next > now {
                return elapsed(now, *next).min(POLL_INTERVAL);
            }
            self.retries.pop();
        }
        POLL_INTERVAL
    }

    /// Waits for the next beginning or end of an attempt; for ever if there is none.
    async fn step(&mut self) {
        tokio::select! {
            Some(begun) = self.beginnings.join_next() => self.take_begun(begun),
            Some(ended) = self.attempts.join_next() => self.take_ended(ended),
            else => std::future::pending().await,
        }
    }

    fn take_all(&mut self) {
        while let Some(begun) = self.beginnings.try_join_next() {
            self.take_begun(begun);
        }
        while let Some(ended) = self.attempts.try_join_next() {
            self.take_ended(ended);
        }
    }

    fn take_begun(&mut self, begun: Result<(ChannelQueue, Result<Making, StoreError>), JoinError>) {
        if let Ok((queue, making)) = begun {
            self.spawn(&queue, making);
        }
    }

    /// Makes the attempts that were begun.
    fn spawn(&mut self, queue: &ChannelQueue, making: Result<Making, StoreError>) {
        self.beginning.remove(queue);
        let Making {
            channel,
            begun,
            places,
        } = match making {
            Ok(making) => making,
            Err(error) => {
                tracing::warn!(channel_id = %queue.channel_id, %error, "attempts of queued messages could not be begun");
                self.try_channel(queue, false);
                // It does not come first each time.
                self.order.note(queue, true);
                let now = self.app.clock.now();
                self.limited
                    .note(queue, Some(later(now, PAUSE)), false, now);
                return;
            }
        };
        let Begun {
            attempts,
            has_more,
            limited_until,
            next_due,
        } = begun;
        self.order.note(queue, has_more || limited_until.is_some());
        let (has_begun, now) = (!attempts.is_empty(), self.app.clock.now());
        let again = self.limited.note(queue, limited_until, has_begun, now);
        self.retries
            .extend(again.into_iter().chain(next_due).map(Reverse));
        if attempts.is_empty() {
            self.try_channel(queue, false);
        }
        let channel = channel.map(Arc::new);
        let attempts: Vec<_> = attempts.into_iter().zip(places).collect();
        // They begin together, so that their answers say the same, in whatever order they come.
        let in_flight = attempts.last().map_or(0, |(_, place)| place.number());
        for (begun, place) in attempts {
            let id = &begun.message;
            let message = (id.organization_id.clone(), id.id.clone());
            self.in_flight.insert(message.clone());
            let (app, queue, channel) = (Arc::clone(&self.app), queue.clone(), channel.clone());
            let making = async move {
                let made =
                    AssertUnwindSafe(attempt(&app, begun, channel.as_deref())).catch_unwind();
                // After a panic it may have been sent.
                let made = made.await.unwrap_or(Made::from(After::Unstored));
                Ended {
                    queue,
                    message,
                    made,
                    in_flight,
                    place,
                }
            };
            self.attempts.spawn(self.app.sends.track_future(making));
        }
    }

    /// Notes whether a message is on its way that tries a doubtful channel.
    fn try_channel(&mut self, queue: &ChannelQueue, is_tried: bool) {
        if let Some(doubtful) = self.doubtful.get_mut(&channel_of(queue)) {
            doubtful.is_tried = is_tried;
        }
    }

    fn take_ended(&mut self, ended: Result<Ended, JoinError>) {
        let Ok(ended) = ended else { return };
        let now = self.app.clock.now();
        if let Some(reply) = ended.made.reply {
            let channel = channel_of(&ended.queue);
            self.allowances.note(channel, ended.in_flight, reply);
        }
        if ended.made.after != After::Unstored {
            self.in_flight.remove(&ended.message);
        }
        match ended.made.after {
            After::Again { at, holds_channel } => {
                self.retries.push(Reverse(at));
                if holds_channel {
                    self.doubt(&ended.queue, at);
                } else {
                    self.try_channel(&ended.queue, false);
                }
            }
            // Others may have failed that began later.
            After::Settled { was_asked: true }
                if self
                    .doubtful
                    .get(&channel_of(&ended.queue))
                    .is_some_and(|doubtful| doubtful.until <= now) =>
            {
                self.doubtful.remove(&channel_of(&ended.queue));
            }
            // What is not stored stays among those in flight: it may have been sent, and must not be begun again.
            After::Settled { .. } | After::Unstored => self.try_channel(&ended.queue, false),
        }
        drop(ended.place);
    }

    /// Sends nothing over a channel until an instant, and then one message that tries it.
    fn doubt(&mut self, queue: &ChannelQueue, until: Timestamp) {
        let is_tried = false;
        let doubtful = self.doubtful.entry(channel_of(queue));
        let doubtful = doubtful.or_insert(Doubtful { until, is_tried });
        doubtful.until = doubtful.until.max(until);
        doubtful.is_tried = is_tried;
    }
}
