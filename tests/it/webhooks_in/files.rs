//! Files, places and reactions of customers come in over every API, and a file can be fetched from Recado.

use recado_sandbox::{Effect, Fault, FileKind, Location, PhoneFile, Provider, Webhook};
use recado_tests::prelude::*;

const APIS: [Provider; 4] = [
    Provider::Whatsapp,
    Provider::Zapi,
    Provider::Zapperhub,
    Provider::Wuzapi,
];

/// A file of each kind, with a media type that phones send it with.
const FILES: [(FileKind, &str); 5] = [
    (FileKind::Image, "image/jpeg"),
    (FileKind::Video, "video/mp4"),
    (FileKind::Audio, "audio/ogg; codecs=opus"),
    (FileKind::Document, "application/pdf"),
    (FileKind::Sticker, "image/webp"),
];

/// A file that is longer than one piece of an answer.
fn file(kind: FileKind, mime_type: &str) -> PhoneFile {
    let is_document = kind == FileKind::Document;
    PhoneFile {
        kind,
        mime_type: mime_type.to_owned(),
        name: is_document.then(|| "nota 4411.pdf".to_owned()),
        caption: (kind == FileKind::Image).then(|| "Segue".to_owned()),
        bytes: mime_type.repeat(20_000).into(),
    }
}

/// A world whose four simulated APIs call it.
async fn connected() -> World {
    let world = World::connected().await;
    world.open_wuzapi().await;
    let channel = world.client.read("/channels/wuzapi").await;
    let mut webhook = Webhook::new(Provider::Wuzapi, text(&channel["webhookUrl"]));
    webhook.secret = channel["webhookSecret"].as_str().map(str::to_owned);
    let registered = world.sandbox.register_webhook(webhook).await;
    registered.expect("a registered webhook");
    world
}

/// Where the file of a message is fetched.
fn media_of(event: &Value) -> String {
    format!("/messages/{}/media", text(&event["data"]["messageId"]))
}

