//! How the hosted API learns where its webhooks go.

use super::answers::{contradicts, given_id, refusal};
use super::webhook::UPDATES;
use crate::prelude::*;
use crate::webhook::reading::items;

/// The name of our webhook among an instance's several.
const NAME: &str = "recado";

/// Calls `POST /webhooks` for the statuses and for changes of customers' messages, which the webhook above is not promised to be told (ZapperAPI, webhooks).
///
/// Ours is changed if it is there, so that an order given again does not make another.
pub(super) async fn register_updates(
    connection: &Connection,
    endpoint: &Url,
    url: &Url,
) -> Result<(), Refusal> {
    let body = json!({"name": NAME, "url": url.as_str(), "subscriptions": UPDATES});
    let known = known_webhook(connection, endpoint).await?;
    match known.and_then(|id| join(endpoint, &[&id]).ok()) {
        Some(ours) => ordered(connection, Method::PUT, &ours, &body).await,
        None => ordered(connection, Method::POST, endpoint, &body).await,
    }
}

/// Returns the id of our webhook in `GET /webhooks`.
async fn known_webhook(connection: &Connection, endpoint: &Url) -> Result<Option<String>, Refusal> {
    let answer = connection.get(endpoint).await?;
    if !answer.is_success() {
        return Err(refusal(&answer));
    }
    let listed = answer.json().unwrap_or_default();
    let ours = items(&listed, "webhooks")
        .iter()
        .find(|webhook| text(webhook, "/name") == Some(NAME));
    Ok(ours.and_then(|webhook| given_id(webhook.get("id")?)))
}

/// Makes a request that is successful if the answer does not contradict it.
pub(super) async fn ordered(
    connection: &Connection,
    method: Method,
    endpoint: &Url,
    body: &Value,
) -> Result<(), Refusal> {
    let answer = connection.order(method, endpoint, body).await?;
    let contradicted = answer.json().is_some_and(|body| contradicts(&body));
    if answer.is_success() && !contradicted {
        Ok(())
    } else {
        Err(refusal(&answer))
    }
}
