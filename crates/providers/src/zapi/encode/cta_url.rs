//! A text with a button that opens a link, in `send-button-actions` (Z-API docs, page of this name).

use recado_core::CtaUrl;

use crate::object::Object;

pub(in crate::zapi) fn action(phone: &str, content: &CtaUrl) -> String {
    let button = Object::new("id", "1")
        .with("type", "URL")
        .with("url", content.url())
        .with("label", content.button());
    Object::new("phone", phone)
        .with_some("title", content.header())
        .with("message", content.body())
        .with_some("footer", content.footer())
        .with("buttonActions", [button])
        .written()
}
