//! Parcels that wait for delivery, and deliveries that are kept.

use std::collections::{HashMap, VecDeque};
use std::{convert::Infallible, sync::Arc};

use reqwest::{Client, redirect::Policy};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};

use super::delivery::{Delivery, Post, RawDelivery};
use super::event::Event;
use crate::{Provider, received::keep};

/// One event on its way to one webhook.
pub(crate) struct Parcel {
    pub(super) webhook: u64,
    pub(super) event: Event,
    /// Dropped after the first attempt, which a request may wait for.
    pub(super) tried: Option<mpsc::Sender<Infallible>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Parcel>,
    workers: usize,
}

#[derive(Default)]
pub(crate) struct Outbox {
    /// Where deliveries run, once the sandbox serves.
    pub(crate) runtime: Option<Handle>,
    client: Option<Client>,
    queues: HashMap<u64, Queue>,
    /// Parcels that are held, waiting, in flight or to be retried.
    pending: usize,
    settled: Arc<Notify>,
    count: u64,
    kept: VecDeque<RawDelivery>,
}

impl Outbox {
    /// Counts parcels as pending before they may leave.
    pub(super) fn expect(&mut self, parcels: usize) {
        self.pending += parcels;
    }

    pub(super) fn push(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            let queue = self.queues.entry(parcel.webhook).or_default();
            queue.waiting.push_back(parcel);
        }
    }

    /// Returns the queues that need another worker, which counts as hired; one entry for each worker.
    pub(super) fn hire(&mut self, parallel: usize) -> Vec<u64> {
        let mut hired = Vec::new();
        for (id, queue) in &mut self.queues {
            let wanted = (queue.workers + queue.waiting.len()).min(parallel.max(1));
            for _ in queue.workers..wanted {
                queue.workers += 1;
                hired.push(*id);
            }
        }
        hired
    }

    /// Takes the next parcel of a queue, and those that join it up to `most` in all; `None` ends the worker.
    pub(super) fn take(
        &mut self,
        id: u64,
        most: usize,
        joins: impl Fn(&Event, &Event) -> bool,
    ) -> Option<Vec<Parcel>> {
        let queue = self.queues.get_mut(&id)?;
        let Some(first) = queue.waiting.pop_front() else {
            queue.workers -= 1;
            if queue.workers == 0 {
                self.queues.remove(&id);
            }
            return None;
        };
        let mut taken = vec![first];
        let mut index = 0;
        while taken.len() < most && index < queue.waiting.len() {
            if joins(&taken[0].event, &queue.waiting[index].event) {
                taken.extend(queue.waiting.remove(index));
            } else {
                index += 1;
            }
        }
        Some(taken)
    }

    /// Counts parcels that need no further attempt.
    pub(super) fn finish(&mut self, parcels: usize) {
        self.pending -= parcels;
        if self.pending == 0 {
            self.settled.notify_waiters();
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.pending == 0
    }

    /// Wakes when nothing is pending any more.
    pub(super) fn notify(&self) -> Arc<Notify> {
        Arc::clone(&self.settled)
    }

    /// Keeps a delivery before its first attempt and numbers it.
    pub(super) fn begin(&mut self, post: &Post) -> u64 {
        self.count += 1;
        keep(&mut self.kept, post.kept(self.count));
        self.count
    }

    /// Notes the status of an attempt, unless the delivery was forgotten meanwhile.
    pub(super) fn attempted(&mut self, order: u64, status: Option<u16>) {
        let number = |kept: &RawDelivery| kept.delivery.order;
        if let Ok(index) = self.kept.binary_search_by_key(&order, number) {
            let delivery = &mut self.kept[index].delivery;
            delivery.attempts += 1;
            delivery.status = status;
        }
    }

    pub(crate) fn deliveries(&self, provider: Option<Provider>) -> Vec<Delivery> {
        let wanted = |kept: &&RawDelivery| provider.is_none_or(|one| kept.delivery.provider == one);
        let kept = self.kept.iter().filter(wanted);
        kept.map(RawDelivery::parsed).collect()
    }

    pub(crate) fn forget(&mut self) {
        self.kept.clear();
    }

    /// Returns the client of all deliveries, which follows no redirect and uses no proxy.
    pub(super) fn client(&mut self) -> Option<Client> {
        if self.client.is_none() {
            let client = Client::builder().redirect(Policy::none()).no_proxy();
            self.client = client.build().ok();
        }
        self.client.clone()
    }
}
