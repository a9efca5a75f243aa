//! A plain text (Meta, text messages).

use recado_core::Text;
use serde::Serialize;

use crate::object::Object;

pub(super) fn text(content: &Text) -> impl Serialize {
    Object::new("body", content.body()).with_some("preview_url", content.link_preview())
}
