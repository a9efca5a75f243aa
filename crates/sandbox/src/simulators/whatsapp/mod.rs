//! The WhatsApp Cloud API: `/{version}/{phone-number-id}/messages` and the number's own node.
//!
//! Order of checks: path, token, number, JSON (observed), schema, meaning, account, limits (inferred).

mod buttons;
mod cta_url;
mod envelope;
mod errors;
mod events;
mod interactive;
mod list;
mod location;
mod location_request;
mod meaning;
mod media;
mod node;
mod rate_limits;
mod recipient;
mod request;
mod text;

pub(crate) use envelope::write;
pub(crate) use events::{failed, inbound, step};
pub(crate) use rate_limits::Limits;

use axum::http::Method;
use serde_json::{Value, json};

use self::errors::{
    GARBAGE_TOKEN, GraphError, NO_PERMISSION, NO_TOKEN, NOT_ALLOWED, NOT_REGISTERED, PAIR,
    THROUGHPUT, TO_ITSELF, UNKNOWN_PATH,
};
use self::{node::Node, recipient::Recipient, request::Draft};
use crate::{
    Answer, Call, Failure, Outcome, PhoneMessage, Provider, State, TokenState, WindowMode, address,
    ids,
};

pub(crate) fn handle(state: &mut State, call: &Call) -> Outcome {
    let trace = ids::trace_id();
    let outcome = route(state, call).unwrap_or_else(|error| error.into_answer(&trace).into());
    Outcome {
        answer: outcome.answer.map(|it| with_headers(it, call, trace)),
        ..outcome
    }
}

/// Returns the answer to too many requests (Meta, error codes: 130429).
pub(crate) fn throttled() -> Answer {
    THROUGHPUT.into_answer(&ids::trace_id())
}

fn route(state: &mut State, call: &Call) -> Result<Outcome, GraphError> {
    let segments = call.segments();
    let (object, rest) = match segments.as_slice() {
        [version, object, rest @ ..]
            if is_version(version) && matches!(rest, [] | ["messages"]) =>
        {
            (object, rest)
        }
        _ => return Err(UNKNOWN_PATH),
    };
    let file = state.files.find(object).filter(|_| rest.is_empty());
    if let (&Method::GET, Some(kept)) = (call.method(), file) {
        authorize(state, call, &kept.account)?;
        return media::look_up(state, call, kept).map(Outcome::from);
    }
    authorize(state, call, object)?;
    match (call.method(), rest) {
        (&Method::POST, ["messages"]) => messages(state, call, object),
        (&Method::GET, []) => Ok(Answer::new(200, number(state, call, object)).into()),
        _ => Err(GraphError::unsupported(call.method(), object)),
    }
}

fn authorize(state: &State, call: &Call, number: &str) -> Result<(), GraphError> {
    let header = call.credential().ok_or(NO_TOKEN)?;
    let (token_state, knows_number) = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| state.accounts.token(token.trim(), number))
        .ok_or(GARBAGE_TOKEN)?;
    match token_state {
        TokenState::Expired => Err(GraphError::expired_token(state.clock.timestamp())),
        TokenState::NoPermission => Err(NO_PERMISSION),
        TokenState::Valid if knows_number => Ok(()),
        TokenState::Valid => Err(GraphError::unsupported(call.method(), number)),
    }
}

/// `v` and a number with a dot, such as `v25.0`.
fn is_version(segment: &str) -> bool {
    let is_number = |text: &str| address::is_digits(text, 1..=usize::MAX);
    let parts = segment.strip_prefix('v').and_then(|it| it.split_once('.'));
    parts.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// The node of a phone number; `fields` chooses among its members (general Graph behaviour).
fn number(state: &State, call: &Call, id: &str) -> Value {
    let display = state.accounts.number(id).map(|(display, _)| display);
    let node = json!({
        "id": id, "display_phone_number": display, "verified_name": "Recado Sandbox",
        "quality_rating": "GREEN", "throughput": {"level": "STANDARD"},
    });
    let Some(fields) = call.query("fields") else {
        return node;
    };
    let fields = fields.replace("%2C", ",");
    retained(node, |key, _| {
        key == "id" || fields.split(',').any(|field| field == key)
    })
}

fn retained(mut object: Value, wanted: impl Fn(&str, &Value) -> bool) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|key, value| wanted(key, value));
    }
    object
}

