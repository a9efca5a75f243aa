//! Files that customers send.

use std::fmt;

/// A file that a customer sent, as the provider describes it.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media {
    /// `image`, `video`, `audio`, `document` or `sticker`.
    pub kind: String,
    /// The customer's words below the file.
    pub caption: Option<String>,
    /// The id under which the provider's API gives the file.
    pub id: Option<String>,
    /// The address that gives the file to everyone who knows it, for as long as the provider keeps the file.
    pub url: Option<String>,
    /// The media type, such as `image/jpeg`.
    pub mime_type: Option<String>,
    /// The name of the file.
    pub file_name: Option<String>,
    /// The size in bytes.
    pub size: Option<i64>,
}

impl Media {
    /// Creates a file of this kind, of which nothing else is known.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
