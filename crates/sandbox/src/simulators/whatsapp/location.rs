//! Places (Meta, location messages).

use serde_json::Value;

use super::meaning::Kind;
use super::{errors::GraphError, node::Node};
use crate::{Content, Location};

pub(super) fn read(body: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    let place = body.object("location")?;
    let text = |key| Ok::<_, GraphError>(place.optional_text(key)?.map(str::to_owned));
    Ok(Box::new(Location {
        latitude: degrees(&place, "latitude")?,
        longitude: degrees(&place, "longitude")?,
        name: text("name")?,
        address: text("address")?,
    }))
}

/// Reads a coordinate: Meta's sample has texts, its `OpenAPI` file numbers.
fn degrees(place: &Node<'_>, key: &str) -> Result<f64, GraphError> {
    let degrees = match place.required(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    degrees.ok_or_else(|| GraphError::must_be(&place.path(key), "a number"))
}

impl Kind for Location {
    /// The ranges are those of degrees; the wording is invented.
    fn check(&self, _: bool) -> Result<(), GraphError> {
        for (degrees, most, problem) in [
            (self.latitude, 90.0, "Latitude must be between -90 and 90"),
            (
                self.longitude,
                180.0,
                "Longitude must be between -180 and 180",
            ),
        ] {
            if !(-most..=most).contains(&degrees) {
                return Err(GraphError::invalid_value(problem));
            }
        }
        Ok(())
    }

    /// The address is shown only with a name (stated by an SDK).
    fn into_content(self: Box<Self>) -> Content {
        let address = self.address.filter(|_| self.name.is_some());
        Content::Location(Location {
            address,
            name: self.name,
            ..*self
        })
    }
}
