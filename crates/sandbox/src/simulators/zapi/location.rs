//! `send-location`.

use super::request::{Object, invalid, text};
use crate::{Answer, Content, Location};

pub(super) fn read(body: &Object) -> Result<Content, Answer> {
    Ok(Content::Location(Location {
        name: Some(text(body, "title")?.to_owned()),
        address: Some(text(body, "address")?.to_owned()),
        latitude: degrees(body, "latitude")?,
        longitude: degrees(body, "longitude")?,
    }))
}

/// Reads a coordinate, which the page shows as a text.
fn degrees(body: &Object, name: &str) -> Result<f64, Answer> {
    text(body, name)?.parse().map_err(|_| invalid(name))
}
