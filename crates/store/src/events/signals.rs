//! Notifications of new events to this process, and the connection that brings those of other servers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use recado_core::OrganizationId;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::db::connect::Source;
use crate::error::StoreError;

/// Pause before a lost connection to PostgreSQL is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// A signal that events may have been appended. It is a hint: a lost one costs time, not events.
#[derive(Debug)]
pub struct EventSignal {
    pub(super) appended: watch::Receiver<()>,
}

impl EventSignal {
    /// Waits until something may have been appended since the last call, or since the signal was made.
    pub async fn appended(&mut self) {
        if self.appended.changed().await.is_err() {
            // The store is gone, and nothing will be appended any more.
            std::future::pending::<()>().await;
        }
    }
}

/// The tasks that wait for events.
pub(crate) struct Signals {
    pub(super) everybody: watch::Sender<()>,
    pub(super) deliveries: watch::Sender<()>,
    pub(super) keys: watch::Sender<()>,
    pub(super) webhook_calls: watch::Sender<()>,
    organizations: Mutex<HashMap<OrganizationId, watch::Sender<()>>>,
    pub(super) listener: OnceLock<JoinHandle<()>>,
}

impl Signals {
    pub(crate) fn new() -> Self {
        Self {
            everybody: watch::Sender::new(()),
            deliveries: watch::Sender::new(()),
            keys: watch::Sender::new(()),
            webhook_calls: watch::Sender::new(()),
            organizations: Mutex::default(),
            listener: OnceLock::new(),
        }
    }

    pub(super) fn subscribe(&self, organization: Option<&OrganizationId>) -> EventSignal {
        let appended = match organization {
            None => self.everybody.subscribe(),
            Some(organization) => {
                let mut waiting = self.waiting();
                waiting.retain(|_, sender| sender.receiver_count() > 0);
                waiting
                    .entry(organization.clone())
                    .or_insert_with(|| watch::Sender::new(()))
                    .subscribe()
            }
        };
        EventSignal { appended }
    }

    pub(super) fn tell(&self, organization: &str) {
        self.everybody.send_replace(());
        if let Ok(id) = organization.parse::<OrganizationId>()
            && let Some(sender) = self.waiting().get(&id)
        {
            sender.send_replace(());
        }
    }

    /// Wakes every waiting task, because a notification may have been lost.
    fn tell_all(&self) {
        self.everybody.send_replace(());
        for sender in self.waiting().values() {
            sender.send_replace(());
        }
    }

    pub(crate) fn close(&self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<OrganizationId, watch::Sender<()>>> {
        // No holder leaves the map half changed.
        self.organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.close();
    }
}

/// Listens to the commits of all servers until the store is dropped.
pub(super) async fn listen(source: Source, signals: Weak<Signals>) {
    loop {
        if let Err(error) = hear(&source, &signals).await.map_err(StoreError::from) {
            tracing::warn!(%error, "listening for events failed, and is tried again");
        }
        if signals.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(source: &Source, signals: &Weak<Signals>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(&source.listener()?).await?;
    listener.listen("recado_events").await?;
    let mut heard: Option<String> = None;
    while let Some(signals) = signals.upgrade() {
        match heard {
            Some(organization) => signals.tell(&organization),
            // The connection is new: earlier notifications are lost.
            None => signals.tell_all(),
        }
        drop(signals);
        heard = listener
            .try_recv()
            .await?
            .map(|notification| notification.payload().to_owned());
    }
    Ok(())
}
