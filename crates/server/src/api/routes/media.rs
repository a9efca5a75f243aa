//! The files that customers send, which the provider keeps.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use recado_core::inbound::ReceivedMedia;
use recado_providers::MediaError;
use recado_store::MessageContent;
use subtle::ConstantTimeEq as _;

use super::prelude::*;
use crate::api::auth::Anyone;
use crate::api::openapi::PROVIDER;

/// Longest ending of a file's name, in characters; a longer one is a part of the name.
const MAX_ENDING_CHARS: usize = 8;

/// Longest name of a file before its ending, in characters: most file systems take 255 bytes.
const MAX_NAME_CHARS: usize = 60;

/// How long a reader may take for a file, which holds a place.
const READER_DEADLINE: Duration = Duration::from_mins(5);

/// How long a link works: as long as most providers keep a file.
const LINK_SECONDS: i64 = 7 * 24 * 60 * 60;

/// The media type of what has none, or one that a browser might run.
const ANY_FILE: &str = "application/octet-stream";

/// The beginnings of the media types that a file is shown with.
const SAFE_TYPES: [&str; 8] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "audio/",
    "video/",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.",
];

failures!(MediaFailures: PROVIDER, &[
    Reason::MediaNotFound,
    Reason::MediaGone,
    Reason::MediaFailed,
    Reason::ChannelNotFound,
]);

failures!(LinkFailures: PROVIDER, &[
    Reason::MessageNotFound,
    Reason::MediaNotFound,
    Reason::MediaGone,
    Reason::MediaFailed,
    Reason::ChannelNotFound,
    Reason::OrganizationNotFound,
    Reason::OrganizationSuspended,
    Reason::Unavailable,
    Reason::Internal,
]);

/// Fetch the file of a customer's message
///
/// Passes the file on from the provider; Recado keeps no copy. WhatsApp Cloud API and ZapperHUB's hosted API keep a file for 7
/// days, wuzapi for about 14, Z-API for 30; `expiresAt` says until when. A file has at most 100 MiB, through wuzapi 16 MiB. The
/// answer is always a download. If the file breaks off or has a wrong hash, the connection closes before `Content-Length` bytes
/// have come: discard them.
#[utoipa::path(get, path = "/messages/{id}/media",
    responses((status = 200, description = "The file", content_type = "*/*", body = words::FileBytes), MediaFailures))]
pub(crate) async fn fetch_media(
    caller: Caller<Reads>,
    Id(id): Id<MessageId>,
) -> Result<Response, ApiError> {
    fetch(&caller.app, &caller.organization_id, &id).await
}

/// Fetch the file of a customer's message by a link
///
/// The payload of ChatVolt's format has such a link for a file that the provider gives with credentials only. It needs no
/// key, and works for 7 days.
#[utoipa::path(get, path = "/media/{organizationId}/{messageId}/{proof}",
    responses((status = 200, description = "The file", content_type = "*/*", body = words::FileBytes),
        LinkFailures))]
pub(crate) async fn follow_media_link(
    _: Anyone,
    State(app): State<Arc<App>>,
    Path((organization, message, proof)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let ids = (organization.parse(), message.parse());
    let (Ok(organization), Ok(message)) = ids else {
        return Err(no_file());
    };
    let until = proof.split('-').next().and_then(|until| until.parse().ok());
    let until: i64 = until.ok_or_else(no_file)?;
    let expected = app.store.media_proof(&organization, &message, until);
    if !bool::from(expected.as_bytes().ct_eq(proof.as_bytes())) {
        return Err(no_file());
    }
    if app.clock.now().as_second() >= until {
        return Err(failed(&MediaError::Gone));
    }
    let owner: store::Organization = found(app.store.get_organization(&organization).await?)?;
    if owner.suspended_at.is_some() {
        return Err(StoreError::OrganizationSuspended.into());
    }
    fetch(&app, &organization, &message).await
}

/// Returns the link to the file of a customer's message that the provider gives with credentials only.
pub(crate) fn link(
    app: &App,
    organization: &OrganizationId,
    message: &MessageId,
    received_at: jiff::Timestamp,
) -> String {
    let until = received_at.as_second() + LINK_SECONDS;
    let proof = app.store.media_proof(organization, message, until);
    let mut url = app.public_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        let path = ["media", organization.as_str(), message.as_str(), &proof];
        segments.pop_if_empty().extend(path);
    }
    url.into()
}

