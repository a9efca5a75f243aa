//! What interactive messages have in common.

use serde::Serialize;

use crate::object::Object;

/// The header, which is a text.
pub(super) fn header(text: &str) -> impl Serialize {
    Object::new("type", "text").with("text", text)
}

/// The body or the footer.
pub(super) fn text(text: &str) -> impl Serialize {
    Object::new("text", text)
}
