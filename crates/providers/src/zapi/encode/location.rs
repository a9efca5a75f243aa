//! A place, in `send-location` (Z-API docs, page of this name).

use recado_core::Location;

use crate::object::Object;

/// The page shows coordinates as texts, and needs a title and an address.
pub(in crate::zapi) fn location(phone: &str, content: &Location) -> String {
    Object::new("phone", phone)
        .with("title", content.name().unwrap_or_default())
        .with("address", content.address().unwrap_or_default())
        .with("latitude", content.latitude().to_string())
        .with("longitude", content.longitude().to_string())
        .written()
}
