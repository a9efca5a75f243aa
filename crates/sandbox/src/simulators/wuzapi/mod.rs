//! The wuzapi dialect (the fork of `ZapperHUB`'s vendor): sending, the session's status and webhooks.
//!
//! Checks, their order and their words: the fork's source code.

mod buttons;
mod events;
mod json;
mod list;
mod request;
mod webhooks;

pub(crate) use events::{connection, inbound, joins, step, write};

use axum::http::Method;
use serde_json::{Map, Value, json};

use self::events::name;
use self::json::{error, success};
use self::request::Sent;
use crate::answer::Answer;
use crate::call::Call;
use crate::ids;
use crate::outcome::Outcome;
use crate::phone::PhoneMessage;
use crate::provider::Provider;
use crate::settings::{Session, TimestampShape};
use crate::state::State;

/// How often a delivery is tried (the fork's source code).
pub(crate) const ATTEMPTS: u32 = 5;

/// wuzapi has no throttling of its own; this answer is invented.
pub(crate) fn throttled() -> Answer {
    error(429, "too many requests").with_header("retry-after", "2")
}

/// Answers one request.
pub(crate) fn handle(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let segments = call.segments();
    let expected = match segments.as_slice() {
        ["chat", "send", "buttons"] | ["webhook"] | ["session", "hmac", "config"] => Method::POST,
        ["session", "status"] => Method::GET,
        _ => return Err(unknown_path()),
    };
    if *call.method() != expected {
        return Err(Answer::new(405, Value::Null));
    }
    let token = call.credential().or_else(|| call.query("token"));
    let token = token.unwrap_or_default();
    let user = state.accounts.wuzapi_user(token);
    let user = user.ok_or_else(|| error(401, "unauthorized"))?;
    match segments.as_slice() {
        ["webhook"] => webhooks::set(state, call, &user).map(Outcome::from),
        ["session", "hmac", "config"] => webhooks::set_key(state, call, &user).map(Outcome::from),
        ["session", "status"] => Ok(status(state, token, &user).into()),
        ["chat", "send", "buttons"] => send(state, call, &user, buttons::read),
        _ => Err(unknown_path()),
    }
}

/// Answers in the words of Go's router (inferred).
fn unknown_path() -> Answer {
    Answer::new(404, "404 page not found\n").with_header("content-type", "text/plain")
}

fn send(
    state: &State,
    call: &Call,
    user: &str,
    read: fn(&Map<String, Value>) -> Result<Sent, Answer>,
) -> Result<Outcome, Answer> {
    let settings = &state.settings().wuzapi;
    if settings.session == Session::None {
        return Err(error(500, "no session"));
    }
    let Sent { to, id, content } = read(json::object(call)?)?;
    if settings.session == Session::LoggedOut {
        // The words after the colon are invented.
        return Err(error(500, "error sending message: not logged in"));
    }
    let message = PhoneMessage {
        provider: Provider::Wuzapi,
        to,
        from: user.to_owned(),
        message_id: id.unwrap_or_else(ids::device_message_id),
        content,
        callback_data: None,
        provider_id: None,
    };
    let timestamp = state.clock.timestamp();
    let timestamp = match settings.timestamp {
        TimestampShape::Integer => json!(timestamp.as_second()),
        TimestampShape::Rfc3339 => json!(timestamp.to_string()),
    };
    let data = json!({"Details": "Sent", "Id": message.message_id, "Timestamp": timestamp});
    Ok(Outcome::accepted(message, success(data)))
}

fn status(state: &State, token: &str, user: &str) -> Answer {
    let session = state.settings().wuzapi.session;
    let webhook = webhooks::of(state, user);
    let events = webhook.map(|webhook| webhook.events.join(","));
    success(json!({
        "id": user,
        "name": name(user),
        "connected": session != Session::None,
        "loggedIn": session == Session::Open,
        "token": token,
        "jid": if session == Session::Open { "5521300000000.0:7@s.whatsapp.net" } else { "" },
        "webhook": webhook.map_or("", |webhook| webhook.url.as_str()),
        "events": events.unwrap_or_default(),
        "qrcode": "",
        "hmac_configured": webhook.is_some_and(|webhook| webhook.secret.is_some()),
    }))
}
