//! Columns to values and back; what does not fit is corrupt, and is never shown.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::any::{Any, AnyRow};
use sqlx::{Decode, Row, Type};

use crate::error::{Result, StoreError};

pub(crate) struct Columns<'r> {
    row: &'r AnyRow,
    table: &'static str,
    id_column: &'static str,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(row: &'r AnyRow, table: &'static str, id_column: &'static str) -> Self {
        Self {
            row,
            table,
            id_column,
        }
    }

    pub(crate) fn id_column(&self) -> &'static str {
        self.id_column
    }

    pub(crate) fn get<T>(&self, column: &'static str) -> Result<T>
    where
        T: Decode<'r, Any> + Type<Any>,
    {
        // The driver's error shows the value.
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn parse<T: FromStr>(&self, column: &'static str) -> Result<T> {
        let text: &str = self.get(column)?;
        text.parse().map_err(|_| self.corrupt(column))
    }

    pub(crate) fn parse_optional<T: FromStr>(&self, column: &'static str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(str::parse)
            .transpose()
            .map_err(|_| self.corrupt(column))
    }

    pub(crate) fn optional_instant(&self, column: &'static str) -> Result<Option<Timestamp>> {
        let millisecond: Option<i64> = self.get(column)?;
        millisecond
            .map(Timestamp::from_millisecond)
            .transpose()
            .map_err(|_| self.corrupt(column))
    }

    pub(crate) fn instant(&self, column: &'static str) -> Result<Timestamp> {
        Timestamp::from_millisecond(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn optional_json<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(serde_json::from_str)
            .transpose()
            .map_err(|_| self.corrupt(column))
    }

    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column,
            id: self.row.try_get(self.id_column).unwrap_or_default(),
        }
    }
}

/// Chooses the statement over the JSON list in `$2`, whose elements are called `value`: the databases differ in the
/// name of the function.
macro_rules! unpacking {
    ($kind:expr, $statement:ident) => {
        match $kind {
            $crate::db::DatabaseKind::Sqlite => $statement!("json_each($2)"),
            $crate::db::DatabaseKind::Postgres => {
                $statement!("jsonb_array_elements($2::jsonb)")
            }
        }
    };
}
pub(crate) use unpacking;

/// The organization in `$1`, as a column of the list that is unpacked: joined by it, both databases
/// begin with the list. With `$1` alone, SQLite would go through everything that the organization has.
macro_rules! owner {
    () => {
        "case when value is not null then $1 end"
    };
}
pub(crate) use owner;

/// Returns a free text without NUL, which PostgreSQL's `text` cannot hold.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Longest id of a provider that is stored as it is; an index has no room for much more.
const LONGEST_ID: usize = 512;

/// Returns a provider's id as it is stored and looked for: a hash if it is too long for an index.
pub(crate) fn provider_id(id: &str) -> String {
    if id.len() <= LONGEST_ID {
        return text(id).into_owned();
    }
    hashed(id)
}

/// Returns the stored id of a message whose sender is erased: it still identifies a repeated provider webhook.
pub(crate) fn erased_id(id: &str) -> String {
    hashed(id)
}

fn hashed(id: &str) -> String {
    let hash = Sha256::digest(id);
    let hex = hash
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    format!("sha256:{hex}")
}

/// Returns the value as JSON text, in which a NUL is an escape.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    // Fails only for maps whose keys are no strings, and the store has none.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absurdly_long_id_is_kept_short_and_still_tells_apart() {
        let (one, other) = (
            format!("{}1", "x".repeat(3_000)),
            format!("{}2", "x".repeat(3_000)),
        );
        assert!(provider_id(&one).len() < 100);
        assert_ne!(provider_id(&one), provider_id(&other));
        assert_eq!(provider_id("wamid.1"), "wamid.1");
    }
}
