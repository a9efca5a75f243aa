//! A file that a customer sends.

use std::collections::VecDeque;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::ids;

/// Files that are kept; older ones are forgotten.
const MAX_FILES: usize = 1_000;

/// A file that a customer sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneFile {
    /// What kind of message it is.
    pub kind: FileKind,
    /// The media type, such as `image/jpeg`.
    pub mime_type: String,
    /// The name, which only a document has.
    pub name: Option<String>,
    /// The words below it.
    pub caption: Option<String>,
    /// The file itself.
    pub bytes: Bytes,
}

/// The kinds of message that are a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A recording.
    Audio,
    /// A file of any type.
    Document,
    /// A sticker.
    Sticker,
}

impl FileKind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Document,
        Self::Sticker,
    ];

    /// Returns the word of all providers for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// A file at the provider, with the id under which it can be fetched.
#[derive(Clone)]
pub(crate) struct KeptFile {
    pub(crate) id: String,
    /// The account to which it was sent.
    pub(crate) account: String,
    pub(crate) file: PhoneFile,
}

impl KeptFile {
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.file.bytes).into()
    }

    pub(crate) fn sha256_as_base64(&self) -> String {
        STANDARD.encode(self.sha256())
    }

    /// The key and the hash of the encrypted file, which are made up, and the same for the same file.
    pub(crate) fn secret(&self, what: &str) -> String {
        STANDARD.encode(Sha256::digest(format!("{what} {}", self.id)))
    }
}

/// The files that customers have sent lately.
#[derive(Default)]
pub(crate) struct Files {
    kept: VecDeque<KeptFile>,
    /// Where the sandbox listens; before it does, no file has an address.
    pub(crate) address: Option<SocketAddr>,
}

impl Files {
    pub(crate) fn keep(&mut self, account: &str, file: &PhoneFile) -> KeptFile {
        let kept = KeptFile {
            id: ids::media(),
            account: account.to_owned(),
            file: file.clone(),
        };
        if self.kept.len() == MAX_FILES {
            self.kept.pop_front();
        }
        self.kept.push_back(kept.clone());
        kept
    }

    pub(crate) fn find(&self, id: &str) -> Option<&KeptFile> {
        self.kept.iter().find(|kept| kept.id == id)
    }

    /// Returns the address at which everyone can fetch a file.
    pub(crate) fn url(&self, id: &str) -> Option<String> {
        Some(format!("http://{}/files/{id}", self.address?))
    }

    /// Returns the address at which a file can be fetched with an access token of Meta.
    pub(crate) fn whatsapp_url(&self, id: &str) -> Option<String> {
        Some(format!("http://{}/whatsapp/files/{id}", self.address?))
    }
}
