//! What a wuzapi server answers (wuzapi in the vendor's version, `handlers.go`).

use crate::prelude::*;
use crate::zapperhub::engine::errors;

/// Reads the envelope `{"code":200,"data":{"Id":…},"success":true}`.
pub(super) fn message_id(answer: &Answer) -> Result<Option<String>, Refusal> {
    let body = answer.json().filter(|_| answer.is_success());
    let body = body.filter(|body| body.get("success") == Some(&Value::Bool(true)));
    let body = body.ok_or_else(|| refusal(answer))?;
    let given = text(&body, "/data/Id").or_else(|| text(&body, "/data/id"));
    Ok(given.map(str::to_owned))
}

/// Reads `GET /session/status`; its body contains the token, so nothing of it is shown.
pub(super) fn health(answer: &Answer) -> Result<Health, Refusal> {
    let body = answer.json().filter(|_| answer.status == 200);
    let flag = |new: &str, old: &str| {
        let body = body.as_ref()?;
        body.pointer(new).or_else(|| body.pointer(old))?.as_bool()
    };
    let connected = flag("/data/connected", "/data/Connected");
    let logged_in = flag("/data/loggedIn", "/data/LoggedIn");
    let state = match (connected, logged_in) {
        (Some(true), Some(true)) => HealthState::Connected,
        (Some(true), Some(false)) => HealthState::NeedsPairing,
        (Some(false), _) => HealthState::Disconnected,
        _ => return Err(refusal(answer)),
    };
    Ok(Health::new(state, None))
}

/// Turns an answer that is not a success into an error.
pub(super) fn refusal(answer: &Answer) -> Refusal {
    errors::refusal(answer, kind)
}

/// The texts that come before anything is sent.
///
/// "websocket not connected" is not one of them: whatsmeow also says so when it sends a message for the second
/// time after a lost connection.
const NOT_CONNECTED: [&str; 3] = [
    errors::NO_SESSION,
    "error sending message: not logged in",
    "error sending message: the store doesn't contain a device JID",
];

/// Texts are compared without case, which differs between versions.
fn kind(status: u16, words: &str) -> ErrorKind {
    match status {
        400 if says(words, "could not parse phone") => ErrorKind::InvalidRecipient,
        400 => ErrorKind::ContentRefused,
        500 if NOT_CONNECTED.iter().any(|known| says(words, known)) => ErrorKind::NotConnected,
        _ => ErrorKind::from_status(status),
    }
}
