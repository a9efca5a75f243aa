//! The `OpenAPI` document: what utoipa reads off the handlers, and how they name their failures.

use std::sync::Arc;

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::UtoipaMethodRouter;

use super::auth::{Need, SessionCookie};
use super::error::ErrorBody;
use super::names::camel_case;
use crate::app::App;
pub(crate) use answers::operations;
pub(crate) use failures::{PROVIDER, Responses, failures, stated};
pub(crate) use idempotency::takes_header;

pub(crate) mod accounts;
mod answers;
mod failures;
mod idempotency;
mod path_ids;
mod variants;
pub(crate) mod words;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Recado",
        description = "One HTTP call sends a text, reply buttons, a list, a link or a place to WhatsApp over WhatsApp Cloud API, Z-API or ZapperHUB. \
            Every route also answers under `/api`. A query parameter or a field that a route does not have is an error; the routes that \
            ChatVolt has ignore it.\n\n\
            ## Idempotency-Key\n\n\
            A request that creates or sends one thing takes the header `Idempotency-Key`, a text of your own such as a UUID: 1 to 255 \
            printable ASCII characters, bare or in quotation marks. When an answer is lost, make the same request again \
            with the same key: within 24 hours it takes effect once. The repeat is answered with what the first request \
            did, as it is now, and with `Idempotent-Replayed: true`. White space and the order of fields do not matter; \
            another body under the same key is 422 `idempotency_key_reused`. While the first send is under way, a repeat \
            is 409 `request_in_progress`. A request that was refused before anything was stored leaves its key free. \
            A key counts within one organization, one method and one path.\n\n\
            A send without a key that repeats a message whose outcome became unknown within the last two minutes sends \
            nothing: it is answered with that message, as it is now, unless the organization has `guardRepeats` off.",
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
    let components = document.components.get_or_insert_default();
    answers::remove_null_defaults(components);
    variants::divide(components);
    answers::name_lists(&mut document);
    answers::require_nullable(&mut document);
    document
}

/// Completes what utoipa reads off a handler: its group, the ids in its path, how it fails, and what it asks of its
/// callers. The name of a handler is the id of its operation.
pub(crate) fn described(
    (schemas, mut paths, router): UtoipaMethodRouter<Arc<App>>,
    need: Need,
    tag: &str,
) -> UtoipaMethodRouter<Arc<App>> {
    for (path, item) in &mut paths.paths {
        for (_, operation) in operations(item) {
            operation.tags = Some(vec![tag.to_owned()]);
            operation.operation_id = operation.operation_id.as_deref().map(camel_case);
            answers::describe(operation);
            path_ids::add(path, operation);
            failures::add(path, operation, need);
            idempotency::describe(operation);
            operation.security = Some(security(need));
            if let Some(sentence) = sentence(need) {
                let description = operation.description.take();
                let parts = description.into_iter().chain([sentence]);
                operation.description = Some(parts.collect::<Vec<_>>().join("\n\n"));
            }
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
