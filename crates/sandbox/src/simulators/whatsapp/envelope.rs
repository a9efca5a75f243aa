//! The envelope of a webhook, its escaping and its signature (Meta, webhooks overview).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::webhooks::{Event, Webhook, Written, sign};

/// The WhatsApp business account of all numbers.
const BUSINESS_ACCOUNT: &str = "900000000000001";
/// Items in a value, and values in an entry: few, so that a batch has several of each.
const MAX_JOINED: usize = 2;

pub(crate) fn write(webhook: &Webhook, events: Vec<Event>) -> Written {
    let changes: Vec<_> = (values(events).into_iter())
        .map(|value| json!({"field": "messages", "value": value}))
        .collect();
    let entries: Vec<_> = (changes.chunks(MAX_JOINED))
        .map(|changes| json!({"id": BUSINESS_ACCOUNT, "changes": changes}))
        .collect();
    let envelope = json!({"object": "whatsapp_business_account", "entry": entries});
    let secret = webhook.secret.as_deref().unwrap_or_default();
    signed(&escaped(&envelope.to_string()), secret)
}

/// Puts neighbours of one kind together.
fn values(events: Vec<Event>) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for event in events.into_iter().map(|event| event.body) {
        match values.last_mut() {
            Some(value) if has_room(value, &event) => join(value, event),
            _ => values.push(event),
        }
    }
    values
}

fn has_room(value: &Value, event: &Value) -> bool {
    let room = |kind: &str| {
        let items = value[kind].as_array();
        event[kind].is_array() && items.is_some_and(|items| items.len() < MAX_JOINED)
    };
    room("statuses") || room("messages")
}

fn join(value: &mut Value, event: Value) {
    let Value::Object(members) = event else {
        return;
    };
    for (key, items) in members {
        match (items, &mut value[&key]) {
            (Value::Array(mut items), Value::Array(joined)) => {
                // A contact is named once, whatever it did.
                items.retain(|item| key != "contacts" || !joined.contains(item));
                joined.append(&mut items);
            }
            (items @ Value::Array(_), joined) => *joined = items,
            // The other members are the same in all events of a number.
            _ => {}
        }
    }
}

/// Writes JSON as Meta does: only ASCII, and a backslash before every slash.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + json.len() / 8);
    for c in json.chars() {
        match c {
            '/' => escaped.push_str("\\/"),
            c if c.is_ascii() => escaped.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    escaped
}

fn signed(body: &str, secret: &str) -> Written {
    let signature = format!("sha256={}", sign(secret, body.as_bytes()));
    let mut written = Written::json(body);
    written.headers.extend([
        ("accept", "*/*".to_owned()),
        ("user-agent", "facebookexternalua".to_owned()),
        ("x-hub-signature-256", signature),
    ]);
    written
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::accounts::APP_SECRET;

    #[rstest]
    #[case(
        r#"{"object":"whatsapp_business_account","entry":[]}"#,
        r#"{"object":"whatsapp_business_account","entry":[]}"#,
        "sha256=f69541eb79f2a79d2bf34585a87185f20c5fca046bd77eab87f3e6d75750815c"
    )]
    #[case(
        r#"{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001111","phone_number_id":"800000000000001"},"contacts":[{"profile":{"name":"João 😀"},"wa_id":"5511900000001"}],"messages":[{"from":"5511900000001","id":"wamid.SIM0001","timestamp":"1790000000","type":"text","text":{"body":"a/b café"}}]}}]}]}"#,
        r#"{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001111","phone_number_id":"800000000000001"},"contacts":[{"profile":{"name":"Jo\u00e3o \ud83d\ude00"},"wa_id":"5511900000001"}],"messages":[{"from":"5511900000001","id":"wamid.SIM0001","timestamp":"1790000000","type":"text","text":{"body":"a\/b caf\u00e9"}}]}}]}]}"#,
        "sha256=5b1ed4e9f81922d08a2d5b6dc47b558dba81cd678fb872a9ead599a5f78647c0"
    )]
    fn a_body_is_escaped_and_signed_byte_for_byte(
        #[case] json: &str,
        #[case] bytes: &str,
        #[case] signature: &str,
    ) {
        let written = signed(&escaped(json), APP_SECRET);
        assert_eq!(String::from_utf8(written.body).unwrap(), bytes);
        assert!(
            written
                .headers
                .contains(&("x-hub-signature-256", signature.to_owned()))
        );
    }
}
