//! What differs between the kinds of messages.

use recado_core::{FieldErrors, request::SendRequest};
use serde_json::{Map, Value};

use crate::input;

/// A kind of message.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Returns the path of the route that sends a body.
    pub(super) path: fn(&Map<String, Value>) -> Vec<&str>,
    /// Reads a body as the server does.
    pub(super) read: fn(Map<String, Value>) -> Result<SendRequest, FieldErrors>,
    /// The columns of a CSV file that are fields of the message.
    pub(super) columns: &'static [Column],
}

/// A column of a CSV file that is a field of the message, named as the option that says the same for all rows.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) fills: Fills,
}

/// The fields of the body that a cell fills.
pub(super) enum Fills {
    Text(&'static str),
    /// A cell is `ID=TITLE`.
    Pair {
        id: &'static str,
        title: &'static str,
    },
}

impl Column {
    pub(super) const fn text(name: &'static str, field: &'static str) -> Self {
        let fills = Fills::Text(field);
        Self { name, fills }
    }

    /// Returns the fields that a cell fills, each with its text.
    pub(super) fn split<'a>(
        &self,
        cell: &'a str,
    ) -> Result<Vec<(&'static str, &'a str)>, &'static str> {
        match self.fills {
            Fills::Text(field) => Ok(vec![(field, cell)]),
            Fills::Pair { id, title } => {
                let (key, value) = pair(cell)?;
                Ok(vec![(id, key), (title, value)])
            }
        }
    }

    fn has(&self, field: &str) -> bool {
        match self.fills {
            Fills::Text(own) => field == own,
            Fills::Pair { id, title } => field == id || field == title,
        }
    }
}

impl Kind {
    /// Returns the name of the column that fills a field of the body.
    pub(super) fn column(&self, field: &str) -> Option<&'static str> {
        let column = self.columns.iter().find(|column| column.has(field));
        column.map(|column| column.name)
    }

    /// Returns the name of the column that fills a field of the body; a field without one keeps its name.
    pub(super) fn column_of<'a>(&self, field: &'a str) -> &'a str {
        self.column(field).unwrap_or(field)
    }
}

/// Reads `ID=TITLE`.
pub(super) fn pair(text: &str) -> Result<(&str, &str), &'static str> {
    let pair = input::key_value(text).filter(|(_, title)| !title.is_empty());
    pair.ok_or("write ID=TITLE, such as btn_sales=Sales")
}
