//! The control API under `/_sandbox`: what the Rust methods of [`Sandbox`] do, over HTTP.

mod json;
mod phone;

use std::time::Duration;

use axum::routing::{get, post};
use axum::{Json, Router, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use self::json::{Created, Parsed, Refusal, clearing, created, list, list_by_provider};
use crate::{Account, Effect, PlannedFault, Sandbox, Settings, Webhook};

/// The routes that are not a provider's.
pub(crate) fn routes() -> Router<Sandbox> {
    let requests = list_by_provider(|state, provider| state.received.requests(provider));
    let deliveries = list_by_provider(|state, provider| state.outbox.deliveries(provider));
    let faults = clearing(list(Sandbox::faults), Sandbox::clear_faults);
    let webhooks = clearing(list(Sandbox::webhooks), Sandbox::clear_webhooks);
    let own = Router::new()
        .route("/requests", clearing(requests, Sandbox::clear))
        .route("/faults", faults.post(fail))
        .route("/accounts", list(Sandbox::accounts).post(add_account))
        .route("/settings", get(settings).post(change_settings))
        .route("/clock", post(advance))
        .route("/webhooks", webhooks.post(register_webhook))
        .route("/deliveries", deliveries)
        .route("/phone", get(phone::show))
        .route("/phone/tap", phone::tap())
        .route("/phone/say", phone::say())
        .route("/phone/pick", phone::pick())
        .route("/phone/file", phone::send_file())
        .route("/phone/location", phone::send_location())
        .route("/phone/react", phone::react())
        .route("/phone/read", post(phone::read));
    Router::new().route("/", get(index)).nest("/_sandbox", own)
}

/// The routes, for a person.
async fn index() -> Json<Value> {
    Json(serde_json::from_str(include_str!("index.json")).unwrap_or_default())
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

async fn add_account(
    State(sandbox): State<Sandbox>,
    Parsed(account): Parsed<Account>,
) -> Created<Account> {
    sandbox.add_account(account.clone());
    created(account)
}

async fn register_webhook(
    State(sandbox): State<Sandbox>,
    Parsed(webhook): Parsed<Webhook>,
) -> Result<Created<Webhook>, Refusal> {
    Ok(created(sandbox.register_webhook(webhook).await?))
}

async fn settings(State(sandbox): State<Sandbox>) -> Json<Settings> {
    Json(sandbox.settings())
}

/// Changes the switches that the body names.
async fn change_settings(
    State(sandbox): State<Sandbox>,
    Parsed(changes): Parsed<Value>,
) -> Result<Json<Settings>, Refusal> {
    let settings = sandbox.try_change_settings(|known| {
        let mut merged = json!(known);
        merge(&mut merged, changes);
        serde_json::from_value(merged)
    })?;
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
