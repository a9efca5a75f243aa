//! The nouns of the API: each has ids in paths, and its own error for an id that does not exist.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use recado_core::{
    AgentId, ApiKeyId, ChannelId, ConversationId, MessageId, OrganizationId, UserId,
};
use recado_store::{self as store, DeliveryKey, WebhookEndpointId};

use super::error::{ApiError, Reason};

/// Something that has an id, or the id of it.
pub(crate) trait Noun {
    /// The reason of the 404 for an id that does not exist, or is not the caller's.
    const MISSING: Reason;
}

macro_rules! nouns {
    ($($missing:ident: $($noun:ty),+;)+) => {$($(
        impl Noun for $noun {
            const MISSING: Reason = Reason::$missing;
        }
    )+)+};
}

nouns! {
    AgentNotFound: AgentId, store::Agent;
    ApiKeyNotFound: ApiKeyId;
    ChannelNotFound: ChannelId, store::Channel;
    ConversationNotFound: ConversationId, store::Conversation;
    DeliveryNotFound: DeliveryKey, (store::Delivery, Vec<store::DeliveryAttempt>);
    MessageNotFound: MessageId, store::Message;
    OrganizationNotFound: OrganizationId, store::Organization;
    UserNotFound: UserId, store::User;
    WebhookCallNotFound: store::SetAsideCall;
    WebhookEndpointNotFound: WebhookEndpointId, store::WebhookEndpoint;
}

/// Returns what was found, or the 404 of its noun.
pub(crate) fn found<T: Noun>(found: Option<T>) -> Result<T, ApiError> {
    found.ok_or_else(|| ApiError::not_found(T::MISSING))
}

/// Reads the id of something; a text that is not an id is the id of nothing.
pub(crate) fn parsed<T: Noun + FromStr>(id: &str) -> Result<T, ApiError> {
    found(id.parse().ok())
}

/// Answers a deletion: 204, or the 404 of the noun if there was nothing to delete.
pub(crate) fn deleted<T: Noun>(was_there: bool) -> Result<StatusCode, ApiError> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found(T::MISSING))
    }
}

/// The id in the path; of two, the last one, since the guard or the handler reads the first.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: Noun + FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        let parameters = parameters.map_err(|_| ApiError::no_route())?;
        let last = parameters.iter().last();
        parsed(last.map_or("", |(_, id)| id)).map(Self)
    }
}
