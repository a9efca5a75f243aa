//! Control of the customers' phones.

use axum::extract::{Query, State};
use axum::routing::{MethodRouter, post};
use axum::{Json, http::StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::json::{Parsed, Refusal, created, data};
use crate::{Choice, FileKind, ListRow, Location, PhoneError, PhoneFile, Provider, Sandbox, Shape};

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
struct Tap {
    message_id: String,
    button: Choice,
    shape: Option<Shape>,
}

pub(super) fn tap() -> MethodRouter<Sandbox> {
    writing(|phone, tap: Tap| phone.tap(&tap.message_id, tap.button, tap.shape))
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SendFile {
    #[serde(default = "whatsapp")]
    provider: Provider,
    from: String,
    #[serde(default)]
    to: String,
    kind: FileKind,
    mime_type: String,
    name: Option<String>,
    caption: Option<String>,
    /// The file in base64.
    data: String,
}

pub(super) fn send_file() -> MethodRouter<Sandbox> {
    let send = async |State(sandbox): State<Sandbox>, Parsed(sent): Parsed<SendFile>| {
        let bytes = STANDARD.decode(&sent.data);
        let bytes = bytes.map_err(|_| Refusal::bad_request("data must be base64"))?;
        let file = PhoneFile {
            kind: sent.kind,
            mime_type: sent.mime_type,
            name: sent.name,
            caption: sent.caption,
            bytes: bytes.into(),
        };
        let id = sandbox.send_file(sent.provider, &sent.to, &sent.from, &file)?;
        Ok::<_, Refusal>(created(json!({"messageId": id})))
    };
    post(send)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendLocation {
    #[serde(default = "whatsapp")]
    provider: Provider,
    from: String,
    #[serde(default)]
    to: String,
    location: Location,
}

pub(super) fn send_location() -> MethodRouter<Sandbox> {
    writing(|phone, sent: SendLocation| {
        phone.send_location(sent.provider, &sent.to, &sent.from, &sent.location)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct React {
    message_id: String,
    /// Empty to take the reaction back.
    emoji: String,
}

pub(super) fn react() -> MethodRouter<Sandbox> {
    writing(|phone, react: React| phone.react(&react.message_id, &react.emoji))
}

fn whatsapp() -> Provider {
    Provider::Whatsapp
}

pub(super) fn say() -> MethodRouter<Sandbox> {
    writing(|phone, say: Say| phone.say(say.provider, &say.to, &say.from, &say.text))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pick {
    message_id: String,
    id: String,
    /// Without a title it is a row of the message.
    title: Option<String>,
    description: Option<String>,
}

pub(super) fn pick() -> MethodRouter<Sandbox> {
    writing(|phone, pick: Pick| {
        let Pick {
            message_id,
            id,
            title,
            description,
        } = pick;
        match title {
            None => phone.pick_shown(&message_id, &id),
            Some(title) => {
                let row = ListRow {
                    id,
                    title,
                    description,
                };
                phone.pick(&message_id, &row)
            }
        }
    })
}

/// Answers POST with the id of the message that the phone writes.
fn writing<T: DeserializeOwned + Send + 'static>(
    write: fn(&Sandbox, T) -> Result<String, PhoneError>,
) -> MethodRouter<Sandbox> {
    let write = move |State(sandbox): State<Sandbox>, Parsed(what): Parsed<T>| async move {
        let id = write(&sandbox, what)?;
        Ok::<_, Refusal>(created(json!({"messageId": id})))
    };
    post(write)
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
