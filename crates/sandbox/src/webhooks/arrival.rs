//! What follows an accepted message: it arrives or fails, and the account's webhooks hear of it.

use serde_json::Value;

use super::outbox::Parcel;
use super::switches::{Failure, Order, WebhookSettings};
use crate::ids;
use crate::provider::Provider;
use crate::received::PhoneMessage;
use crate::simulators::{whatsapp, zapi, zapperhub};
use crate::state::State;

/// One fact in a provider's format.
#[derive(Clone)]
pub(crate) struct Event {
    /// The provider's word for events of this kind, which webhooks subscribe to.
    pub(crate) name: &'static str,
    pub(crate) body: Value,
}

impl State {
    /// Shows a message on its phone, or lets it fail, and tells the account's webhooks.
    pub(crate) fn arrive(&mut self, message: PhoneMessage) -> Vec<Parcel> {
        let failure = self.failure_of(&message);
        let events = self.events_of(&message, failure.as_ref());
        let parcels = self.tell(message.provider, &message.from, &events);
        if failure.is_none() {
            self.received.show(message);
        }
        parcels
    }

    /// How a message fails, if it does: as the switch says, or because of WhatsApp's window.
    fn failure_of(&self, message: &PhoneMessage) -> Option<Failure> {
        let failure = self.settings().webhooks.fail_with.as_ref();
        let failure = failure.filter(|failure| failure.hits(&message.to));
        match message.provider {
            Provider::Whatsapp => failure
                .cloned()
                .or_else(|| whatsapp::closed_window(self, message)),
            Provider::Zapi | Provider::Zapperhub | Provider::Wuzapi => failure.cloned(),
        }
    }

    fn events_of(&self, message: &PhoneMessage, failure: Option<&Failure>) -> Vec<Event> {
        if self.webhooks.is_empty() {
            return Vec::new();
        }
        if let Some(failure) = failure {
            return match message.provider {
                Provider::Whatsapp => whatsapp::failed(self, message, failure),
                Provider::Zapi => zapi::failed(self, message, failure),
                Provider::Zapperhub => zapperhub::failed(message),
                // wuzapi has no event for a message that fails.
                Provider::Wuzapi => Vec::new(),
            };
        }
        let steps = self.settings().webhooks.steps.iter();
        steps.flat_map(|step| message.step(self, *step)).collect()
    }

    /// Puts events into parcels to the account's webhooks; they count as pending and wait to be dispatched.
    pub(crate) fn tell(
        &mut self,
        provider: Provider,
        account: &str,
        events: &[Event],
    ) -> Vec<Parcel> {
        let settings = &self.settings().webhooks;
        if settings.drop || events.is_empty() {
            return Vec::new();
        }
        let mut parcels = Vec::new();
        for registered in self.webhooks.of(provider, account) {
            let wanted = |event: &&Event| registered.webhook.wants(event.name);
            let events = arranged(events.iter().filter(wanted), settings);
            parcels.extend(events.into_iter().map(|event| Parcel {
                webhook: registered.id,
                event,
                tried: None,
            }));
        }
        self.outbox.expect(parcels.len());
        parcels
    }
}

/// The events as often and in the order that the switches want.
fn arranged<'a>(events: impl Iterator<Item = &'a Event>, settings: &WebhookSettings) -> Vec<Event> {
    let times = usize::from(settings.duplicate) + 1;
    let mut events: Vec<_> = events
        .flat_map(|event| std::iter::repeat_n(event, times).cloned())
        .collect();
    match settings.order {
        Order::AsIs => {}
        Order::Reversed => events.reverse(),
        Order::Shuffled => {
            for end in (1..events.len()).rev() {
                events.swap(end, ids::below(end + 1));
            }
        }
    }
    events
}
