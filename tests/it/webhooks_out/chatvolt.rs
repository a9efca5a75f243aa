//! `--format chatvolt`: what a receiver that was written for ChatVolt gets of every kind of message.

use recado_tests::World;
use recado_tests::callbacks::{Callbacks, NUMBER, change, whatsapp};
use recado_tests::world::CUSTOMER;
use serde_json::{Value, json};

use super::receiver::Receiver;

/// What a receiver gets of a message.
enum Got {
    /// The user's words.
    Said(&'static str),
    /// The title and the id of what was tapped.
    Tapped(&'static str, &'static str),
    /// The caption or the name of a file, and its type.
    File(&'static str, &'static str),
    /// Nothing, because the user did not say it; Recado's own events tell it.
    Untold,
    /// Nothing, and there is no event either.
    Ignored,
}

use Got::{File, Ignored, Said, Tapped, Untold};

/// The address of every file of Z-API and ZapperHUB.
const FILE: &str = "https://files.example/1";

const WHATSAPP: &[(&str, Got)] = &[
    (r#"{"type": "text", "text": {"body": "Oi"}}"#, Said("Oi")),
    (
        r#"{"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "i", "title": "T"}}}"#,
        Tapped("T", "i"),
    ),
    (
        r#"{"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "i", "title": "T"}}}"#,
        Tapped("T", "i"),
    ),
    (
        r#"{"type": "button", "button": {"payload": "p", "text": "Quick"}}"#,
        Tapped("Quick", "p"),
    ),
    (
        r#"{"type": "button", "button": {"text": "Without id"}}"#,
        Said("Without id"),
    ),
    // Meta gives a file by its id, and only to the owner of the token.
    (
        r#"{"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "caption": "Foto"}}"#,
        Said("Foto"),
    ),
    (
        r#"{"type": "video", "video": {"id": "1", "mime_type": "video/mp4"}}"#,
        Said(""),
    ),
    (
        r#"{"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg", "voice": true}}"#,
        Said(""),
    ),
    (
        r#"{"type": "document", "document": {"id": "1", "filename": "a.pdf"}}"#,
        Said("a.pdf"),
    ),
    (
        r#"{"type": "sticker", "sticker": {"id": "1", "mime_type": "image/webp"}}"#,
        Said(""),
    ),
    (
        r#"{"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": "Loja"}}"#,
        Said("Loja"),
    ),
    (
        r#"{"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]}"#,
        Said(""),
    ),
    (
        r#"{"type": "order", "order": {"text": "sem cebola", "product_items": []}}"#,
        Said("sem cebola"),
    ),
    (
        r#"{"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}}"#,
        Said("{}"),
    ),
    (
        r#"{"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}}"#,
        Untold,
    ),
    (
        r#"{"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}"#,
        Untold,
    ),
    (
        r#"{"type": "edit", "edit": {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Oi!"}}}}"#,
        Untold,
    ),
    (
        r#"{"type": "revoke", "revoke": {"original_message_id": "wamid.1"}}"#,
        Untold,
    ),
    (
        r#"{"type": "system", "system": {"type": "customer_identity_changed", "body": "Ana has another phone"}}"#,
        Untold,
    ),
    (
        r#"{"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]}"#,
        Untold,
    ),
    (r#"{"type": "hologram", "hologram": {"body": "x"}}"#, Untold),
];

const ZAPI: &[(&str, Got)] = &[
    (r#"{"text": {"message": "Oi"}}"#, Said("Oi")),
    (
        r#"{"buttonsResponseMessage": {"buttonId": "i", "message": "T"}}"#,
        Tapped("T", "i"),
    ),
    (
        r#"{"listResponseMessage": {"selectedRowId": "i", "title": "T"}}"#,
        Tapped("T", "i"),
    ),
    (
        r#"{"image": {"imageUrl": "https://files.example/1", "mimeType": "image/jpeg", "caption": "Foto"}}"#,
        File("Foto", "image/jpeg"),
    ),
    (
        r#"{"video": {"videoUrl": "https://files.example/1", "mimeType": "video/mp4", "caption": ""}}"#,
        File("", "video/mp4"),
    ),
    (
        r#"{"audio": {"audioUrl": "https://files.example/1", "mimeType": "audio/ogg; codecs=opus"}}"#,
        File("", "audio/ogg; codecs=opus"),
    ),
    (
        r#"{"document": {"documentUrl": "https://files.example/1", "mimeType": "application/pdf", "fileName": "a.pdf"}}"#,
        File("a.pdf", "application/pdf"),
    ),
    (
        r#"{"sticker": {"stickerUrl": "https://files.example/1", "mimeType": "image/webp"}}"#,
        File("", "image/webp"),
    ),
    (
        r#"{"image": {"downloadError": true, "caption": "Foto"}}"#,
        Said("Foto"),
    ),
    (
        r#"{"location": {"latitude": 1.5, "longitude": 2, "name": "Loja"}}"#,
        Said("Loja"),
    ),
    (
        r#"{"contact": {"displayName": "Ana", "phones": []}}"#,
        Said("Ana"),
    ),
    (
        r#"{"order": {"orderId": "1", "message": "sem cebola"}}"#,
        Said("sem cebola"),
    ),
    (
        r#"{"reaction": {"value": "👍", "referencedMessage": {"messageId": "1"}}}"#,
        Untold,
    ),
    (r#"{"isEdit": true, "text": {"message": "Oi!"}}"#, Untold),
    (
        r#"{"pollVote": {"pollMessageId": "1", "options": [{"name": "A"}]}}"#,
        Untold,
    ),
    (r#"{"hologram": {"message": "x"}}"#, Untold),
    (
        r#"{"notification": "REVOKE", "text": {"message": "x"}}"#,
        Ignored,
    ),
    (r#"{"waitingMessage": true}"#, Ignored),
    (r#"{"fromMe": true, "text": {"message": "x"}}"#, Ignored),
];

/// Baileys and Go print the same; the address of the file stands beside the message.
const ZAPPERHUB: &[(&str, Got)] = &[
    (r#"{"conversation": "Oi"}"#, Said("Oi")),
    (r#"{"extendedTextMessage": {"text": "Long"}}"#, Said("Long")),
    (
        r#"{"templateButtonReplyMessage": {"selectedId": "i", "selectedDisplayText": "T"}}"#,
        Tapped("T", "i"),
    ),
    (
        r#"{"listResponseMessage": {"title": "T", "singleSelectReply": {"selectedRowId": "i"}}}"#,
        Tapped("T", "i"),
    ),
    (
        r#"{"interactiveResponseMessage": {"body": {"text": "Form"}}}"#,
        Said("Form"),
    ),
    (
        r#"{"imageMessage": {"mimetype": "image/jpeg", "caption": "Foto"}}"#,
        File("Foto", "image/jpeg"),
    ),
    (
        r#"{"videoMessage": {"mimetype": "video/mp4"}}"#,
        File("", "video/mp4"),
    ),
    (
        r#"{"ptvMessage": {"mimetype": "video/mp4"}}"#,
        File("", "video/mp4"),
    ),
    (
        r#"{"audioMessage": {"mimetype": "audio/ogg"}}"#,
        File("", "audio/ogg"),
    ),
    (
        r#"{"documentMessage": {"mimetype": "application/pdf", "fileName": "a.pdf"}}"#,
        File("a.pdf", "application/pdf"),
    ),
    (
        r#"{"stickerMessage": {"mimetype": "image/webp"}}"#,
        File("", "image/webp"),
    ),
    (
        r#"{"locationMessage": {"degreesLatitude": 1.5, "name": "Loja"}}"#,
        Said("Loja"),
    ),
    (r#"{"contactMessage": {"displayName": "Ana"}}"#, Said("Ana")),
    (
        r#"{"orderMessage": {"message": "sem cebola"}}"#,
        Said("sem cebola"),
    ),
    (
        r#"{"reactionMessage": {"text": "👍", "key": {"id": "1"}}}"#,
        Untold,
    ),
    (
        r#"{"editedMessage": {"message": {"conversation": "Oi!"}}}"#,
        Untold,
    ),
    (r#"{"secretEncryptedMessage": {"encPayload": "x"}}"#, Untold),
    (r#"{"pollUpdateMessage": {"vote": {}}}"#, Untold),
    (r#"{"hologramMessage": {"text": "x"}}"#, Untold),
    (
        r#"{"protocolMessage": {"type": 0, "key": {"id": "1"}}}"#,
        Ignored,
    ),
];

/// The message in the call of that channel.
pub(super) fn call(channel: &str, id: &str, message: &Value) -> Value {
    let mut message = message.clone();
    let jid = format!("{CUSTOMER}@s.whatsapp.net");
    match channel {
        "whatsapp" => {
            for (key, value) in [("from", CUSTOMER), ("id", id), ("timestamp", "1790000000")] {
                message[key] = value.into();
            }
            whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]])
        }
        "zapi" => {
            let mut body = json!({"type": "ReceivedCallback", "instanceId": "INST-01", "messageId": id,
                "phone": CUSTOMER, "fromMe": false, "momment": 1_790_000_009_000_i64});
            for (key, member) in message.as_object().expect("an object") {
                body[key] = member.clone();
            }
            body
        }
        "zapperhub" => {
            json!({"type": "messages.upsert", "instanceId": "inst_5f2c", "mediaUrl": FILE,
            "key": {"remoteJid": jid, "fromMe": false, "id": id}, "message": message})
        }
        _ => json!({"type": "Message", "s3": {"url": FILE}, "event": {
            "Info": {"ID": id, "Chat": jid, "Sender": jid}, "Message": message}}),
    }
}

/// What the receiver reads of a payload: words, id of the tap, address and type of the file.
fn read(payload: &Value) -> [String; 4] {
    assert_eq!(payload["eventType"], "USER_MESSAGE_RECEIVED", "{payload}");
    let file = &payload["attachments"][0];
    if !file.is_null() {
        assert!(file["id"].is_string() && file["size"].is_i64(), "{payload}");
    }
    let words = payload["userMessage"].as_str().expect("always a text");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    [
        words.to_owned(),
        text(&payload["buttonReply"]["id"]),
        text(&file["url"]),
        text(&file["mimeType"]),
    ]
}

/// The channel, its conversation, and the kinds of message that its provider tells.
type Table = (&'static str, &'static str, &'static [(&'static str, Got)]);

const TABLES: [Table; 4] = [
    ("whatsapp", "conv-456", WHATSAPP),
    ("zapi", "conv-zapi", ZAPI),
    ("zapperhub", "conv-zapperhub", ZAPPERHUB),
    ("wuzapi", "conv-wuzapi", ZAPPERHUB),
];

/// What is read of the payload of such a message.
fn expected(got: &Got) -> Option<[String; 4]> {
    let row = match *got {
        Said(words) => [words, "", "", ""],
        Tapped(title, id) => [title, id, "", ""],
        File(words, kind) => [words, "", FILE, kind],
        Untold | Ignored => return None,
    };
    Some(row.map(str::to_owned))
}

#[tokio::test]
async fn what_the_user_said_is_delivered_and_nothing_else() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.open_wuzapi().await;
    let endpoint = json!({"url": receiver.url, "format": "chatvolt"});
    let created = world.client.post("/webhook-endpoints", endpoint).await;
    let endpoint = created.expect(201);
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    for (channel, _, table) in TABLES {
        for (place, (message, _)) in table.iter().enumerate() {
            let message = serde_json::from_str(message).expect("JSON");
            let body = call(channel, &format!("{channel}-{place}"), &message);
            callbacks.deliver(channel, &body).await;
        }
    }
    let rows = || TABLES.iter().flat_map(|(.., table)| *table);
    let taps = rows().filter(|(_, got)| matches!(got, Tapped(..))).count();
    // Each provider has one list among its taps.
    world.events("list.selected", 4).await;
    world.events("button.pressed", taps - 4).await;
    let ignored = rows().filter(|(_, got)| matches!(got, Ignored)).count();
    let others = rows().count() - taps - ignored;
    world.events("message.received", others).await;
    // What is told of a conversation arrives in order: nothing of the above comes behind this.
    for (channel, ..) in &TABLES {
        let end = match *channel {
            "whatsapp" => json!({"type": "text", "text": {"body": "end"}}),
            "zapi" => json!({"text": {"message": "end"}}),
            _ => json!({"conversation": "end"}),
        };
        let body = call(channel, &format!("{channel}-end"), &end);
        callbacks.deliver(channel, &body).await;
    }
    let told = rows().filter_map(|(_, got)| expected(got)).count();
    receiver.wait_for(told + TABLES.len()).await;
    let arrived = receiver.arrived();
    for (channel, conversation, table) in &TABLES {
        let of_channel = arrived.iter();
        let of_channel = of_channel.filter(|call| call["conversationId"] == *conversation);
        let mut read: Vec<_> = of_channel.map(read).collect();
        let end = read.pop().expect("a call");
        assert_eq!(end[0], "end", "{channel}: {read:?}");
        let mut expected: Vec<_> = table.iter().filter_map(|(_, got)| expected(got)).collect();
        // Calls that come at the same time are applied in any order.
        read.sort();
        expected.sort();
        assert_eq!(read, expected, "{channel}");
    }
    let id = endpoint["id"].as_str().expect("an id");
    let path = format!("/webhook-endpoints/{id}/deliveries?limit=100&status=not_sent");
    let listed = world.client.list(&path).await;
    let untold = rows().filter(|(_, got)| matches!(got, Untold)).count();
    assert_eq!(listed.len(), untold);
    for delivery in listed {
        let reason = "not sent: format chatvolt has no word for it";
        assert_eq!(delivery["lastError"], reason);
    }
}
