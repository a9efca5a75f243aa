//! A place that a customer sent.

use serde::{Deserialize, Serialize};

/// A place that a customer sent.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceivedLocation {
    /// Degrees north of the equator, from -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, from -180 to 180.
    pub longitude: f64,
    /// The name of the place.
    pub name: Option<String>,
    /// The address of the place.
    pub address: Option<String>,
    /// A link that belongs to the place.
    pub url: Option<String>,
    /// True for a live location; the message has its first position, and later positions make no event.
    pub live: bool,
    /// How exact the position is, in metres. Only a live one has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, required = false))]
    pub accuracy: Option<i64>,
}

// No provider is believed a coordinate that is not a number.
impl Eq for ReceivedLocation {}

impl ReceivedLocation {
    /// Creates a place of which nothing else is known, or returns `None` if a coordinate is out of its range.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_place = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        is_place.then_some(Self {
            latitude,
            longitude,
            name: None,
            address: None,
            url: None,
            live: false,
            accuracy: None,
        })
    }
}

shows_only!(ReceivedLocation {});
