//! A message with reply buttons, in `send-button-list` and in `send-button-actions` (Z-API docs, pages of these names).

use recado_core::Buttons;
use serde_json::{Value, json};

use crate::lenient_json::without_nulls;

/// `send-button-list` has no header and no footer: they become part of the text (our choice).
pub(in crate::zapi) fn list(phone: &str, content: &Buttons) -> Value {
    let buttons = content.buttons().iter();
    let buttons = buttons.map(|button| json!({"id": button.id, "label": button.title}));
    json!({
        "phone": phone,
        "message": content.folded(),
        "buttonList": {"buttons": buttons.collect::<Value>()},
    })
}

pub(in crate::zapi) fn actions(phone: &str, content: &Buttons) -> Value {
    let buttons = content.buttons().iter();
    let buttons =
        buttons.map(|button| json!({"id": button.id, "type": "REPLY", "label": button.title}));
    without_nulls(json!({
        "phone": phone,
        "title": content.header(),
        "message": content.body(),
        "footer": content.footer(),
        "buttonActions": buttons.collect::<Value>(),
    }))
}
