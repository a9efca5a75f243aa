//! The files of customers: in a message, and by the id (Meta, media).

use serde_json::{Value, json};

use super::errors::GraphError;
use crate::phone::KeptFile;
use crate::{Answer, Call, FileKind, State, ids};

/// Returns the member of a customer's message.
pub(super) fn received(kept: &KeptFile) -> Value {
    let file = &kept.file;
    let is_audio = file.kind == FileKind::Audio;
    json!({
        "id": kept.id, "mime_type": file.mime_type, "sha256": kept.sha256_as_base64(),
        "caption": file.caption, "filename": file.name, "voice": is_audio.then_some(true),
        "animated": (file.kind == FileKind::Sticker).then_some(false),
    })
}

/// Answers where a file is; the hash is written otherwise than in the message (observed).
pub(super) fn look_up(state: &State, call: &Call, kept: &KeptFile) -> Result<Answer, GraphError> {
    let number = call.query("phone_number_id");
    if number.is_some_and(|number| number != kept.account) {
        return Err(GraphError::unsupported(call.method(), &kept.id));
    }
    let hash = ids::hexadecimal(&kept.sha256()).to_lowercase();
    let answer = json!({
        "messaging_product": "whatsapp", "url": state.files.whatsapp_url(&kept.id),
        "mime_type": kept.file.mime_type, "sha256": hash,
        "file_size": kept.file.bytes.len().to_string(), "id": kept.id,
    });
    Ok(Answer::new(200, answer))
}
