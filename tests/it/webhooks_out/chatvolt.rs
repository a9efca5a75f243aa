//! `--format chatvolt`: what a receiver that was written for ChatVolt gets of every kind of message.

use recado_sandbox::{FileKind, PhoneFile, Provider};
use recado_tests::callbacks::{FILE, call_of};
use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;

/// One row of a table.
struct Row {
    /// `said`, `tapped`, `file`, or `linked` for a file with a link to Recado; `untold` if only Recado's own events tell it, because the user did not say it;
    /// `ignored` if Recado makes no event either.
    kind: &'static str,
    /// The user's words, the id of the tap, and the address and the type of the file.
    told: [String; 4],
    message: Value,
}

/// Reads a table: the kind, the words with the id of a tap or the type of a file, and the message.
fn rows(table: &'static str) -> Vec<Row> {
    let rows = table.trim().lines().map(|line| {
        let cells: Vec<_> = line.splitn(3, " | ").collect();
        let [kind, said, message] = cells[..] else {
            panic!("{line}");
        };
        let (words, more) = said.split_once(" / ").unwrap_or((said, ""));
        let told = match kind {
            "tapped" => [words, more, "", ""],
            "file" => [words, "", FILE, more],
            "linked" => [words, "", LINK, more],
            _ => [words, "", "", ""],
        };
        Row {
            kind,
            told: told.map(str::to_owned),
            message: serde_json::from_str(message).expect(message),
        }
    });
    rows.collect()
}

/// What stands for a link to Recado.
const LINK: &str = "a link";

