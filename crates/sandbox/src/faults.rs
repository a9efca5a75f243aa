//! Faults that the next requests run into.

use serde::{Deserialize, Serialize};

use crate::{Answer, Call, Provider, address};

/// What goes wrong, and for which requests: any of the provider, status queries too, unless `to` names a recipient.
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
    /// The provider closes the connection without an answer and accepts no message.
    ResetBefore,
    /// The provider handles the request as usual, then closes the connection without an answer.
    ResetAfter,
    /// The provider answers this and accepts no message.
    Answer(Answer),
    /// The provider handles the request as usual, then answers this in place of its own answer.
    AnswerAfter(Answer),
    /// The provider answers as to too many requests and accepts no message.
    Throttle,
}

impl Fault {
    /// Makes a fault for all recipients, without delay.
    pub fn new(provider: Provider, effect: Effect) -> Self {
        Self {
            provider,
            to: None,
            delay_ms: 0,
            effect,
        }
    }

    fn matches(&self, call: &Call) -> bool {
        self.provider == call.provider
            && self.to.as_deref().is_none_or(|to| {
                call.recipient()
                    .is_some_and(|recipient| address::bare(&recipient) == address::bare(to))
            })
    }
}

/// A fault with the number of requests that it is still to hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFault {
    /// The requests that are still to fail.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
}

fn once() -> u32 {
    1
}

/// The faults to come, in the order in which they were planned.
pub(crate) type Faults = Vec<PlannedFault>;

/// Uses up the first fault that this request runs into.
pub(crate) fn take(faults: &mut Faults, call: &Call) -> Option<Fault> {
    let mut planned = faults.iter();
    let index = planned.position(|planned| planned.fault.matches(call))?;
    let planned = &mut faults[index];
    if planned.times > 1 {
        planned.times -= 1;
        return Some(planned.fault.clone());
    }
    Some(faults.remove(index).fault)
}
