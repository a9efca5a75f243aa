//! A message with reply buttons (ZapperAPI, `POST /messages/buttons`; wuzapi, `POST /chat/send/buttons`).

use recado_core::Buttons;
use serde_json::{Value, json};

pub(crate) fn members(content: &Buttons) -> Vec<(&'static str, Value)> {
    let buttons = content
        .buttons()
        .iter()
        .map(|button| json!({"type": "reply", "id": button.id, "displayText": button.title}));
    vec![
        ("title", content.header().into()),
        ("body", content.body().into()),
        ("footer", content.footer().into()),
        ("buttons", buttons.collect()),
    ]
}
