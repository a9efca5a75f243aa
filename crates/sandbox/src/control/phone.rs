//! Control of the customers' phones.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use super::json::parse;
use crate::phone::{Choice, ListRow, PhoneError, Shape};
use crate::provider::Provider;
use crate::sandbox::Sandbox;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tap {
    message_id: String,
    button: Choice,
    shape: Option<Shape>,
}

pub(super) async fn tap(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Response<Body>, Response<Body>> {
    let tap: Tap = parse(&body)?;
    written(sandbox.tap(&tap.message_id, tap.button, tap.shape))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
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
    body: Bytes,
) -> Result<Response<Body>, Response<Body>> {
    let say: Say = parse(&body)?;
    written(sandbox.say(say.provider, &say.to, &say.from, &say.text))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pick {
    message_id: String,
    #[serde(flatten)]
    row: ListRow,
}

pub(super) async fn pick(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Response<Body>, Response<Body>> {
    let pick: Pick = parse(&body)?;
    written(sandbox.pick(&pick.message_id, &pick.row))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Read {
    message_id: String,
}

pub(super) async fn read(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<StatusCode, Response<Body>> {
    let read: Read = parse(&body)?;
    sandbox
        .read(&read.message_id)
        .map_err(|error| refusal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

#[expect(
    clippy::result_large_err,
    reason = "a refusal is a response, as axum's handlers return it"
)]
fn written(message_id: Result<String, PhoneError>) -> Result<Response<Body>, Response<Body>> {
    let message_id = message_id.map_err(|error| refusal(&error))?;
    let answer = Json(json!({"messageId": message_id}));
    Ok((StatusCode::CREATED, answer).into_response())
}

fn refusal(error: &PhoneError) -> Response<Body> {
    let status = match error {
        PhoneError::UnknownMessage | PhoneError::UnknownAccount => StatusCode::NOT_FOUND,
        PhoneError::UnknownButton | PhoneError::UnknownShape => StatusCode::BAD_REQUEST,
    };
    (status, Json(json!({"error": error.to_string()}))).into_response()
}
