//! A customer's file: from the store that wuzapi was told, or from WhatsApp through wuzapi (`handlers.go`, download routes).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answers;
use crate::fetch::from_url;
use crate::prelude::*;

/// Longest file that is fetched through wuzapi, which answers with all of it as base64 in JSON: WhatsApp's longest video.
const MAX_FILE_BYTES: i64 = 16 * 1024 * 1024;

/// Room for the file in base64, and for what stands around it.
const MAX_ANSWER_BYTES: usize = 24 * 1024 * 1024;

pub(super) async fn download(
    chat: &Url,
    connection: &Connection,
    media: &ReceivedMedia,
) -> Result<MediaDownload, NoMedia> {
    if let Some(url) = &media.provider_url {
        return from_url(connection, url, chat).await;
    }
    let file = media.encrypted.as_ref().ok_or(NoMedia::Gone)?;
    if file.size > MAX_FILE_BYTES {
        return Err(NoMedia::TooLarge);
    }
    let route = format!("download{}", file.kind);
    let route = join(chat, &[&*route]).map_err(|_| NoMedia::Gone)?;
    let body = json!({
        "Url": file.url, "DirectPath": file.direct_path, "MediaKey": file.media_key, "Mimetype": file.mime_type,
        "FileEncSHA256": file.encrypted_sha256, "FileSHA256": file.sha256, "FileLength": file.size,
    });
    let answer = connection
        .request_file(&route, &body, MAX_ANSWER_BYTES)
        .await?;
    let read = move || match file_of(&answer) {
        Some((bytes, kind)) => Ok(MediaDownload::new(bytes, kind)),
        None => Err(NoMedia::from(answers::refusal(&answer))),
    };
    // It takes tens of milliseconds, in which the thread would answer no other caller.
    let read = tokio::task::spawn_blocking(read);
    read.await.unwrap_or(Err(NoMedia::Gone))
}

/// Reads a data URL, and its media type.
fn file_of(answer: &Answer) -> Option<(Vec<u8>, Option<String>)> {
    let given = answer.json().filter(|_| answer.is_success())?;
    let (_, base64) = text(&given, "/data/Data")?.split_once(";base64,")?;
    let kind = text(&given, "/data/Mimetype").map(str::to_owned);
    Some((STANDARD.decode(base64).ok()?, kind))
}
