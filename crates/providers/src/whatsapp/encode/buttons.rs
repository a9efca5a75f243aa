//! A message with reply buttons (Meta, interactive reply buttons).

use recado_core::Buttons;
use serde_json::{Value, json};

use crate::lenient_json::without_nulls;

pub(super) fn interactive(content: &Buttons) -> Value {
    let buttons = content.buttons().iter();
    let buttons = buttons
        .map(|button| json!({"type": "reply", "reply": {"id": button.id, "title": button.title}}));
    without_nulls(json!({
        "type": "button",
        "header": content.header().map(|text| json!({"type": "text", "text": text})),
        "body": {"text": content.body()},
        "footer": content.footer().map(|text| json!({"text": text})),
        "action": {"buttons": buttons.collect::<Value>()},
    }))
}
