//! A text that asks for a place (Meta, interactive location request messages).

use recado_core::LocationRequest;
use serde::Serialize;

use super::interactive::text;
use crate::object::Object;

pub(super) fn interactive(content: &LocationRequest) -> impl Serialize {
    Object::new("type", "location_request_message")
        .with("body", text(content.body()))
        .with("action", Object::new("name", "send_location"))
}
