//! All routes, and the layers that every request passes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, Method, header};
use axum::middleware::{Next, from_fn, map_response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::path::{Parameter, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::need_of;
use super::error::{RATE_LIMIT, RATE_LIMIT_POLICY, REPLAYED};
use super::extract::KnownParameters;
use super::idempotency::{IDEMPOTENCY_KEY, TakesNoKey};
use super::layers;
use super::openapi::{described, operations, takes_header};
use super::routes::{
    agents, api_keys, audit, channels, contacts, conversations, deliveries, events, health, media,
    messages, organizations, provider_webhooks, send, sessions, users, webhook_endpoints,
};
use super::timing::{PREFER, PREFERENCE_APPLIED};
use crate::app::App;
use crate::console;

/// Adds the handlers of each group of the document to a router; what each asks of its callers is documented as its
/// signature states it.
macro_rules! with {
    ($router:expr, $($tag:literal: $($handler:path),+;)+) => {{
        let router = $router;
        $($(
            let need = need_of(&$handler);
            let router = router.routes(described(routes!($handler), need, $tag));
        )+)+
        router
    }};
}

fn documented() -> OpenApiRouter<Arc<App>> {
    let router = OpenApiRouter::with_openapi(super::openapi::base());
    people(organizations(webhooks(messaging(router))))
}

fn messaging(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    with! { router,
        "Messages":
            send::buttons::send_buttons,
            send::list::send_lists,
            send::cta_url::send_cta,
            send::location::send_location,
            send::location_request::request_location,
            send::text::send_conversation_message,
            send::message::send_message,
            send::batch::send_batch,
            messages::show_message,
            messages::cancel_message,
            media::fetch_media,
            media::follow_media_link,
            send::resend::resend_message;
        "Conversations":
            conversations::create_conversation,
            conversations::list_conversations,
            conversations::show_conversation,
            conversations::show_conversation_by_chatvolt_path,
            conversations::list_messages,
            contacts::erase_contact;
        "Events":
            events::list_events,
            events::stream_events;
        "Agents":
            agents::create_agent,
            agents::list_agents,
            agents::show_agent,
            agents::delete_agent;
        "Channels":
            channels::create_channel,
            channels::list_channels,
            channels::show_channel,
            channels::update_channel,
            channels::delete_channel,
            channels::checks::check_channel,
            channels::costs::show_channel_costs,
            channels::limits::show_channel_limits,
            channels::pauses::pause_channel,
            channels::pauses::resume_channel,
            channels::webhooks::register_webhook;
    }
}

fn webhooks(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    with! { router,
        "Webhook endpoints":
            webhook_endpoints::create_webhook_endpoint,
            webhook_endpoints::list_webhook_endpoints,
            webhook_endpoints::show_webhook_endpoint,
            webhook_endpoints::update_webhook_endpoint,
            webhook_endpoints::delete_webhook_endpoint,
            webhook_endpoints::rotate_webhook_secret,
            webhook_endpoints::test_webhook_endpoint,
            deliveries::list_deliveries,
            deliveries::show_delivery,
            deliveries::replay_delivery,
            deliveries::skip_delivery,
            deliveries::replay_deliveries;
        "Provider webhooks":
            provider_webhooks::calls::list_webhook_calls,
            provider_webhooks::calls::retry_webhook_call,
            provider_webhooks::verify_whatsapp_webhook,
            provider_webhooks::take_whatsapp_webhook,
            provider_webhooks::take_zapi_webhook,
            provider_webhooks::take_zapperhub_webhook;
    }
}

fn organizations(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    with! { router,
        "Organizations":
            organizations::create_organization,
            organizations::list_organizations,
            organizations::show_organization,
            organizations::update_organization,
            organizations::delete_organization,
            organizations::suspend_organization,
            organizations::resume_organization;
        "API keys":
            api_keys::create_personal_api_key,
            api_keys::create_api_key,
            api_keys::list_api_keys,
            api_keys::delete_api_key,
            api_keys::show_current_api_key,
            api_keys::delete_current_api_key;
        "Operations":
            health::healthz,
            health::readyz;
    }
}

fn people(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    with! { router,
        "Sessions":
            sessions::sign_in,
            sessions::show_session,
            sessions::sign_out,
            sessions::change_password;
        "Users":
            users::create_user,
            users::list_users,
            users::show_user,
            users::update_user,
            users::delete_user,
            users::create_user_link,
            users::sessions::list_user_sessions,
            users::sessions::end_user_sessions,
            organizations::create_organization_user,
            organizations::list_organization_users,
            organizations::create_organization_user_link;
        "Audit log":
            audit::list_audit;
    }
}

pub fn openapi() -> OpenApi {
    super::openapi::completed(documented().split_for_parts().1)
}

/// Routes that ChatVolt has, too: parameters that only ChatVolt knows are ignored.
const OF_CHATVOLT: [&str; 9] = [
    "/agents",
    "/agents/{id}",
    "/conversation/message/{type}/{value}",
    "/conversation/{id}",
    "/messages/interactive/send-buttons",
    "/messages/interactive/send-cta",
    "/messages/interactive/send-location",
    "/messages/interactive/location-request",
    "/messages/interactive/send-lists",
];

/// The query parameters of each route of Recado's own, by its path and its method.
type ParametersByRoute = HashMap<(String, &'static str), KnownParameters>;

fn known_parameters(document: &mut OpenApi) -> ParametersByRoute {
    let mut known = ParametersByRoute::new();
    for (path, item) in &mut document.paths.paths {
        if OF_CHATVOLT.contains(&path.as_str()) {
            continue;
        }
        for (method, operation) in operations(item) {
            let queried = |parameter: &RefOr<Parameter>| match parameter {
                RefOr::T(one) if one.parameter_in == ParameterIn::Query => Some(one.name.clone()),
                RefOr::T(_) | RefOr::Ref(_) => None,
            };
            let parameters = operation.parameters.iter().flatten();
            let mut names: Vec<_> = parameters.filter_map(queried).collect();
            names.sort_unstable();
            known.insert((path.clone(), method), KnownParameters(names.into()));
        }
    }
    known
}

fn parameters_of(known: &ParametersByRoute, request: &Request) -> Option<KnownParameters> {
    request.uri().query()?;
    let path = request.extensions().get::<MatchedPath>()?;
    let method = match request.method() {
        &Method::HEAD => "GET",
        method => method.as_str(),
    };
    known.get(&(path.as_str().to_owned(), method)).cloned()
}

/// Returns the paths to which a request with an `Idempotency-Key` is posted.
fn keyed_routes(document: &OpenApi) -> HashSet<String> {
    let keyed = |item: &PathItem| item.post.as_ref().is_some_and(takes_header);
    let paths = document.paths.paths.iter();
    let keyed = paths.filter(|(_, item)| keyed(item));
    keyed.map(|(path, _)| path.clone()).collect()
}

/// Returns whether a request has no `Idempotency-Key`, or its route takes the header. Other methods than POST do the
/// same however often they are repeated.
fn takes_key(keyed: &HashSet<String>, request: &Request) -> bool {
    if request.method() != Method::POST || !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return true;
    }
    let path = request.extensions().get::<MatchedPath>();
    path.is_some_and(|path| keyed.contains(path.as_str()))
}

/// The whole API, ready to be served.
pub fn router(app: Arc<App>) -> Result<Router, serde_json::Error> {
    let (routes, document) = documented().split_for_parts();
    let mut document = super::openapi::completed(document);
    // Each request gets a copy of the layer.
    let known = Arc::new(known_parameters(&mut document));
    let keyed = Arc::new(keyed_routes(&document));
    let routes = routes.route_layer(from_fn(move |mut request: Request, next: Next| {
        if let Some(known) = parameters_of(&known, &request) {
            request.extensions_mut().insert(known);
        }
        if !takes_key(&keyed, &request) {
            request.extensions_mut().insert(TakesNoKey);
        }
        next.run(request)
    }));
    let pages = console::router(document.to_json()?);
    let routes = routes.merge(pages).with_state(app);
    Ok(layered(routes.fallback(layers::not_found)))
}

/// Adds what every request passes.
pub(crate) fn layered(routes: Router) -> Router {
    routes
        .method_not_allowed_fallback(layers::method_not_allowed)
        // A handler that panics answers 500; the layers below run in the order request → handler.
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn(layers::observe))
        .layer(cors())
        .layer(map_response(layers::protect))
}

/// Any origin, as ChatVolt opens its routes; keys travel in headers, so no origin gains anything by it.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("x-request-id"),
            IDEMPOTENCY_KEY,
            PREFER,
        ])
        .expose_headers([
            HeaderName::from_static("x-request-id"),
            header::RETRY_AFTER,
            header::LINK,
            header::LOCATION,
            PREFERENCE_APPLIED,
            REPLAYED.0,
            RATE_LIMIT,
            RATE_LIMIT_POLICY,
        ])
}
