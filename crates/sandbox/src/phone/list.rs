//! A text with a list of options.

use serde::{Deserialize, Serialize};

use super::inbound::ListRow;

/// A text with a list of options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct List {
    /// Text over the body.
    pub header: Option<String>,
    /// The text.
    pub body: String,
    /// Small text under the body.
    pub footer: Option<String>,
    /// What opens under the text; in JSON, its members stand here.
    #[serde(flatten)]
    pub menu: Menu,
}

/// What opens when the customer taps the button of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// The text on the button.
    pub button: String,
    /// The title of the opened list, if it has one of its own.
    pub title: Option<String>,
    /// The sections, in order.
    pub sections: Vec<Section>,
}

/// Rows that stand together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Text over the rows.
    pub title: Option<String>,
    /// The rows, in order.
    pub rows: Vec<ListRow>,
}

impl Menu {
    /// Returns the rows of all sections, in order.
    pub fn rows(&self) -> impl Iterator<Item = &ListRow> {
        self.sections.iter().flat_map(|section| &section.rows)
    }
}
