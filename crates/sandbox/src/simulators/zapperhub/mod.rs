//! `ZapperHUB` v2: `/{instanceId}/messages/buttons`, `/{instanceId}/connection` and the webhooks.
//!
//! Request schema: the vendor's `OpenAPI` file. The vendor publishes no error of these routes: every error body here is invented.

mod buttons;
mod errors;
mod events;
mod webhooks;

pub(crate) use events::{connection_update, failed, inbound, step, write};

use axum::http::Method;
use serde_json::{Value, json};

use self::buttons::Draft;
use self::errors::{error, no_route};
use self::events::remote_jid;
use crate::address;
use crate::answer::Answer;
use crate::call::Call;
use crate::ids;
use crate::outcome::{Accepted, Outcome};
use crate::phone::PhoneMessage;
use crate::provider::Provider;
use crate::settings::{Connection, ResponseShape, ZapperhubSettings};
use crate::state::State;

/// Answers one request.
pub(crate) fn handle(state: &mut State, call: &Call) -> Outcome {
    route(state, call).unwrap_or_else(Outcome::from)
}

/// The answer to too many requests (invented).
pub(crate) fn throttled() -> Answer {
    error(429, "Too Many Requests").with_header("retry-after", "7")
}

fn route(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let segments = call.segments();
    let [instance, rest @ ..] = segments.as_slice() else {
        return Ok(root().into());
    };
    authorize(state, call, instance)?;
    let settings = &state.settings().zapperhub;
    match (call.method(), rest) {
        (_, ["webhook"]) => webhooks::single(state, call, instance).map(Outcome::from),
        (_, ["webhooks"]) => webhooks::several(state, call, instance).map(Outcome::from),
        (_, ["webhooks", id]) => webhooks::one(state, call, instance, id).map(Outcome::from),
        (&Method::GET, ["connection"]) => Ok(connection(settings).into()),
        (&Method::POST, ["messages", "buttons"]) => buttons(settings, call, instance),
        _ => Err(no_route(call)),
    }
}

fn root() -> Answer {
    Answer::new(
        200,
        json!({"status": "UP", "message": "ZapperAPI", "version": "v2", "docs": "https://docs.zapperapi.com"}),
    )
}

fn authorize(state: &State, call: &Call, instance: &str) -> Result<(), Answer> {
    let keys = &state.accounts.zapperhub_keys;
    let instances = call.credential().and_then(|key| keys.get(key));
    let instances = instances.ok_or_else(|| error(401, "Unauthorized"))?;
    if instances.contains(instance) {
        Ok(())
    } else if state.accounts.zapperhub_instances.contains(instance) {
        Err(error(403, "Forbidden"))
    } else {
        Err(error(404, "Instance not found"))
    }
}

/// `open` and the QR code's form are inferred, `close` is the vendor's.
fn connection(settings: &ZapperhubSettings) -> Answer {
    let user = json!({"id": "5521300000000:7@s.whatsapp.net", "name": "Sandbox"});
    Answer::new(
        200,
        match settings.connection {
            Connection::Open => json!({"instanceType": "device", "status": "open", "user": user}),
            Connection::Close => json!({"instanceType": "device", "status": "close", "user": user}),
            Connection::Unpaired => json!({
                "instanceType": "device",
                "status": "connecting",
                "user": null,
                "qrCode": "data:image/png;base64,iVBORw0KGgo=",
            }),
        },
    )
}

fn buttons(settings: &ZapperhubSettings, call: &Call, instance: &str) -> Result<Outcome, Answer> {
    if !call.says_json() {
        return Err(error(415, "Unsupported Media Type"));
    }
    let body = call.json.as_ref().and_then(Value::as_object);
    let body = body.ok_or_else(|| error(400, "body must be object"))?;
    let draft = Draft::read(body, settings.strip_unknown_keys)?;
    // "Reply buttons cannot be sent to groups", the operation's description says.
    if draft.jid.ends_with("@g.us") && draft.has_reply {
        return Err(error(400, "reply buttons cannot be sent to groups"));
    }
    if settings.connection != Connection::Open {
        return Err(error(409, "Instance is not connected"));
    }
    let answer = success(settings.response_shape, &draft);
    let message = PhoneMessage {
        provider: Provider::Zapperhub,
        to: address::bare(draft.jid),
        from: instance.to_owned(),
        message_id: draft.message_id,
        header: draft.title.or(draft.media).map(str::to_owned),
        body: draft.body.map(str::to_owned),
        footer: draft.footer.map(str::to_owned),
        buttons: draft.buttons,
        callback_data: None,
        provider_id: None,
    };
    Ok(Outcome::accepted(Accepted::shown(message), answer))
}

/// All shapes are inferred: the vendor publishes only the status.
fn success(shape: ResponseShape, draft: &Draft<'_>) -> Answer {
    let id = &draft.message_id;
    Answer::new(
        200,
        match shape {
            ResponseShape::KeyObject => {
                let jid = remote_jid(draft.jid);
                json!({"key": {"remoteJid": jid, "fromMe": true, "id": id}})
            }
            ResponseShape::KeyString => json!({"key": id}),
            ResponseShape::Id => json!({"id": id}),
            ResponseShape::MessageId => json!({"messageId": id}),
            ResponseShape::Job => json!({"jobId": ids::zaap_id()}),
            ResponseShape::Empty => Value::Null,
        },
    )
}
