//! A message with reply buttons (ZapperAPI, `POST /messages/buttons`; wuzapi, `POST /chat/send/buttons`).

use recado_core::Buttons;
use serde_json::{Value, json};

pub(super) fn members(content: &Buttons) -> [(&'static str, Value); 4] {
    let buttons = content
        .buttons()
        .iter()
        .map(|button| json!({"type": "reply", "id": button.id, "displayText": button.title}));
    [
        ("title", content.header().into()),
        ("body", content.body().into()),
        ("footer", content.footer().into()),
        ("buttons", buttons.collect()),
    ]
}
