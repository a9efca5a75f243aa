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
    if reasons.contains(&Reason::Unauthorized) {
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

/// What each route may answer but success, by status.
fn reasons(verb: &str, path: &str) -> Vec<Reason> {
    use Reason as R;
    if matches!(path, "/healthz" | "/readyz") {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let has_body = matches!(verb, "post" | "patch") && !path.ends_with("/check");
    let is_list = verb == "get" && !path.ends_with('}');
    if has_body || is_list {
        reasons.push(R::InvalidBody);
    }
    let sends = path == "/messages/interactive/send-buttons";
    if sends {
        reasons.push(R::UnsupportedChannel);
    }
    reasons.extend([R::Unauthorized, R::Forbidden]);
    reasons.extend(sends.then_some(R::ForeignAgent));
    reasons.extend(missing(verb, path));
    reasons.extend((verb == "post" && !sends && has_body).then_some(R::AlreadyExists));
    reasons.extend(has_body.then_some(R::BodyTooLarge));
    if sends {
        reasons.extend([
            R::RateLimited,
            R::TooManyButtons,
            R::ContentRefused,
            R::ProviderRejected,
            R::WindowClosed,
            R::ProviderUnavailable,
            R::ChannelUnauthorized,
            R::OutcomeUnknown,
        ]);
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
        (_, path) if path.starts_with("/agents/{id}") => vec![R::AgentNotFound],
        (_, path) if path.starts_with("/channels/{id}") => vec![R::ChannelNotFound],
        (_, path) if path.starts_with("/messages/{id}") => vec![R::MessageNotFound],
        (_, path) if path.contains("/{id}") => vec![R::ConversationNotFound],
        _ => Vec::new(),
    }
}
