//! `POST /chat/send/location` (the fork's source code).

use serde_json::{Map, Value};

use super::request::{Sent, check_phone, error, member, parse_phone, text, undecodable};
use crate::{Answer, Content, Location};

/// Reads a body as Go does: a coordinate of 0 counts as missing.
pub(super) fn read(body: &Map<String, Value>) -> Result<Sent, Answer> {
    let (phone, id, name) = (text(body, "phone")?, text(body, "id")?, text(body, "name")?);
    let (latitude, longitude) = (degrees(body, "latitude")?, degrees(body, "longitude")?);
    check_phone(phone)?;
    if latitude == 0.0 {
        return Err(error(400, "missing Latitude in Payload"));
    }
    if longitude == 0.0 {
        return Err(error(400, "missing Longitude in Payload"));
    }
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let content = Content::Location(Location {
        latitude,
        longitude,
        name: filled(name),
        address: None,
    });
    Ok(Sent {
        to: parse_phone(phone)?,
        id: filled(id),
        content,
    })
}

fn degrees(body: &Map<String, Value>, name: &str) -> Result<f64, Answer> {
    match member(body, name) {
        None | Some(Value::Null) => Ok(0.0),
        Some(value) => value.as_f64().ok_or_else(undecodable),
    }
}
