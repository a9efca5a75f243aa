//! Messages of every kind as each provider writes them.

use serde_json::{Value, json};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::merged;
use crate::webhooks_whatsapp::from_ana;
use crate::webhooks_wuzapi::from_rita;
use crate::webhooks_zapi::received;
use crate::webhooks_zapperhub::{update, upsert};

/// The message that a reaction, a change or a vote is about.
pub(crate) const TARGET: &str = "3EB0A1B2C3D4E5F60718";

/// A SHA-256 in base64; in hexadecimal digits, it is `deadbeef` and zeros.
pub(crate) const SHA256: &str = "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const VCARD: &str = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nTEL;type=CELL;waid=5519999990000:+55 19 99999-0000\nEND:VCARD";

/// A call with one message.
pub(crate) type Call = (Subject, Value);

pub(crate) fn meta(members: &Value) -> Call {
    (WhatsApp, from_ana(members))
}

pub(crate) fn zapi(members: &Value) -> Call {
    (Zapi, received(members))
}

pub(crate) fn baileys(message: &Value) -> Call {
    (ZapperHub, upsert(message))
}

pub(crate) fn go(message: &Value) -> Call {
    (Wuzapi, from_rita(message))
}

/// Adds members to the object of a call.
pub(crate) fn beside((subject, body): Call, members: &Value) -> Call {
    (subject, merged(body, members))
}

pub(crate) fn meta_image() -> Call {
    meta(
        &json!({"type": "image", "image": {"id": "1490000000000001", "mime_type": "image/jpeg",
        "sha256": SHA256, "caption": "Comprovante", "url": "https://lookaside.example/with-a-token"}}),
    )
}

pub(crate) fn meta_order(quantity: &Value, price: &Value) -> Call {
    meta(
        &json!({"type": "order", "order": {"catalog_id": "900000000000001", "text": "sem cebola",
        "product_items": [
            {"product_retailer_id": "SKU-1", "quantity": quantity, "item_price": price, "currency": "BRL"},
            {"product_retailer_id": "SKU-2", "quantity": 1, "item_price": 5, "currency": "BRL"}]}}),
    )
}

pub(crate) fn meta_contacts() -> Call {
    meta(
        &json!({"type": "contacts", "origin": "contact_request", "contacts": [{
        "name": {"formatted_name": "Ana Souza", "first_name": "Ana", "last_name": "Souza"},
        "phones": [{"phone": "+55 19 99999-0000", "wa_id": "5519999990000", "type": "CELL"}],
        "emails": [{"email": "ana@loja.example", "type": "WORK"}], "org": {"company": "Loja"}}]}),
    )
}

pub(crate) fn meta_form(answers: &str) -> Call {
    meta(
        &json!({"type": "interactive", "interactive": {"type": "nfm_reply",
        "nfm_reply": {"name": "flow", "body": "Sent", "response_json": answers}}}),
    )
}

pub(crate) fn meta_edit(message: &Value) -> Call {
    meta(&json!({"type": "edit", "edit": {"original_message_id": TARGET, "message": message}}))
}

pub(crate) fn meta_unsupported(code: i64, kind: &Value) -> Call {
    meta(
        &json!({"type": "unsupported", "unsupported": {"type": kind}, "errors": [{"code": code,
        "title": "Message type unknown", "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."}}]}),
    )
}

/// A text of a customer who came by an advertisement.
pub(crate) fn meta_referral() -> Call {
    meta(
        &json!({"type": "text", "text": {"body": "Oi"}, "context": null, "referral": {
        "source_url": "https://fb.example/x1", "source_id": "120000000000001", "source_type": "ad",
        "headline": "Entrega hoje", "body": "Peça já", "media_type": "image",
        "image_url": "https://scontent.example/a.jpg", "ctwa_clid": "ARx",
        "welcome_message": {"text": "Oi! Como ajudar?"}}}),
    )
}

/// A text whose context has these members.
pub(crate) fn meta_context(context: &Value) -> Call {
    meta(&json!({"type": "text", "text": {"body": "Tem em azul?"}, "context": context}))
}

