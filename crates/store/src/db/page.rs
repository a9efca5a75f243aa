//! Lists in pages, ordered by the instant of creation and the id.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use recado_core::MessageId;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Start behind this position; from the beginning if none.
    pub after: Option<Cursor>,
    /// The most entries wanted; a page has fewer if they are large, and one at least if there is one.
    pub limit: u32,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The entries, in the order of the list.
    pub data: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<Cursor>,
}

/// A position in a list; its text is opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    created_at: i64,
    id: String,
}

/// A text that is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is the nextCursor of an earlier page")]
pub struct CursorError;

impl Cursor {
    pub(crate) fn new(created_at: Timestamp, id: &str) -> Self {
        Self {
            created_at: created_at.as_millisecond(),
            id: id.to_owned(),
        }
    }
}

impl Page {
    /// Returns the position to start behind.
    pub(crate) fn start(&self) -> (i64, &str) {
        self.after
            .as_ref()
            .map_or((i64::MIN, ""), |cursor| (cursor.created_at, &cursor.id))
    }

    /// Returns the position to start behind in a list that begins with the newest entry.
    pub(crate) fn start_of_newest(&self) -> (i64, &str) {
        self.after
            .as_ref()
            .map_or((i64::MAX, ""), |cursor| (cursor.created_at, &cursor.id))
    }

    /// One more row than wanted, which tells whether there is a next page.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit.max(1)) + 1
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}/{}", self.created_at, self.id);
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| CursorError)?;
        let text = String::from_utf8(bytes).map_err(|_| CursorError)?;
        let (created_at, id) = text.split_once('/').ok_or(CursorError)?;
        // All ids have one grammar.
        let id: MessageId = id.parse().map_err(|_| CursorError)?;
        Ok(Self {
            created_at: created_at.parse().map_err(|_| CursorError)?,
            id: id.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_from_its_text() {
        let cursor = Cursor::new(Timestamp::UNIX_EPOCH, "msg_1");
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn what_no_page_gave_out_is_no_cursor() {
        let encoded = ["", "1", "1/", "x/msg_1", "1/a b", "1/a\0"]
            .map(|text| BASE64_URL_SAFE_NO_PAD.encode(text));
        for text in encoded.iter().map(String::as_str).chain(["", "!", "ÿ"]) {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text:?}");
        }
    }
}
