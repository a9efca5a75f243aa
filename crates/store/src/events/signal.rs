//! Signals that events were appended, by this server or another, and that deliveries may be due.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use recado_core::OrganizationId;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::db::connect::Source;
use crate::error::StoreError;
use crate::events::append::Appended;
use crate::store::{DatabaseKind, Store};

/// How long to wait before a lost connection to PostgreSQL is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells when something may have been appended; a hint, for which nothing but time is lost.
#[derive(Debug)]
pub struct EventSignal {
    appended: watch::Receiver<()>,
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

/// Who waits for events.
pub(crate) struct Signals {
    everybody: watch::Sender<()>,
    deliveries: watch::Sender<()>,
    keys: watch::Sender<()>,
    webhook_calls: watch::Sender<()>,
    organizations: Mutex<HashMap<OrganizationId, watch::Sender<()>>>,
    listener: OnceLock<JoinHandle<()>>,
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

    fn subscribe(&self, organization: Option<&OrganizationId>) -> EventSignal {
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

    fn tell(&self, organization: &str) {
        self.everybody.send_replace(());
        if let Ok(id) = organization.parse::<OrganizationId>()
            && let Some(sender) = self.waiting().get(&id)
        {
            sender.send_replace(());
        }
    }

    /// Something may have been missed.
    fn tell_all(&self) {
        self.everybody.send_replace(());
        for sender in self.waiting().values() {
            sender.send_replace(());
        }
    }

    /// Stops listening to the database.
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

impl Store {
    /// A signal of one organization's events, or of everybody's.
    ///
    /// On PostgreSQL the first signal opens a connection that hears what other servers append.
    ///
    /// # Panics
    ///
    /// There is no tokio runtime.
    #[must_use]
    pub fn event_signal(&self, organization: Option<&OrganizationId>) -> EventSignal {
        let signals = self.signals();
        if self.kind() == DatabaseKind::Postgres {
            signals.listener.get_or_init(|| {
                tokio::spawn(listen(self.source().clone(), Arc::downgrade(signals)))
            });
        }
        signals.subscribe(organization)
    }

    /// A signal of deliveries that this process has queued; other servers' are theirs to make.
    #[must_use]
    pub fn delivery_signal(&self) -> EventSignal {
        EventSignal {
            appended: self.signals().deliveries.subscribe(),
        }
    }

    /// Returns a signal that API keys or sessions may not work any more because of what this process has done;
    /// what other servers do is not told.
    #[must_use]
    pub fn key_signal(&self) -> EventSignal {
        EventSignal {
            appended: self.signals().keys.subscribe(),
        }
    }

    /// Tells that API keys or sessions may not work any more.
    pub(crate) fn signal_keys(&self) {
        self.signals().keys.send_replace(());
    }

    /// Returns a signal that webhook calls of a dead server were freed by this process.
    #[must_use]
    pub fn webhook_call_signal(&self) -> EventSignal {
        EventSignal {
            appended: self.signals().webhook_calls.subscribe(),
        }
    }

    /// Tells those who wait in this process, after the commit.
    pub(crate) fn signal(&self, organization: &OrganizationId, appended: Appended) {
        if appended.events {
            self.signals().tell(organization.as_str());
        }
        if appended.deliveries {
            self.signal_deliveries();
        }
    }

    /// Tells that webhook calls may be claimed.
    pub(crate) fn signal_webhook_calls(&self) {
        self.signals().webhook_calls.send_replace(());
    }

    /// Tells that deliveries may be due.
    pub(crate) fn signal_deliveries(&self) {
        self.signals().deliveries.send_replace(());
    }
}

/// Hears of the commits of all servers until nobody is left who could be told.
async fn listen(source: Source, signals: Weak<Signals>) {
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
            // The connection is new: what was told before it is lost.
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
