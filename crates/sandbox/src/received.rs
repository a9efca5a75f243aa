//! What the providers received, and what the phones show.

use std::collections::VecDeque;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{Call, Fault, Outcome, PhoneMessage, Provider, address};

/// How many of the newest requests, and of the newest phone messages, are kept.
pub const KEPT: usize = 50_000;

/// One request that a provider received.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedRequest {
    /// Counts all requests from 1, in the order in which they were handled.
    pub order: u64,
    /// The provider.
    pub provider: Provider,
    /// The HTTP method.
    pub method: String,
    /// Path and query as received, with the secrets in them.
    pub path: String,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// Whether the request had the header for the provider's credential.
    pub has_credential: bool,
    /// The body: JSON, or its text if it is not JSON.
    pub body: Value,
    /// How the request ended.
    pub status: Answered,
    /// Whether the provider accepted a message.
    pub accepted: bool,
    /// The id of the accepted message.
    pub message_id: Option<String>,
    /// The fault that the request ran into.
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

/// A request whose body is parsed when it is listed: most requests of a load test never are.
struct RawRequest {
    request: ReceivedRequest,
    body: Box<[u8]>,
}

#[derive(Default)]
pub(crate) struct Received {
    count: u64,
    requests: VecDeque<RawRequest>,
    phone: VecDeque<PhoneMessage>,
}

impl Received {
    pub(crate) fn record(&mut self, call: &Call, fault: Option<Fault>, outcome: &Outcome) {
        self.count += 1;
        let answer = outcome.answer.as_ref();
        let request = ReceivedRequest {
            order: self.count,
            provider: call.provider,
            method: call.method().to_string(),
            path: call.path_and_query(),
            content_type: call.content_type().map(str::to_owned),
            has_credential: call.credential().is_some(),
            body: Value::Null,
            status: answer.map_or(Answered::Reset, |answer| Answered::Status(answer.status)),
            accepted: outcome.accepted.is_some(),
            message_id: outcome.accepted.clone(),
            fault,
        };
        let body = Box::from(&call.body[..]);
        keep(&mut self.requests, RawRequest { request, body });
    }

    pub(crate) fn show(&mut self, message: PhoneMessage) {
        keep(&mut self.phone, message);
    }

    /// Returns the newest message with this id.
    pub(crate) fn shown(&self, message_id: &str) -> Option<PhoneMessage> {
        let mut newest_first = self.phone.iter().rev();
        let found = newest_first.find(|message| message.message_id == message_id);
        found.cloned()
    }

    pub(crate) fn requests(&self, provider: Option<Provider>) -> Vec<ReceivedRequest> {
        let wanted = |raw: &&RawRequest| provider.is_none_or(|one| raw.request.provider == one);
        let parsed = |raw: &RawRequest| ReceivedRequest {
            body: json_or_text(&raw.body),
            ..raw.request.clone()
        };
        self.requests.iter().filter(wanted).map(parsed).collect()
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

/// Returns a body as it is listed: JSON, or its text if it is not JSON.
pub(crate) fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

/// Adds the newest, in place of the oldest if there are [`KEPT`] already.
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
    fn the_newest_takes_the_place_of_the_oldest() {
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
