//! All routes, and the layers that every request passes.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, Method, header};
use axum::middleware::{Next, from_fn, map_response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::need_of;
use super::extract::KnownParameters;
use super::layers;
use super::openapi::{described, operations};
use super::routes::{
    agents, api_keys, audit, channels, contacts, conversations, deliveries, events, health,
    messages, organizations, provider_webhooks, send, sessions, users, webhook_endpoints,
};
use crate::app::App;
use crate::console;

/// Adds handlers to a router; what each asks of its callers is documented as its signature states it.
macro_rules! with {
    ($router:expr, $($handler:path),+ $(,)?) => {{
        let router = $router;
        $(
            let need = need_of(&$handler);
            let router = router.routes(described(routes!($handler), need));
        )+
        router
    }};
}

/// Returns every documented route, with its documentation.
fn documented() -> OpenApiRouter<Arc<App>> {
    let router = OpenApiRouter::with_openapi(super::openapi::base());
    let router = with!(
        router,
        send::buttons::send,
        messages::show,
        conversations::create,
        conversations::list,
        conversations::show,
        conversations::show_singular,
        conversations::messages,
        contacts::erase,
        events::list,
        events::stream,
        agents::create,
        agents::list,
        agents::show,
        agents::delete,
        channels::create,
        channels::list,
        channels::show,
        channels::update,
        channels::delete,
        channels::checks::check,
        channels::webhooks::register_webhook,
    );
    people(administration(router))
}

/// Adds the routes of people: users, their sessions, and what they did.
fn people(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    with!(
        router,
        sessions::create,
        sessions::show,
        sessions::delete,
        sessions::change_password,
        api_keys::create_personal,
        users::create,
        users::list,
        users::show,
        users::update,
        users::delete,
        users::create_link,
        users::sessions::list,
        users::sessions::end,
        organizations::users::create,
        organizations::users::list,
        organizations::users::create_link,
        audit::list,
    )
}

/// Adds the routes of those who run a server or an organization, and of the providers.
fn administration(router: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    with!(
        router,
        organizations::create,
        organizations::list,
        organizations::show,
        organizations::delete,
        organizations::suspend,
        organizations::resume,
        api_keys::create,
        api_keys::list,
        api_keys::delete,
        api_keys::show_current,
        api_keys::delete_current,
        webhook_endpoints::create,
        webhook_endpoints::list,
        webhook_endpoints::show,
        webhook_endpoints::update,
        webhook_endpoints::delete,
        webhook_endpoints::rotate_secret,
        webhook_endpoints::test,
        deliveries::list,
        deliveries::show,
        deliveries::replay,
        deliveries::skip,
        deliveries::replay_range,
        provider_webhooks::calls::list,
        provider_webhooks::calls::retry,
        provider_webhooks::whatsapp_verification,
        provider_webhooks::whatsapp,
        provider_webhooks::zapi,
        provider_webhooks::zapperhub,
        health::healthz,
        health::readyz,
    )
}

/// The `OpenAPI` document of this server.
pub fn openapi() -> OpenApi {
    super::openapi::completed(documented().split_for_parts().1)
}

/// Routes that ChatVolt has, too: parameters that only ChatVolt knows are ignored.
const OF_CHATVOLT: [&str; 4] = [
    "/agents",
    "/agents/{id}",
    "/conversation/{id}",
    "/messages/interactive/send-buttons",
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

fn parameters_of<'a>(
    known: &'a ParametersByRoute,
    request: &Request,
) -> Option<&'a KnownParameters> {
    request.uri().query()?;
    let path = request.extensions().get::<MatchedPath>()?;
    let method = match *request.method() {
        Method::GET | Method::HEAD => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => return None,
    };
    known.get(&(path.as_str().to_owned(), method))
}

/// The whole API, ready to be served.
pub fn router(app: Arc<App>) -> Result<Router, serde_json::Error> {
    let (routes, document) = documented().split_for_parts();
    let mut document = super::openapi::completed(document);
    let known = known_parameters(&mut document);
    let routes = routes.route_layer(from_fn(move |mut request: Request, next: Next| {
        if let Some(known) = parameters_of(&known, &request) {
            request.extensions_mut().insert(known.clone());
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
        ])
        .expose_headers([HeaderName::from_static("x-request-id"), header::RETRY_AFTER])
}
