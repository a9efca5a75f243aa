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
use crate::app::App;

/// A noun of the API.
pub(crate) struct Entry {
    /// What stands before its ids in paths; the path of ChatVolt has the singular.
    word: &'static str,
    /// Its name in sentences.
    pub(crate) name: &'static str,
    /// The reason of the 404 if it does not exist, or is not the caller's.
    pub(crate) missing: Reason,
}

/// Something that has an id, or the id of it.
pub(crate) trait Noun {
    /// The reason of the 404 for an id that does not exist, or is not the caller's.
    const MISSING: Reason;
}

macro_rules! nouns {
    ($($word:literal $name:literal $missing:ident: $($noun:ty),+;)+) => {
        const NOUNS: &[Entry] = &[$(
            Entry { word: $word, name: $name, missing: Reason::$missing },
        )+];

        $($(
            impl Noun for $noun {
                const MISSING: Reason = Reason::$missing;
            }
        )+)+
    };
}

nouns! {
    "agents" "agent" AgentNotFound: AgentId, store::Agent;
    "api-keys" "API key" ApiKeyNotFound: ApiKeyId, store::ApiKey;
    "channels" "channel" ChannelNotFound: ChannelId, store::Channel;
    "conversations" "conversation" ConversationNotFound: ConversationId, store::Conversation;
    "deliveries" "delivery" DeliveryNotFound: DeliveryKey, (store::Delivery, Vec<store::DeliveryAttempt>);
    "messages" "message" MessageNotFound: MessageId, store::Message;
    "organizations" "organization" OrganizationNotFound: OrganizationId, store::Organization;
    "users" "user" UserNotFound: UserId, store::User;
    "webhook-calls" "call" WebhookCallNotFound: store::SetAsideCall;
    "webhook-endpoints" "webhook endpoint" WebhookEndpointNotFound: WebhookEndpointId, store::WebhookEndpoint;
}

/// Returns the noun whose ids follow a word in a path.
pub(crate) fn after(word: &str) -> Option<&'static Entry> {
    let is_it = |noun: &&Entry| noun.word == word || noun.word.strip_suffix('s') == Some(word);
    NOUNS.iter().find(is_it)
}

/// Returns the 404 of a noun.
pub(crate) fn missing<T: Noun>() -> ApiError {
    ApiError::not_found(T::MISSING)
}

/// Returns what was found, or the 404 of its noun.
pub(crate) fn found<T: Noun>(found: Option<T>) -> Result<T, ApiError> {
    found.ok_or_else(missing::<T>)
}

/// Reads the id of something; a text that is not an id gets the 404 of the noun.
pub(crate) fn parsed<T: Noun + FromStr>(id: &str) -> Result<T, ApiError> {
    found(id.parse().ok())
}

/// Answers a deletion: 204, or the 404 of the noun if nothing was deleted.
pub(crate) fn deleted<T: Noun>(was_there: bool) -> Result<StatusCode, ApiError> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing::<T>())
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

/// Finds a row of an organization, or answers the 404 of its noun.
pub(crate) async fn find<T: store::Noun + Noun>(
    app: &App,
    organization: &OrganizationId,
    id: &T::Id,
) -> Result<T, ApiError> {
    found(app.store.get(organization, id).await?)
}
