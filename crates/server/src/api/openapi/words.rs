//! Closed sets of words, as enumerations of the `OpenAPI` document.
//!
//! Each is made of the constant that the server itself reads and writes the words with.

use std::borrow::Cow;

use recado_core as core;
use recado_store as store;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::api::error::Reason;

macro_rules! enumerations {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:expr;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                enumeration(concat!($($doc),+), $words)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+};
}

enumerations! {
    /// What an API key or a session may do.
    Scope = core::Scope::ALL.map(core::Scope::as_str);
    /// What a user may do: an `owner` everything, an `agent` reads and sends, a `viewer` reads.
    Role = core::Role::ALL.map(core::Role::as_str);
    /// The kind of a message of yours.
    MessageKind = core::ContentKind::ALL.map(core::ContentKind::as_str);
    /// What happened.
    EventType = core::event::EventType::ALL.map(core::event::EventType::as_str);
    /// How far a delivery has come. A `failed` one was given up or skipped. A `not_sent` one has an event for which the format of the webhook endpoint has no word.
    DeliveryStatus = store::DeliveryStatus::ALL.map(store::DeliveryStatus::as_str);
    /// The form of what a webhook endpoint gets: `recado` is that of `GET /events`, `chatvolt` is for receivers that were written for ChatVolt.
    WebhookFormat = store::WebhookFormat::ALL.map(store::WebhookFormat::as_str);
    /// Why a provider webhook call is set aside: `unreadable`, the body is not in a form that the provider is known to use; `crashed`, the server process ended during each of three attempts to apply the call; `too_many_items`, the call has more items than one call may have, and the items within the bound were applied.
    SetAsideReason = store::SetAsideReason::ALL.map(store::SetAsideReason::as_str);
    /// The state of a provider webhook call: the reason for which it is set aside, or `pending` if it is about to be applied again.
    ProviderCallStatus = store::SetAsideReason::ALL.map(store::SetAsideReason::as_str).into_iter().chain([PENDING]);
    /// The sort of caller: `user`, `api_key`, `operator`, `command_line` on the server's machine, `server` by itself, or `anonymous` for a caller that proved nothing.
    ActorKind = store::Actor::KINDS;
    /// How a limit is known: it is `documented` by the provider, was `observed`, or is `inferred` from what others say.
    LimitBasis = core::capabilities::Basis::ALL.map(core::capabilities::Basis::as_str);
    /// Whose limit of the rate of sends it is.
    SendLimit = core::capabilities::SendLimit::ALL.into_iter().filter(|limit| *limit != core::capabilities::SendLimit::Budget).map(core::capabilities::SendLimit::as_str);
    /// The stable word for what went wrong.
    ErrorReason = Reason::ALL.map(Reason::as_str);
}

/// The bytes of a file.
pub(crate) enum FileBytes {}

impl PartialSchema for FileBytes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .description(Some("The bytes of a file."))
            .into()
    }
}

impl ToSchema for FileBytes {
    fn name() -> Cow<'static, str> {
        "FileBytes".into()
    }
}

/// The status of a provider webhook call that is about to be applied again.
pub(crate) const PENDING: &str = "pending";

fn enumeration(description: &str, words: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim()))
        .enum_values(Some(words))
        .into()
}
