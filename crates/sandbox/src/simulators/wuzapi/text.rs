//! `POST /chat/send/text` (the fork's source code).

use serde_json::{Map, Value};

use super::request::{Sent, check_phone, error, member, parse_phone, text, undecodable};
use crate::{Answer, Buttons, Content};

/// Reads a body as Go does; the page of a link is not fetched.
pub(super) fn read(body: &Map<String, Value>) -> Result<Sent, Answer> {
    let (phone, id) = (text(body, "phone")?, text(body, "id")?);
    let message = text(body, "body")?;
    match member(body, "linkPreview") {
        None | Some(Value::Null | Value::Bool(_)) => {}
        Some(_) => return Err(undecodable()),
    }
    check_phone(phone)?;
    if message.is_empty() {
        return Err(error(400, "missing Body in Payload"));
    }
    let content = Content::Buttons(Buttons {
        body: Some(message.to_owned()),
        ..Buttons::default()
    });
    Ok(Sent {
        to: parse_phone(phone)?,
        id: (!id.is_empty()).then(|| id.to_owned()),
        content,
    })
}
