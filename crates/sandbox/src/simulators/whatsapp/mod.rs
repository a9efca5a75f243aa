//! The WhatsApp Cloud API: `/{version}/{phone-number-id}/messages` and the number's own node.
//!
//! Order of checks: path, token, number, JSON (observed), schema, meaning, account, limits (inferred).

mod auth;
mod buttons;
mod envelope;
mod errors;
mod events;
mod interactive;
mod list;
mod meaning;
mod node;
mod rate_limits;
mod recipient;
mod request;
mod text;

pub(crate) use envelope::write;
pub(crate) use events::{failed, inbound, step};
pub(crate) use rate_limits::Limits;

use axum::http::Method;
use serde_json::{Map, Value, json};

use self::errors::{GraphError, WINDOW_CLOSED};
use self::node::Node;
use self::recipient::Recipient;
use self::request::Draft;
use crate::answer::Answer;
use crate::call::Call;
use crate::ids;
use crate::outcome::{Accepted, Outcome};
use crate::phone::PhoneMessage;
use crate::provider::Provider;
use crate::settings::{WhatsappSettings, WindowMode};
use crate::state::State;
use crate::webhooks::Failure;

pub(crate) fn handle(state: &mut State, call: &Call) -> Outcome {
    let trace = ids::trace_id();
    let (answer, accepted) = match route(state, call) {
        Ok((body, accepted)) => (Answer::new(200, body), accepted),
        Err(error) => (error.into_answer(&trace), None),
    };
    Outcome {
        answer: Some(with_headers(answer, call, trace)),
        accepted,
    }
}

/// Returns the answer to too many requests (Meta, error codes: 130429).
pub(crate) fn throttled() -> Answer {
    GraphError::throughput().into_answer(&ids::trace_id())
}

type Success = (Value, Option<Accepted>);

fn route(state: &mut State, call: &Call) -> Result<Success, GraphError> {
    let segments = call.segments();
    let [version, object, rest @ ..] = segments.as_slice() else {
        return Err(GraphError::unknown_path());
    };
    if !is_version(version) {
        return Err(GraphError::unknown_path());
    }
    if !matches!(rest, [] | ["messages"]) {
        return Err(GraphError::unknown_path());
    }
    auth::check(state, call, object)?;
    match (call.method(), rest) {
        (&Method::POST, ["messages"]) => messages(state, call, object),
        (&Method::GET, []) => Ok((number(state, call, object), None)),
        _ => Err(GraphError::unsupported(call.method(), object)),
    }
}