pub(crate) fn zapi_image(members: &Value) -> Call {
    let image = json!({"imageUrl": "https://files.example/z/1.jpeg", "thumbnailUrl": "https://files.example/z/1t.jpeg",
        "caption": "Comprovante", "mimeType": "image/jpeg", "width": 1200, "height": 900, "viewOnce": true});
    zapi(&json!({"image": merged(image, members)}))
}

pub(crate) fn zapi_reaction(emoji: &str) -> Call {
    zapi(
        &json!({"referenceMessageId": null, "reaction": {"value": emoji, "time": 1_790_000_030_000_i64,
        "reactionBy": "5521988887777", "referencedMessage": {"messageId": TARGET, "fromMe": true}}}),
    )
}

pub(crate) fn zapi_order() -> Call {
    zapi(
        &json!({"order": {"orderId": "400000000000001", "itemCount": 1, "message": "sem cebola",
        "token": "T0KEN==", "currency": "BRL", "total": 19_900, "products": [{"productId": "500000000000001",
        "retailerId": "SKU-1", "name": "Lanche", "quantity": 1, "price": 19_900, "currencyCode": "BRL"}]}}),
    )
}

pub(crate) fn zapi_product() -> Call {
    zapi(
        &json!({"product": {"productId": "500000000000001", "retailerId": "SKU-1", "title": "Lanche",
        "price": 19_900, "currencyCode": "BRL", "url": ""}}),
    )
}

pub(crate) fn zapi_referral() -> Call {
    zapi(
        &json!({"referenceMessageId": null, "text": {"message": "Oi"}, "externalAdReply": {"title": "Entrega hoje",
        "body": "Peça já", "mediaType": 1, "thumbnailUrl": "https://scontent.example/t.jpg",
        "sourceType": "ad", "sourceId": "120000000000001", "ctwaClid": "ARx",
        "sourceUrl": "https://fb.example/x1"}}),
    )
}

/// A picture without the members that Baileys and Go name differently.
fn image(spelled: &Value) -> Value {
    let image =
        json!({"mimetype": "image/jpeg", "caption": "Comprovante", "height": 900, "width": 1200});
    json!({"imageMessage": merged(image, spelled)})
}

pub(crate) fn baileys_image(wrapper: &str) -> Call {
    let image = image(&json!({"fileLength": "81234", "fileSha256": SHA256}));
    let url = json!({"mediaUrl": "https://files.example/zp/7.jpeg"});
    beside(baileys(&json!({wrapper: {"message": image}})), &url)
}

pub(crate) fn go_image() -> Call {
    let image = image(
        &json!({"URL": "https://mmg.whatsapp.net/x", "directPath": "/v/x", "mediaKey": "AAEC",
        "fileEncSHA256": "BBBB", "fileSHA256": SHA256, "fileLength": 81_234}),
    );
    let bytes = json!({"base64": "/9j/4AAQ", "mimeType": "image/jpeg", "fileName": "3AF0C1D2.jpg"});
    beside(go(&image), &bytes)
}

pub(crate) fn live_location() -> Value {
    json!({"liveLocationMessage": {"degreesLatitude": -22.9, "degreesLongitude": -47.06,
        "accuracyInMeters": 12, "caption": "chegando", "sequenceNumber": 1_790_000_000_001_i64, "timeOffset": 0}})
}

pub(crate) fn contacts() -> Value {
    let card = |name: &str| json!({"displayName": name, "vcard": VCARD});
    json!({"contactsArrayMessage": {"displayName": "2 contatos", "contacts": [card("Ana"), card("Bia")]}})
}

/// A card of [`contacts`] in an event.
pub(crate) fn card(name: &str) -> Value {
    json!({"name": {"formatted": name, "first": null, "last": null}, "emails": [], "org": null, "vcard": VCARD,
        "phones": [{"phone": "+55 19 99999-0000", "waId": "5519999990000", "type": "CELL"}]})
}

pub(crate) fn product() -> Value {
    json!({"productMessage": {"product": {"productId": "500000000000001", "title": "Lanche",
        "currencyCode": "BRL", "priceAmount1000": 19_900, "retailerId": "SKU-1", "url": "https://loja.example/1"}}})
}

