//! A place on the map.

use serde::{Deserialize, Serialize};

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
    /// The name of the place.
    #[serde(default)]
    pub name: Option<String>,
    /// The address of the place.
    #[serde(default)]
    pub address: Option<String>,
}

// No simulator takes a coordinate that is not a number.
impl Eq for Location {}
