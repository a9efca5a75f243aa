//! What one request, or one change of the switches, does to the sandbox.

use std::time::Duration;

use crate::simulators::{handle, throttled};
use crate::webhooks::arrival::{arrive, report_connections};
use crate::{Answer, Call, Effect, Outcome, Settings, State, faults, webhooks::Parcel};

pub(crate) struct Reaction {
    pub(crate) delay: Duration,
    /// `None`: close the connection.
    pub(crate) answer: Option<Answer>,
    pub(crate) parcels: Vec<Parcel>,
    /// Whether the webhooks are called before the answer.
    pub(crate) before_answer: bool,
}

/// Changes the switches; messages that waited for a Z-API phone arrive if it is connected again.
pub(crate) fn change_settings(state: &mut State, settings: Settings) -> Vec<Parcel> {
    let before = std::mem::replace(&mut state.settings, settings);
    let mut parcels = report_connections(state, &before);
    if state.settings.zapi.connected {
        for message in std::mem::take(&mut state.zapi_queue) {
            parcels.extend(arrive(state, message));
        }
    }
    parcels
}

/// Handles one request, or lets it run into its fault.
pub(crate) fn react(state: &mut State, call: &Call) -> Reaction {
    let fault = faults::take(&mut state.faults, call);
    let delay_ms = fault.as_ref().map_or(0, |fault| fault.delay_ms);
    let outcome = match &fault {
        None => handle(state, call),
        Some(fault) => fail(state, call, fault.effect.clone()),
    };
    state.received.record(call, fault, &outcome);
    Reaction {
        delay: Duration::from_millis(delay_ms),
        answer: outcome.answer,
        parcels: (outcome.shown).map_or_else(Vec::new, |message| arrive(state, message)),
        before_answer: state.settings.webhooks.before_answer,
    }
}

fn fail(state: &mut State, call: &Call, effect: Effect) -> Outcome {
    match effect {
        Effect::Delay => handle(state, call),
        Effect::ResetBefore => Outcome::default(),
        Effect::ResetAfter => Outcome {
            answer: None,
            ..handle(state, call)
        },
        Effect::Answer(answer) => answer.into(),
        Effect::AnswerAfter(answer) => Outcome {
            answer: Some(answer),
            ..handle(state, call)
        },
        Effect::Throttle => throttled(call.provider).into(),
    }
}
