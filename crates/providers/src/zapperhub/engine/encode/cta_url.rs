//! A text with a button that opens a link (ZapperAPI, `POST /messages/buttons`; wuzapi, `POST /chat/send/buttons`).

use recado_core::CtaUrl;
use serde::Serialize;

use crate::object::Object;

/// Returns the JSON of a message, which begins with the members that name its recipient.
pub(crate) fn body(address: Object<impl Serialize, impl Serialize>, content: &CtaUrl) -> String {
    let button = Object::new("type", "url")
        .with("id", "1")
        .with("displayText", content.button())
        .with("url", content.url());
    address
        .with_some("title", content.header())
        .with("body", content.body())
        .with_some("footer", content.footer())
        .with("buttons", [button])
        .written()
}
