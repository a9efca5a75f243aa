//! `POST /messages/text` (the vendor's `OpenAPI` file), and the account's own texts.

use serde_json::{Value, json};

use super::request::Node;
use crate::{Answer, Buttons, Content};

const MESSAGE_KEYS: &str = "jid message mentions mentionsEveryone splitMessage processImageLink \
    autoCaption expiration";

pub(super) fn read(body: &Value, strip: bool) -> Result<(&str, Content), Answer> {
    let body = Node::read(body, "body".to_owned(), MESSAGE_KEYS, strip)?;
    let jid = body.jid()?;
    body.check_word("expiration", "none 24h 7d 90d")?;
    let content = Buttons {
        body: Some(body.required("message")?.to_owned()),
        ..Buttons::default()
    };
    Ok((jid, Content::Buttons(content)))
}

/// Returns the account's own text, as the device reports it (the member of WhatsApp's protobuf, inferred).
pub(super) fn own_message(content: &Buttons) -> Value {
    json!({"conversation": content.body})
}
