//! The control API under `/_sandbox`: what the Rust methods of [`Sandbox`] do, over HTTP.

mod json;
mod phone;
mod webhooks;

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use self::json::{OfProvider, bad_request, data, parse};
use crate::accounts::Account;
use crate::dispatch;
use crate::faults::{Effect, PlannedFault};
use crate::sandbox::Sandbox;
use crate::settings::Settings;

/// The routes that are not a provider's.
pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/", get(index))
        .route("/_sandbox/requests", get(requests).delete(clear))
        .route("/_sandbox/phone", get(phone))
        .route(
            "/_sandbox/faults",
            get(faults).post(fail).delete(clear_faults),
        )
        .route("/_sandbox/accounts", get(accounts).post(add_account))
        .route("/_sandbox/settings", get(settings).post(change_settings))
        .route("/_sandbox/clock", post(advance))
        .route(
            "/_sandbox/webhooks",
            get(webhooks::list)
                .post(webhooks::register)
                .delete(webhooks::clear),
        )
        .route("/_sandbox/deliveries", get(webhooks::deliveries))
        .route("/_sandbox/phone/tap", post(phone::tap))
        .route("/_sandbox/phone/say", post(phone::say))
        .route("/_sandbox/phone/pick", post(phone::pick))
        .route("/_sandbox/phone/read", post(phone::read))
}

async fn index() -> Json<Value> {
    Json(json!({
        "name": "recado-sandbox",
        "description": "Simulated WhatsApp providers; nothing sent here reaches a real phone.",
        "providers": {
            "whatsapp": [
                "POST /whatsapp/{version}/{phoneNumberId}/messages",
                "GET /whatsapp/{version}/{phoneNumberId}",
            ],
            "zapi": [
                "POST /zapi/instances/{instanceId}/token/{instanceToken}/send-button-list",
                "POST /zapi/instances/{instanceId}/token/{instanceToken}/send-button-actions",
                "POST /zapi/instances/{instanceId}/token/{instanceToken}/send-text",
                "GET /zapi/instances/{instanceId}/token/{instanceToken}/status",
                "GET /zapi/instances/{instanceId}/token/{instanceToken}/me",
                "PUT /zapi/instances/{instanceId}/token/{instanceToken}/update-webhook-{event}",
                "PUT /zapi/instances/{instanceId}/token/{instanceToken}/update-every-webhooks",
            ],
            "zapperhub": [
                "POST /zapperhub/{instanceId}/messages/buttons",
                "GET /zapperhub/{instanceId}/connection",
                "GET|POST|DELETE /zapperhub/{instanceId}/webhook",
                "GET|POST /zapperhub/{instanceId}/webhooks",
                "GET|PUT|DELETE /zapperhub/{instanceId}/webhooks/{id}",
                "GET /zapperhub/",
            ],
            "wuzapi": [
                "POST /wuzapi/chat/send/buttons",
                "GET /wuzapi/session/status",
                "POST /wuzapi/webhook",
                "POST /wuzapi/session/hmac/config",
            ],
        },
        "control": [
            "GET /_sandbox/requests?provider=",
            "DELETE /_sandbox/requests",
            "GET /_sandbox/phone?to=",
            "GET /_sandbox/faults",
            "POST /_sandbox/faults",
            "DELETE /_sandbox/faults",
            "GET /_sandbox/accounts",
            "POST /_sandbox/accounts",
            "GET /_sandbox/settings",
            "POST /_sandbox/settings",
            "POST /_sandbox/clock",
            "GET /_sandbox/webhooks",
            "POST /_sandbox/webhooks",
            "DELETE /_sandbox/webhooks",
            "GET /_sandbox/deliveries?provider=",
            "POST /_sandbox/phone/tap",
            "POST /_sandbox/phone/say",
            "POST /_sandbox/phone/pick",
            "POST /_sandbox/phone/read",
        ],
    }))
}

async fn requests(State(sandbox): State<Sandbox>, Query(query): Query<OfProvider>) -> Json<Value> {
    data(&sandbox.state().received.requests(query.provider))
}

async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct PhoneQuery {
    to: Option<String>,
}

async fn phone(State(sandbox): State<Sandbox>, Query(query): Query<PhoneQuery>) -> Json<Value> {
    data(&sandbox.state().received.phone_messages(query.to.as_deref()))
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    data(&sandbox.faults())
}

async fn fail(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Response<Body>, Response<Body>> {
    let planned: PlannedFault = parse(&body)?;
    if let Effect::Answer(answer) | Effect::AnswerAfter(answer) = &planned.fault.effect
        && !(200..=999).contains(&answer.status)
    {
        return Err(bad_request("status must be from 200 to 999"));
    }
    sandbox.fail_next(planned.fault.clone(), planned.times);
    Ok((StatusCode::CREATED, Json(planned)).into_response())
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_faults();
    StatusCode::NO_CONTENT
}

async fn accounts(State(sandbox): State<Sandbox>) -> Json<Value> {
    data(&sandbox.accounts())
}

async fn add_account(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Response<Body>, Response<Body>> {
    let account: Account = parse(&body)?;
    sandbox.add_account(account.clone());
    Ok((StatusCode::CREATED, Json(account)).into_response())
}

async fn settings(State(sandbox): State<Sandbox>) -> Json<Settings> {
    Json(sandbox.settings())
}

/// Takes the switches that change; the others stay.
async fn change_settings(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Json<Settings>, Response<Body>> {
    let changes: Value = parse(&body)?;
    let (settings, parcels) = {
        let mut state = sandbox.state();
        let mut merged = json!(state.settings());
        merge(&mut merged, changes);
        let settings: Settings =
            serde_json::from_value(merged).map_err(|error| bad_request(&error.to_string()))?;
        (
            settings.clone(),
            dispatch::change_settings(&mut state, settings),
        )
    };
    sandbox.dispatch(parcels);
    Ok(Json(settings))
}

/// Objects are merged key by key, anything else is replaced.
fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(into.entry(key).or_insert(Value::Null), change);
            }
        }
        (into, changes) => *into = changes,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advance {
    advance_ms: u64,
}

async fn advance(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<StatusCode, Response<Body>> {
    let Advance { advance_ms } = parse(&body)?;
    sandbox.advance(Duration::from_millis(advance_ms));
    Ok(StatusCode::NO_CONTENT)
}
