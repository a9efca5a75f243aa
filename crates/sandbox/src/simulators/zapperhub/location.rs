//! `POST /messages/location` (the vendor's `OpenAPI` file), and the account's own places.

use serde_json::{Value, json};

use super::request::Node;
use crate::{Answer, Content, Location};

const MESSAGE_KEYS: &str = "jid location expiration";
const PLACE_KEYS: &str = "lat lon";

pub(super) fn read(body: &Value, strip: bool) -> Result<(&str, Content), Answer> {
    let body = Node::read(body, "body".to_owned(), MESSAGE_KEYS, strip)?;
    let jid = body.jid()?;
    body.check_word("expiration", "none 24h 7d 90d")?;
    let place = body.get("location").unwrap_or(&Value::Null);
    let place = Node::read(place, "body/location".to_owned(), PLACE_KEYS, strip)?;
    let degrees = |key| match place.get(key) {
        None => Err(place.refuse(key, "Required")),
        Some(value) => value
            .as_f64()
            .ok_or_else(|| place.refuse(key, "must be number")),
    };
    let content = Location {
        latitude: degrees("lat")?,
        longitude: degrees("lon")?,
        name: None,
        address: None,
    };
    Ok((jid, Content::Location(content)))
}

/// Returns the account's own place, as the device reports it (the member of WhatsApp's protobuf, inferred).
pub(super) fn own_message(content: &Location) -> Value {
    json!({"locationMessage": {
        "degreesLatitude": content.latitude, "degreesLongitude": content.longitude,
        "name": content.name, "address": content.address,
    }})
}
