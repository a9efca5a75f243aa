//! The control API under `/_sandbox`: what the Rust methods of [`Sandbox`] do, over HTTP.

mod json;
mod phone;
mod webhooks;

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use self::json::{Created, OfProvider, Parsed, Refusal, created, data};
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
        .route("/_sandbox/phone", get(phone::show))
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

/// The routes, for a person.
async fn index() -> Json<Value> {
    Json(serde_json::from_str(include_str!("index.json")).unwrap_or_default())
}

async fn requests(State(sandbox): State<Sandbox>, Query(query): Query<OfProvider>) -> Json<Value> {
    data(&sandbox.state().received.requests(query.provider))
}

async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    data(&sandbox.faults())
}

async fn fail(
    State(sandbox): State<Sandbox>,
    Parsed(planned): Parsed<PlannedFault>,
) -> Result<Created<PlannedFault>, Refusal> {
    if let Effect::Answer(answer) | Effect::AnswerAfter(answer) = &planned.fault.effect
        && !(200..=999).contains(&answer.status)
    {
        return Err(Refusal::bad_request("status must be from 200 to 999"));
    }
    sandbox.fail_next(planned.fault.clone(), planned.times);
    Ok(created(planned))
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
    Parsed(account): Parsed<Account>,
) -> Created<Account> {
    sandbox.add_account(account.clone());
    created(account)
}

async fn settings(State(sandbox): State<Sandbox>) -> Json<Settings> {
    Json(sandbox.settings())
}

/// Changes the switches that the body names.
async fn change_settings(
    State(sandbox): State<Sandbox>,
    Parsed(changes): Parsed<Value>,
) -> Result<Json<Settings>, Refusal> {
    let (settings, parcels) = {
        // One lock for reading and writing, so that changes at the same time are all kept.
        let mut state = sandbox.state();
        let mut merged = json!(state.settings());
        merge(&mut merged, changes);
        let settings: Settings = serde_json::from_value(merged)
            .map_err(|error| Refusal::bad_request(&error.to_string()))?;
        let parcels = dispatch::change_settings(&mut state, settings.clone());
        (settings, parcels)
    };
    sandbox.dispatch(parcels);
    Ok(Json(settings))
}

/// Merges objects key by key, and replaces anything else.
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

async fn advance(State(sandbox): State<Sandbox>, Parsed(by): Parsed<Advance>) -> StatusCode {
    sandbox.advance(Duration::from_millis(by.advance_ms));
    StatusCode::NO_CONTENT
}
