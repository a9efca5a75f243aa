//! The simulated providers, a folder each, and which of them is asked.

pub(crate) mod whatsapp;
pub(crate) mod wuzapi;
pub(crate) mod zapi;
pub(crate) mod zapperhub;

use crate::answer::Answer;
use crate::call::Call;
use crate::outcome::Outcome;
use crate::phone::{Inbound, PhoneMessage};
use crate::provider::Provider;
use crate::settings::Settings;
use crate::state::State;
use crate::webhooks::{Event, Failure, Step};

/// Handles one request as its provider does.
pub(crate) fn handle(state: &mut State, call: &Call) -> Outcome {
    match call.provider {
        Provider::Whatsapp => whatsapp::handle(state, call),
        Provider::Zapi => zapi::handle(state, call),
        Provider::Zapperhub => zapperhub::handle(state, call),
        Provider::Wuzapi => wuzapi::handle(state, call),
    }
}

/// The provider's answer to too many requests.
pub(crate) fn throttled(provider: Provider) -> Answer {
    match provider {
        Provider::Whatsapp => whatsapp::throttled(),
        Provider::Zapi => zapi::throttled(),
        Provider::Zapperhub => zapperhub::throttled(),
        Provider::Wuzapi => wuzapi::throttled(),
    }
}

/// How the provider itself lets an accepted message fail, if it does.
pub(crate) fn refusal(state: &State, message: &PhoneMessage) -> Option<Failure> {
    match message.provider {
        Provider::Whatsapp => whatsapp::closed_window(state, message),
        Provider::Zapi | Provider::Zapperhub | Provider::Wuzapi => None,
    }
}

/// What the sender hears of a message that fails.
pub(crate) fn failed(state: &State, message: &PhoneMessage, failure: &Failure) -> Vec<Event> {
    match message.provider {
        Provider::Whatsapp => whatsapp::failed(state, message, failure),
        Provider::Zapi => zapi::failed(state, message, failure),
        Provider::Zapperhub => zapperhub::failed(message),
        // wuzapi has no event for a message that fails.
        Provider::Wuzapi => Vec::new(),
    }
}

/// What the sender hears of a step of the message.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    match message.provider {
        Provider::Whatsapp => whatsapp::step(state, message, step),
        Provider::Zapi => zapi::step(state, message, step),
        Provider::Zapperhub => zapperhub::step(state, message, step),
        Provider::Wuzapi => wuzapi::step(state, message, step),
    }
}

/// What the account hears of a customer's message; `None` when the provider lacks the shape.
pub(crate) fn inbound(state: &State, provider: Provider, inbound: &Inbound<'_>) -> Option<Event> {
    match provider {
        Provider::Whatsapp => whatsapp::inbound(state, inbound),
        Provider::Zapi => zapi::inbound(state, inbound),
        Provider::Zapperhub => zapperhub::inbound(state, inbound),
        Provider::Wuzapi => wuzapi::inbound(state, inbound),
    }
}

/// What the account hears if its connection is not as it was with the switches `before`.
pub(crate) fn connection(
    state: &State,
    before: &Settings,
    provider: Provider,
    account: &str,
) -> Option<Event> {
    let now = state.settings();
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

/// Whether the provider's format can hold both events in one call.
pub(crate) fn joins(provider: Provider, one: &Event, other: &Event) -> bool {
    match provider {
        Provider::Whatsapp | Provider::Zapperhub => true,
        Provider::Zapi => zapi::joins(one, other),
        Provider::Wuzapi => wuzapi::joins(one, other),
    }
}
