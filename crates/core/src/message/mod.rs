//! What a message is: its content, and how far it has come.
//!
//! Each kind has a file of its own, with its content, its limits and its check.

pub mod buttons;
mod checks;
pub mod cta_url;
mod field_path;
pub mod list;
pub mod location;
pub mod location_request;
mod status;
pub mod text;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use buttons::{Button, Buttons, ButtonsError, ButtonsLimits};
pub use cta_url::{CtaUrl, CtaUrlError, CtaUrlLimits};
pub use field_path::{FieldPath, Segment};
pub use list::{List, ListError, ListLimits, ListRow, ListSection};
pub use location::{Location, LocationError, LocationLimits};
pub use location_request::{LocationRequest, LocationRequestError, LocationRequestLimits};
pub use status::{MessageError, Outcome, Status, UnknownStatus};
pub use text::{Text, TextError, TextLimits};

words! {
    /// A kind of content.
    pub enum ContentKind: UnknownContentKind("unknown kind of message") {
        /// A plain text.
        Text = "text",
        /// A text with reply buttons.
        Buttons = "buttons",
        /// A text with a list of options.
        List = "list",
        /// A text with a button that opens a link.
        CtaUrl = "cta_url",
        /// A place on the map.
        Location = "location",
        /// A text with a button by which the customer sends a place.
        LocationRequest = "location_request",
    }
}

impl ContentKind {
    /// Returns the name that people use.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Buttons => "reply buttons",
            Self::List => "a list",
            Self::CtaUrl => "a link button",
            Self::Location => "a location",
            Self::LocationRequest => "a request for a location",
        }
    }
}

/// What a message says; its `Debug` shows no text.
///
/// Its JSON has the kind beside the fields of the kind. Reading it checks no rule: it is meant for what was valid
/// when it was written, since rules may become stricter.
///
/// The enum is exhaustive: a new kind is a new version of this crate, and the compiler names every place that has to
/// know the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// A plain text.
    Text(Text),
    /// A text with reply buttons.
    Buttons(Buttons),
    /// A text with a list of options.
    List(List),
    /// A text with a button that opens a link.
    CtaUrl(CtaUrl),
    /// A place on the map.
    Location(Location),
    /// A text with a button by which the customer sends a place.
    LocationRequest(LocationRequest),
}

impl Content {
    /// Returns the kind.
    pub const fn kind(&self) -> ContentKind {
        match self {
            Self::Text(_) => ContentKind::Text,
            Self::Buttons(_) => ContentKind::Buttons,
            Self::List(_) => ContentKind::List,
            Self::CtaUrl(_) => ContentKind::CtaUrl,
            Self::Location(_) => ContentKind::Location,
            Self::LocationRequest(_) => ContentKind::LocationRequest,
        }
    }

    /// Returns the main text, which stands for the content where there is room for a text only.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.body().into(),
            Self::Buttons(buttons) => buttons.body().into(),
            Self::List(list) => list.body().into(),
            Self::CtaUrl(link) => link.body().into(),
            Self::Location(place) => place.text(),
            Self::LocationRequest(asked) => asked.body().into(),
        }
    }
}

impl From<Text> for Content {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<Buttons> for Content {
    fn from(buttons: Buttons) -> Self {
        Self::Buttons(buttons)
    }
}

impl From<List> for Content {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<CtaUrl> for Content {
    fn from(link: CtaUrl) -> Self {
        Self::CtaUrl(link)
    }
}

impl From<Location> for Content {
    fn from(place: Location) -> Self {
        Self::Location(place)
    }
}

impl From<LocationRequest> for Content {
    fn from(asked: LocationRequest) -> Self {
        Self::LocationRequest(asked)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_is_stored_with_its_kind_and_restored_without_a_check() {
        let stored = json!({"kind": "buttons", "body": " ", "buttons": []});
        let content: Content = serde_json::from_value(stored.clone()).expect("content");
        assert_eq!(content.kind(), ContentKind::Buttons);
        assert_eq!(serde_json::to_value(&content).expect("JSON"), stored);
    }
}
