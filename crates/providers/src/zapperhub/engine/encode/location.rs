//! A place (ZapperAPI, `POST /messages/location`; wuzapi, `POST /chat/send/location`).

use recado_core::Location;
use serde::Serialize;

use crate::object::Object;

/// What stands for a coordinate of 0, which wuzapi takes for a missing one (the fork's source code).
const ALMOST_ZERO: f64 = 0.000_001;

/// Returns the JSON of ZapperAPI, which begins with the members that name its recipient.
pub(crate) fn hosted(
    address: Object<impl Serialize, impl Serialize>,
    content: &Location,
) -> String {
    let place = Object::new("lat", content.latitude()).with("lon", content.longitude());
    address.with("location", place).written()
}

/// Returns the JSON of wuzapi, which begins with the members that name its recipient.
pub(crate) fn wuzapi(
    address: Object<impl Serialize, impl Serialize>,
    content: &Location,
) -> String {
    let given = |degrees: f64| if degrees == 0.0 { ALMOST_ZERO } else { degrees };
    address
        .with_some("Name", content.name())
        .with("Latitude", given(content.latitude()))
        .with("Longitude", given(content.longitude()))
        .written()
}
