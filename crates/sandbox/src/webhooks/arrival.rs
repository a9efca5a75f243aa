//! What follows an accepted message: it arrives or fails, and events go to the account's webhooks.

use std::collections::BTreeSet;

use super::switches::{Failure, Order, WebhookSettings};
use super::{event::Event, outbox::Parcel};
use crate::{PhoneMessage, Provider, Settings, State, ids, simulators};

/// Shows a message on its phone, or lets it fail, and reports it to the account's webhooks.
pub(crate) fn arrive(state: &mut State, message: PhoneMessage) -> Vec<Parcel> {
    let failure = failure_of(state, &message);
    let events = events_of(state, &message, failure.as_ref());
    let parcels = report(state, message.provider, &message.from, &events);
    if failure.is_none() {
        state.received.show(message);
    }
    parcels
}

/// Returns how a message fails, if it does: as the switch says, or because of WhatsApp's window.
fn failure_of(state: &State, message: &PhoneMessage) -> Option<Failure> {
    let failure = state.settings.webhooks.fail_with.as_ref();
    let failure = failure.filter(|failure| failure.hits(&message.to));
    (failure.cloned()).or_else(|| simulators::refusal(state, message))
}

fn events_of(state: &State, message: &PhoneMessage, failure: Option<&Failure>) -> Vec<Event> {
    if state.webhooks.is_empty() {
        return Vec::new();
    }
    if let Some(failure) = failure {
        return simulators::failed(state, message, failure);
    }
    let steps = state.settings.webhooks.steps.iter();
    (steps.flat_map(|step| simulators::step(state, message, *step))).collect()
}

/// Reports every connection that changed since the switches `before`.
pub(crate) fn report_connections(state: &mut State, before: &Settings) -> Vec<Parcel> {
    let webhooks = state.webhooks.list().into_iter();
    let accounts: BTreeSet<_> = webhooks.map(|it| (it.provider, it.account)).collect();
    let mut parcels = Vec::new();
    for (provider, account) in accounts {
        if let Some(event) = simulators::connection(state, before, provider, &account) {
            parcels.extend(report(state, provider, &account, &[event]));
        }
    }
    parcels
}

/// Puts events into parcels to the account's webhooks; they are pending from now on, and wait to be dispatched.
pub(crate) fn report(
    state: &mut State,
    provider: Provider,
    account: &str,
    events: &[Event],
) -> Vec<Parcel> {
    let settings = &state.settings.webhooks;
    if settings.drop || events.is_empty() {
        return Vec::new();
    }
    let mut parcels = Vec::new();
    for (id, webhook) in state.webhooks.numbered(provider, account) {
        let wanted = events.iter().filter(|event| webhook.wants(event.name));
        let events = arranged(wanted, settings).into_iter();
        parcels.extend(events.map(|event| Parcel {
            webhook: id,
            event,
            tried: None,
        }));
    }
    state.outbox.expect(parcels.len());
    parcels
}

/// Repeats and orders the events as the switches say.
fn arranged<'a>(events: impl Iterator<Item = &'a Event>, settings: &WebhookSettings) -> Vec<Event> {
    let times = usize::from(settings.duplicate) + 1;
    let events = events.flat_map(|event| std::iter::repeat_n(event, times).cloned());
    let mut events: Vec<_> = events.collect();
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
