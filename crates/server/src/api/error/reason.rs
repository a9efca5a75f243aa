//! The stable word of every error, with its status and its description.

use std::time::Duration;

use axum::http::StatusCode;

/// The stable word of an error; clients branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    InvalidBody,
    InvalidQuery,
    UnsupportedChannel,
    Unauthorized,
    Forbidden,
    OrganizationSuspended,
    ForeignAgent,
    NotFound,
    OrganizationNotFound,
    ApiKeyNotFound,
    AgentNotFound,
    ChannelNotFound,
    ConversationNotFound,
    MessageNotFound,
    WebhookEndpointNotFound,
    DeliveryNotFound,
    WebhookCallNotFound,
    UserNotFound,
    MethodNotAllowed,
    AlreadyExists,
    LimitReached,
    LastOwner,
    WebhookNotRegistered,
    CheckFailed,
    BodyTooLarge,
    RateLimited,
    TooManyButtons,
    ContentRefused,
    WindowClosed,
    InvalidRecipient,
    ChannelDisconnected,
    ChannelUnauthorized,
    ChannelMisconfigured,
    ChannelBlocked,
    ProviderRejected,
    ProviderUnavailable,
    ProviderThrottled,
    OutcomeUnknown,
    Internal,
    Unavailable,
}

impl Reason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 40] = [
        Self::InvalidBody,
        Self::InvalidQuery,
        Self::UnsupportedChannel,
        Self::Unauthorized,
        Self::Forbidden,
        Self::OrganizationSuspended,
        Self::ForeignAgent,
        Self::NotFound,
        Self::OrganizationNotFound,
        Self::ApiKeyNotFound,
        Self::AgentNotFound,
        Self::ChannelNotFound,
        Self::ConversationNotFound,
        Self::MessageNotFound,
        Self::WebhookEndpointNotFound,
        Self::DeliveryNotFound,
        Self::WebhookCallNotFound,
        Self::UserNotFound,
        Self::MethodNotAllowed,
        Self::AlreadyExists,
        Self::LimitReached,
        Self::LastOwner,
        Self::WebhookNotRegistered,
        Self::CheckFailed,
        Self::BodyTooLarge,
        Self::RateLimited,
        Self::TooManyButtons,
        Self::ContentRefused,
        Self::WindowClosed,
        Self::InvalidRecipient,
        Self::ChannelDisconnected,
        Self::ChannelUnauthorized,
        Self::ChannelMisconfigured,
        Self::ChannelBlocked,
        Self::ProviderRejected,
        Self::ProviderUnavailable,
        Self::ProviderThrottled,
        Self::OutcomeUnknown,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidBody => "invalid_body",
            Self::InvalidQuery => "invalid_query",
            Self::UnsupportedChannel => "unsupported_channel",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::OrganizationSuspended => "organization_suspended",
            Self::ForeignAgent => "foreign_agent",
            Self::NotFound => "not_found",
            Self::OrganizationNotFound => "organization_not_found",
            Self::ApiKeyNotFound => "api_key_not_found",
            Self::AgentNotFound => "agent_not_found",
            Self::ChannelNotFound => "channel_not_found",
            Self::ConversationNotFound => "conversation_not_found",
            Self::MessageNotFound => "message_not_found",
            Self::WebhookEndpointNotFound => "webhook_endpoint_not_found",
            Self::DeliveryNotFound => "delivery_not_found",
            Self::WebhookCallNotFound => "webhook_call_not_found",
            Self::UserNotFound => "user_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AlreadyExists => "already_exists",
            Self::LimitReached => "limit_reached",
            Self::LastOwner => "last_owner",
            Self::WebhookNotRegistered => "webhook_not_registered",
            Self::CheckFailed => "check_failed",
            Self::BodyTooLarge => "body_too_large",
            Self::RateLimited => "rate_limited",
            Self::TooManyButtons => "too_many_buttons",
            Self::ContentRefused => "content_refused",
            Self::WindowClosed => "window_closed",
            Self::InvalidRecipient => "invalid_recipient",
            Self::ChannelDisconnected => "channel_disconnected",
            Self::ChannelUnauthorized => "channel_unauthorized",
            Self::ChannelMisconfigured => "channel_misconfigured",
            Self::ChannelBlocked => "channel_blocked",
            Self::ProviderRejected => "provider_rejected",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderThrottled => "provider_throttled",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// When it is said.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::InvalidBody => {
                "the body is missing or is not JSON, or a field is missing or wrong: see details"
            }
            Self::InvalidQuery => "a parameter of the query is missing or wrong: see details",
            Self::UnsupportedChannel => "the channel cannot carry reply buttons, or was deleted",
            Self::Unauthorized => "the key, session, e-mail or password is missing or wrong",
            Self::Forbidden => "the key or the role of the user does not allow this",
            Self::OrganizationSuspended => "the organization of the caller is suspended",
            Self::ForeignAgent => "the agent belongs to another organization",
            Self::NotFound => "there is no such route",
            Self::OrganizationNotFound => "there is no such organization",
            Self::ApiKeyNotFound => "the organization has no such API key",
            Self::AgentNotFound => "there is no such agent",
            Self::ChannelNotFound => "the organization has no such channel",
            Self::ConversationNotFound => "the organization has no such conversation",
            Self::MessageNotFound => "the organization has no such message",
            Self::WebhookEndpointNotFound => "the organization has no such webhook endpoint",
            Self::DeliveryNotFound => "the webhook endpoint has no such delivery",
            Self::WebhookCallNotFound => "no such call of a provider is set aside",
            Self::UserNotFound => "the organization has no such user",
            Self::MethodNotAllowed => "the route exists, with another verb: see the Allow header",
            Self::AlreadyExists => "the id, conversation, number or e-mail address is taken",
            Self::LimitReached => "the organization has as many as it may have: delete one first",
            Self::LastOwner => {
                "the organization needs an owner who can sign in: first make another user an owner, who sets a password"
            }
            Self::WebhookNotRegistered => "no webhook was registered: the error says what to do",
            Self::CheckFailed => {
                "the provider does not say that the number can send; nothing was created"
            }
            Self::BodyTooLarge => "the body has over 1 MiB (sign-in: 16 KiB, provider: 4 MiB)",
            Self::RateLimited => {
                "a limit of Recado's own is reached, which the error names: wait as long as Retry-After says"
            }
            Self::TooManyButtons => "more than three buttons; nothing was sent",
            Self::ContentRefused => "another limit of the provider is broken; nothing was sent",
            Self::WindowClosed => "WhatsApp's 24-hour window is closed: the customer has to write",
            Self::InvalidRecipient => "WhatsApp cannot deliver to this recipient",
            Self::ChannelDisconnected => {
                "the number is not connected to WhatsApp: pair or register it again"
            }
            Self::ChannelUnauthorized => "the provider refused the channel's credentials",
            Self::ChannelMisconfigured => {
                "the channel names a wrong instance, number id or base URL, or the number is not set up at the provider"
            }
            Self::ChannelBlocked => "the account at the provider is restricted, or not paid for",
            Self::ProviderRejected => "the provider refused for any other reason",
            Self::ProviderUnavailable => "the provider could not be reached; surely not sent",
            Self::ProviderThrottled => {
                "the provider limits the number of messages; not sent: wait as long as Retry-After says"
            }
            Self::OutcomeUnknown => {
                "the provider's answer was lost: the message may have gone out; see messageId"
            }
            Self::Internal => "Recado's own fault",
            Self::Unavailable => {
                "the database does not answer, or the server is overloaded; nothing was sent: wait as long as Retry-After says"
            }
        }
    }

    /// The HTTP status; as ChatVolt answers where it is known.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidBody | Self::InvalidQuery | Self::UnsupportedChannel => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::OrganizationSuspended | Self::ForeignAgent => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound
            | Self::OrganizationNotFound
            | Self::ApiKeyNotFound
            | Self::AgentNotFound
            | Self::ChannelNotFound
            | Self::ConversationNotFound
            | Self::MessageNotFound
            | Self::WebhookEndpointNotFound
            | Self::DeliveryNotFound
            | Self::WebhookCallNotFound
            | Self::UserNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::AlreadyExists
            | Self::LimitReached
            | Self::LastOwner
            | Self::WebhookNotRegistered
            | Self::CheckFailed => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyButtons
            | Self::ContentRefused
            | Self::WindowClosed
            | Self::InvalidRecipient
            | Self::ChannelDisconnected
            | Self::ChannelUnauthorized
            | Self::ChannelMisconfigured
            | Self::ChannelBlocked
            | Self::ProviderRejected
            | Self::ProviderUnavailable
            | Self::ProviderThrottled
            | Self::OutcomeUnknown
            | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// How long to wait where a wait helps and the provider does not say how long.
    pub(crate) const fn wait(self) -> Option<Duration> {
        match self {
            Self::RateLimited | Self::Unavailable => Some(Duration::from_secs(1)),
            Self::ProviderUnavailable | Self::ProviderThrottled => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}
