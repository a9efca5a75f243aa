//! What ZapperHUB and wuzapi send, and how they prove it.

use recado_core::inbound::{ConnectionNews, Ignored, Inbound};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};

use super::account::Dialect;
use super::{hosted, wuzapi};
use crate::connection::Connection;
use crate::webhook::call::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};
use crate::webhook::proof;

/// The header that holds wuzapi's signature.
const SIGNATURE: &str = "x-hmac-signature";

/// Both have the secret in their URL; the hosted API shows it in a header too, and wuzapi signs with it.
///
/// The hosted API's second webhook can carry no secret: without one, the URL alone proves what that one is
/// told, and nothing else. A wrong one proves nothing.
pub(super) fn verify(
    dialect: &Dialect,
    call: &WebhookCall<'_>,
) -> Result<Admission, WebhookRefused> {
    let head = &call.head;
    verify_head(dialect, head)?;
    let proved = match dialect {
        Dialect::ZapperApiV2 { .. } => {
            head.headers.contains_key(AUTHORIZATION)
                || hosted::webhook::tells_updates_only(call.body)
        }
        Dialect::Wuzapi => head.headers.get(SIGNATURE).is_some_and(|hex| {
            wuzapi::webhook::signed(content_type(call), call.body)
                .is_some_and(|bytes| proof::signs(hex.as_bytes(), &bytes, head.secret))
        }),
    };
    proof::delivered(proved)
}

/// Only a call of the hosted API without the header may still be proved, by what it says.
pub(super) fn verify_head(dialect: &Dialect, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
    if head.method != Method::POST {
        return Err(WebhookRefused::Method);
    }
    let proved = match dialect {
        Dialect::ZapperApiV2 { .. } => head.headers.get(AUTHORIZATION).is_none_or(|given| {
            bearer(given.as_bytes()).is_some_and(|given| proof::knows(given, head.secret))
        }),
        Dialect::Wuzapi => head
            .headers
            .get(SIGNATURE)
            .is_some_and(|hex| proof::may_sign(hex.as_bytes())),
    };
    proof::delivered(head.has_secret() && proved).map(drop)
}

fn content_type<'a>(call: &WebhookCall<'a>) -> Option<&'a str> {
    call.head.headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// What follows the scheme, whose case does not matter (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

pub(super) fn parse(
    dialect: &Dialect,
    connection: &Connection,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Vec<Received>, WebhookUnreadable> {
    let news = match dialect {
        Dialect::ZapperApiV2 { instance_id } => {
            hosted::webhook::news(connection, instance_id, body)?
        }
        Dialect::Wuzapi => wuzapi::webhook::news(connection, content_type, body)?,
    };
    Ok(news.into_iter().map(Received::new).collect())
}

/// Whether a chat is a group.
pub(super) fn is_group(chat: &str) -> bool {
    chat.ends_with("@g.us")
}

/// Why a chat is neither a customer's nor a group, if it is not.
pub(super) fn unheard(chat: &str) -> Option<Inbound> {
    let reason = match chat.split_once('@')?.1 {
        "newsletter" => Ignored::Newsletter,
        "broadcast" if chat == "status@broadcast" => Ignored::Story,
        _ => return None,
    };
    Some(Inbound::Ignored(reason))
}

pub(super) fn connected(connected: bool, detail: Option<String>) -> Inbound {
    Inbound::Connection(ConnectionNews::new(connected, detail))
}
