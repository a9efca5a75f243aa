//! A text with a button that opens a link (Meta, interactive call-to-action URL button messages).

use recado_core::CtaUrl;
use serde::Serialize;

use super::interactive::{header, text};
use crate::object::Object;

pub(super) fn interactive(content: &CtaUrl) -> impl Serialize {
    let parameters = Object::new("display_text", content.button()).with("url", content.url());
    let action = Object::new("name", "cta_url").with("parameters", parameters);
    Object::new("type", "cta_url")
        .with_some("header", content.header().map(header))
        .with("body", text(content.body()))
        .with_some("footer", content.footer().map(text))
        .with("action", action)
}
