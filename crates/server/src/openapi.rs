//! The `OpenAPI` document: what utoipa reads off the handlers, and the errors of every route.

use serde_json::json;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

use crate::error::{ApiError, ErrorBody, Reason};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Recado",
        description = "One HTTP call sends a WhatsApp message with reply buttons over WhatsApp Cloud API, Z-API or ZapperHUB. \
            Every route also answers under `/api`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    tags(
        (name = "Messages", description = "Send and show messages"),
        (name = "Conversations", description = "One agent, one channel, one recipient"),
        (name = "Agents", description = "Who speaks, on behalf of an organization"),
        (name = "Channels", description = "Connected WhatsApp numbers"),
        (name = "Organizations", description = "The tenants; for operator keys"),
        (name = "API keys", description = "The keys of an organization"),
        (name = "Events", description = "What happened, once, in order"),
        (name = "Webhook endpoints", description = "Who is told of events, and what became of it"),
        (name = "Provider webhooks", description = "Where the providers call back"),
        (name = "Operations", description = "The state of the server"),
    )
)]
struct Base;

/// The document without routes.
pub(crate) fn base() -> OpenApi {
    let mut document = Base::openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("apiKey", SecurityScheme::Http(bearer));
    document
}

/// Adds to every operation what it may answer but success, and the key that it needs.
pub(crate) fn add_errors(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (verb, operation) in operations {
            if let Some(operation) = operation {
                add_errors_of(operation, &reasons(verb, path));
            }
        }
    }
}

fn add_errors_of(operation: &mut Operation, reasons: &[Reason]) {
    if reasons.contains(&Reason::Unauthorized) && !reasons.contains(&Reason::NotFound) {
        operation.security = Some(vec![SecurityRequirement::new("apiKey", [] as [&str; 0])]);
    }
    let mut statuses: Vec<_> = reasons.iter().map(|reason| reason.status()).collect();
    statuses.dedup();
    for status in statuses {
        let same: Vec<_> = reasons
            .iter()
            .filter(|reason| reason.status() == status)
            .collect();
        let description = same
            .iter()
            .map(|reason| format!("`{}`: {}", reason.as_str(), reason.describe()))
            .collect::<Vec<_>>()
            .join("\n\n");
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ErrorBody")))
            .example(same.first().map(|reason| example(**reason)))
            .build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/json", content)
            .build();
        operation
            .responses
            .responses
            .insert(status.as_str().to_owned(), response.into());
    }
}

fn example(reason: Reason) -> serde_json::Value {
    let error = ApiError::new(reason, reason.describe());
    serde_json::to_value(error.body("0199f3aa4a1e7c109d7b000000000001".to_owned()))
        .unwrap_or_else(|_| json!({}))
}

/// The ends of paths whose POST takes no body.
const WITHOUT_BODY: [&str; 5] = [
    "/check",
    "/register-webhook",
    "/rotate-secret",
    "/test",
    "/{deliveryId}/replay",
];

/// What the provider may answer to a request of ours.
const OF_THE_PROVIDER: [Reason; 3] = [
    Reason::ProviderRejected,
    Reason::ProviderUnavailable,
    Reason::ChannelUnauthorized,
];

/// What each route may answer but success, by status.
fn reasons(verb: &str, path: &str) -> Vec<Reason> {
    use Reason as R;
    match path {
        "/healthz" | "/readyz" => return Vec::new(),
        path if path.starts_with("/webhooks/") => {
            return vec![
                R::InvalidBody,
                R::Unauthorized,
                R::Forbidden,
                R::NotFound,
                R::BodyTooLarge,
                R::Internal,
            ];
        }
        _ => {}
    }
    let sends = path == "/messages/interactive/send-buttons";
    let has_body =
        matches!(verb, "post" | "patch") && !WITHOUT_BODY.iter().any(|end| path.ends_with(end));
    let is_list = verb == "get" && !path.ends_with('}');
    // What has an id of the caller's choice may be there already.
    let names = verb == "post" && has_body && !sends && !path.starts_with("/webhook-endpoints");
    let mut reasons = Vec::new();
    reasons.extend((has_body || is_list).then_some(R::InvalidBody));
    reasons.extend(sends.then_some(R::UnsupportedChannel));
    reasons.extend([R::Unauthorized, R::Forbidden]);
    reasons.extend(sends.then_some(R::ForeignAgent));
    reasons.extend(missing(verb, path));
    reasons.extend(names.then_some(R::AlreadyExists));
    reasons.extend(has_body.then_some(R::BodyTooLarge));
    if sends {
        reasons.extend([
            R::RateLimited,
            R::TooManyButtons,
            R::ContentRefused,
            R::WindowClosed,
            R::OutcomeUnknown,
        ]);
    }
    if sends || path.ends_with("/register-webhook") {
        reasons.extend(OF_THE_PROVIDER);
    }
    reasons.push(R::Internal);
    reasons
}

/// What a route may not find.
fn missing(verb: &str, path: &str) -> Vec<Reason> {
    use Reason as R;
    match (verb, path) {
        (_, "/messages/interactive/send-buttons") => {
            vec![R::AgentNotFound, R::ConversationNotFound]
        }
        ("post", "/conversations") => vec![R::AgentNotFound, R::ChannelNotFound],
        (_, "/organizations/{id}/api-keys/{keyId}") => {
            vec![R::OrganizationNotFound, R::ApiKeyNotFound]
        }
        (_, path) if path.starts_with("/organizations/{id}") => vec![R::OrganizationNotFound],
        (_, path) if path.starts_with("/webhook-endpoints/{id}/deliveries/{deliveryId}") => {
            vec![R::WebhookEndpointNotFound, R::DeliveryNotFound]
        }
        (_, path) if path.starts_with("/webhook-endpoints/{id}") => {
            vec![R::WebhookEndpointNotFound]
        }
        (_, path) if path.starts_with("/agents/{id}") => vec![R::AgentNotFound],
        (_, path) if path.starts_with("/channels/{id}") => vec![R::ChannelNotFound],
        (_, path) if path.starts_with("/messages/{id}") => vec![R::MessageNotFound],
        (_, path) if path.contains("/{id}") => vec![R::ConversationNotFound],
        _ => Vec::new(),
    }
}
