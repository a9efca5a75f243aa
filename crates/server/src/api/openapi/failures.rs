//! How the operations of the `OpenAPI` document fail.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{
    ContentBuilder, Header, Object, Ref, RefOr, Response, ResponseBuilder, Type,
};

use super::{idempotency, path_ids};
use crate::api::auth::Need;
use crate::api::error::{ApiError, Reason};

/// What every route answers that takes a key or a session.
const KEY: &[Reason] = &[
    Reason::Unauthorized,
    Reason::Forbidden,
    Reason::OrganizationSuspended,
    Reason::Internal,
    Reason::Unavailable,
];

/// What every route answers that takes a body.
const BODY: &[Reason] = &[Reason::InvalidBody, Reason::BodyTooLarge];

/// What every route answers that takes a query.
const QUERY: &[Reason] = &[Reason::InvalidQuery];

/// What every route answers that takes an `Idempotency-Key`.
const KEYED: &[Reason] = &[Reason::InvalidHeader, Reason::IdempotencyKeyReused];

/// What the provider may answer to a request of ours.
pub(crate) const PROVIDER: &[Reason] = &[
    Reason::ChannelDisconnected,
    Reason::ChannelUnauthorized,
    Reason::ChannelMisconfigured,
    Reason::ChannelBlocked,
    Reason::ProviderRejected,
    Reason::ProviderUnavailable,
    Reason::ProviderThrottled,
    Reason::OutcomeUnknown,
];

/// Names what a handler answers but success, for its `responses(…)`. What follows from its path, its caller, its body and
/// its query is added by [`add`].
macro_rules! failures {
    ($name:ident: $($reasons:expr),+ $(,)?) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> $crate::api::openapi::Responses {
                $crate::api::openapi::stated(&[$($reasons),+])
            }
        }
    };
}
pub(crate) use failures;

/// Answers by their status, or by their reason until [`add`] completes them.
pub(crate) type Responses = BTreeMap<String, RefOr<Response>>;

/// Returns a mark for each reason that a handler states.
pub(crate) fn stated(reasons: &[&[Reason]]) -> Responses {
    let words = reasons.concat().into_iter().map(Reason::as_str);
    words
        .map(|word| (word.to_owned(), Response::new("").into()))
        .collect()
}

/// Documents every failure of a route: what its handler states, and what follows from the rest of the operation.
pub(super) fn add(path: &str, operation: &mut Operation, need: Need) {
    let responses = &mut operation.responses.responses;
    let mut reasons: Vec<_> = path_ids::missing(path).collect();
    reasons.extend(
        Reason::ALL
            .into_iter()
            .filter(|reason| responses.remove(reason.as_str()).is_some()),
    );
    if !matches!(need, Need::Nothing | Need::ProviderProof | Need::OwnPage) {
        reasons.extend(KEY);
    }
    if operation.request_body.is_some() {
        reasons.extend(BODY);
    }
    let mut parameters = operation.parameters.iter().flatten();
    if parameters.any(
        |parameter| matches!(parameter, RefOr::T(one) if one.parameter_in == ParameterIn::Query),
    ) {
        reasons.extend(QUERY);
    }
    if idempotency::takes_header(operation) {
        reasons.extend(KEYED);
    }
    reasons.sort_by_key(|reason| (reason.status(), *reason as usize));
    reasons.dedup();
    for same in reasons.chunk_by(|one, other| one.status() == other.status()) {
        let status = same[0].status().as_str().to_owned();
        operation
            .responses
            .responses
            .insert(status, response(same).into());
    }
}

/// The answer for reasons of one status.
fn response(same: &[Reason]) -> Response {
    let described = same
        .iter()
        .map(|reason| format!("`{}`: {}", reason.as_str(), reason.describe()));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorBody")))
        .example(Some(example(same[0])))
        .build();
    let response = ResponseBuilder::new()
        .description(described.collect::<Vec<_>>().join("\n\n"))
        .content("application/json", content);
    match retry_after(same) {
        Some(when) => response.header("Retry-After", whole_seconds(when)).build(),
        None => response.build(),
    }
}

/// Describes the header `Retry-After`, where one of these reasons has it.
fn retry_after(same: &[Reason]) -> Option<&'static str> {
    let waiting = same.iter().filter(|reason| reason.wait().is_some());
    match waiting.count() {
        0 => None,
        count if count == same.len() => Some("How many seconds to wait"),
        _ => Some("How many seconds to wait, where a wait helps"),
    }
}

fn whole_seconds(description: &str) -> Header {
    let mut header = Header::new(Object::with_type(Type::Integer));
    header.description = Some(description.to_owned());
    header
}

fn example(reason: Reason) -> serde_json::Value {
    let error = ApiError::new(reason, reason.describe());
    serde_json::to_value(error.body("0199f3aa4a1e7c109d7b000000000001".to_owned()))
        .unwrap_or_else(|_| json!({}))
}
