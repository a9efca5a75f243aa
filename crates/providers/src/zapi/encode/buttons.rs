//! A message with reply buttons, in `send-button-list` and in `send-button-actions` (Z-API docs, pages of these names).

use recado_core::Buttons;

use crate::object::Object;

/// `send-button-list` has no header and no footer: they become part of the text (our choice).
pub(in crate::zapi) fn list(phone: &str, content: &Buttons) -> String {
    let buttons = content.buttons().iter();
    let buttons = buttons.map(|button| Object::new("id", &button.id).with("label", &button.title));
    let list = Object::new("buttons", buttons.collect::<Vec<_>>());
    Object::new("phone", phone)
        .with("message", content.folded())
        .with("buttonList", list)
        .written()
}

pub(in crate::zapi) fn actions(phone: &str, content: &Buttons) -> String {
    let buttons = content.buttons().iter().map(|button| {
        let id = Object::new("id", &button.id);
        id.with("type", "REPLY").with("label", &button.title)
    });
    Object::new("phone", phone)
        .with_some("title", content.header())
        .with("message", content.body())
        .with_some("footer", content.footer())
        .with("buttonActions", buttons.collect::<Vec<_>>())
        .written()
}
