//! What the accounts' webhooks hear when a switch connects their phones or cuts them off.

use std::collections::BTreeSet;

use super::arrival::Event;
use super::outbox::Parcel;
use crate::provider::Provider;
use crate::settings::Settings;
use crate::simulators::{wuzapi, zapi, zapperhub};
use crate::state::State;

impl State {
    /// Tells of every connection that is not as it was with the switches `before`.
    pub(crate) fn tell_connections(&mut self, before: &Settings) -> Vec<Parcel> {
        let webhooks = self.webhooks.list().into_iter();
        let accounts: BTreeSet<_> = webhooks
            .map(|webhook| (webhook.provider, webhook.account))
            .collect();
        let mut parcels = Vec::new();
        for (provider, account) in accounts {
            if let Some(event) = self.connection_event(before, provider, &account) {
                parcels.extend(self.tell(provider, &account, &[event]));
            }
        }
        parcels
    }

    fn connection_event(
        &self,
        before: &Settings,
        provider: Provider,
        account: &str,
    ) -> Option<Event> {
        let now = self.settings();
        match provider {
            // A number of the Cloud API is no device: it has no connection.
            Provider::Whatsapp => None,
            Provider::Zapi => (before.zapi.connected != now.zapi.connected)
                .then(|| zapi::connection(self, account)),
            Provider::Zapperhub => (before.zapperhub.connection != now.zapperhub.connection)
                .then(|| zapperhub::connection_update(account, now.zapperhub.connection)),
            Provider::Wuzapi => (before.wuzapi.session != now.wuzapi.session)
                .then(|| wuzapi::connection(account, now.wuzapi.session)),
        }
    }
}
