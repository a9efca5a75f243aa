//! Z-API: `/instances/{id}/token/{token}/{method}`.
//!
//! Order of checks: inferred from observed answers.

mod buttons;
mod errors;
mod events;
mod list;
mod request;
mod text;
mod webhooks;

pub(crate) use events::{connection, failed, inbound, joins, step, write};

use axum::http::Method;
use serde_json::{Value, json};

use self::errors::error;
use self::request::Object;
use crate::address;
use crate::answer::Answer;
use crate::call::Call;
use crate::ids;
use crate::outcome::{Accepted, Outcome};
use crate::phone::{Content, PhoneMessage};
use crate::provider::Provider;
use crate::settings::ZapiSettings;
use crate::state::State;

/// How many messages wait while the phone is not connected (Z-API docs, queue).
const QUEUE_LIMIT: usize = 1000;

/// Z-API documents no throttling; this answer is invented.
pub(crate) fn throttled() -> Answer {
    error(429, "Too many requests").with_header("retry-after", "2")
}

/// A simulated method of the API.
#[derive(Clone, Copy)]
enum Operation {
    /// Sends a message of the kind that the function reads.
    Send(fn(&Object) -> Result<Content, Answer>),
    Status,
    Me,
    /// Sets the URL of these events.
    Webhook(&'static [&'static str]),
}

impl Operation {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            // The docs' overview names the two longer forms, their own pages post to the first.
            "send-button-list" | "send-button-list-image" | "send-button-list-video" => {
                Self::Send(buttons::list)
            }
            "send-button-actions" => Self::Send(buttons::actions),
            "send-text" => Self::Send(text::read),
            "status" => Self::Status,
            "me" => Self::Me,
            name => Self::Webhook(webhooks::events(name)?),
        })
    }

    fn method(self) -> Method {
        match self {
            Self::Send(_) => Method::POST,
            Self::Status | Self::Me => Method::GET,
            Self::Webhook(_) => Method::PUT,
        }
    }
}

/// Answers one request.
pub(crate) fn handle(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let settings = &state.settings().zapi;
    let segments = call.segments();
    let ["instances", id, "token", token, method] = segments.as_slice() else {
        return Err(not_found(settings));
    };
    let operation = Operation::named(method).ok_or_else(|| not_found(settings))?;
    if operation.method() != call.method() {
        // The docs fix the status, not the body.
        return Err(
            Answer::new(405, no_such_resource()).with_header("allow", operation.method().as_str())
        );
    }
    let instance = state.accounts.zapi(id);
    let instance = instance.filter(|(known, _)| known == token);
    let (_, client_token) = instance.ok_or_else(|| error(400, "Instance not found"))?;
    authorize(client_token, settings, call)?;
    match operation {
        Operation::Send(read) => send(state, call, read, id),
        Operation::Status => status(settings).map(Outcome::from),
        Operation::Me => Ok(me(id, token, settings).into()),
        Operation::Webhook(events) => {
            webhooks::update(state, json_object(call)?, id, events).map(Outcome::from)
        }
    }
}

/// An account without a client token needs no header.
fn authorize(
    client_token: Option<&str>,
    settings: &ZapiSettings,
    call: &Call,
) -> Result<(), Answer> {
    if let Some(expected) = client_token {
        match call.credential() {
            None => return Err(error(400, "your client-token is not configured")),
            Some(given) if given != expected => {
                return Err(error(403, &format!("Client-Token {given} not allowed")));
            }
            Some(_) => {}
        }
    }
    match &settings.blocked_ip {
        // The status is inferred, the text is the vendor's.
        Some(ip) => Err(error(403, &format!("{ip} not allowed"))),
        None => Ok(()),
    }
}

fn subscribed(settings: &ZapiSettings) -> Result<(), Answer> {
    if settings.subscribed {
        return Ok(());
    }
    Err(error(
        400,
        "To continue sending a message, you must subscribe to this instance again",
    ))
}

/// `error` is always filled, also on success (Z-API docs, instance status).
fn status(settings: &ZapiSettings) -> Result<Answer, Answer> {
    subscribed(settings)?;
    let text = if settings.connected {
        "You are already connected."
    } else {
        "You are not connected."
    };
    Ok(Answer::new(
        200,
        json!({"connected": settings.connected, "error": text, "smartphoneConnected": settings.connected}),
    ))
}

fn me(id: &str, token: &str, settings: &ZapiSettings) -> Answer {
    let payment = if settings.subscribed {
        "ACTIVE"
    } else {
        "INACTIVE"
    };
    Answer::new(
        200,
        json!({"id": id, "token": token, "name": id, "connected": settings.connected, "paymentStatus": payment}),
    )
}

fn send(
    state: &mut State,
    call: &Call,
    read: fn(&Object) -> Result<Content, Answer>,
    id: &str,
) -> Result<Outcome, Answer> {
    let body = json_object(call)?;
    subscribed(&state.settings().zapi)?;
    let message = PhoneMessage {
        provider: Provider::Zapi,
        to: address::bare(request::phone(body)?),
        from: id.to_owned(),
        message_id: ids::device_message_id(),
        content: read(body)?,
        callback_data: None,
        provider_id: Some(ids::zaap_id()),
    };
    let answer = json!({"zaapId": message.provider_id, "messageId": message.message_id, "id": message.message_id});
    let accepted = if state.settings().zapi.connected {
        message.into()
    } else {
        enqueue(state, message)?
    };
    Ok(Outcome::accepted(accepted, Answer::new(200, answer)))
}

fn json_object(call: &Call) -> Result<&Object, Answer> {
    if !call.says_json() {
        // The docs fix the status, not the body.
        return Err(error(415, "Unsupported Media Type"));
    }
    let body = call.json.as_ref().and_then(Value::as_object);
    body.ok_or_else(|| error(400, "The body is not a JSON object"))
}

fn enqueue(state: &mut State, message: PhoneMessage) -> Result<Accepted, Answer> {
    if state.zapi_queue.len() >= QUEUE_LIMIT {
        // Invented: the docs only say that such messages are rejected.
        return Err(error(400, "queue limit reached"));
    }
    let message_id = message.message_id.clone();
    state.zapi_queue.push(message);
    Ok(Accepted {
        message_id,
        shown: None,
    })
}

fn not_found(settings: &ZapiSettings) -> Answer {
    let status = if settings.not_found_with_200 {
        200
    } else {
        404
    };
    Answer::new(status, no_such_resource())
}

fn no_such_resource() -> Value {
    json!({"error": "NOT_FOUND", "message": "Unable to find matching target resource method"})
}
