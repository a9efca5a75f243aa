//! The wuzapi dialect (the fork of `ZapperHUB`'s vendor): sending, the session's status and webhooks.
//!
//! Checks, their order and their words: the fork's source code.

mod events;
mod json;
mod webhooks;

pub(crate) use events::{connection, inbound, joins, step, write};

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use self::events::name;
use self::json::{error, member, success, text};
use crate::address;
use crate::answer::Answer;
use crate::call::Call;
use crate::ids;
use crate::outcome::{Accepted, Outcome};
use crate::phone::{PhoneButton, PhoneMessage};
use crate::provider::Provider;
use crate::settings::{Session, TimestampShape};
use crate::state::State;

/// Answers one request.
pub(crate) fn handle(state: &mut State, call: &Call) -> Outcome {
    route(state, call).unwrap_or_else(Outcome::from)
}

/// wuzapi has no throttling of its own; this answer is invented.
pub(crate) fn throttled() -> Answer {
    error(429, "too many requests").with_header("retry-after", "2")
}

fn route(state: &mut State, call: &Call) -> Result<Outcome, Answer> {
    let segments = call.segments();
    let expected = match segments.as_slice() {
        ["chat", "send", "buttons"] | ["webhook"] | ["session", "hmac", "config"] => Method::POST,
        ["session", "status"] => Method::GET,
        // The words of Go's router (inferred).
        _ => {
            return Err(
                Answer::new(404, "404 page not found\n").with_header("content-type", "text/plain")
            );
        }
    };
    if *call.method() != expected {
        return Err(Answer::new(405, Value::Null));
    }
    let token = call.credential().or_else(|| call.query("token"));
    let user = token.and_then(|token| state.accounts.wuzapi.get_key_value(token));
    let (token, user) = user.ok_or_else(|| error(401, "unauthorized"))?;
    let (token, user) = (token.clone(), user.clone());
    match segments.as_slice() {
        ["webhook"] => webhooks::set(state, call, &user).map(Outcome::from),
        ["session", "hmac", "config"] => webhooks::set_key(state, call, &user).map(Outcome::from),
        ["session", "status"] => Ok(status(state, &token, &user).into()),
        _ => send(state, call, &user),
    }
}

fn send(state: &State, call: &Call, user: &str) -> Result<Outcome, Answer> {
    let message = buttons(state, call, user)?;
    let timestamp = state.clock.timestamp();
    let timestamp = match state.settings().wuzapi.timestamp {
        TimestampShape::Integer => json!(timestamp.as_second()),
        TimestampShape::Rfc3339 => json!(timestamp.to_string()),
    };
    let data = json!({"Details": "Sent", "Id": message.message_id, "Timestamp": timestamp});
    Ok(Outcome::accepted(Accepted::shown(message), success(data)))
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

fn buttons(state: &State, call: &Call, user: &str) -> Result<PhoneMessage, Answer> {
    let session = state.settings().wuzapi.session;
    if session == Session::None {
        return Err(error(500, "no session"));
    }
    let payload = Payload::decode(call.json.as_ref())
        .ok_or_else(|| error(400, "could not decode Payload"))?;
    payload.check()?;
    if session == Session::LoggedOut {
        // The words after the colon are invented.
        return Err(error(500, "error sending message: not logged in"));
    }
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(PhoneMessage {
        provider: Provider::Wuzapi,
        to: address::bare(payload.phone.trim_start_matches('+')),
        from: user.to_owned(),
        message_id: filled(payload.id).unwrap_or_else(ids::device_message_id),
        header: filled(payload.title)
            .or_else(|| filled(payload.image))
            .or_else(|| filled(payload.video)),
        body: filled(payload.body),
        footer: filled(payload.footer),
        buttons: payload.buttons,
        callback_data: None,
        provider_id: None,
    })
}

/// The body as Go reads it: keys in any case, unknown keys ignored, absent text is empty.
struct Payload<'a> {
    phone: &'a str,
    title: &'a str,
    body: &'a str,
    footer: &'a str,
    image: &'a str,
    video: &'a str,
    id: &'a str,
    buttons: Vec<PhoneButton>,
}

impl<'a> Payload<'a> {
    fn decode(json: Option<&'a Value>) -> Option<Self> {
        let body = json?.as_object()?;
        let buttons = match member(body, "buttons") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(buttons)) => buttons.iter().map(button).collect::<Option<_>>()?,
            Some(_) => return None,
        };
        Some(Self {
            phone: text(body, "phone")?,
            title: text(body, "title")?,
            body: text(body, "body")?,
            footer: text(body, "footer")?,
            image: text(body, "image")?,
            video: text(body, "video")?,
            id: text(body, "id")?,
            buttons,
        })
    }

    fn check(&self) -> Result<(), Answer> {
        if self.phone.is_empty() {
            return Err(error(400, "missing Phone in Payload"));
        }
        if self.buttons.is_empty() {
            return Err(error(400, "missing Buttons in Payload"));
        }
        if self.buttons.len() > 3 {
            return Err(error(400, "buttons cannot be more than 3"));
        }
        let user_and_server = self.phone.trim_start_matches('+').split_once('@');
        if user_and_server.is_some_and(|(user, server)| user.is_empty() || server.contains('@')) {
            return Err(error(400, "could not parse Phone"));
        }
        check_media("image", self.image)?;
        check_media("video", self.video)
    }
}

fn button(button: &Value) -> Option<PhoneButton> {
    let button = button.as_object()?;
    text(button, "type")?;
    Some(PhoneButton {
        id: text(button, "id")?.to_owned(),
        title: text(button, "displayText")?.to_owned(),
    })
}

/// Links are not fetched, so they are always good here.
fn check_media(kind: &str, media: &str) -> Result<(), Answer> {
    if media.is_empty() || media.starts_with("http://") || media.starts_with("https://") {
        return Ok(());
    }
    if !media.starts_with(&format!("data:{kind}/")) {
        return Err(error(
            400,
            &format!("{kind} must be data:{kind}/... or http(s) URL"),
        ));
    }
    let encoded = media.split_once(";base64,").map(|(_, encoded)| encoded);
    match encoded.map(|encoded| STANDARD.decode(encoded)) {
        Some(Ok(_)) => Ok(()),
        _ => Err(error(
            400,
            &format!("could not decode base64 {kind} from payload"),
        )),
    }
}