#[tokio::test]
async fn a_file_of_every_kind_comes_in_over_every_api_and_can_be_fetched() {
    let world = connected().await;
    let mut sent = Vec::new();
    for api in APIS {
        for (kind, mime_type) in FILES {
            let file = file(kind, mime_type);
            let id = world.sandbox.send_file(api, "", CUSTOMER, &file);
            sent.push((id.expect("a message"), api, file));
        }
    }
    let events = world.events("message.received", sent.len()).await;
    for (id, api, file) in sent {
        let event = events.iter().find(|it| it["data"]["externalId"] == id);
        let event = event.expect("an event");
        let kind = file.kind.as_str();
        event["data"].assert_has(json!({
            "kind": kind, "text": file.caption,
            "content": {"type": kind, "media": {
                "mimeType": file.mime_type, "fileName": file.name, "available": true,
            }},
        }));
        let media = &event["data"]["content"]["media"];
        assert_eq!(media["voice"] == true, kind == "audio", "{api:?}: {media}");
        assert!(text(&media["expiresAt"]) > text(&event["data"]["sentAt"]));
        let known = serde_json::to_string(event).expect("JSON");
        assert!(!known.contains("mediaKey"), "{known}");

        let shown = event["data"]["messageId"].as_str().expect("an id");
        let shown = world.client.read(&format!("/messages/{shown}")).await;
        assert_eq!(shown["metadata"]["content"], event["data"]["content"]);

        let fetched = world.client.get(&media_of(event)).await;
        assert_eq!(fetched.status, 200, "{api:?}: {}", fetched.text);
        assert!(fetched.text.as_bytes() == file.bytes, "{api:?} {kind}");
        let header = |name: &str| fetched.headers[name].to_str().expect("a text");
        assert_eq!(header("content-type"), file.mime_type);
        assert_eq!(header("content-length"), file.bytes.len().to_string());
        assert_eq!(header("x-content-type-options"), "nosniff");
        let disposition = header("content-disposition");
        let name = if kind == "document" {
            "nota 4411.pdf"
        } else {
            "msg_"
        };
        assert!(
            disposition.starts_with(&format!("attachment; filename=\"{name}")),
            "{disposition}"
        );
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_fetched_says_why() {
    let (world, ahead) = World::with_clock().await;
    world.connect_webhooks().await;
    let said = world.sandbox.say(Provider::Whatsapp, "", CUSTOMER, "Oi");
    said.expect("a text");
    let without = media_of(&world.events("message.received", 1).await[0]);
    (world.client.get(&without).await).refused(404, "media_not_found");

    let picture = file(FileKind::Image, "image/jpeg");
    for provider in [Provider::Whatsapp, Provider::Zapi] {
        let sent = world.sandbox.send_file(provider, "", CUSTOMER, &picture);
        sent.expect("a message");
    }
    let events = world.events("message.received", 3).await;
    let of = |channel: &str| {
        let mut events = events[1..].iter();
        media_of(
            events
                .find(|it| it["channelId"] == channel)
                .expect("an event"),
        )
    };
    let (whatsapp, zapi) = (of("whatsapp"), of("zapi"));
    let answer = |status, body| {
        let answer = recado_sandbox::Answer::new(status, body);
        Fault::new(Provider::Whatsapp, Effect::Answer(answer))
    };
    let error = |code: i64, message: &str| json!({"error": {"code": code, "message": message}});
    world
        .sandbox
        .fail_next(answer(401, error(190, "Invalid OAuth access token")), 1);
    let refused = world.client.get(&whatsapp).await;
    refused.refused(500, "channel_unauthorized");
    assert_contains(&refused.text, "could not fetch the file through whatsapp");
    world
        .sandbox
        .fail_next(answer(400, error(100, "Unsupported get request")), 1);
    (world.client.get(&whatsapp).await).refused(410, "media_gone");
    let elsewhere = json!({"url": "https://files.example/x", "mime_type": "image/jpeg"});
    world.sandbox.fail_next(answer(200, elsewhere), 1);
    (world.client.get(&whatsapp).await).refused(500, "channel_misconfigured");

    // Meta keeps a file for 7 days and Z-API for 30: after that the provider is not asked.
    let asked = world.sandbox.requests().len();
    ahead.pass(Duration::from_hours(8 * 24));
    (world.client.get(&whatsapp).await).refused(410, "media_gone");
    assert_eq!(world.sandbox.requests().len(), asked);
    assert_eq!(world.client.get(&zapi).await.status, 200);
}

#[tokio::test]
async fn places_and_reactions_come_in_over_every_api() {
    let world = connected().await;
    let place = Location {
        latitude: -22.9,
        longitude: -47.06,
        name: Some("Loja".to_owned()),
        address: Some("Rua A".to_owned()),
    };
    let mut ids = Vec::new();
    for (api, conversation) in
        APIS.into_iter()
            .zip(["conv-456", "conv-zapi", "conv-zapperhub", "conv-wuzapi"])
    {
        let sent = world.sent(conversation).await;
        let phone = &world.sandbox;
        let placed = phone.send_location(api, "", CUSTOMER, &place);
        let reacted = phone.react(&sent.external_id, "👍");
        let taken_back = phone.react(&sent.external_id, "");
        let of_phone = [placed, reacted, taken_back].map(|id| id.expect("a message"));
        ids.push((sent, of_phone));
    }
    let events = world.events("message.received", 12).await;
    let data = |id: &str| {
        let event = events.iter().find(|it| it["data"]["externalId"] == id);
        &event.expect("an event")["data"]
    };
    for (sent, [placed, reacted, taken_back]) in &ids {
        data(placed).assert_has(json!({"kind": "location", "text": "Loja", "content": {
            "type": "location", "latitude": -22.9, "longitude": -47.06, "name": "Loja", "address": "Rua A", "live": false,
        }}));
        for (id, emoji) in [(reacted, Some("👍")), (taken_back, None)] {
            data(id).assert_has(json!({
                "kind": "reaction", "text": emoji, "inReplyTo": sent.id,
                "content": {"type": "reaction", "emoji": emoji, "targetExternalId": sent.external_id},
            }));
        }
    }
}
