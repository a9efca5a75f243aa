//! Notifications that events were appended, by this server or another, and of what this process has changed.

use std::sync::Arc;

use crate::events::append::Appended;
use crate::events::notifications::{Subscription, exchange};
use crate::prelude::*;

impl Store {
    /// Subscribes to new events of one organization, or of all.
    ///
    /// On PostgreSQL, what other servers append comes, too: within milliseconds, or within a second if their notification is
    /// lost. The subscription of all organizations misses what is lost. The caller must be in a tokio runtime.
    pub fn subscribe_events(&self, organization: Option<&OrganizationId>) -> Subscription {
        self.exchange();
        self.notifications().subscribe(organization)
    }

    /// Opens the connection, unless it is open, that exchanges notifications with other servers.
    fn exchange(&self) {
        if self.kind() == DatabaseKind::Postgres {
            let notifications = self.notifications();
            notifications.exchange.get_or_init(|| {
                let shared = Arc::downgrade(notifications);
                tokio::spawn(exchange(self.source().clone(), shared))
            });
        }
    }

    /// Subscribes to deliveries that this process has queued; other servers make their own.
    pub fn subscribe_deliveries(&self) -> Subscription {
        Subscription(self.notifications().deliveries.subscribe())
    }

    /// Subscribes to changes of the outbox by this process; it is looked at once a second besides.
    pub fn subscribe_outbox(&self) -> Subscription {
        Subscription(self.notifications().outbox.subscribe())
    }

    /// Subscribes to changes by this process after which API keys or sessions may not work any more.
    pub fn subscribe_keys(&self) -> Subscription {
        Subscription(self.notifications().keys.subscribe())
    }

    /// Subscribes to webhook calls of dead servers that this process has freed.
    pub fn subscribe_webhook_calls(&self) -> Subscription {
        Subscription(self.notifications().webhook_calls.subscribe())
    }

    /// Publishes a commit to the waiting tasks of this process, and its events to other servers.
    pub(crate) fn notify(&self, organization: &OrganizationId, appended: Appended) {
        if appended.events {
            self.notifications().notify(organization.as_str());
            if self.kind() == DatabaseKind::Postgres {
                self.notifications().untold.add(organization.as_str());
                self.exchange();
            }
        }
        if appended.deliveries {
            self.notify_deliveries();
        }
        if appended.queued {
            self.notify_outbox();
        }
    }

    pub(crate) fn notify_keys(&self) {
        self.notifications().keys.send_replace(());
    }

    pub(crate) fn notify_webhook_calls(&self) {
        self.notifications().webhook_calls.send_replace(());
    }

    pub(crate) fn notify_outbox(&self) {
        self.notifications().outbox.send_replace(());
    }

    pub(crate) fn notify_deliveries(&self) {
        self.notifications().deliveries.send_replace(());
    }
}
