//! A message with reply buttons (Meta, interactive reply buttons).

use recado_core::Buttons;
use serde::Serialize;

use super::interactive::{header, text};
use crate::object::Object;

pub(super) fn interactive(content: &Buttons) -> impl Serialize {
    let buttons = content.buttons().iter().map(|button| {
        let reply = Object::new("id", &button.id).with("title", &button.title);
        Object::new("type", "reply").with("reply", reply)
    });
    let action = Object::new("buttons", buttons.collect::<Vec<_>>());
    Object::new("type", "button")
        .with_some("header", content.header().map(header))
        .with("body", text(content.body()))
        .with_some("footer", content.footer().map(text))
        .with("action", action)
}