/// Meta gives a file by its id, and only to the owner of the token.
const WHATSAPP: &str = r#"
said | Oi | {"type": "text", "text": {"body": "Oi"}}
tapped | T / i | {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "i", "title": "T"}}}
tapped | T / i | {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "i", "title": "T"}}}
tapped | Quick / p | {"type": "button", "button": {"payload": "p", "text": "Quick"}}
said | Without id | {"type": "button", "button": {"text": "Without id"}}
linked | Foto / image/jpeg | {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "caption": "Foto"}}
linked |  / video/mp4 | {"type": "video", "video": {"id": "1", "mime_type": "video/mp4"}}
linked |  / audio/ogg | {"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg", "voice": true}}
linked | a.pdf / application/octet-stream | {"type": "document", "document": {"id": "1", "filename": "a.pdf"}}
linked |  / image/webp | {"type": "sticker", "sticker": {"id": "1", "mime_type": "image/webp"}}
said | Loja | {"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": "Loja"}}
said |  | {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]}
said | sem cebola | {"type": "order", "order": {"text": "sem cebola", "product_items": []}}
said | {} | {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}}
untold |  | {"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}}
untold |  | {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}
untold |  | {"type": "edit", "edit": {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Oi!"}}}}
untold |  | {"type": "revoke", "revoke": {"original_message_id": "wamid.1"}}
untold |  | {"type": "system", "system": {"type": "customer_identity_changed", "body": "Ana has another phone"}}
untold |  | {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]}
untold |  | {"type": "hologram", "hologram": {"body": "x"}}
"#;

const ZAPI: &str = r#"
said | Oi | {"text": {"message": "Oi"}}
tapped | T / i | {"buttonsResponseMessage": {"buttonId": "i", "message": "T"}}
tapped | T / i | {"listResponseMessage": {"selectedRowId": "i", "title": "T"}}
file | Foto / image/jpeg | {"image": {"imageUrl": "https://files.example/1", "mimeType": "image/jpeg", "caption": "Foto"}}
file |  / video/mp4 | {"video": {"videoUrl": "https://files.example/1", "mimeType": "video/mp4", "caption": ""}}
file |  / audio/ogg; codecs=opus | {"audio": {"audioUrl": "https://files.example/1", "mimeType": "audio/ogg; codecs=opus"}}
file | a.pdf / application/pdf | {"document": {"documentUrl": "https://files.example/1", "mimeType": "application/pdf", "fileName": "a.pdf"}}
file |  / image/webp | {"sticker": {"stickerUrl": "https://files.example/1", "mimeType": "image/webp"}}
said | Foto | {"image": {"downloadError": true, "caption": "Foto"}}
said | Loja | {"location": {"latitude": 1.5, "longitude": 2, "name": "Loja"}}
said | Ana | {"contact": {"displayName": "Ana", "phones": []}}
said | sem cebola | {"order": {"orderId": "1", "message": "sem cebola"}}
untold |  | {"reaction": {"value": "👍", "referencedMessage": {"messageId": "1"}}}
untold |  | {"isEdit": true, "text": {"message": "Oi!"}}
untold |  | {"pollVote": {"pollMessageId": "1", "options": [{"name": "A"}]}}
untold |  | {"hologram": {"message": "x"}}
untold |  | {"notification": "REVOKE", "text": {"message": "x"}}
untold |  | {"waitingMessage": true}
said | Lanche | {"product": {"productId": "1", "title": "Lanche"}}
said | -22.9,-47.06 | {"location": {"latitude": -22.9, "longitude": -47.06}}
ignored |  | {"fromMe": true, "text": {"message": "x"}}
"#;

/// Baileys and Go print the same; the address of the file stands beside the message.
const ZAPPERHUB: &str = r#"
said | Oi | {"conversation": "Oi"}
said | Long | {"extendedTextMessage": {"text": "Long"}}
tapped | T / i | {"templateButtonReplyMessage": {"selectedId": "i", "selectedDisplayText": "T"}}
tapped | T / i | {"listResponseMessage": {"title": "T", "singleSelectReply": {"selectedRowId": "i"}}}
said | Form | {"interactiveResponseMessage": {"body": {"text": "Form"}}}
file | Foto / image/jpeg | {"imageMessage": {"mimetype": "image/jpeg", "caption": "Foto"}}
file |  / video/mp4 | {"videoMessage": {"mimetype": "video/mp4"}}
file |  / video/mp4 | {"ptvMessage": {"mimetype": "video/mp4"}}
file |  / audio/ogg | {"audioMessage": {"mimetype": "audio/ogg"}}
file | a.pdf / application/pdf | {"documentMessage": {"mimetype": "application/pdf", "fileName": "a.pdf"}}
file |  / image/webp | {"stickerMessage": {"mimetype": "image/webp"}}
said | Loja | {"locationMessage": {"degreesLatitude": 1.5, "name": "Loja"}}
said | Ana | {"contactMessage": {"displayName": "Ana"}}
said | sem cebola | {"orderMessage": {"message": "sem cebola"}}
untold |  | {"reactionMessage": {"text": "👍", "key": {"id": "1"}}}
untold |  | {"editedMessage": {"message": {"conversation": "Oi!"}}}
untold |  | {"secretEncryptedMessage": {"encPayload": "x", "secretEncType": 2}}
ignored |  | {"secretEncryptedMessage": {"encPayload": "x", "secretEncType": 4}}
untold |  | {"pollUpdateMessage": {"vote": {}}}
untold |  | {"hologramMessage": {"text": "x"}}
untold |  | {"protocolMessage": {"type": 0, "key": {"id": "1"}}}
ignored |  | {"protocolMessage": {"type": 3}}
"#;

/// What the receiver reads of a payload: words, id of the tap, address and type of the file.
fn read(payload: &Value) -> [String; 4] {
    assert_eq!(payload["eventType"], "USER_MESSAGE_RECEIVED", "{payload}");
    let file = &payload["attachments"][0];
    if !file.is_null() {
        assert!(file["id"].is_string() && file["size"].is_i64(), "{payload}");
    }
    let url = file["url"].as_str().unwrap_or_default();
    let url = if url.contains("/media/demo/msg_") {
        LINK
    } else {
        url
    };
    let optional = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    [
        text(&payload["userMessage"]).to_owned(),
        optional(&payload["buttonReply"]["id"]),
        url.to_owned(),
        optional(&file["mimeType"]),
    ]
}

/// The channel, its conversation, the kinds of message that its provider tells, and the last message.
const TABLES: [(&str, &str, &str, &str); 4] = [
    (
        "whatsapp",
        "conv-456",
        WHATSAPP,
        r#"{"type": "text", "text": {"body": "end"}}"#,
    ),
    ("zapi", "conv-zapi", ZAPI, r#"{"text": {"message": "end"}}"#),
    (
        "zapperhub",
        "conv-zapperhub",
        ZAPPERHUB,
        r#"{"conversation": "end"}"#,
    ),
    (
        "wuzapi",
        "conv-wuzapi",
        ZAPPERHUB,
        r#"{"conversation": "end"}"#,
    ),
];

#[tokio::test]
async fn what_the_user_said_is_delivered_and_nothing_else() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.open_wuzapi().await;
    let endpoint = json!({"url": receiver.url, "format": "chatvolt"});
    let endpoint = world.client.create("/webhook-endpoints", endpoint).await;
    let callbacks = world.callbacks().await;
    let all: Vec<_> = TABLES
        .iter()
        .flat_map(|(.., table, _)| rows(table))
        .collect();
    for (channel, _, table, _) in TABLES {
        for (place, row) in rows(table).iter().enumerate() {
            let body = call_of(channel, &format!("{channel}-{place}"), &row.message);
            callbacks.deliver(channel, &body).await;
        }
    }
    let count = |kinds: &[&str]| all.iter().filter(|row| kinds.contains(&row.kind)).count();
    // Each provider has one list among its taps.
    world.events("list.selected", 4).await;
    world.events("button.pressed", count(&["tapped"]) - 4).await;
    let others = count(&["said", "file", "linked", "untold"]);
    world.events("message.received", others).await;
    // What is told of a conversation arrives in order: nothing of the above comes behind this.
    for (channel, _, _, end) in TABLES {
        let end = serde_json::from_str(end).expect("JSON");
        let body = call_of(channel, &format!("{channel}-end"), &end);
        callbacks.deliver(channel, &body).await;
    }
    let told = ["said", "tapped", "file", "linked"];
    receiver.wait_for(count(&told) + TABLES.len()).await;
    let arrived = receiver.arrived();
    for (channel, conversation, table, _) in TABLES {
        let of_channel = arrived.iter();
        let of_channel = of_channel.filter(|call| call["conversationId"] == conversation);
        let mut read: Vec<_> = of_channel.map(read).collect();
        let end = read.pop().expect("a call");
        assert_eq!(end[0], "end", "{channel}: {read:?}");
        let expected = rows(table).into_iter();
        let expected = expected.filter(|row| told.contains(&row.kind));
        let mut expected: Vec<_> = expected.map(|row| row.told).collect();
        // Calls that come at the same time are applied in any order.
        read.sort();
        expected.sort();
        assert_eq!(read, expected, "{channel}");
    }
    let path = format!(
        "/webhook-endpoints/{}/deliveries?limit=100&status=not_sent",
        id(&endpoint)
    );
    let listed = world.client.list(&path).await;
    assert_eq!(listed.len(), count(&["untold"]));
    for delivery in listed {
        let reason = "not sent: format chatvolt has no word for it";
        assert_eq!(delivery["lastError"], reason);
    }
}

#[tokio::test]
async fn k182_the_link_of_a_file_needs_no_key_and_ends_after_a_week() {
    let ((world, ahead), receiver) = (World::with_clock().await, Receiver::start().await);
    world.connect_webhooks().await;
    let endpoint = json!({"url": receiver.url, "format": "chatvolt"});
    world.client.create("/webhook-endpoints", endpoint).await;
    let picture = PhoneFile {
        kind: FileKind::Image,
        mime_type: "image/jpeg".to_owned(),
        name: None,
        caption: Some("Foto".to_owned()),
        bytes: "photo".into(),
    };
    let sent = (world.sandbox).send_file(Provider::Whatsapp, "", CUSTOMER, &picture);
    sent.expect("a message");
    receiver.wait_for(1).await;
    let link = text(&receiver.arrived()[0]["attachments"][0]["url"]).to_owned();
    let path = link
        .strip_prefix(&world.url)
        .expect("a link to this server");
    let stranger = world.client.anonymous();
    let fetched = stranger.get(path).await;
    assert_eq!((fetched.status.as_u16(), &*fetched.text), (200, "photo"));

    // A link that is not as it was given leads nowhere.
    let message = path.split('/').nth(3).expect("an id");
    let other = path.replace(message, "msg_0199f3aa4a1e7c109d7b000000000001");
    let longer = path.replace(&format!("{message}/1"), &format!("{message}/2"));
    for wrong in [&other, &longer, &path[..path.len() - 1], "/media/demo/x/1"] {
        stranger.get(wrong).await.refused(404, "media_not_found");
    }
    let operate = async |verb: &str| {
        let path = format!("/organizations/demo/{verb}");
        world.operator.act(&path, json!({})).await;
    };
    operate("suspend").await;
    let refused = stranger.get(path).await;
    refused.refused(403, "organization_suspended");
    operate("resume").await;
    ahead.pass(Duration::from_hours(7 * 24));
    stranger.get(path).await.refused(410, "media_gone");
}
