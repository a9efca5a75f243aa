//! Fetching a file that a customer sent.

use std::mem;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};

use crate::error::ChannelError;

/// Most bytes of a file: those of WhatsApp's largest document.
pub const MAX_MEDIA_BYTES: u64 = 100 * 1024 * 1024;

/// Bytes of a file in memory that are given at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a file, or the rest of it, cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The provider does not have the file, or deleted it.
    #[error("the provider does not have the file any more")]
    Gone,
    /// The file is longer than is passed on: [`MAX_MEDIA_BYTES`], or less at the provider.
    #[error("the file is longer than is passed on")]
    TooLarge,
    /// The hash of the bytes differs from the announced one.
    #[error("the bytes are not those that the customer sent")]
    Altered,
    /// The connection ended before the whole file came.
    #[error("the file broke off on its way from the provider")]
    BrokeOff,
    /// The provider could not be asked, or refused.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

/// A file of a customer on its way from the provider; its `Debug` shows nothing of the file.
pub struct MediaDownload {
    content_type: Option<String>,
    length: Option<u64>,
    rest: Rest,
    /// What was read and is not given yet: the last bytes are given once the whole is known to be right.
    held: Bytes,
    read: u64,
    /// Most bytes.
    most: u64,
    expected: Option<String>,
    hash: Sha256,
}

enum Rest {
    Response(Response),
    Bytes(Bytes),
    End,
}

recado_core::shows_only!(MediaDownload {
    content_type,
    length
});

impl MediaDownload {
    /// Creates the download of a file that is already here.
    pub fn new(bytes: impl Into<Bytes>, content_type: Option<String>) -> Self {
        let bytes = bytes.into();
        Self {
            content_type,
            length: u64::try_from(bytes.len()).ok(),
            rest: Rest::Bytes(bytes),
            held: Bytes::new(),
            read: 0,
            most: MAX_MEDIA_BYTES,
            expected: None,
            hash: Sha256::new(),
        }
    }

    /// Creates the download of a file whose answer has begun.
    pub(crate) fn of(response: Response) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        Self {
            content_type: content_type.map(str::to_owned),
            length: response.content_length(),
            rest: Rest::Response(response),
            ..Self::new(Bytes::new(), None)
        }
    }

    /// Checks the bytes against a hash in hexadecimal digits.
    pub(crate) fn expecting(self, sha256: Option<String>) -> Self {
        Self {
            expected: sha256,
            ..self
        }
    }

    /// Returns the media type that the provider states, or `None`.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the length in bytes, or `None` if the provider does not state it.
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the next bytes, or `None` at the end.
    ///
    /// The last bytes come only if the whole has the hash that the provider announced; after an error nothing more comes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, MediaError> {
        let read = self.read_on().await;
        if read.is_err() {
            self.rest = Rest::End;
            self.held = Bytes::new();
            self.expected = None;
        }
        read
    }

    async fn read_on(&mut self) -> Result<Option<Bytes>, MediaError> {
        if self.length.is_some_and(|length| length > self.most) {
            return Err(MediaError::TooLarge);
        }
        while let Some(bytes) = self.next().await? {
            if bytes.is_empty() {
                continue;
            }
            self.read += bytes.len() as u64;
            if self.read > self.most {
                return Err(MediaError::TooLarge);
            }
            self.hash.update(&bytes);
            let given = mem::replace(&mut self.held, bytes);
            if !given.is_empty() {
                return Ok(Some(given));
            }
        }
        let found = hex::encode(mem::take(&mut self.hash).finalize());
        match self.expected.take() {
            Some(expected) if expected != found => Err(MediaError::Altered),
            _ => Ok(Some(mem::take(&mut self.held)).filter(|last| !last.is_empty())),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, MediaError> {
        match mem::replace(&mut self.rest, Rest::End) {
            Rest::Response(mut response) => {
                let chunk = response.chunk().await.map_err(|_| MediaError::BrokeOff);
                if let Ok(Some(_)) = chunk {
                    self.rest = Rest::Response(response);
                }
                chunk
            }
            Rest::Bytes(mut bytes) => {
                let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
                if !bytes.is_empty() {
                    self.rest = Rest::Bytes(bytes);
                }
                Ok(Some(piece))
            }
            Rest::End => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn whole(mut download: MediaDownload) -> Result<Vec<u8>, MediaError> {
        let mut whole = Vec::new();
        while let Some(bytes) = download.chunk().await? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }

    #[tokio::test]
    async fn the_last_bytes_come_only_if_the_hash_is_right_and_the_file_is_not_too_long() {
        let hash = hex::encode(Sha256::digest(b"photo"));
        let download = || MediaDownload::new(&b"photo"[..], None);
        assert_eq!(whole(download()).await.as_deref(), Ok(&b"photo"[..]));
        assert_eq!(
            whole(download().expecting(Some(hash))).await.as_deref(),
            Ok(&b"photo"[..])
        );
        let too_long = MediaDownload {
            length: None,
            most: 4,
            ..download()
        };
        assert_eq!(whole(too_long).await, Err(MediaError::TooLarge));
        let no_bytes = MediaDownload::new(&b""[..], None).expecting(Some("00".repeat(32)));
        assert_eq!(whole(no_bytes).await, Err(MediaError::Altered));
        let mut ended = download().expecting(Some("00".repeat(32)));
        assert_eq!(ended.chunk().await, Err(MediaError::Altered));
        assert_eq!(ended.chunk().await, Ok(None));
        let wrong = download().expecting(Some("00".repeat(32)));
        assert_eq!(whole(wrong).await, Err(MediaError::Altered));
        assert_eq!(
            whole(MediaDownload::new(&b""[..], None)).await,
            Ok(Vec::new())
        );
    }
}