fn messages(state: &mut State, call: &Call, number: &str) -> Result<Outcome, GraphError> {
    let body = call.json.as_ref().and_then(Value::as_object);
    // Graph reads what it can: a body that is not, or does not say that it is, JSON lacks its parameters (inferred).
    let body = body.filter(|_| call.says_json());
    let body = Node::root(body.ok_or_else(|| GraphError::required("messaging_product"))?);
    body.word("messaging_product", "whatsapp")?;
    if body.contains("status") {
        request::check_read_receipt(&body)?;
        return Ok(Answer::new(200, json!({"success": true})).into());
    }
    let draft = Draft::read(&body)?;
    let settings = &state.settings.whatsapp;
    draft.check(settings.strict_newlines)?;
    let recipient = Recipient::of(draft.to, settings)?;
    check_account(state, number, &recipient)?;
    check_limits(state, number, &recipient)?;
    let settings = &state.settings.whatsapp;
    let is_closed = settings.closed_windows.contains(recipient.name());
    if settings.window_mode == WindowMode::Sync && is_closed {
        return Err(GraphError::window_closed());
    }
    Ok(accept(draft, &recipient, number))
}

/// Returns the default failure, a closed window, if the recipient's window is closed.
pub(crate) fn closed_window(state: &State, message: &PhoneMessage) -> Option<Failure> {
    let closed = &state.settings.whatsapp.closed_windows;
    closed.contains(&message.to).then(Failure::default)
}

fn check_account(state: &State, number: &str, recipient: &Recipient) -> Result<(), GraphError> {
    let Some((display, true)) = state.accounts.number(number) else {
        return Err(NOT_REGISTERED);
    };
    let Recipient::Phone(phone) = recipient else {
        return Ok(());
    };
    if display == phone {
        return Err(TO_ITSELF);
    }
    match &state.settings.whatsapp.allowed_recipients {
        Some(allowed) if !allowed.contains(phone) => Err(NOT_ALLOWED),
        _ => Ok(()),
    }
}

fn check_limits(state: &mut State, number: &str, recipient: &Recipient) -> Result<(), GraphError> {
    let now = state.clock.elapsed();
    let settings = &state.settings.whatsapp;
    let (throughput, pair) = (settings.throughput_limit, settings.pair_limit);
    if throughput && !state.limits.has_throughput(number, now) {
        return Err(THROUGHPUT);
    }
    if pair && !state.limits.take_pair(number, recipient.name(), now) {
        return Err(PAIR);
    }
    if throughput {
        state.limits.use_throughput(number, now);
    }
    Ok(())
}

fn accept(draft: Draft<'_>, recipient: &Recipient, number: &str) -> Outcome {
    let message_id = ids::wamid();
    let body = json!({
        "messaging_product": "whatsapp", "contacts": [recipient.contact(draft.to)],
        "messages": [recipient.message(&message_id)],
    });
    let message = PhoneMessage {
        provider: Provider::Whatsapp,
        to: recipient.name().to_owned(),
        from: number.to_owned(),
        message_id,
        content: draft.content.into_content(),
        callback_data: draft.callback_data.map(str::to_owned),
        provider_id: None,
    };
    let mut outcome = Outcome::accepted(message, Answer::new(200, body));
    if matches!(recipient, Recipient::Nowhere(_)) {
        outcome.shown = None;
    }
    outcome
}

fn with_headers(answer: Answer, call: &Call, trace: String) -> Answer {
    let segments = call.segments();
    let version = segments.first().copied().filter(|it| is_version(it));
    answer
        .with_header("content-type", "application/json; charset=UTF-8")
        .with_header("facebook-api-version", version.unwrap_or("v25.0"))
        .with_header("x-fb-request-id", trace.clone())
        .with_header("x-fb-trace-id", trace)
}
