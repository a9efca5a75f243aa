//! Signals that events were appended, by this server or another, and that deliveries may be due.

use std::sync::Arc;

use recado_core::OrganizationId;

use crate::db::DatabaseKind;
use crate::events::append::Appended;
use crate::events::signals::{EventSignal, listen};
use crate::store::Store;

impl Store {
    /// A signal of one organization's events, or of everybody's.
    ///
    /// On PostgreSQL, the first signal opens a connection that brings what other servers append.
    ///
    /// # Panics
    ///
    /// The caller is outside of a tokio runtime.
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
    pub fn delivery_signal(&self) -> EventSignal {
        EventSignal {
            appended: self.signals().deliveries.subscribe(),
        }
    }

    /// Returns a signal that API keys or sessions may not work any more because of what this process has done;
    /// other servers are not included.
    pub fn key_signal(&self) -> EventSignal {
        EventSignal {
            appended: self.signals().keys.subscribe(),
        }
    }

    /// Publishes that API keys or sessions may have ended.
    pub(crate) fn signal_keys(&self) {
        self.signals().keys.send_replace(());
    }

    /// Returns a signal that webhook calls of a dead server were freed by this process.
    pub fn webhook_call_signal(&self) -> EventSignal {
        EventSignal {
            appended: self.signals().webhook_calls.subscribe(),
        }
    }

    /// Publishes a commit to the waiting tasks of this process.
    pub(crate) fn signal(&self, organization: &OrganizationId, appended: Appended) {
        if appended.events {
            self.signals().tell(organization.as_str());
        }
        if appended.deliveries {
            self.signal_deliveries();
        }
    }

    pub(crate) fn signal_webhook_calls(&self) {
        self.signals().webhook_calls.send_replace(());
    }

    pub(crate) fn signal_deliveries(&self) {
        self.signals().deliveries.send_replace(());
    }
}
