//! Notifications of new events to this process, and the connection that brings those of other servers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use recado_core::OrganizationId;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::db::connect::Source;
use crate::db::postgres;
use crate::error::StoreError;

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
    pub(super) listener: OnceLock<JoinHandle<()>>,
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

    /// Wakes every waiting task, because a notification may have been lost.
    fn notify_all(&self) {
        self.all.send_replace(());
        for sender in self.waiting().values() {
            sender.send_replace(());
        }
    }

    pub(crate) fn close(&self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
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

/// Listens to the commits of all servers until the store is dropped.
pub(super) async fn listen(source: Source, notifications: Weak<Notifications>) {
    loop {
        if let Err(error) = receive(&source, &notifications)
            .await
            .map_err(StoreError::from)
        {
            tracing::warn!(%error, "listening for events failed, and is tried again");
        }
        if notifications.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn receive(source: &Source, notifications: &Weak<Notifications>) -> Result<(), sqlx::Error> {
    let Source::Postgres(options) = source else {
        return Ok(());
    };
    let mut listener = PgListener::connect_with(&postgres::listener(options)).await?;
    listener.listen("recado_events").await?;
    let mut received: Option<String> = None;
    while let Some(notifications) = notifications.upgrade() {
        match received {
            Some(organization) => notifications.notify(&organization),
            // The connection is new: earlier notifications are lost.
            None => notifications.notify_all(),
        }
        drop(notifications);
        received = listener
            .try_recv()
            .await?
            .map(|notification| notification.payload().to_owned());
    }
    Ok(())
}
