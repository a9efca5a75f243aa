//! The wuzapi dialect (the fork of `ZapperHUB`'s vendor): sending, the session's status and webhooks.
//!
//! Checks, their order and their words: the fork's source code.

mod buttons;
mod events;
mod list;
mod location;
mod media;
mod request;
mod text;
mod webhooks;

pub(crate) use events::{connection, inbound, joins, step, write};

use axum::http::Method;
use serde_json::{Map, Value, json};

use self::events::name;
use self::request::{Sent, error, object, success};
use crate::{
    Answer, Call, FileKind, Outcome, PhoneMessage, Provider, Session, State, TimestampShape, ids,
};

/// How often a delivery is tried (the fork's source code).
pub(crate) const ATTEMPTS: u32 = 5;

/// wuzapi has no throttling of its own; this answer is invented.
pub(crate) fn throttled() -> Answer {
    error(429, "too many requests").with_header("retry-after", "2")
}

/// Reads the body of a sending route.
type Read = fn(&Map<String, Value>) -> Result<Sent, Answer>;

enum Operation {
    Send(Read),
    Download(FileKind),
    SetWebhook,
    SetKey,
    Status,
}

impl Operation {
    fn at(path: &[&str]) -> Option<(Method, Self)> {
        Some(match path {
            ["chat", "send", "buttons"] => (Method::POST, Self::Send(buttons::read)),
            ["chat", "send", "list"] => (Method::POST, Self::Send(list::read)),
            ["chat", "send", "text"] => (Method::POST, Self::Send(text::read)),
            ["chat", "send", "location"] => (Method::POST, Self::Send(location::read)),
            ["chat", route] => (Method::POST, Self::Download(media::kind(route)?)),
            ["webhook"] => (Method::POST, Self::SetWebhook),
            ["session", "hmac", "config"] => (Method::POST, Self::SetKey),
            ["session", "status"] => (Method::GET, Self::Status),
            _ => return None,
        })
    }
}

pub(crate) fn handle(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let (method, operation) = Operation::at(&call.segments()).ok_or_else(unknown_path)?;
    if method != call.method() {
        return Err(Answer::new(405, Value::Null));
    }
    let token = call.credential().or_else(|| call.query("token"));
    // An empty token names no user, even if an account has one.
    let token = token.filter(|token| !token.is_empty());
    let user = token.and_then(|token| Some((token, state.accounts.wuzapi_user(token)?)));
    let (token, user) = user.ok_or_else(|| error(401, "unauthorized"))?;
    match operation {
        Operation::Send(read) => send(state, call, &user, read),
        Operation::Download(kind) => media::download(state, call, kind).map(Outcome::from),
        Operation::SetWebhook => webhooks::set(state, call, &user).map(Outcome::from),
        Operation::SetKey => webhooks::set_key(state, call, &user).map(Outcome::from),
        Operation::Status => Ok(status(state, token, &user).into()),
    }
}

/// Answers in the words of Go's router (inferred).
fn unknown_path() -> Answer {
    Answer::new(404, "404 page not found\n").with_header("content-type", "text/plain")
}

fn send(state: &State, call: &Call, user: &str, read: Read) -> Result<Outcome, Answer> {
    let settings = &state.settings.wuzapi;
    if settings.session == Session::None {
        return Err(error(500, "no session"));
    }
    let Sent { to, id, content } = read(object(call)?)?;
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
    // The route of lists always answers a text (the fork's source code).
    let timestamp = match (settings.timestamp, message.content.as_list()) {
        (TimestampShape::Integer, None) => json!(timestamp.as_second()),
        (TimestampShape::Integer, Some(_)) | (TimestampShape::Rfc3339, _) => {
            json!(timestamp.to_string())
        }
    };
    let data = json!({"Details": "Sent", "Id": message.message_id, "Timestamp": timestamp});
    Ok(Outcome::accepted(message, success(data)))
}

fn status(state: &State, token: &str, user: &str) -> Answer {
    let session = state.settings.wuzapi.session;
    let webhook = webhooks::of(state, user);
    let events = webhook.map(|webhook| webhook.events.join(","));
    success(json!({
        "id": user, "name": name(user), "connected": session != Session::None,
        "loggedIn": session == Session::Open, "token": token,
        "jid": if session == Session::Open { "5521300000000.0:7@s.whatsapp.net" } else { "" },
        "webhook": webhook.map_or("", |webhook| webhook.url.as_str()),
        "events": events.unwrap_or_default(), "qrcode": "",
        "hmac_configured": webhook.is_some_and(|webhook| webhook.secret.is_some()),
    }))
}
