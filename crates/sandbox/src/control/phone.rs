//! Control of the customers' phones.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::json::{Created, Parsed, Refusal, created, data};
use crate::phone::{Choice, ListRow, PhoneError, Shape};
use crate::provider::Provider;
use crate::sandbox::Sandbox;

#[derive(Deserialize)]
pub(super) struct To {
    to: Option<String>,
}

pub(super) async fn show(
    State(sandbox): State<Sandbox>,
    Query(To { to }): Query<To>,
) -> Json<Value> {
    data(&sandbox.state().received.phone_messages(to.as_deref()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tap {
    message_id: String,
    button: Choice,
    shape: Option<Shape>,
}

pub(super) async fn tap(
    State(sandbox): State<Sandbox>,
    Parsed(tap): Parsed<Tap>,
) -> Result<Created<Value>, Refusal> {
    written(sandbox.tap(&tap.message_id, tap.button, tap.shape))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    #[serde(default = "whatsapp")]
    provider: Provider,
    from: String,
    #[serde(default, alias = "account")]
    to: String,
    text: String,
}

fn whatsapp() -> Provider {
    Provider::Whatsapp
}

pub(super) async fn say(
    State(sandbox): State<Sandbox>,
    Parsed(say): Parsed<Say>,
) -> Result<Created<Value>, Refusal> {
    written(sandbox.say(say.provider, &say.to, &say.from, &say.text))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pick {
    message_id: String,
    #[serde(flatten)]
    row: ListRow,
}

pub(super) async fn pick(
    State(sandbox): State<Sandbox>,
    Parsed(pick): Parsed<Pick>,
) -> Result<Created<Value>, Refusal> {
    written(sandbox.pick(&pick.message_id, &pick.row))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Read {
    message_id: String,
}

pub(super) async fn read(
    State(sandbox): State<Sandbox>,
    Parsed(read): Parsed<Read>,
) -> Result<StatusCode, Refusal> {
    sandbox.read(&read.message_id)?;
    Ok(StatusCode::NO_CONTENT)
}

fn written(message_id: Result<String, PhoneError>) -> Result<Created<Value>, Refusal> {
    Ok(created(json!({"messageId": message_id?})))
}
