//! Z-API: `/instances/{id}/token/{token}/{method}`.
//!
//! Order of checks: inferred from observed answers.

mod buttons;
mod events;
mod list;
mod location;
mod request;
mod text;
mod webhooks;

pub(crate) use events::{connection, failed, inbound, joins, step, write};

use axum::http::Method;
use serde_json::{Value, json};

use self::request::{Object, error};
use crate::{
    Answer, Call, Content, Outcome, PhoneMessage, Provider, State, ZapiSettings, address, ids,
};

/// How many messages wait while the phone is not connected (Z-API docs, queue).
const QUEUE_LIMIT: usize = 1000;

/// Z-API documents no throttling; this answer is invented.
pub(crate) fn throttled() -> Answer {
    error(429, "Too many requests").with_header("retry-after", "2")
}

/// A simulated method of the API.
#[derive(Clone, Copy)]
enum Operation<'a> {
    /// Sends a message of the kind that the function reads.
    Send(fn(&Object) -> Result<Content, Answer>),
    /// Takes the message with this `zaapId` out of the queue.
    Cancel(&'a str),
    Status,
    Me,
    /// Sets the URL of these events.
    Webhook(&'static str),
}

impl<'a> Operation<'a> {
    fn named(path: &[&'a str]) -> Option<(Method, Self)> {
        let name = match *path {
            [name] => name,
            ["queue", zaap_id] => return Some((Method::DELETE, Self::Cancel(zaap_id))),
            _ => return None,
        };
        Some(match name {
            // The docs' overview names the two longer forms, their own pages post to the first.
            "send-button-list" | "send-button-list-image" | "send-button-list-video" => {
                (Method::POST, Self::Send(buttons::list))
            }
            "send-button-actions" => (Method::POST, Self::Send(buttons::actions)),
            "send-option-list" => (Method::POST, Self::Send(list::read)),
            "send-text" => (Method::POST, Self::Send(text::read)),
            "send-location" => (Method::POST, Self::Send(location::read)),
            "status" => (Method::GET, Self::Status),
            "me" => (Method::GET, Self::Me),
            name => (Method::PUT, Self::Webhook(webhooks::events(name)?)),
        })
    }
}

pub(crate) fn handle(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let settings = &state.settings.zapi;
    let segments = call.segments();
    let ["instances", id, "token", token, path @ ..] = segments.as_slice() else {
        return Err(not_found(settings));
    };
    let (method, operation) = Operation::named(path).ok_or_else(|| not_found(settings))?;
    if method != call.method() {
        // The docs fix the status, not the body.
        let refused = Answer::new(405, no_such_resource());
        return Err(refused.with_header("allow", method.as_str()));
    }
    let instance = state.accounts.zapi(id);
    let instance = instance.filter(|(known, _)| known == token);
    let (_, client_token) = instance.ok_or_else(|| error(400, "Instance not found"))?;
    authorize(client_token, settings, call)?;
    match operation {
        Operation::Send(read) => send(state, call, read, id),
        Operation::Cancel(zaap_id) => cancel(state, id, zaap_id).map(Outcome::from),
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
    match (client_token, call.credential(), &settings.blocked_ip) {
        (Some(_), None, _) => Err(error(400, "your client-token is not configured")),
        (Some(expected), Some(given), _) if given != expected => {
            Err(error(403, &format!("Client-Token {given} not allowed")))
        }
        // The status is inferred, the text is the vendor's.
        (_, _, Some(ip)) => Err(error(403, &format!("{ip} not allowed"))),
        _ => Ok(()),
    }
}

fn subscribed(settings: &ZapiSettings) -> Result<(), Answer> {
    if settings.subscribed {
        return Ok(());
    }
    let advice = "To continue sending a message, you must subscribe to this instance again";
    Err(error(400, advice))
}

/// `error` is always filled, also on success (Z-API docs, instance status).
fn status(settings: &ZapiSettings) -> Result<Answer, Answer> {
    subscribed(settings)?;
    let is_connected = settings.connected;
    let state = if is_connected { "already" } else { "not" };
    let text = format!("You are {state} connected.");
    let status =
        json!({"connected": is_connected, "error": text, "smartphoneConnected": is_connected});
    Ok(Answer::new(200, status))
}

fn me(id: &str, token: &str, settings: &ZapiSettings) -> Answer {
    let is_paid = settings.subscribed;
    let payment = if is_paid { "ACTIVE" } else { "INACTIVE" };
    let me = json!({"id": id, "token": token, "name": id, "connected": settings.connected,
        "paymentStatus": payment});
    Answer::new(200, me)
}

fn send(
    state: &mut State,
    call: &Call,
    read: fn(&Object) -> Result<Content, Answer>,
    id: &str,
) -> Result<Outcome, Answer> {
    let body = json_object(call)?;
    subscribed(&state.settings.zapi)?;
    let message = PhoneMessage {
        provider: Provider::Zapi,
        to: address::bare(request::phone(body)?),
        from: id.to_owned(),
        message_id: ids::device_message_id(),
        content: read(body)?,
        callback_data: None,
        provider_id: Some(ids::zaap_id()),
    };
    let (zaap_id, id) = (&message.provider_id, &message.message_id);
    let answer = json!({"zaapId": zaap_id, "messageId": id, "id": id});
    let mut outcome = Outcome::accepted(message, Answer::new(200, answer));
    if !state.settings.zapi.connected {
        if state.zapi_queue.len() >= QUEUE_LIMIT {
            // Invented: the docs only say that such messages are rejected.
            return Err(error(400, "queue limit reached"));
        }
        // It arrives when the phone is connected again.
        state.zapi_queue.extend(outcome.shown.take());
    }
    Ok(outcome)
}

/// Takes a message out of the queue, so that it never arrives. The docs have neither the body of the success nor the
/// answer for a message that does not wait: both are invented.
fn cancel(state: &mut State, instance: &str, zaap_id: &str) -> Result<Answer, Answer> {
    let is_it = |message: &PhoneMessage| {
        message.from == instance && message.provider_id.as_deref() == Some(zaap_id)
    };
    let index = state.zapi_queue.iter().position(is_it);
    let index = index.ok_or_else(|| error(404, "Message not found"))?;
    state.zapi_queue.remove(index);
    Ok(Answer::new(200, json!({"value": true})))
}

fn json_object(call: &Call) -> Result<&Object, Answer> {
    if !call.says_json() {
        // The docs fix the status, not the body.
        return Err(error(415, "Unsupported Media Type"));
    }
    let body = call.json.as_ref().and_then(Value::as_object);
    body.ok_or_else(|| error(400, "The body is not a JSON object"))
}

fn not_found(settings: &ZapiSettings) -> Answer {
    let with_200 = settings.not_found_with_200;
    Answer::new(if with_200 { 200 } else { 404 }, no_such_resource())
}

fn no_such_resource() -> Value {
    json!({"error": "NOT_FOUND", "message": "Unable to find matching target resource method"})
}
