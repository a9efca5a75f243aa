//! A place (Meta, location messages).

use recado_core::Location;
use serde::Serialize;

use crate::object::Object;

/// Meta's sample has texts as coordinates; its `OpenAPI` file and every client have numbers.
pub(super) fn location(content: &Location) -> impl Serialize {
    Object::new("latitude", content.latitude())
        .with("longitude", content.longitude())
        .with_some("name", content.name())
        .with_some("address", content.address())
}
