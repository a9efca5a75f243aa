//! A place on the map.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::checks::shown;
use super::field_path::FieldPath;
use crate::capabilities::degraded::{Degraded, DegradedForm};
use crate::capabilities::limit::{Limit, LimitTable, Source};
use crate::capabilities::violation::{Caution, Format, Violation, check_length};
use crate::recipient::RecipientKind;

pub(crate) const MAX_LATITUDE: u8 = 90;
pub(crate) const MAX_LONGITUDE: u8 = 180;

/// A place on the map: its coordinates are within their range.
///
/// How much of it a provider carries is another question: see [`Capabilities`](crate::Capabilities).
/// Its `Debug` shows nothing: where a customer is to come is as private as a text.
///
/// ```
/// use recado_core::Location;
///
/// let place = Location::new(-23.5614, -46.6559)?.with_name("Our shop").with_address("Avenida Paulista, 1578");
/// assert_eq!(place.latitude(), -23.5614);
/// # Ok::<(), recado_core::message::LocationError>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LocationContent, description = "A place on the map."))]
pub struct Location {
    /// Degrees north of the equator, from -90 to 90.
    latitude: f64,
    /// Degrees east of Greenwich, from -180 to 180.
    longitude: f64,
    /// The name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The address of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

// No place has a coordinate that is not a number.
impl Eq for Location {}

/// Why coordinates do not make a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// The latitude is not from -90 to 90.
    #[error("the latitude is not from -90 to 90 degrees")]
    Latitude,
    /// The longitude is not from -180 to 180.
    #[error("the longitude is not from -180 to 180 degrees")]
    Longitude,
}

impl Location {
    /// Creates a place without a name and an address, from degrees.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, LocationError> {
        if !is_within(latitude, MAX_LATITUDE) {
            Err(LocationError::Latitude)
        } else if !is_within(longitude, MAX_LONGITUDE) {
            Err(LocationError::Longitude)
        } else {
            Ok(Self {
                latitude,
                longitude,
                name: None,
                address: None,
            })
        }
    }

    /// Sets the name. A blank name is left out.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        let name = shown(name);
        Self { name, ..self }
    }

    /// Sets the address. A blank address is left out.
    #[must_use]
    pub fn with_address(self, address: impl Into<String>) -> Self {
        let address = shown(address);
        Self { address, ..self }
    }

    /// Degrees north of the equator.
    pub fn latitude(&self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    pub fn longitude(&self) -> f64 {
        self.longitude
    }

    /// The name of the place.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address of the place.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Returns what stands for the place where there is room for a text only: its name, its address, or its coordinates.
    pub(super) fn text(&self) -> Cow<'_, str> {
        let words = self.name().or(self.address());
        words.map_or_else(
            || format!("{},{}", self.latitude, self.longitude).into(),
            Cow::Borrowed,
        )
    }
}

shows_only!(Location {});

/// Returns whether degrees are from the negative of a number to it.
pub(crate) fn is_within(degrees: f64, most: u8) -> bool {
    (-f64::from(most)..=f64::from(most)).contains(&degrees)
}

/// How much of a place a provider carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocationLimits {
    /// The name of the API that carries the message.
    pub api: &'static str,
    /// The forms of address that it goes to.
    pub recipients: &'static [RecipientKind],
    /// Code points of the name; `None` if the provider has no place for it.
    pub name: Option<Limit>,
    /// Code points of the address; `None` if the provider has no place for it.
    pub address: Option<Limit>,
    /// The place has a name and an address.
    pub named: Option<Source>,
    /// A place with an address has a name.
    pub address_with_name: Option<Source>,
    /// A coordinate that is exactly 0 counts as missing; Recado has a millionth of a degree sent.
    pub zero_is_missing: Option<Source>,
    /// What has no limit here is not sent.
    pub left_out: Option<Source>,
}

impl LocationLimits {
    /// Creates the limits of a provider that publishes none, has places for a name and an address, and takes phone numbers
    /// as the only recipients.
    pub const fn unlimited(source: Source) -> Self {
        // No provider publishes a length: Recado's own bound.
        let length = Limit::new(1, 1024, source);
        Self {
            api: "",
            recipients: &[RecipientKind::Phone],
            name: Some(length),
            address: Some(length),
            named: None,
            address_with_name: None,
            zero_is_missing: None,
            left_out: None,
        }
    }

    pub(crate) fn table(&self) -> LimitTable {
        let limits = [("name", self.name), ("address", self.address)];
        let rules = [
            ("a name and an address", self.named),
            ("an address only with a name", self.address_with_name),
            ("0 counts as missing", self.zero_is_missing),
            (
                "a name or an address without a place of its own is left out",
                self.left_out,
            ),
        ];
        LimitTable::new(self.api, limits, rules)
    }

    /// Checks a place, and stops at the first broken limit.
    pub(crate) fn check(&self, place: &Location) -> Result<Vec<Caution>, Violation> {
        for (name, degrees, most) in [
            ("latitude", place.latitude, MAX_LATITUDE),
            ("longitude", place.longitude, MAX_LONGITUDE),
        ] {
            if !is_within(degrees, most) {
                return Err(Format::Degrees(most).broken_by(FieldPath::new(name)));
            }
        }
        let mut cautions = Vec::new();
        for (name, text, limit) in [
            ("name", place.name(), self.name),
            ("address", place.address(), self.address),
        ] {
            if let (Some(text), Some(limit)) = (text, limit) {
                cautions.extend(check_length(FieldPath::new(name), text, limit)?);
            }
            if text.is_none() && self.named.is_some() {
                let reason = "the provider needs the name and the address of a place";
                return Err(Format::Required(reason).broken_by(FieldPath::new(name)));
            }
        }
        if place.name.is_none() && place.address.is_some() && self.address_with_name.is_some() {
            let reason = "the place has an address";
            return Err(Format::Required(reason).broken_by(FieldPath::new("name")));
        }
        Ok(cautions)
    }

