//! A message with reply buttons (ZapperAPI, `POST /messages/buttons`; wuzapi, `POST /chat/send/buttons`).

use recado_core::Buttons;
use serde::Serialize;

use crate::object::Object;

/// Returns the JSON of a message, which begins with the members that name its recipient.
pub(crate) fn body(address: Object<impl Serialize, impl Serialize>, content: &Buttons) -> String {
    let buttons = content.buttons().iter().map(|button| {
        let reply = Object::new("type", "reply").with("id", &button.id);
        reply.with("displayText", &button.title)
    });
    address
        .with_some("title", content.header())
        .with("body", content.body())
        .with_some("footer", content.footer())
        .with("buttons", buttons.collect::<Vec<_>>())
        .written()
}
