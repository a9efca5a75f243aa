//! Beginning to fetch a customer's file.

use url::Url;

use crate::connection::Connection;
use crate::error::ErrorKind;
use crate::http::client::MediaResponse;
use crate::media::MediaDownload;
use crate::refusal::Refusal;

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

/// Begins to fetch a file from an address that a webhook named, which gets no credentials. `own` is an address of the
/// provider.
pub(crate) async fn from_url(
    connection: &Connection,
    url: &str,
    own: &Url,
) -> Result<MediaDownload, NoMedia> {
    let url = Url::parse(url).map_err(|_| NoMedia::Gone)?;
    match connection.open_public(&url, own).await? {
        // A store for files hides behind it that the file is not there.
        MediaResponse::Refused(answer) if answer.status == 403 => Err(NoMedia::Gone),
        other => fetched(other),
    }
}

/// Returns the file of an answer. An answer that says that the file is missing is [`NoMedia::Gone`].
pub(crate) fn fetched(response: MediaResponse) -> Result<MediaDownload, NoMedia> {
    match response {
        MediaResponse::File(response) => Ok(MediaDownload::of(response)),
        MediaResponse::Refused(answer) if matches!(answer.status, 404 | 410) => Err(NoMedia::Gone),
        MediaResponse::Refused(answer) => {
            let kind = ErrorKind::from_status(answer.status);
            Err(Refusal::of(&answer, kind, None).into())
        }
    }
}
