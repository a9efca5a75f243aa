//! Everything the sandbox knows, and what one request does to it.

use std::time::Duration;

use crate::accounts::Accounts;
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::clock::Clock;
use crate::faults::{Effect, Faults};
use crate::provider::Provider;
use crate::received::{PhoneMessage, Received};
use crate::settings::Settings;
use crate::simulators::whatsapp::{self, Limits};
use crate::simulators::{wuzapi, zapi, zapperhub};
use crate::webhooks::{Outbox, Parcel, Webhooks};

/// The state behind the sandbox's lock.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: Accounts,
    pub(crate) faults: Faults,
    pub(crate) received: Received,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    /// Messages that Z-API took while the phone was not connected.
    pub(crate) zapi_queue: Vec<PhoneMessage>,
    pub(crate) webhooks: Webhooks,
    pub(crate) outbox: Outbox,
    settings: Settings,
}

/// What came of a request.
pub(crate) struct Reaction {
    /// How long to wait before the answer.
    pub(crate) delay: Duration,
    /// `None`: close the connection.
    pub(crate) answer: Option<Answer>,
    /// What the account's webhooks are to hear of it.
    pub(crate) parcels: Vec<Parcel>,
    /// Whether they hear it before the answer.
    pub(crate) before_answer: bool,
}

impl State {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the switches; at a Z-API phone that is connected again arrives what waited for it.
    pub(crate) fn apply(&mut self, settings: Settings) -> Vec<Parcel> {
        let before = std::mem::replace(&mut self.settings, settings);
        let mut parcels = self.tell_connections(&before);
        if self.settings.zapi.connected {
            let waited = std::mem::take(&mut self.zapi_queue).into_iter();
            parcels.extend(waited.flat_map(|message| self.arrive(message)));
        }
        parcels
    }

    /// Handles one request.
    pub(crate) fn react(&mut self, call: &Call) -> Reaction {
        let fault = self.faults.take(call);
        let (delay, outcome) = match &fault {
            None => (Duration::ZERO, self.handle(call)),
            Some(fault) => (fault.delay(), self.fail(call, fault.effect.clone())),
        };
        self.received.record(call, fault, &outcome);
        let message = outcome.accepted.and_then(|accepted| accepted.shown);
        Reaction {
            delay,
            answer: outcome.answer,
            parcels: message.map_or_else(Vec::new, |message| self.arrive(message)),
            before_answer: self.settings.webhooks.before_answer,
        }
    }

    fn fail(&mut self, call: &Call, effect: Effect) -> Outcome {
        match effect {
            Effect::Delay => self.handle(call),
            Effect::ResetBefore => Outcome::reset(),
            Effect::ResetAfter => Outcome {
                answer: None,
                ..self.handle(call)
            },
            Effect::Answer(answer) => answer.into(),
            Effect::AnswerAfter(answer) => Outcome {
                answer: Some(answer),
                ..self.handle(call)
            },
            Effect::Throttle => throttled(call.provider).into(),
        }
    }

    fn handle(&mut self, call: &Call) -> Outcome {
        match call.provider {
            Provider::Whatsapp => whatsapp::handle(self, call),
            Provider::Zapi => zapi::handle(self, call),
            Provider::Zapperhub => zapperhub::handle(self, call),
            Provider::Wuzapi => wuzapi::handle(self, call),
        }
    }
}

fn throttled(provider: Provider) -> Answer {
    match provider {
        Provider::Whatsapp => whatsapp::throttled(),
        Provider::Zapi => zapi::throttled(),
        Provider::Zapperhub => zapperhub::throttled(),
        Provider::Wuzapi => wuzapi::throttled(),
    }
}
