//! The download routes (the fork's `handlers.go`): the members of a message's file are given back for the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::request::{error, member, object, success};
use crate::{Answer, Call, FileKind, State};

/// Returns the kind of file that a route is for, such as `downloadimage`.
pub(super) fn kind(route: &str) -> Option<FileKind> {
    let word = route.strip_prefix("download")?;
    FileKind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

pub(super) fn download(state: &State, call: &Call, kind: FileKind) -> Result<Answer, Answer> {
    let body = object(call)?;
    let given = |name: &str| member(body, name).and_then(Value::as_str);
    // What follows the colon is invented.
    let failed = || {
        let text = format!("failed to download {}: file not found", kind.as_str());
        error(500, &text)
    };
    let id = given("DirectPath").and_then(|path| path.strip_prefix("/v/"));
    let kept = id.and_then(|id| state.files.find(id)).ok_or_else(failed)?;
    let url = format!("https://mmg.whatsapp.net/v/{}", kept.id);
    let length = member(body, "FileLength").and_then(Value::as_u64);
    let is_right = given("Url") == Some(&*url)
        && given("MediaKey") == Some(&*kept.secret("key"))
        && given("Mimetype") == Some(&*kept.file.mime_type)
        && given("FileEncSHA256") == Some(&*kept.secret("encrypted"))
        && given("FileSHA256") == Some(&*kept.sha256_as_base64())
        && length == u64::try_from(kept.file.bytes.len()).ok()
        && kept.file.kind == kind;
    if !is_right {
        return Err(failed());
    }
    let mime_type = &kept.file.mime_type;
    let data = format!(
        "data:{mime_type};base64,{}",
        STANDARD.encode(&kept.file.bytes)
    );
    Ok(success(json!({"Mimetype": mime_type, "Data": data})))
}