pub(crate) fn order() -> Value {
    json!({"orderMessage": {"orderId": "400000000000001", "itemCount": 1, "message": "sem cebola",
        "token": "T0KEN==", "totalAmount1000": "19900", "totalCurrencyCode": "BRL"}})
}

pub(crate) fn poll() -> Value {
    json!({"pollCreationMessageV3": {"name": "Quando?", "selectableOptionsCount": 1,
        "options": [{"optionName": "Hoje"}, {"optionName": "Amanhã"}]}})
}

pub(crate) fn poll_vote() -> Value {
    json!({"pollUpdateMessage": {"pollCreationMessageKey": {"id": TARGET},
        "vote": {"encPayload": "AAAA", "encIv": "BBBB"}}})
}

/// A text with a card like the one of an advertisement.
pub(crate) fn with_card(card: &Value) -> Value {
    json!({"extendedTextMessage": {"text": "Oi", "contextInfo": {"externalAdReply": card}}})
}

/// A text that answers a message with buttons; `id` is the key in the provider's spelling.
pub(crate) fn quoting(id: &str) -> Value {
    json!({"extendedTextMessage": {"text": "Oi", "contextInfo": {id: TARGET, "quotedMessage": {
        "buttonsMessage": {"buttons": [{"buttonId": "no", "buttonText": {"displayText": "No"}}]},
        "templateButtonReplyMessage": {"selectedId": "no", "selectedDisplayText": "No"}}}}})
}

/// An encrypted change of a message; `id` is the key in the provider's spelling.
pub(crate) fn encrypted_change(id: &str, kind: &Value) -> Value {
    json!({"secretEncryptedMessage": {"targetMessageKey": {id: TARGET, "fromMe": true},
        "encPayload": "AAAA", "encIv": "BBBB", "secretEncType": kind}, "messageContextInfo": {}})
}

pub(crate) fn baileys_reaction(reaction: &Value) -> Call {
    let target = json!({"remoteJid": "5521988887777@s.whatsapp.net", "fromMe": true, "id": TARGET});
    let body = json!({"type": "messages.reaction", "instanceId": "inst_5f2c", "key": target, "reaction": reaction});
    (ZapperHub, body)
}

/// The key of a customer's message.
pub(crate) fn key(id: &str) -> Value {
    json!({"remoteJid": "5521988887777@s.whatsapp.net", "fromMe": false, "id": id})
}

/// A change of a customer's message.
pub(crate) fn baileys_update(members: &Value) -> Call {
    let body = json!({"key": key(TARGET), "update": members});
    (ZapperHub, update(&body))
}

pub(crate) fn baileys_edit(message: &Value, at: &Value) -> Call {
    let edited = json!({"editedMessage": {"message": message}});
    baileys_update(&json!({"message": edited, "messageTimestamp": at}))
}

/// A deletion or a change; `edit` is the engine's word for it.
pub(crate) fn go_change(protocol: &Value, edit: &str) -> Call {
    let key = json!({"remoteJID": "5521988887777@s.whatsapp.net", "fromMe": true, "ID": TARGET});
    let protocol = merged(json!({"key": key}), protocol);
    let (subject, mut body) = go(&json!({"protocolMessage": protocol}));
    body["event"]["Info"]["Edit"] = edit.into();
    (subject, body)
}

/// A message that the engine could not read.
pub(crate) fn go_unread(kind: &str) -> Call {
    let (subject, mut body) = go(&json!(null));
    body["type"] = "UndecryptableMessage".into();
    body["event"]["IsUnavailable"] = true.into();
    body["event"]["UnavailableType"] = kind.into();
    (subject, body)
}

/// Messages of every kind.
pub(crate) fn shapes(subject: Subject) -> Vec<Value> {
    let calls = match subject {
        WhatsApp => all_of_meta(),
        Zapi => all_of_zapi(),
        ZapperHub => all_of_baileys(),
        Wuzapi => all_of_go(),
    };
    let shared = match subject {
        WhatsApp | Zapi => Vec::new(),
        ZapperHub => all_of_both_engines().iter().map(upsert).collect(),
        Wuzapi => all_of_both_engines().iter().map(from_rita).collect(),
    };
    let bodies = calls.into_iter().map(|(_, body)| body);
    bodies.chain(shared).collect()
}

