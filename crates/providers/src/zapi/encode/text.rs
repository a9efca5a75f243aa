//! A plain text, in `send-text` (Z-API docs, page of this name).

use recado_core::Text;

use crate::object::Object;

pub(in crate::zapi) fn text(phone: &str, content: &Text) -> String {
    Object::new("phone", phone)
        .with("message", content.body())
        .written()
}
