//! What the providers received, and what the phones show.

use std::collections::VecDeque;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::address;
use crate::call::Call;
use crate::faults::Fault;
use crate::outcome::Outcome;
use crate::phone::message::PhoneMessage;
use crate::provider::Provider;

/// How many of the newest requests, and of the newest phone messages, are kept.
pub const KEPT: usize = 50_000;

/// One request that a provider received.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedRequest {
    /// Counts all requests from 1, in the order they were handled.
    pub order: u64,
    /// The provider.
    pub provider: Provider,
    /// The HTTP method.
    pub method: String,
    /// Path and query as received, with the secrets that stand in them.
    pub path: String,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// Whether the header that carries the provider's credential was there.
    pub has_credential: bool,
    /// The body: JSON, or its text when it is not JSON.
    pub body: Value,
    /// What was answered.
    pub status: Answered,
    /// Whether a message was taken.
    pub accepted: bool,
    /// The id of the message that was taken.
    pub message_id: Option<String>,
    /// The fault that it ran into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// How a request ended: in JSON a number, or `"reset"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// With this HTTP status.
    Status(u16),
    /// With a closed connection and no answer.
    Reset,
}

impl Serialize for Answered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => serializer.serialize_u16(*status),
            Self::Reset => serializer.serialize_str("reset"),
        }
    }
}

/// A request as it is kept: the body stays raw until somebody asks.
struct Kept {
    order: u64,
    provider: Provider,
    method: String,
    path: String,
    content_type: Option<String>,
    has_credential: bool,
    body: Box<[u8]>,
    status: Answered,
    message_id: Option<String>,
    fault: Option<Fault>,
}

impl From<&Kept> for ReceivedRequest {
    fn from(kept: &Kept) -> Self {
        Self {
            order: kept.order,
            provider: kept.provider,
            method: kept.method.clone(),
            path: kept.path.clone(),
            content_type: kept.content_type.clone(),
            has_credential: kept.has_credential,
            body: json_or_text(&kept.body),
            status: kept.status,
            accepted: kept.message_id.is_some(),
            message_id: kept.message_id.clone(),
            fault: kept.fault.clone(),
        }
    }
}

/// The newest requests and phone messages.
#[derive(Default)]
pub(crate) struct Received {
    count: u64,
    requests: VecDeque<Kept>,
    phone: VecDeque<PhoneMessage>,
}

impl Received {
    /// Keeps a request.
    pub(crate) fn record(&mut self, call: &Call, fault: Option<Fault>, outcome: &Outcome) {
        self.count += 1;
        let kept = Kept {
            order: self.count,
            provider: call.provider,
            method: call.method().to_string(),
            path: call.path_and_query(),
            content_type: call.content_type().map(str::to_owned),
            has_credential: call.credential().is_some(),
            body: Box::from(&call.body[..]),
            status: (outcome.answer.as_ref())
                .map_or(Answered::Reset, |answer| Answered::Status(answer.status)),
            message_id: (outcome.accepted.as_ref()).map(|accepted| accepted.message_id.clone()),
            fault,
        };
        keep(&mut self.requests, kept);
    }

    /// Shows a message on its phone.
    pub(crate) fn show(&mut self, message: PhoneMessage) {
        keep(&mut self.phone, message);
    }

    /// The message with this id; the newest are looked at first.
    pub(crate) fn shown(&self, message_id: &str) -> Option<PhoneMessage> {
        let mut newest_first = self.phone.iter().rev();
        newest_first
            .find(|message| message.message_id == message_id)
            .cloned()
    }

    pub(crate) fn requests(&self, provider: Option<Provider>) -> Vec<ReceivedRequest> {
        let wanted = |kept: &&Kept| provider.is_none_or(|provider| kept.provider == provider);
        self.requests
            .iter()
            .filter(wanted)
            .map(ReceivedRequest::from)
            .collect()
    }

    pub(crate) fn phone_messages(&self, to: Option<&str>) -> Vec<PhoneMessage> {
        let to = to.map(address::bare);
        let wanted = |message: &&PhoneMessage| to.as_ref().is_none_or(|to| message.to == *to);
        self.phone.iter().filter(wanted).cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
        self.phone.clear();
    }
}

/// A body as it is listed: JSON, or its text when it is not JSON.
pub(crate) fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

/// Adds the newest; the oldest makes room for it.
pub(crate) fn keep<T>(kept: &mut VecDeque<T>, newest: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(newest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let mut kept = VecDeque::new();
        for number in 0..=KEPT {
            keep(&mut kept, number);
        }
        assert_eq!(
            (kept.len(), kept.front(), kept.back()),
            (KEPT, Some(&1), Some(&KEPT))
        );
    }
}
