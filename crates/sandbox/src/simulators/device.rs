//! What both dialects of linked devices have in common.

use serde_json::{Value, json};

use crate::phone::{Inbound, InboundContent, KeptFile, Tap};
use crate::{FileKind, ListRow, address};

/// The account itself.
pub(super) const OWN_JID: &str = "5521300000000@s.whatsapp.net";

/// A member of a message, and its content.
pub(super) type Member = (&'static str, Value);

/// Returns the JID of a phone number; other recipients have one already.
pub(super) fn jid(recipient: &str) -> String {
    if recipient.contains('@') {
        return recipient.to_owned();
    }
    format!("{}@s.whatsapp.net", address::bare(recipient))
}

/// How a dialect spells what is the same in both.
pub(super) struct Spelling {
    pub(super) id: &'static str,
    pub(super) quoted_id: &'static str,
    pub(super) url: &'static str,
    pub(super) sha256: &'static str,
    pub(super) encrypted_sha256: &'static str,
    pub(super) voice: &'static str,
}

/// Baileys' spelling.
pub(super) const BAILEYS: Spelling = Spelling {
    id: "id",
    quoted_id: "stanzaId",
    url: "url",
    sha256: "fileSha256",
    encrypted_sha256: "fileEncSha256",
    voice: "ptt",
};

/// whatsmeow's spelling, as Go writes it.
pub(super) const WHATSMEOW: Spelling = Spelling {
    id: "ID",
    quoted_id: "stanzaID",
    url: "URL",
    sha256: "fileSHA256",
    encrypted_sha256: "fileEncSHA256",
    voice: "PTT",
};

/// A file, whose address leads to what only the key opens.
fn file(kept: &KeptFile, spelling: &Spelling) -> Member {
    let file = &kept.file;
    let mut content = json!({
        "mimetype": file.mime_type, "fileLength": file.bytes.len(), "mediaKey": kept.secret("key"),
        "directPath": format!("/v/{}", kept.id),
    });
    content[spelling.url] = json!(format!("https://mmg.whatsapp.net/v/{}", kept.id));
    content[spelling.sha256] = json!(kept.sha256_as_base64());
    content[spelling.encrypted_sha256] = json!(kept.secret("encrypted"));
    for (key, value) in [("caption", &file.caption), ("fileName", &file.name)] {
        if let Some(value) = value {
            content[key] = json!(value);
        }
    }
    let member = match file.kind {
        FileKind::Image => "imageMessage",
        FileKind::Video => "videoMessage",
        FileKind::Audio => {
            content[spelling.voice] = json!(true);
            "audioMessage"
        }
        FileKind::Document => "documentMessage",
        FileKind::Sticker => "stickerMessage",
    };
    (member, content)
}

/// Returns a customer's message; `None` if linked devices do not use the shape of its tap.
pub(super) fn message(
    inbound: &Inbound<'_>,
    tapped: fn(&Tap<'_>) -> Option<Member>,
    picked: fn(&ListRow) -> Member,
    spelling: &Spelling,
) -> Option<Value> {
    let (kind, mut content) = match &inbound.content {
        InboundContent::Text(text) => ("conversation", json!(text)),
        InboundContent::Tap(tap) => tapped(tap)?,
        InboundContent::Pick(row) => picked(row),
        InboundContent::File(kept) => file(kept, spelling),
        InboundContent::Location(place) => (
            "locationMessage",
            json!({"degreesLatitude": place.latitude, "degreesLongitude": place.longitude,
                   "name": place.name, "address": place.address, "isLive": false}),
        ),
        InboundContent::Reaction(emoji) => {
            let mut key = json!({"remoteJid": jid(inbound.from), "fromMe": true});
            key[spelling.id] = json!(inbound.in_reply_to);
            let reaction = json!({"key": key, "text": emoji});
            return Some(json!({"reactionMessage": reaction}));
        }
    };
    let id_key = spelling.quoted_id;
    // A plain text is not an object: it has no place for a context.
    if let (Some(answered), Some(content)) = (inbound.in_reply_to, content.as_object_mut()) {
        let answered = json!({id_key: answered, "participant": OWN_JID});
        content.insert("contextInfo".to_owned(), answered);
    }
    Some(json!({kind: content}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_answers_a_message_has_no_context() {
        let inbound = Inbound {
            message_id: "1",
            from: "5511900000001",
            account: "1",
            in_reply_to: Some("2"),
            content: InboundContent::Text("Oi"),
        };
        let said = message(&inbound, |_| None, |_| ("", Value::Null), &BAILEYS);
        assert_eq!(said, Some(json!({"conversation": "Oi"})));
    }
}
