//! The `OpenAPI` document: what utoipa reads off the handlers, and how they name their failures.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, Header, Object, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};
use utoipa_axum::router::UtoipaMethodRouter;

use super::auth::{Need, SessionCookie};
use super::error::{ApiError, ErrorBody, Reason};
use crate::app::App;
pub(crate) use answers::operations;

pub(crate) mod accounts;
mod answers;
mod variants;
pub(crate) mod words;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Recado",
        description = "One HTTP call sends a WhatsApp message with reply buttons over WhatsApp Cloud API, Z-API or ZapperHUB. \
            Every route also answers under `/api`. A query parameter or a field that a route does not have is an error; the routes that \
            ChatVolt has ignore it.",
        contact(name = "The operator of this server"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Messages", description = "Sends and shows messages"),
        (name = "Conversations", description = "A conversation joins one agent, one channel and one recipient"),
        (name = "Agents", description = "The senders of an organization"),
        (name = "Channels", description = "Connected WhatsApp numbers"),
        (name = "Organizations", description = "The owners of everything else; for operator keys"),
        (name = "API keys", description = "The keys of an organization"),
        (name = "Users", description = "The people of an organization"),
        (name = "Sessions", description = "Signing in and out with a browser"),
        (name = "Audit log", description = "Who did what, when and from where"),
        (name = "Events", description = "What happened, once, in order"),
        (name = "Webhook endpoints", description = "URLs to which events are sent, and their deliveries"),
        (name = "Provider webhooks", description = "Calls of the providers"),
        (name = "Operations", description = "The state of the server"),
    )
)]
struct Base;

/// The names of the security schemes in the document.
const API_KEY: &str = "apiKey";
const OPERATOR_KEY: &str = "operatorKey";
const SESSION: &str = "session";

/// Returns the document without routes.
pub(crate) fn base() -> OpenApi {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    components.schemas.extend(recado_core::event::schemas());
    for (name, description) in [
        (
            API_KEY,
            "An API key of an organization. Each operation names the scope that the key needs.",
        ),
        (
            OPERATOR_KEY,
            "An operator key, made with `recado-server operator-key create`.",
        ),
    ] {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(description))
            .build();
        components.add_security_scheme(name, SecurityScheme::Http(bearer));
    }
    let cookie = ApiKeyValue::with_description(
        SessionCookie::SECURE_NAME,
        "The session of a user, which `POST /sessions` or the page `/sign-in` sets. Each operation names the \
         scope that the role of the user needs.",
    );
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
    components.add_security_scheme(SESSION, cookie);
    document
}

/// Completes the document of all routes with what utoipa cannot read off a type.
pub(crate) fn completed(mut document: OpenApi) -> OpenApi {
    variants::divide(document.components.get_or_insert_default());
    answers::name_lists(&mut document);
    answers::require_nullable(&mut document);
    document
}

/// Documents what a route asks of its callers.
pub(crate) fn secured(
    (schemas, mut paths, router): UtoipaMethodRouter<Arc<App>>,
    need: Need,
) -> UtoipaMethodRouter<Arc<App>> {
    for (_, operation) in paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(security(need));
        if let Some(sentence) = sentence(need) {
            let description = operation.description.take();
            let parts = description.into_iter().chain([sentence]);
            operation.description = Some(parts.collect::<Vec<_>>().join("\n\n"));
        }
    }
    (schemas, paths, router)
}

/// Says in words what a caller has to present, as readers of the document see no scopes of keys.
fn sentence(need: Need) -> Option<String> {
    let text = match need {
        Need::Nothing | Need::ProviderProof | Need::OwnPage => return None,
        Need::Scope(scope) => return Some(format!("Needs the scope `{scope}`.")),
        Need::Operator => "Needs an operator key.",
        Need::OrganizationManager | Need::Manager => {
            "Needs the scope `manage`, or an operator key."
        }
        Need::Session => "Needs a session.",
        Need::OrganizationKey => "Needs an API key of an organization.",
        Need::AnyKey => "Needs an API key or an operator key.",
    };
    Some(text.to_owned())
}

/// Returns what a caller has to present, one way or the other; [`sentence`] names the scope.
fn security(need: Need) -> Vec<SecurityRequirement> {
    let schemes: &[&str] = match need {
        Need::Nothing | Need::ProviderProof | Need::OwnPage => {
            return vec![SecurityRequirement::default()];
        }
        Need::Scope(_) => &[API_KEY, SESSION],
        Need::Operator => &[OPERATOR_KEY],
        Need::OrganizationManager | Need::Manager => &[API_KEY, SESSION, OPERATOR_KEY],
        Need::Session => &[SESSION],
        Need::OrganizationKey => &[API_KEY],
        Need::AnyKey => &[API_KEY, OPERATOR_KEY],
    };
    let schemes = schemes.iter();
    schemes
        .map(|scheme| SecurityRequirement::new(*scheme, [] as [&str; 0]))
        .collect()
}

/// What every route answers that takes a key or a session.
pub(crate) const KEY: &[Reason] = &[
    Reason::Unauthorized,
    Reason::Forbidden,
    Reason::OrganizationSuspended,
    Reason::Internal,
    Reason::Unavailable,
];

/// What every route answers that takes a body.
pub(crate) const BODY: &[Reason] = &[Reason::InvalidBody, Reason::BodyTooLarge];

/// What every route answers that takes a query.
pub(crate) const QUERY: &[Reason] = &[Reason::InvalidQuery];

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

/// Names what a handler answers but success, for its `responses(…)`.
macro_rules! failures {
    ($name:ident: $($reasons:expr),+ $(,)?) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> $crate::api::openapi::Responses {
                $crate::api::openapi::responses(&[$($reasons),+])
            }
        }
    };
}
pub(crate) use failures;

/// Answers by their status.
pub(crate) type Responses = BTreeMap<String, RefOr<Response>>;

/// One answer for each status of these reasons.
pub(crate) fn responses(reasons: &[&[Reason]]) -> Responses {
    let mut reasons = reasons.concat();
    reasons.sort_by_key(|reason| (reason.status(), *reason));
    let by_status = reasons.chunk_by(|one, other| one.status() == other.status());
    by_status
        .map(|same| {
            let status = same[0].status().as_str().to_owned();
            (status, response(same).into())
        })
        .collect()
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