async fn fetch(
    app: &App,
    organization: &OrganizationId,
    id: &MessageId,
) -> Result<Response, ApiError> {
    let message: store::Message = find(app, organization, id).await?;
    let media = media_of(&message).ok_or_else(no_file)?;
    let now = app.clock.now();
    let has_ended = |end: &String| end.parse().is_ok_and(|end: jiff::Timestamp| end <= now);
    if media.expires_at.as_ref().is_some_and(has_ended) {
        return Err(failed(&MediaError::Gone));
    }
    let Ok(place) = app.download_places.take(organization, &message.channel_id) else {
        let message = "Too many files are being fetched at present; nothing was fetched";
        return Err(ApiError::new(Reason::Unavailable, message));
    };
    let channel: store::Channel = find(app, organization, &message.channel_id).await?;
    let channel = app.channels().ready(&channel)?;
    let mut download = channel.media(media).await.map_err(|e| failed(&e))?;
    // What is wrong with a short file is told before its first byte is.
    let first = download.chunk().await.map_err(|e| failed(&e))?;
    let headers = [
        (header::CONTENT_TYPE, content_type(media)),
        (header::CONTENT_DISPOSITION, disposition(media, id)),
    ];
    let deadline = Instant::now() + READER_DEADLINE;
    let length = download.length().map(HeaderValue::from);
    let body = Body::from_stream(stream::try_unfold(
        (download, first, place),
        move |(mut download, first, place)| async move {
            let Some(bytes) = first else { return Ok(None) };
            if Instant::now() > deadline {
                return Err(MediaError::BrokeOff);
            }
            let next = download.chunk().await.inspect_err(|error| {
                tracing::warn!(%error, "the download of a customer's file failed");
            })?;
            Ok::<_, MediaError>(Some((bytes, (download, next, place))))
        },
    ));
    let mut response = (headers, body).into_response();
    if let Some(length) = length {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    Ok(response)
}

fn media_of(message: &store::Message) -> Option<&ReceivedMedia> {
    match &message.content {
        MessageContent::Inbound { content, .. } => {
            content.as_ref()?.media().filter(|media| media.available)
        }
        MessageContent::Outbound(_) => None,
    }
}

fn no_file() -> ApiError {
    let message = "The message has no file, or its provider gives none";
    ApiError::new(Reason::MediaNotFound, message)
}

fn failed(error: &MediaError) -> ApiError {
    match error {
        MediaError::Gone => {
            let message =
                "The provider does not keep the file any more; ask the customer to send it again";
            ApiError::new(Reason::MediaGone, message)
        }
        MediaError::Channel(error) => ApiError::of_file(error),
        error => ApiError::new(Reason::MediaFailed, format!("No file: {error}")),
    }
}

/// Returns the media type of the file. What a browser might run is shown as any file.
fn content_type(media: &ReceivedMedia) -> HeaderValue {
    let told = media.mime_type.as_deref().unwrap_or_default();
    let lower = told.trim().to_ascii_lowercase();
    let is_safe = SAFE_TYPES.iter().any(|safe| lower.starts_with(safe));
    let value = HeaderValue::from_str(told.trim()).ok().filter(|_| is_safe);
    value.unwrap_or(HeaderValue::from_static(ANY_FILE))
}

/// Returns the file's name: the customer's without what leads elsewhere, or that of the message.
fn disposition(media: &ReceivedMedia, id: &MessageId) -> HeaderValue {
    let told = media.file_name.as_deref().unwrap_or_default();
    let told = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let told: String = told
        .chars()
        .filter(|char| !char.is_control() && !is_direction(*char))
        .collect();
    let told = shortened(told.trim().trim_start_matches('.'));
    let name = if told.is_empty() {
        format!("{id}{}", ending(media))
    } else {
        told
    };
    let plain: String = name
        .chars()
        .map(|char| {
            if char.is_ascii_graphic() && !"\"\\%".contains(char) || char == ' ' {
                char
            } else {
                '_'
            }
        })
        .collect();
    let encoded = form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
    // RFC 8187 has no sign for a space but `%20`, and leaves no star as it is.
    let encoded = encoded.replace('+', "%20").replace('*', "%2A");
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// Returns the usual ending of a file's name, for the media types that WhatsApp itself makes.
fn ending(media: &ReceivedMedia) -> &'static str {
    let told = media.mime_type.as_deref().unwrap_or_default();
    match told.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "video/mp4" => ".mp4",
        "video/3gpp" => ".3gp",
        "audio/ogg" => ".ogg",
        "audio/mpeg" => ".mp3",
        "audio/mp4" => ".m4a",
        "application/pdf" => ".pdf",
        _ => "",
    }
}