/// `v` and a number with a dot, such as `v25.0`.
fn is_version(segment: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = segment
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// The node of a phone number; `fields` chooses among its members (general Graph behaviour).
fn number(state: &State, call: &Call, id: &str) -> Value {
    let display = state.accounts.number(id).map(|(display, _)| display);
    let node = json!({
        "id": id,
        "display_phone_number": display,
        "verified_name": "Recado Sandbox",
        "quality_rating": "GREEN",
        "throughput": {"level": "STANDARD"},
    });
    match (call.query("fields"), node) {
        (Some(fields), Value::Object(node)) => {
            let fields = fields.replace("%2C", ",");
            let wanted = |key: &str| key == "id" || fields.split(',').any(|field| field == key);
            node.into_iter()
                .filter(|(key, _)| wanted(key))
                .collect::<Map<_, _>>()
                .into()
        }
        (_, node) => node,
    }
}

fn messages(state: &mut State, call: &Call, number: &str) -> Result<Success, GraphError> {
    let body = call.json.as_ref().and_then(Value::as_object);
    // Graph reads what it can: a body that is not, or does not say that it is, JSON lacks its parameters (inferred).
    let body = body.filter(|_| call.says_json());
    let body = Node::root(body.ok_or_else(|| GraphError::required("messaging_product"))?);
    body.word("messaging_product", &["whatsapp"])?;
    if body.contains("status") {
        request::check_read_receipt(&body)?;
        return Ok((json!({"success": true}), None));
    }
    let draft = Draft::read(&body)?;
    let settings = &state.settings().whatsapp;
    draft.check(settings.strict_newlines)?;
    let recipient = Recipient::of(draft.to, settings)?;
    check_account(state, number, &recipient)?;
    check_limits(state, number, &recipient)?;
    let settings = &state.settings().whatsapp;
    if settings.window_mode == WindowMode::Sync && is_closed(settings, recipient.name()) {
        let (title, details) = WINDOW_CLOSED;
        return Err(GraphError::detailed(131_047, title, details));
    }
    Ok(accept(draft, &recipient, number))
}

/// Returns the default failure, a closed window, if the recipient's window is closed.
pub(crate) fn closed_window(state: &State, message: &PhoneMessage) -> Option<Failure> {
    is_closed(&state.settings().whatsapp, &message.to).then(Failure::default)
}

fn is_closed(settings: &WhatsappSettings, recipient: &str) -> bool {
    settings.closed_windows.contains(recipient)
}

fn check_account(state: &State, number: &str, recipient: &Recipient) -> Result<(), GraphError> {
    let Some((display, true)) = state.accounts.number(number) else {
        let details = "The phone number is not registered for the Cloud API";
        let title = "Phone number not registered";
        return Err(GraphError::detailed(133_010, title, details));
    };
    let Some(phone) = recipient.phone() else {
        return Ok(());
    };
    if display == phone {
        let details = "Sender and recipient are the same phone number";
        let title = "Recipient cannot be sender";
        return Err(GraphError::detailed(131_021, title, details));
    }
    match &state.settings().whatsapp.allowed_recipients {
        Some(allowed) if !allowed.contains(phone) => {
            let title = "Recipient phone number not in allowed list";
            let advice = "Add recipient phone number to recipient list and try again.";
            let details = format!("{title}: {advice}");
            Err(GraphError::detailed(131_030, title, details))
        }
        _ => Ok(()),
    }
}

fn check_limits(state: &mut State, number: &str, recipient: &Recipient) -> Result<(), GraphError> {
    let now = state.clock.elapsed();
    let settings = &state.settings().whatsapp;
    let (throughput, pair) = (settings.throughput_limit, settings.pair_limit);
    if throughput && !state.limits.has_throughput(number, now) {
        return Err(GraphError::throughput());
    }
    if pair && !state.limits.take_pair(number, recipient.name(), now) {
        let title = "(Business Account, Consumer Account) pair rate limit hit";
        let details = "Message failed to send because there were too many messages sent from this phone number to the same recipient in a short period of time.";
        return Err(GraphError::detailed(131_056, title, details));
    }
    if throughput {
        state.limits.use_throughput(number, now);
    }
    Ok(())
}

fn accept(draft: Draft<'_>, recipient: &Recipient, number: &str) -> Success {
    let message_id = ids::wamid();
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [recipient.contact(draft.to)],
        "messages": [recipient.message(&message_id)],
    });
    let message = PhoneMessage {
        provider: Provider::Whatsapp,
        to: recipient.name().to_owned(),
        from: number.to_owned(),
        message_id: message_id.clone(),
        content: draft.content.into_content(),
        callback_data: draft.callback_data.map(str::to_owned),
        provider_id: None,
    };
    let accepted = Accepted {
        message_id,
        shown: recipient.is_reachable().then_some(message),
    };
    (body, Some(accepted))
}

fn with_headers(answer: Answer, call: &Call, trace: String) -> Answer {
    let version = call
        .segments()
        .first()
        .copied()
        .filter(|version| is_version(version));
    answer
        .with_header("content-type", "application/json; charset=UTF-8")
        .with_header("facebook-api-version", version.unwrap_or("v25.0"))
        .with_header("x-fb-request-id", trace.clone())
        .with_header("x-fb-trace-id", trace)
}
