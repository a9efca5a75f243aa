//! Faults that the next requests run into.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address;
use crate::answer::Answer;
use crate::call::Call;
use crate::provider::Provider;

/// What goes wrong, and for whom: any request of the provider, status queries too, unless `to` names a recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// The provider that fails.
    pub provider: Provider,
    /// Only messages to this recipient, in any notation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Milliseconds between handling the request and answering or closing the connection.
    #[serde(default)]
    pub delay_ms: u64,
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a fault does to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Only the delay.
    Delay,
    /// The connection is closed without an answer and nothing is accepted.
    ResetBefore,
    /// The request is handled as usual, then the connection is closed without an answer.
    ResetAfter,
    /// This is answered and nothing is accepted.
    Answer(Answer),
    /// The request is handled as usual, then this is answered whatever came of it.
    AnswerAfter(Answer),
    /// The provider's answer to too many requests; nothing is accepted.
    Throttle,
}

impl Fault {
    /// A fault for all recipients, without delay.
    #[must_use]
    pub fn new(provider: Provider, effect: Effect) -> Self {
        Self {
            provider,
            to: None,
            delay_ms: 0,
            effect,
        }
    }

    /// The delay before the answer.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    fn matches(&self, call: &Call) -> bool {
        self.provider == call.provider
            && self.to.as_deref().is_none_or(|to| {
                call.recipient()
                    .is_some_and(|recipient| address::bare(&recipient) == address::bare(to))
            })
    }
}

/// A fault with the number of requests it still has to hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFault {
    /// How many requests are still to fail.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
}

fn once() -> u32 {
    1
}

/// The faults to come, in the order they were given.
#[derive(Default)]
pub(crate) struct Faults {
    planned: Vec<PlannedFault>,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: Fault, times: u32) {
        if times > 0 {
            self.planned.push(PlannedFault { times, fault });
        }
    }

    pub(crate) fn planned(&self) -> Vec<PlannedFault> {
        self.planned.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.planned.clear();
    }

    /// Uses up the first fault that this request runs into.
    pub(crate) fn take(&mut self, call: &Call) -> Option<Fault> {
        let mut planned = self.planned.iter();
        let index = planned.position(|planned| planned.fault.matches(call))?;
        let planned = &mut self.planned[index];
        if planned.times > 1 {
            planned.times -= 1;
            return Some(planned.fault.clone());
        }
        Some(self.planned.remove(index).fault)
    }
}
