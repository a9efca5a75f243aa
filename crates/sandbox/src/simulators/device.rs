//! What both dialects of linked devices have in common.

use serde_json::{Value, json};

use crate::phone::{Inbound, InboundContent, Tap};
use crate::{ListRow, address};

/// The account itself.
pub(super) const OWN_JID: &str = "5521300000000@s.whatsapp.net";

/// A member of a message, and its content.
pub(super) type Member = (&'static str, Value);

/// Returns the JID of a phone number; other recipients have one already.
pub(super) fn jid(recipient: &str) -> String {
    if recipient.contains('@') {
        return recipient.to_owned();
    }
    format!("{}@s.whatsapp.net", address::bare(recipient))
}

/// Returns a customer's message; `None` if linked devices do not use the shape of its tap.
pub(super) fn message(
    inbound: &Inbound<'_>,
    tapped: fn(&Tap<'_>) -> Option<Member>,
    picked: fn(&ListRow) -> Member,
    id_key: &str,
) -> Option<Value> {
    let (kind, mut content) = match &inbound.content {
        InboundContent::Text(text) => ("conversation", json!(text)),
        InboundContent::Tap(tap) => tapped(tap)?,
        InboundContent::Pick(row) => picked(row),
    };
    // A plain text is not an object: it has no place for a context.
    if let (Some(answered), Some(content)) = (inbound.in_reply_to, content.as_object_mut()) {
        let answered = json!({id_key: answered, "participant": OWN_JID});
        content.insert("contextInfo".to_owned(), answered);
    }
    Some(json!({kind: content}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_answers_a_message_has_no_context() {
        let inbound = Inbound {
            message_id: "1",
            from: "5511900000001",
            account: "1",
            in_reply_to: Some("2"),
            content: InboundContent::Text("Oi"),
        };
        let said = message(&inbound, |_| None, |_| ("", Value::Null), "stanzaId");
        assert_eq!(said, Some(json!({"conversation": "Oi"})));
    }
}
