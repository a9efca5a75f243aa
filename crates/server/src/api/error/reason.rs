//! The stable word of every error, with its status and its description.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};

/// Defines the reasons, one row for each: its word, its status (as ChatVolt answers where that is known), and when it is said.
macro_rules! reasons {
    ($($reason:ident = $word:literal, $status:ident, $description:literal;)+) => {
        recado_core::words! {
            /// The stable word of an error; clients branch on it.
            pub enum Reason: UnknownReason("not the reason of an error") {
                $($reason = $word,)+
            }
        }

        impl Reason {
            /// Says when an error has this reason.
            pub const fn describe(self) -> &'static str {
                match self {
                    $(Self::$reason => $description,)+
                }
            }

            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$reason => StatusCode::$status,)+
                }
            }
        }
    };
}

reasons! {
    InvalidBody = "invalid_body", BAD_REQUEST,
        "the body is missing or is not JSON, or a field is missing or wrong: see details";
    InvalidQuery = "invalid_query", BAD_REQUEST,
        "a parameter of the query is missing or wrong: see details";
    InvalidHeader = "invalid_header", BAD_REQUEST,
        "a header cannot be read, or the route does not take it: see details";
    UnsupportedChannel = "unsupported_channel", BAD_REQUEST,
        "the channel does not carry this kind of message, or was deleted";
    Unauthorized = "unauthorized", UNAUTHORIZED,
        "the key, session, e-mail or password is missing or wrong";
    Forbidden = "forbidden", FORBIDDEN,
        "the key or the role of the user does not allow this";
    OrganizationSuspended = "organization_suspended", FORBIDDEN,
        "the organization of the caller is suspended";
    ForeignAgent = "foreign_agent", FORBIDDEN,
        "the agent belongs to another organization";
    NotFound = "not_found", NOT_FOUND,
        "the route does not exist";
    OrganizationNotFound = "organization_not_found", NOT_FOUND,
        "the organization does not exist";
    ApiKeyNotFound = "api_key_not_found", NOT_FOUND,
        "the organization has no such API key";
    AgentNotFound = "agent_not_found", NOT_FOUND,
        "the agent does not exist";
    ChannelNotFound = "channel_not_found", NOT_FOUND,
        "the organization has no such channel";
    ConversationNotFound = "conversation_not_found", NOT_FOUND,
        "the organization has no such conversation";
    MessageNotFound = "message_not_found", NOT_FOUND,
        "the organization has no such message";
    MediaNotFound = "media_not_found", NOT_FOUND,
        "the message has no file, or its provider gives none";
    WebhookEndpointNotFound = "webhook_endpoint_not_found", NOT_FOUND,
        "the organization has no such webhook endpoint";
    DeliveryNotFound = "delivery_not_found", NOT_FOUND,
        "the webhook endpoint has no such delivery";
    WebhookCallNotFound = "webhook_call_not_found", NOT_FOUND,
        "no such call of a provider is set aside";
    UserNotFound = "user_not_found", NOT_FOUND,
        "the organization has no such user";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "the route exists, with another verb: see the Allow header";
    MetaSessionExpired = "meta_session_expired", NOT_ACCEPTABLE,
        "WhatsApp's 24-hour window is closed, as `window_closed`, on a route where ChatVolt has this status: the customer has to write first";
    AlreadyExists = "already_exists", CONFLICT,
        "the id, conversation, number or e-mail address is taken";
    LimitReached = "limit_reached", CONFLICT,
        "the organization has as many as it may have: delete one first";
    LastOwner = "last_owner", CONFLICT,
        "the organization needs an owner who can sign in: first make another user an owner, who sets a password";
    WebhookNotRegistered = "webhook_not_registered", CONFLICT,
        "no webhook was registered: the error says what to do";
    CheckFailed = "check_failed", CONFLICT,
        "the provider does not say that the number can send; nothing was created";
    RequestInProgress = "request_in_progress", CONFLICT,
        "the first request with this Idempotency-Key is still under way: wait as long as Retry-After says";
    ChannelPaused = "channel_paused", CONFLICT,
        "a request paused the channel; nothing was sent: resume it, or have the message queued";
    MessageNotQueued = "message_not_queued", CONFLICT,
        "the message does not wait any more: it is under way, or has its outcome, or its provider did not cancel it";
    MessageUnderWay = "message_under_way", CONFLICT,
        "the message waits or is being sent: it is not sent again meanwhile";
    DuplicatePossible = "duplicate_possible", CONFLICT,
        "the message may have arrived: acceptDuplicate has it sent again";
    MessageCanceled = "message_canceled", CONFLICT,
        "the message was canceled before it was sent; nothing was sent";
    ChannelOverBudget = "channel_over_budget", CONFLICT,
        "the budget of the channel for this month is used up, or has no price for the message; nothing was sent";
    MediaGone = "media_gone", GONE,
        "the provider does not keep the file any more";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE,
        "the body has over 1 MiB (sign-in: 16 KiB; provider, batch: 4 MiB)";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        "an earlier request with this Idempotency-Key had another body: use a fresh key";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS,
        "a limit of Recado's own is reached, which the error names: wait as long as Retry-After says";
    TooManyButtons = "too_many_buttons", INTERNAL_SERVER_ERROR,
        "more than three buttons; nothing was sent";
    ContentRefused = "content_refused", INTERNAL_SERVER_ERROR,
        "another limit of the provider is broken; nothing was sent";
    WindowClosed = "window_closed", INTERNAL_SERVER_ERROR,
        "WhatsApp's 24-hour window is closed: the customer has to write";
    InvalidRecipient = "invalid_recipient", INTERNAL_SERVER_ERROR,
        "WhatsApp cannot deliver to this recipient";
    ChannelDisconnected = "channel_disconnected", INTERNAL_SERVER_ERROR,
        "the number is not connected to WhatsApp: pair or register it again";
    ChannelUnauthorized = "channel_unauthorized", INTERNAL_SERVER_ERROR,
        "the provider refused the channel's credentials";
    ChannelMisconfigured = "channel_misconfigured", INTERNAL_SERVER_ERROR,
        "the channel names a wrong instance, number id or base URL, or the number is not set up at the provider";
    ChannelBlocked = "channel_blocked", INTERNAL_SERVER_ERROR,
        "the account at the provider is restricted, or not paid for";
    ProviderRejected = "provider_rejected", INTERNAL_SERVER_ERROR,
        "the provider refused for any other reason";
    ProviderUnavailable = "provider_unavailable", INTERNAL_SERVER_ERROR,
        "the provider could not be reached; surely not sent";
    ProviderThrottled = "provider_throttled", INTERNAL_SERVER_ERROR,
        "the provider limits the number of messages; not sent: wait as long as Retry-After says";
    MessageExpired = "message_expired", INTERNAL_SERVER_ERROR,
        "the message waited too long in the queue; nothing was sent";
    OutcomeUnknown = "outcome_unknown", INTERNAL_SERVER_ERROR,
        "the provider's answer was lost: the message may have gone out; see messageId";
    Internal = "internal", INTERNAL_SERVER_ERROR,
        "Recado's own fault";
    MediaFailed = "media_failed", BAD_GATEWAY,
        "the provider did not give the file, or not as the customer sent it";
    QueueFull = "queue_full", SERVICE_UNAVAILABLE,
        "as much waits in the organization's queue as may wait; nothing was stored: wait as long as Retry-After says";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE,
        "the database does not answer, or the server is overloaded; nothing was sent: wait as long as Retry-After says";
}

impl Reason {
    /// How long to wait where a wait helps and the provider does not say how long.
    pub(crate) const fn wait(self) -> Option<Duration> {
        match self {
            Self::RateLimited | Self::Unavailable | Self::RequestInProgress => {
                Some(Duration::from_secs(1))
            }
            Self::QueueFull => Some(Duration::from_secs(10)),
            Self::ProviderUnavailable | Self::ProviderThrottled => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// The value of `Link` for a page of this server that describes what the caller met.
    pub(crate) const fn help(self) -> Option<HeaderValue> {
        match self {
            Self::InvalidHeader | Self::RequestInProgress | Self::IdempotencyKeyReused => {
                Some(HeaderValue::from_static("</docs/>; rel=\"help\""))
            }
            _ => None,
        }
    }
}