    /// Returns what the provider carries in another form, or not at all.
    pub(crate) fn degraded(&self, place: &Location) -> Vec<Degraded> {
        let not_shown = [
            ("name", place.name.is_some() && self.name.is_none()),
            ("address", place.address.is_some() && self.address.is_none()),
        ];
        let has_zero = |degrees: f64| degrees == 0.0 && self.zero_is_missing.is_some();
        let moved = [
            ("latitude", has_zero(place.latitude)),
            ("longitude", has_zero(place.longitude)),
        ];
        let of = |form| {
            move |(name, is_it): (&'static str, bool)| {
                is_it.then(|| Degraded::new(FieldPath::new(name), form))
            }
        };
        let not_shown = not_shown.into_iter().filter_map(of(DegradedForm::NotShown));
        let moved = moved.into_iter().filter_map(of(DegradedForm::Moved));
        not_shown.chain(moved).collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::capabilities::{Capabilities, WHATSAPP, WUZAPI_FORK, ZAPI, ZAPPERAPI_V2};
    use crate::message::Content;
    use crate::recipient::Recipient;

    fn place() -> Location {
        Location::new(-22.9, -47.06).expect("a place")
    }

    /// Checks a place; returns the sentence of the refusal, or the fields that are degraded.
    fn checked(capabilities: &Capabilities, place: Location) -> Result<Vec<String>, String> {
        let to: Recipient = "5511900000001".parse().expect("a phone number");
        let content: Content = place.into();
        let checked = capabilities.check(&content, &to);
        checked.map_err(|violation| {
            let refusal = violation.refuse(capabilities.title, ToString::to_string);
            refusal.details
        })?;
        let degraded = capabilities.degraded(&content).into_iter();
        Ok(degraded.map(|it| it.field.to_string()).collect())
    }

    #[rstest]
    #[case(90.0, -180.0, None)]
    #[case(90.000_001, 0.0, Some(LocationError::Latitude))]
    #[case(91.0, 0.0, Some(LocationError::Latitude))]
    #[case(0.0, -180.5, Some(LocationError::Longitude))]
    #[case(f64::NAN, 0.0, Some(LocationError::Latitude))]
    #[case(0.0, f64::INFINITY, Some(LocationError::Longitude))]
    fn k22_coordinates_have_a_range(
        #[case] latitude: f64,
        #[case] longitude: f64,
        #[case] error: Option<LocationError>,
    ) {
        assert_eq!(Location::new(latitude, longitude).err(), error);
    }

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        let place = Location::new(-9.091_608_338_027_143, 0.1 + 0.2).expect("a place");
        let stored = serde_json::to_string(&place).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Location>(&stored).expect("a place"),
            place
        );
    }

    #[test]
    fn a_place_that_was_read_is_checked_as_well() {
        let read = |latitude: f64| {
            let json = serde_json::json!({"latitude": latitude, "longitude": 0.0});
            serde_json::from_value(json).expect("a place")
        };
        for capabilities in [&WHATSAPP, &ZAPPERAPI_V2, &WUZAPI_FORK] {
            let refused = checked(capabilities, read(91.0)).expect_err("no place");
            assert_eq!(refused, "latitude must be from -90 to 90 degrees");
        }
    }

    #[test]
    fn k52_zapi_needs_a_name_and_an_address() {
        let refused = checked(&ZAPI, place().with_name("Loja"));
        let sentence =
            "address is required, because the provider needs the name and the address of a place";
        assert_eq!(refused, Err(sentence.to_owned()));
        let whole = place().with_name("Loja").with_address("Rua A, 10");
        assert_eq!(checked(&ZAPI, whole), Ok(Vec::new()));
    }

    #[test]
    fn whatsapp_shows_an_address_only_with_a_name() {
        let refused = checked(&WHATSAPP, place().with_address("Rua A, 10"));
        assert_eq!(
            refused.expect_err("no name"),
            "name is required, because the place has an address"
        );
        assert_eq!(checked(&WHATSAPP, place()), Ok(Vec::new()));
    }

    #[test]
    fn k71_k85_what_zapperhub_has_no_place_for_is_degraded() {
        let whole = Location::new(0.0, -47.0).expect("a place");
        let whole = whole.with_name("Loja").with_address("Rua A, 10");
        let fields = |capabilities| checked(capabilities, whole.clone()).expect("carried");
        assert_eq!(fields(&ZAPPERAPI_V2), ["name", "address"]);
        assert_eq!(fields(&WUZAPI_FORK), ["address", "latitude"]);
    }

    #[test]
    fn the_name_the_address_or_the_coordinates_stand_for_a_place() {
        assert_eq!(place().text(), "-22.9,-47.06");
        assert_eq!(place().with_address("Rua A, 10").text(), "Rua A, 10");
        assert_eq!(
            place().with_name("Loja").with_address("Rua A, 10").text(),
            "Loja"
        );
    }
}
