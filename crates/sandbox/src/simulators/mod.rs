//! The simulated providers, a folder each with one file per message kind, and the choice among them.

mod device;
pub(crate) mod whatsapp;
mod wuzapi;
mod zapi;
mod zapperhub;

use crate::webhooks::{Event, Written};
use crate::{
    Answer, Call, Failure, Outcome, PhoneMessage, Provider, Settings, State, Step, Webhook,
    WebhookSettings, ids, phone::Inbound,
};

pub(crate) fn handle(state: &mut State, call: &Call) -> Outcome {
    let outcome = match call.provider {
        Provider::Whatsapp => return whatsapp::handle(state, call),
        Provider::Zapi => zapi::handle(state, call),
        Provider::Zapperhub => zapperhub::handle(state, call),
        Provider::Wuzapi => wuzapi::handle(state, call),
    };
    outcome.unwrap_or_else(Outcome::from)
}

pub(crate) fn throttled(provider: Provider) -> Answer {
    match provider {
        Provider::Whatsapp => whatsapp::throttled(),
        Provider::Zapi => zapi::throttled(),
        Provider::Zapperhub => zapperhub::throttled(),
        Provider::Wuzapi => wuzapi::throttled(),
    }
}

/// Returns why an accepted message fails at the provider itself, if it does.
pub(crate) fn refusal(state: &State, message: &PhoneMessage) -> Option<Failure> {
    match message.provider {
        Provider::Whatsapp => whatsapp::closed_window(state, message),
        Provider::Zapi | Provider::Zapperhub | Provider::Wuzapi => None,
    }
}

pub(crate) fn failed(state: &State, message: &PhoneMessage, failure: &Failure) -> Vec<Event> {
    match message.provider {
        Provider::Whatsapp => whatsapp::failed(state, message, failure),
        Provider::Zapi => zapi::failed(state, message, failure),
        Provider::Zapperhub => zapperhub::failed(message),
        // wuzapi does not report a message that fails.
        Provider::Wuzapi => Vec::new(),
    }
}

pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    match message.provider {
        Provider::Whatsapp => whatsapp::step(state, message, step),
        Provider::Zapi => zapi::step(state, message, step),
        Provider::Zapperhub => zapperhub::step(state, message, step),
        Provider::Wuzapi => wuzapi::step(state, message, step),
    }
}

pub(crate) fn inbound_id(provider: Provider) -> String {
    match provider {
        Provider::Whatsapp => ids::wamid(),
        Provider::Zapi | Provider::Zapperhub | Provider::Wuzapi => ids::phone_message_id(),
    }
}

/// Returns the event of a customer's message; `None` if the provider lacks the shape of a tap.
pub(crate) fn inbound(state: &State, provider: Provider, inbound: &Inbound<'_>) -> Option<Event> {
    match provider {
        Provider::Whatsapp => whatsapp::inbound(state, inbound),
        Provider::Zapi => zapi::inbound(state, inbound),
        Provider::Zapperhub => zapperhub::inbound(state, inbound),
        Provider::Wuzapi => wuzapi::inbound(state, inbound),
    }
}

/// Returns the event of an account's connection, if it changed since the switches `before`.
pub(crate) fn connection(
    state: &State,
    before: &Settings,
    provider: Provider,
    account: &str,
) -> Option<Event> {
    let now = &state.settings;
    match provider {
        // A number of the Cloud API is not a device: it has no connection.
        Provider::Whatsapp => None,
        Provider::Zapi => {
            (before.zapi.connected != now.zapi.connected).then(|| zapi::connection(state, account))
        }
        Provider::Zapperhub => (before.zapperhub.connection != now.zapperhub.connection)
            .then(|| zapperhub::connection_update(account, now.zapperhub.connection)),
        Provider::Wuzapi => (before.wuzapi.session != now.wuzapi.session)
            .then(|| wuzapi::connection(account, now.wuzapi.session)),
    }
}

/// Returns whether the provider's format can hold both events in one call.
pub(crate) fn joins(provider: Provider, one: &Event, other: &Event) -> bool {
    match provider {
        Provider::Whatsapp | Provider::Zapperhub => true,
        Provider::Zapi => zapi::joins(one, other),
        Provider::Wuzapi => wuzapi::joins(one, other),
    }
}

/// Writes events that join each other into one call to the webhook.
pub(crate) fn write(settings: &Settings, webhook: &Webhook, events: Vec<Event>) -> Written {
    match webhook.provider {
        Provider::Whatsapp => whatsapp::write(webhook, events),
        Provider::Zapi => zapi::write(events),
        Provider::Zapperhub => zapperhub::write(webhook, events),
        Provider::Wuzapi => wuzapi::write(settings.wuzapi.webhook_format, webhook, events),
    }
}

/// Returns how often the provider tries a delivery in all.
pub(crate) fn attempts(provider: Provider, settings: &WebhookSettings) -> u32 {
    match provider {
        Provider::Whatsapp => settings.attempts,
        // Neither vendor documents a retry, so the simulators make none (inferred).
        Provider::Zapi | Provider::Zapperhub => 1,
        Provider::Wuzapi => wuzapi::ATTEMPTS,
    }
}

/// Returns whether the provider takes this status for success (Meta: only 200; wuzapi: any 2xx; others inferred).
pub(crate) fn is_delivered(provider: Provider, status: u16) -> bool {
    match provider {
        Provider::Whatsapp => status == 200,
        Provider::Zapi | Provider::Zapperhub | Provider::Wuzapi => (200..300).contains(&status),
    }
}
