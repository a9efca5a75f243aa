//! All routes, and the layers that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, Method, header};
use axum::middleware::{from_fn, map_response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::routes::{
    agents, api_keys, buttons, channel_webhooks, channels, conversations, deliveries, events,
    health, messages, organizations, webhook_calls, webhook_endpoints, webhooks,
};
use crate::{docs, layers};

/// Every documented route, with its documentation.
fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(crate::openapi::base())
        .routes(routes!(buttons::send))
        .routes(routes!(messages::show))
        .routes(routes!(conversations::create, conversations::list))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::show_singular))
        .routes(routes!(conversations::messages))
        .routes(routes!(events::list))
        .routes(routes!(events::stream))
        .routes(routes!(agents::create, agents::list))
        .routes(routes!(agents::show, agents::delete))
        .routes(routes!(channels::create, channels::list))
        .routes(routes!(channels::show, channels::update, channels::delete))
        .routes(routes!(channels::check))
        .routes(routes!(channel_webhooks::register_webhook))
        .routes(routes!(organizations::create, organizations::list))
        .routes(routes!(organizations::show, organizations::delete))
        .routes(routes!(organizations::suspend))
        .routes(routes!(organizations::resume))
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::delete))
        .routes(routes!(webhook_endpoints::create, webhook_endpoints::list))
        .routes(routes!(
            webhook_endpoints::show,
            webhook_endpoints::update,
            webhook_endpoints::delete
        ))
        .routes(routes!(webhook_endpoints::rotate_secret))
        .routes(routes!(webhook_endpoints::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::show))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::skip))
        .routes(routes!(deliveries::replay_range))
        .routes(routes!(webhook_calls::list))
        .routes(routes!(webhook_calls::retry))
        .routes(routes!(webhooks::whatsapp_verification, webhooks::whatsapp))
        .routes(routes!(webhooks::zapi))
        .routes(routes!(webhooks::zapperhub))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

/// The `OpenAPI` document of this server.
#[must_use]
pub fn openapi() -> OpenApi {
    documented().split_for_parts().1
}

/// The whole API, ready to be served.
///
/// # Errors
///
/// The `OpenAPI` document cannot be written as JSON.
pub fn router(app: Arc<App>) -> Result<Router, serde_json::Error> {
    let (routes, _) = documented().split_for_parts();
    let document = openapi().to_json()?;
    Ok(routes
        .with_state(app)
        .merge(docs::router(document))
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::method_not_allowed)
        // A handler that panics answers 500; the layers below run in the order request → handler.
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn(layers::observe))
        .layer(cors())
        .layer(map_response(layers::protect)))
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