/// Returns a name without what is too long before its ending.
fn shortened(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_ending = (1..=MAX_ENDING_CHARS).contains(&ending.chars().count());
    let (stem, ending) = if is_ending {
        (stem, format!(".{ending}"))
    } else {
        (name, String::new())
    };
    let stem: String = stem.chars().take(MAX_NAME_CHARS).collect();
    format!("{stem}{ending}")
}

/// Returns whether a character turns the direction of what follows, so that a name seems to end otherwise.
const fn is_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn media(mime_type: &str, file_name: &str) -> ReceivedMedia {
        ReceivedMedia {
            mime_type: Some(mime_type.to_owned()),
            file_name: Some(file_name.to_owned()),
            ..ReceivedMedia::default()
        }
    }

    #[rstest]
    #[case("image/jpeg", "image/jpeg")]
    #[case("audio/ogg; codecs=opus", "audio/ogg; codecs=opus")]
    #[case("text/html", ANY_FILE)]
    #[case("image/svg+xml", ANY_FILE)]
    #[case("TEXT/HTML; a=image/png", ANY_FILE)]
    #[case("image/png\r\nset-cookie: a=b", ANY_FILE)]
    #[case("", ANY_FILE)]
    fn no_file_is_a_page(#[case] told: &str, #[case] shown: &str) {
        assert_eq!(content_type(&media(told, "")), shown);
    }

    #[rstest]
    #[case(
        "nota.pdf",
        "attachment; filename=\"nota.pdf\"; filename*=UTF-8''nota.pdf"
    )]
    #[case(
        "../../etc/passwd",
        "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"
    )]
    #[case(
        "C:\\x\\a.exe",
        "attachment; filename=\"a.exe\"; filename*=UTF-8''a.exe"
    )]
    #[case(
        "não é.pdf",
        "attachment; filename=\"n_o _.pdf\"; filename*=UTF-8''n%C3%A3o%20%C3%A9.pdf"
    )]
    #[case(
        "a\"; x=\"b\r\n.pdf",
        "attachment; filename=\"a_; x=_b.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%22b.pdf"
    )]
    #[case(
        "gpj\u{202e}exe",
        "attachment; filename=\"gpjexe\"; filename*=UTF-8''gpjexe"
    )]
    #[case(&"a".repeat(70), &format!("attachment; filename=\"{0}\"; filename*=UTF-8''{0}", "a".repeat(60)))]
    #[case(&format!("{}.pdf", "a".repeat(70)), &format!("attachment; filename=\"{0}.pdf\"; filename*=UTF-8''{0}.pdf", "a".repeat(60)))]
    #[case("...", "attachment; filename=\"msg_1\"; filename*=UTF-8''msg_1")]
    fn a_name_leads_nowhere_and_ends_no_header(#[case] told: &str, #[case] shown: &str) {
        let id = "msg_1".parse().expect("an id");
        assert_eq!(disposition(&media("", told), &id), shown);
    }

    #[test]
    fn a_file_without_a_name_has_that_of_its_message_with_the_ending_of_its_type() {
        let id = "msg_1".parse().expect("an id");
        let shown = disposition(&media("audio/ogg; codecs=opus", ""), &id);
        let expected = "attachment; filename=\"msg_1.ogg\"; filename*=UTF-8''msg_1.ogg";
        assert_eq!(shown, expected);
    }
}
