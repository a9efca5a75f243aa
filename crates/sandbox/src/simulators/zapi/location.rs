//! `send-location`.

use super::request::{Object, invalid, text};
use crate::{Answer, Content, Location};

pub(super) fn read(body: &Object) -> Result<Content, Answer> {
    Ok(Content::Location(Location {
        name: Some(text(body, "title")?.to_owned()),
        address: Some(text(body, "address")?.to_owned()),
        latitude: degrees(body, "latitude", 90.0)?,
        longitude: degrees(body, "longitude", 180.0)?,
    }))
}

/// Reads a coordinate, which the page shows as a text; that its range is checked is inferred.
fn degrees(body: &Object, name: &str, most: f64) -> Result<f64, Answer> {
    let degrees = text(body, name)?.parse().ok();
    let degrees = degrees.filter(|degrees| (-most..=most).contains(degrees));
    degrees.ok_or_else(|| invalid(name))
}
