//! Notifications of new events to this process, and the connection that exchanges them with other servers.
//!
//! Other servers are told after the commit: a transaction with a `NOTIFY` waits for all others that have one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use recado_core::OrganizationId;
use sqlx::postgres::{PgConnectOptions, PgListener};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::db::connect::Source;
use crate::db::{DEADLINE, postgres};
use crate::error::StoreError;

/// The channel of PostgreSQL; the payload is the id of an organization.
const CHANNEL: &str = "recado_events";

/// Shortest time between two notifications of this server: what is appended meanwhile is told at once.
const TELL_INTERVAL: Duration = Duration::from_millis(10);

/// How often events are looked for of which no notification came.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Pause before a lost connection to PostgreSQL is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Wakes its holder when something may have changed. It is a hint: a lost notification costs time, not events.
#[derive(Debug)]
pub struct Subscription(pub(super) watch::Receiver<()>);

impl Subscription {
    /// Waits until something may have changed since the last call, or since the subscription began.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // The store is gone, and nothing will change any more.
            std::future::pending::<()>().await;
        }
    }
}

/// The tasks that wait for notifications.
#[derive(Default)]
pub(crate) struct Notifications {
    all: watch::Sender<()>,
    pub(super) deliveries: watch::Sender<()>,
    pub(super) keys: watch::Sender<()>,
    pub(super) outbox: watch::Sender<()>,
    pub(super) webhook_calls: watch::Sender<()>,
    /// By the id of the organization.
    organizations: Mutex<HashMap<String, watch::Sender<()>>>,
    /// Of which other servers are not told yet.
    pub(super) untold: Arc<Untold>,
    pub(super) exchange: OnceLock<JoinHandle<()>>,
}

/// Organizations with new events, until other servers are told.
#[derive(Default)]
pub(crate) struct Untold {
    organizations: Mutex<HashSet<String>>,
    added: Notify,
}

impl Untold {
    pub(super) fn add(&self, organization: &str) {
        self.organizations().insert(organization.to_owned());
        self.added.notify_one();
    }

    /// Waits until there are some, and takes them.
    async fn wait(&self) -> HashSet<String> {
        self.added.notified().await;
        std::mem::take(&mut *self.organizations())
    }

    fn organizations(&self) -> MutexGuard<'_, HashSet<String>> {
        let organizations = self.organizations.lock();
        organizations.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifications {
    pub(super) fn subscribe(&self, organization: Option<&OrganizationId>) -> Subscription {
        let Some(organization) = organization else {
            return Subscription(self.all.subscribe());
        };
        let mut waiting = self.waiting();
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        let sender = waiting.entry(organization.to_string()).or_default();
        Subscription(sender.subscribe())
    }

    pub(super) fn notify(&self, organization: &str) {
        self.all.send_replace(());
        if let Some(sender) = self.waiting().get(organization) {
            sender.send_replace(());
        }
    }

    /// Returns the organizations for whose events a task waits.
    fn awaited(&self) -> HashSet<String> {
        let waiting = self.waiting();
        let awaited = waiting
            .iter()
            .filter(|(_, sender)| sender.receiver_count() > 0);
        awaited.map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn close(&self) {
        if let Some(exchange) = self.exchange.get() {
            exchange.abort();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        // No holder leaves the map half changed.
        let waiting = self.organizations.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.close();
    }
}

/// Tells other servers of events, and wakes the tasks that wait for theirs, until the store is dropped.
pub(super) async fn exchange(source: Source, notifications: Weak<Notifications>) {
    let Source::Postgres(options) = source else {
        return;
    };
    while notifications.strong_count() > 0 {
        if let Err(error) = connected(&options, &notifications).await {
            let error = StoreError::from(error);
            tracing::warn!(%error, "notifications of other servers are not read or sent, and it is tried again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is known on one connection.
struct Exchange {
    listener: PgListener,
    /// The number of the connection, by which PostgreSQL tells our own notifications.
    process: u32,
    /// The last event of each organization that a task waits for.
    seen: HashMap<String, i64>,
}

/// Works until the connection is lost or the store is dropped.
async fn connected(
    options: &PgConnectOptions,
    notifications: &Weak<Notifications>,
) -> Result<(), sqlx::Error> {
    let mut exchange = Exchange::open(options).await?;
    let mut polls = interval(POLL_INTERVAL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tell_from = Instant::now();
    while let Some(shared) = notifications.upgrade() {
        let untold = Arc::clone(&shared.untold);
        drop(shared);
        let untold_of = async {
            sleep_until(tell_from).await;
            untold.wait().await
        };
        tokio::select! {
            received = exchange.listener.try_recv() => {
                let Some(told) = received? else { return Ok(()) };
                if let Some(shared) = notifications.upgrade().filter(|_| told.process_id() != exchange.process) {
                    shared.notify(told.payload());
                }
            }
            organizations = untold_of => {
                exchange.tell(&organizations).await?;
                tell_from = Instant::now() + TELL_INTERVAL;
            }
            _ = polls.tick() => {
                if let Some(shared) = notifications.upgrade() {
                    exchange.poll(&shared).await?;
                }
            }
        }
    }
    Ok(())
}

impl Exchange {
    async fn open(options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let opening = async {
            let mut listener = PgListener::connect_with(&postgres::listener(options)).await?;
            // A connection that is lost ends the exchange: the next one has another number.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            let own: (i32,) = sqlx::query_as("select pg_backend_pid()")
                .fetch_one(&mut listener)
                .await?;
            Ok(Self {
                listener,
                process: own.0.cast_unsigned(),
                seen: HashMap::new(),
            })
        };
        in_time(opening).await
    }

    async fn tell(&mut self, organizations: &HashSet<String>) -> Result<(), sqlx::Error> {
        let tell =
            sqlx::query("select pg_notify($1, id) from jsonb_array_elements_text($2) as n (id)")
                .bind(CHANNEL)
                .bind(sqlx::types::Json(organizations));
        in_time(tell.execute(&mut self.listener)).await.map(drop)
    }

    /// Finds events of which no notification came: their server ended before it sent one.
    async fn poll(&mut self, notifications: &Notifications) -> Result<(), sqlx::Error> {
        let waiting = notifications.awaited();
        self.seen.retain(|id, _| waiting.contains(id));
        if waiting.is_empty() {
            return Ok(());
        }
        let find = sqlx::query_as(
            "select id, last_event from organizations \
             where id in (select jsonb_array_elements_text($1))",
        );
        let find = find.bind(sqlx::types::Json(&waiting));
        let found: Vec<(String, i64)> = in_time(find.fetch_all(&mut self.listener)).await?;
        for (id, last) in found {
            if self.seen.get(&id) != Some(&last) {
                notifications.notify(&id);
                self.seen.insert(id, last);
            }
        }
        Ok(())
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
