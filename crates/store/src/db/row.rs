//! Columns to values and back; what does not fit is corrupt, and is never shown.

use std::borrow::Cow;
use std::net::IpAddr;
use std::num::NonZeroU32;

use jiff::Timestamp;
use recado_core::event::{EventType, MessageError};
use recado_core::inbound::Pricing;
use recado_core::{
    AgentId, ApiKeyId, ChannelId, ConversationId, MessageId, OrganizationId, Provider, Recipient,
    Role, Scopes, SessionId, Status, UserId, Warning, WebhookEndpointId,
};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::costs::budget::Budget;
use crate::db::raw_row::RawRow;
use crate::error::{Result, StoreError};

/// The columns of a row.
pub struct Columns<'r> {
    row: &'r RawRow,
    table: &'static str,
    id_column: &'static str,
}

pub(crate) trait Stored<'r>: Sized {
    fn read(columns: &Columns<'r>, column: &'static str) -> Result<Self>;
}

impl<'r> Columns<'r> {
    pub(crate) fn new(row: &'r RawRow, table: &'static str, id_column: &'static str) -> Self {
        Self {
            row,
            table,
            id_column,
        }
    }

    pub(crate) fn id_column(&self) -> &'static str {
        self.id_column
    }

    pub(crate) fn get<T: Stored<'r>>(&self, column: &'static str) -> Result<T> {
        T::read(self, column)
    }

    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column,
            id: self.row.text(self.id_column).unwrap_or_default().to_owned(),
        }
    }
}

pub(crate) fn column<'r, T: Stored<'r>, C: FromIterator<T>>(
    rows: &'r [RawRow],
    table: &'static str,
    column: &'static str,
) -> Result<C> {
    rows.iter()
        .map(|row| Columns::new(row, table, column).get(column))
        .collect()
}

impl<'r, T: Stored<'r>> Stored<'r> for Option<T> {
    fn read(columns: &Columns<'r>, column: &'static str) -> Result<Self> {
        let is_null = columns.row.is_null(column);
        if is_null.ok_or_else(|| columns.corrupt(column))? {
            return Ok(None);
        }
        T::read(columns, column).map(Some)
    }
}

/// Reads types from a column of another type, with a function that fails for what does not fit.
macro_rules! stored {
    ($($type:ty),+ as $column:ty, $convert:expr) => {$(
        impl<'r> $crate::db::row::Stored<'r> for $type {
            fn read(
                columns: &$crate::db::row::Columns<'r>,
                column: &'static str,
            ) -> $crate::error::Result<Self> {
                let value: $column = columns.get(column)?;
                $convert(value).map_err(|_| columns.corrupt(column))
            }
        }
    )+};
    ($($type:ty),+ as text) => { stored!($($type),+ as &str, str::parse); };
    ($($type:ty),+ as json) => { stored!($($type),+ as &str, serde_json::from_str); };
}
pub(crate) use stored;

macro_rules! stored_as_it_is {
    ($($type:ty, $read:ident;)+) => {$(
        impl<'r> Stored<'r> for $type {
            fn read(columns: &Columns<'r>, column: &'static str) -> Result<Self> {
                let value = columns.row.$read(column).map(Into::into);
                value.ok_or_else(|| columns.corrupt(column))
            }
        }
    )+};
}

stored_as_it_is! {
    i64, integer;
    &'r str, text;
    String, text;
    &'r [u8], bytes;
    Vec<u8>, bytes;
}
stored!(u16, u32, u64 as i64, TryInto::try_into);
stored!(NonZeroU32 as i64, |number| u32::try_from(number)
    .and_then(NonZeroU32::try_from));
stored!(bool as i64, |number| Ok::<_, StoreError>(number != 0));
stored!(Timestamp as i64, Timestamp::from_millisecond);
stored!(
    AgentId,
    ApiKeyId,
    ChannelId,
    ConversationId,
    MessageId,
    OrganizationId,
    SessionId as text
);
stored!(
    UserId,
    WebhookEndpointId,
    Recipient,
    Provider,
    Role,
    Scopes,
    Status,
    EventType,
    IpAddr as text
);
stored!(Map<String, Value>, Value, Vec<Warning>, Vec<EventType>, MessageError, Pricing, Budget as json);

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
    // Fails only for maps whose keys are not strings, and the store does not have such maps.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absurdly_long_id_is_kept_short_and_still_tells_apart() {
        let [one, other] = ["1", "2"].map(|end| "x".repeat(3_000) + end);
        assert!(provider_id(&one).len() < 100);
        assert_ne!(provider_id(&one), provider_id(&other));
        assert_eq!(provider_id("wamid.1"), "wamid.1");
    }
}
