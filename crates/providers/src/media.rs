//! Fetching a file that a customer sent.

use std::mem;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};

use crate::error::ChannelError;
use crate::http::client::MediaResponse;
use crate::refusal::Refusal;

/// Most bytes of a file: those of WhatsApp's largest document.
pub const MAX_MEDIA_BYTES: u64 = 100 * 1024 * 1024;

/// Why a file, or the rest of it, cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The provider does not have the file, or not any more.
    #[error("the provider does not have the file any more")]
    Gone,
    /// The file is longer than [`MAX_MEDIA_BYTES`].
    #[error("the file is longer than {} MiB", MAX_MEDIA_BYTES >> 20)]
    TooLarge,
    /// The bytes are not those of the customer's file: its hash is another one.
    #[error("the bytes are not those that the customer sent")]
    Altered,
    /// The file broke off.
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
    source: Source,
    /// What was read and is not given yet: the last bytes are given once the whole is known to be right.
    held: Bytes,
    read: u64,
    /// Most bytes.
    most: u64,
    expected: Option<String>,
    hash: Sha256,
}

enum Source {
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
            source: Source::Bytes(bytes),
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
            source: Source::Response(response),
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

    /// The media type, as the provider says.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The length in bytes, if the provider says it before the file.
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the next bytes, or `None` at the end.
    ///
    /// The last bytes come only if the whole has the hash that the provider announced; after an error nothing more comes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, MediaError> {
        if self.length.is_some_and(|length| length > self.most) {
            return Err(MediaError::TooLarge);
        }
        while let Some(bytes) = self.next().await? {
            if bytes.is_empty() {
                continue;
            }
            self.read += bytes.len() as u64;
            if self.read > self.most {
                self.source = Source::End;
                return Err(MediaError::TooLarge);
            }
            self.hash.update(&bytes);
            let given = mem::replace(&mut self.held, bytes);
            if !given.is_empty() {
                return Ok(Some(given));
            }
        }
        let last = mem::take(&mut self.held);
        if last.is_empty() {
            return Ok(None);
        }
        let found = hex::encode(mem::take(&mut self.hash).finalize());
        match &self.expected {
            Some(expected) if *expected != found => Err(MediaError::Altered),
            _ => Ok(Some(last)),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, MediaError> {
        match mem::replace(&mut self.source, Source::End) {
            Source::Response(mut response) => {
                let chunk = response.chunk().await.map_err(|_| MediaError::BrokeOff);
                if let Ok(Some(_)) = chunk {
                    self.source = Source::Response(response);
                }
                chunk
            }
            Source::Bytes(bytes) => Ok(Some(bytes)),
            Source::End => Ok(None),
        }
    }
}

/// Why a provider gives no file, before its words are cleaned.
pub(crate) enum NoMedia {
    Gone,
    TooLarge,
    Refused(Refusal),
}

impl From<Refusal> for NoMedia {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Returns the file of an answer. An answer that says that the file is missing is [`NoMedia::Gone`], also where a store for
/// files hides that behind a 403.
pub(crate) fn fetched(response: MediaResponse) -> Result<MediaDownload, NoMedia> {
    match response {
        MediaResponse::File(response) => Ok(MediaDownload::of(response)),
        MediaResponse::Refused(answer) if matches!(answer.status, 403 | 404 | 410) => {
            Err(NoMedia::Gone)
        }
        MediaResponse::Refused(answer) => {
            let kind = crate::error::ErrorKind::from_status(answer.status);
            Err(Refusal::of(&answer, kind, None).into())
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
    async fn the_last_bytes_come_only_if_the_hash_and_the_length_are_right() {
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
        let wrong = download().expecting(Some("00".repeat(32)));
        assert_eq!(whole(wrong).await, Err(MediaError::Altered));
        assert_eq!(
            whole(MediaDownload::new(&b""[..], None)).await,
            Ok(Vec::new())
        );
    }
}