fn all_of_both_engines() -> [Value; 8] {
    [
        live_location(),
        contacts(),
        product(),
        order(),
        poll(),
        poll_vote(),
        with_card(
            &json!({"sourceId": "1", "title": "Oi", "mediaType": 1, "sourceUrl": "https://fb.example"}),
        ),
        json!({"reactionMessage": {"key": {"id": TARGET}, "text": "👍"}}),
    ]
}

fn all_of_meta() -> Vec<Call> {
    vec![
        meta_image(),
        meta_order(&json!(2), &json!("19.9")),
        meta_contacts(),
        meta_form("{\"a\":1}"),
        meta_edit(&json!({"type": "text", "text": {"body": "Oi"}})),
        meta_unsupported(131_051, &json!("poll_creation")),
        meta_referral(),
        meta_context(
            &json!({"forwarded": true, "referred_product": {"catalog_id": "1", "product_retailer_id": "2"}}),
        ),
        meta(
            &json!({"type": "location", "location": {"latitude": "-22.9", "longitude": -47.06, "url": "https://a.example"}}),
        ),
        meta(&json!({"type": "reaction", "reaction": {"message_id": TARGET, "emoji": "👍"}})),
        meta(&json!({"type": "revoke", "revoke": {"original_message_id": TARGET}})),
        meta(
            &json!({"type": "system", "system": {"type": "customer_identity_changed", "body": "changed"}}),
        ),
        meta(&json!({"type": "hologram", "hologram": [{"a": 1}]})),
    ]
}

fn all_of_zapi() -> Vec<Call> {
    vec![
        zapi_image(&json!({})),
        zapi_reaction("👍"),
        zapi_order(),
        zapi_product(),
        zapi_referral(),
        zapi(
            &json!({"location": {"latitude": -22.9, "longitude": -47.06, "name": "Loja", "url": ""}}),
        ),
        zapi(
            &json!({"contact": {"displayName": "Ana", "vCard": VCARD, "phones": ["5519999990000"]}}),
        ),
        zapi(
            &json!({"contacts": [{"displayName": "Ana", "vCard": "", "phones": ["5519999990000"]}]}),
        ),
        zapi(
            &json!({"poll": {"question": "Quando?", "pollMaxOptions": 1, "options": [{"name": "Hoje"}]}}),
        ),
        zapi(&json!({"pollVote": {"pollMessageId": TARGET, "options": [{"name": "Hoje"}]}})),
        zapi(&json!({"isEdit": true, "text": {"message": "Oi!"}})),
        zapi(&json!({"notification": "REVOKE"})),
        zapi(&json!({"waitingMessage": true})),
        zapi(&json!({"hologram": [{"a": 1}]})),
    ]
}

fn all_of_baileys() -> Vec<Call> {
    vec![
        baileys_image("viewOnceMessageV2"),
        baileys(&encrypted_change("id", &json!(2))),
        baileys_reaction(
            &json!({"text": "👍", "key": key("3AF0"), "senderTimestampMs": 1_790_000_030_000_i64}),
        ),
        baileys_edit(&json!({"conversation": "Oi!"}), &json!(1_790_000_040)),
        baileys_update(&json!({"message": null, "messageStubType": 1})),
        beside(baileys(&json!(null)), &json!({"messageStubType": 2})),
        baileys(&json!({"hologramMessage": [{"a": 1}]})),
    ]
}

fn all_of_go() -> Vec<Call> {
    vec![
        go_image(),
        go(&encrypted_change("ID", &json!(2))),
        go_change(
            &json!({"type": 14, "editedMessage": {"conversation": "Oi!"}}),
            "1",
        ),
        go_change(&json!({"type": 0}), "7"),
        go_unread("view_once"),
        go(
            &json!({"interactiveResponseMessage": {"nativeFlowResponseMessage": {"name": "flow", "paramsJSON": "{\"a\":1}"}}}),
        ),
    ]
}
