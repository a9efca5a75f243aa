//! Delivery: one queue per webhook, whose first attempts keep their order; retries do not hold up the queue.

use std::convert::Infallible;
use std::time::Duration;

use reqwest::Client;
use tokio::{runtime::Handle, sync::mpsc};

use super::delivery::{Delivery, Post};
use super::{event::Event, outbox::Parcel};
use crate::{Sandbox, simulators};

/// How long an answer waits for webhooks that come before it: a receiver that hangs must not keep the answer for good.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Sandbox {
    /// Returns the newest [`crate::KEPT`] deliveries to webhooks, oldest first, failed ones too.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().outbox.deliveries(None)
    }

    /// Waits until no delivery is held back, waiting, in flight or to be retried.
    pub async fn settled(&self) {
        let notify = self.state().outbox.notify();
        loop {
            let settled = notify.notified();
            if self.state().outbox.is_settled() {
                return;
            }
            settled.await;
        }
    }

    /// Lets parcels leave, in the order given.
    pub(crate) fn dispatch(&self, parcels: Vec<Parcel>) {
        if !parcels.is_empty() {
            self.state().outbox.push(parcels);
            self.wake();
        }
    }

    /// Lets parcels leave and waits until each was tried once, up to [`LONGEST_WAIT`].
    pub(crate) async fn dispatch_and_wait(&self, mut parcels: Vec<Parcel>) {
        let (tried, mut all_tried) = mpsc::channel(1);
        for parcel in &mut parcels {
            parcel.tried = Some(tried.clone());
        }
        drop(tried);
        self.dispatch(parcels);
        // No value is ever sent: this resolves when the last parcel has dropped its end.
        let waited = tokio::time::timeout(LONGEST_WAIT, all_tried.recv()).await;
        // Those that are late arrive after the answer.
        waited.unwrap_or_default();
    }

    /// Starts the workers that the queues need; without a runtime they wait for the sandbox to serve.
    pub(crate) fn wake(&self) {
        let mut state = self.state();
        let runtime = state.outbox.runtime.clone();
        let Some(runtime) = runtime.or_else(|| Handle::try_current().ok()) else {
            return;
        };
        let parallel = state.settings.webhooks.parallel;
        for id in state.outbox.hire(parallel) {
            runtime.spawn(work(self.clone(), id));
        }
    }

    /// Takes and writes the next call to a webhook; `None` ends the worker.
    fn next(&self, id: u64) -> Option<Call> {
        let mut guard = self.state();
        let state = &mut *guard;
        let Some(webhook) = state.webhooks.get(id).cloned() else {
            // The webhook was removed, and its parcels with it.
            while state.outbox.take(id, 1, |_, _| false).is_some() {
                state.outbox.finish(1);
            }
            return None;
        };
        let settings = state.settings.clone();
        let joins = |one: &Event, other: &Event| simulators::joins(webhook.provider, one, other);
        let parcels = state.outbox.take(id, settings.webhooks.batch, joins)?;
        let client = state.outbox.client();
        // The rest is done without the lock: a body may be large, and is signed.
        drop(guard);
        let parcels = parcels.into_iter().map(|it| (it.event, it.tried));
        let (events, tried): (Vec<_>, Vec<_>) = parcels.unzip();
        let count = events.len();
        let written = simulators::write(&settings, &webhook, events);
        Some(Call {
            id,
            post: Post::new(&webhook, written, &settings.webhooks),
            attempts: simulators::attempts(webhook.provider, &settings.webhooks),
            client,
            count,
            tried,
        })
    }
}

async fn work(sandbox: Sandbox, id: u64) {
    while let Some(call) = sandbox.next(id) {
        call.first(&sandbox).await;
    }
}

struct Call {
    id: u64,
    post: Post,
    attempts: u32,
    client: Option<Client>,
    /// The parcels that the call carries.
    count: usize,
    tried: Vec<Option<mpsc::Sender<Infallible>>>,
}

impl Call {
    async fn first(mut self, sandbox: &Sandbox) {
        let order = sandbox.state().outbox.begin(&self.post);
        let is_delivered = self.attempt(sandbox, order).await;
        self.tried.clear();
        if is_delivered || self.attempts <= 1 {
            sandbox.state().outbox.finish(self.count);
        } else {
            tokio::spawn(self.retry(sandbox.clone(), order));
        }
    }

    async fn retry(self, sandbox: Sandbox, order: u64) {
        let mut pause = self.post.retry_base;
        for _ in 1..self.attempts {
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
            let is_removed = sandbox.state().webhooks.get(self.id).is_none();
            if is_removed || self.attempt(&sandbox, order).await {
                break;
            }
        }
        sandbox.state().outbox.finish(self.count);
    }

    /// Posts once, and returns whether the receiver took it.
    async fn attempt(&self, sandbox: &Sandbox, order: u64) -> bool {
        let status = match &self.client {
            Some(client) => self.post.send(client).await,
            None => None,
        };
        sandbox.state().outbox.attempted(order, status);
        status.is_some_and(|status| simulators::is_delivered(self.post.provider, status))
    }
}
