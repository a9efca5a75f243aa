//! `ZapperHUB` v2: `/{instanceId}/messages/{kind}`, `/{instanceId}/connection` and the webhooks.
//!
//! The vendor publishes no error of these routes: every error body here is invented.

mod buttons;
mod events;
mod list;
mod location;
mod request;
mod text;
mod webhooks;

pub(crate) use events::{connection_update, failed, inbound, step, write};

use axum::http::Method;
use serde_json::{Value, json};

use self::request::{error, no_route};
use crate::{
    Answer, Call, Connection, Content, Outcome, PhoneMessage, Provider, ResponseShape, State,
    ZapperhubSettings, address, ids, simulators::device,
};

/// Reads a body, with unknown keys if they are dropped, into the recipient and the message.
type Read = fn(&Value, bool) -> Result<(&str, Content), Answer>;

/// Returns the answer to too many requests (invented).
pub(crate) fn throttled() -> Answer {
    error(429, "Too Many Requests").with_header("retry-after", "7")
}

pub(crate) fn handle(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let segments = call.segments();
    let [instance, rest @ ..] = segments.as_slice() else {
        return Ok(root().into());
    };
    authorize(state, call, instance)?;
    let settings = &state.settings.zapperhub;
    match (call.method(), rest) {
        (_, ["webhook"]) => webhooks::single(state, call, instance).map(Outcome::from),
        (_, ["webhooks"]) => webhooks::several(state, call, instance).map(Outcome::from),
        (_, ["webhooks", id]) => webhooks::one(state, call, instance, id).map(Outcome::from),
        (&Method::GET, ["connection"]) => Ok(connection(settings).into()),
        (&Method::POST, ["messages", "buttons"]) => send(settings, call, instance, buttons::read),
        (&Method::POST, ["messages", "list"]) => send(settings, call, instance, list::read),
        (&Method::POST, ["messages", "text"]) => send(settings, call, instance, text::read),
        (&Method::POST, ["messages", "location"]) => send(settings, call, instance, location::read),
        _ => Err(no_route(call)),
    }
}

fn root() -> Answer {
    let docs = "https://docs.zapperapi.com";
    let body = json!({"status": "UP", "message": "ZapperAPI", "version": "v2", "docs": docs});
    Answer::new(200, body)
}

fn authorize(state: &State, call: &Call, instance: &str) -> Result<(), Answer> {
    let key = call.credential();
    let accounts = || state.accounts.zapperhub();
    if !accounts().any(|(_, known)| key == Some(known)) {
        return Err(error(401, "Unauthorized"));
    }
    let mut of_instance = accounts().filter(|(id, _)| *id == instance).peekable();
    if of_instance.peek().is_none() {
        return Err(error(404, "Instance not found"));
    }
    if of_instance.any(|(_, known)| key == Some(known)) {
        return Ok(());
    }
    Err(error(403, "Forbidden"))
}

/// `open` and the QR code's form are inferred, `close` is the vendor's.
fn connection(settings: &ZapperhubSettings) -> Answer {
    let user = json!({"id": "5521300000000:7@s.whatsapp.net", "name": "Sandbox"});
    let (word, user) = match settings.connection {
        Connection::Open => ("open", user),
        Connection::Close => ("close", user),
        Connection::Unpaired => ("connecting", Value::Null),
    };
    let mut body = json!({"instanceType": "device", "status": word, "user": user});
    if settings.connection == Connection::Unpaired {
        body["qrCode"] = json!("data:image/png;base64,iVBORw0KGgo=");
    }
    Answer::new(200, body)
}

fn send(
    settings: &ZapperhubSettings,
    call: &Call,
    instance: &str,
    read: Read,
) -> Result<Outcome, Answer> {
    if !call.says_json() {
        return Err(error(415, "Unsupported Media Type"));
    }
    let body = call.json.as_ref().unwrap_or(&Value::Null);
    let (jid, content) = read(body, settings.strip_unknown_keys)?;
    if settings.connection != Connection::Open {
        return Err(error(409, "Instance is not connected"));
    }
    let message_id = ids::device_message_id();
    let answer = success(settings.response_shape, jid, &message_id);
    let message = PhoneMessage {
        provider: Provider::Zapperhub,
        to: address::bare(jid),
        from: instance.to_owned(),
        message_id,
        content,
        callback_data: None,
        provider_id: None,
    };
    Ok(Outcome::accepted(message, answer))
}

/// All shapes are inferred: the vendor publishes only the status.
fn success(shape: ResponseShape, jid: &str, id: &str) -> Answer {
    Answer::new(
        200,
        match shape {
            ResponseShape::KeyObject => {
                json!({"key": {"remoteJid": device::jid(jid), "fromMe": true, "id": id}})
            }
            ResponseShape::KeyString => json!({"key": id}),
            ResponseShape::Id => json!({"id": id}),
            ResponseShape::MessageId => json!({"messageId": id}),
            ResponseShape::Job => json!({"jobId": ids::zaap_id()}),
            ResponseShape::Empty => Value::Null,
        },
    )
}
