//! What messages of every kind hold: the cases of the contract of message kinds, by their numbers.

use recado_core::Status;
use recado_core::inbound::Inbound;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::merged;
use crate::webhooks::{
    address, button, channel, file, held, ignored, message, other, read, step, words_of,
};
use crate::webhooks_shapes::{
    Call, SHA256, TARGET, baileys, baileys_edit, baileys_image, baileys_reaction, baileys_update,
    beside, card, contacts, encrypted_change, go, go_change, go_image, go_unread, key,
    live_location, meta, meta_contacts, meta_context, meta_edit, meta_form, meta_image, meta_order,
    meta_referral, meta_unsupported, order, poll, poll_vote, product, quoting, with_card, zapi,
    zapi_image, zapi_order, zapi_product, zapi_reaction, zapi_referral,
};
use crate::webhooks_zapperhub::update;

/// [`SHA256`] as an event has it.
const HEX: &str = "deadbeef00000000000000000000000000000000000000000000000000000000";

fn edited(kind: Option<&str>) -> Value {
    json!({"type": "edited", "targetExternalId": TARGET, "kind": kind})
}

fn revoked(target: &str, by: Option<&str>) -> Value {
    json!({"type": "revoked", "targetExternalId": target, "by": by})
}

fn reaction(emoji: Option<&str>) -> Value {
    json!({"type": "reaction", "emoji": emoji, "targetExternalId": TARGET})
}

fn unavailable(view_once: bool) -> Value {
    json!({"type": "unavailable", "viewOnce": view_once})
}

fn unsupported(kind: Option<&str>) -> Value {
    let error = json!({"code": 131_051, "message": "Message type is currently not supported."});
    json!({"type": "unsupported", "kind": kind, "errors": [error]})
}

fn location(name: Option<&str>, live: bool) -> Value {
    json!({"type": "location", "latitude": -22.9, "longitude": -47.06, "name": name, "address": null,
        "url": null, "live": live})
}

fn form(name: &str, response: &Value) -> Value {
    json!({"type": "form_reply", "name": name, "response": response})
}

fn ordered(members: &Value) -> Value {
    let order = json!({"type": "order", "orderId": null, "catalogId": null, "token": null, "currency": "BRL",
        "total": null, "items": []});
    merged(order, members)
}

/// An order of [`order`] and [`zapi_order`], whose items one of the providers tells.
fn ordered_by_id(items: &Value) -> Value {
    ordered(
        &json!({"orderId": "400000000000001", "token": "T0KEN==", "total": "19.90", "items": items}),
    )
}

fn offered(url: Option<&str>) -> Value {
    json!({"type": "product", "productId": "500000000000001", "retailerId": "SKU-1", "title": "Lanche",
        "price": "19.90", "currency": "BRL", "url": url})
}

fn meta_ordered() -> Value {
    ordered(&json!({"catalogId": "900000000000001", "items": [
        {"productId": "SKU-1", "name": null, "quantity": 2, "price": "19.90", "currency": "BRL"},
        {"productId": "SKU-2", "name": null, "quantity": 1, "price": "5.00", "currency": "BRL"}]}))
}

#[rstest]
#[case::k93_meta_image_with_caption(meta_image(), "image", Some("Comprovante"), file("image", &json!({
    "id": "1490000000000001", "mimeType": "image/jpeg", "sha256": HEX, "available": true, "expiresAt": "2026-09-28T14:15:23Z"})))]
#[case::k94_meta_voice(meta(&json!({"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg; codecs=opus", "voice": true}})),
    "audio", None, file("audio", &json!({"id": "1", "mimeType": "audio/ogg; codecs=opus", "voice": true, "available": true,
    "expiresAt": "2026-09-28T14:15:23Z"})))]
#[case::k95_meta_image_without_id(meta(&json!({"type": "image", "image": {"mime_type": "image/jpeg"}, "errors": [{"code": 131_052}]})),
    "image", None, file("image", &json!({"mimeType": "image/jpeg"})))]
#[case::meta_document(meta(&json!({"type": "document", "document": {"id": "1", "mime_type": "application/pdf", "filename": "nota.pdf",
    "url": "https://lookaside.example/only-with-a-token"}})), "document", None, file("document", &json!({"id": "1",
    "mimeType": "application/pdf", "fileName": "nota.pdf", "available": true, "expiresAt": "2026-09-28T14:15:23Z"})))]
#[case::meta_moving_sticker(meta(&json!({"type": "sticker", "sticker": {"animated": true}})), "sticker", None,
    file("sticker", &json!({"animated": true})))]
#[case::k99_meta_order_of_numbers(meta_order(&json!(2), &json!(19.9)), "order", Some("sem cebola"), meta_ordered())]
#[case::k99_meta_order_of_texts(meta_order(&json!("2"), &json!("19.9")), "order", Some("sem cebola"), meta_ordered())]
#[case::k100_meta_reaction_without_emoji(meta(&json!({"type": "reaction", "reaction": {"message_id": TARGET}})),
    "reaction", None, reaction(None))]
#[case::k102_meta_contact_on_request(meta_contacts(), "contacts", None, json!({"type": "contacts", "shared": true, "contacts": [{
    "name": {"formatted": "Ana Souza", "first": "Ana", "last": "Souza"}, "emails": ["ana@loja.example"], "org": "Loja", "vcard": null,
    "phones": [{"phone": "+55 19 99999-0000", "waId": "5519999990000", "type": "CELL"}]}]}))]
#[case::meta_form(meta_form("{\"day\":\"2\"}"), "nfm_reply", Some("{\"day\":\"2\"}"), form("flow", &json!({"day": "2"})))]
#[case::k104_meta_form_of_invalid_json(meta_form("{\"day\":"), "nfm_reply", Some("{\"day\":"), form("flow", &json!(null)))]
#[case::meta_call_permission(meta(&json!({"type": "interactive", "interactive": {"type": "call_permission_reply",
    "call_permission_reply": {"response": "accept"}}})), "call_permission_reply", Some("accept"),
    form("call_permission", &json!({"response": "accept"})))]
#[case::meta_system(meta(&json!({"type": "system", "system": {"type": "customer_identity_changed", "body": "changed"}})),
    "system", Some("changed"), json!({"type": "system", "event": "customer_identity_changed"}))]
#[case::k106_meta_unsupported(meta_unsupported(131_051, &json!("poll_creation")), "unsupported", None, unsupported(Some("poll_creation")))]
#[case::k106_meta_unsupported_without_type(meta_unsupported(131_051, &json!(null)), "unsupported", None, unsupported(None))]
#[case::k107_meta_not_available(meta_unsupported(131_060, &json!(null)), "unavailable", None, unavailable(false))]
#[case::k108_meta_edit_of_a_caption(meta_edit(&json!({"type": "image", "image": {"id": "1", "caption": "Foto!"}})),
    "edit", Some("Foto!"), edited(Some("image")))]
#[case::k108_meta_revoke(meta(&json!({"type": "revoke", "revoke": {"original_message_id": TARGET}})), "revoke", None, revoked(TARGET, None))]
#[case::k191_meta_edit(meta_edit(&json!({"type": "text", "text": {"body": "Oi!"}})), "edit", Some("Oi!"), edited(Some("text")))]
#[case::meta_edit_without_message(meta_edit(&json!(null)), "edit", None, edited(None))]
#[case::k195_meta_location_of_texts(meta(&json!({"type": "location", "location": {"latitude": "-22.9", "longitude": "-47.06", "name": "Loja"}})),
    "location", Some("Loja"), location(Some("Loja"), false))]
#[case::k112_zapi_image(zapi_image(&json!({})), "image", Some("Comprovante"), file("image", &json!({
    "providerUrl": "https://files.example/z/1.jpeg", "mimeType": "image/jpeg", "width": 1200, "height": 900, "viewOnce": true,
    "available": true, "expiresAt": "2026-10-21T14:13:29Z"})))]
#[case::k113_zapi_failed_download(zapi_image(&json!({"downloadError": true})), "image", Some("Comprovante"), file("image", &json!({
    "mimeType": "image/jpeg", "width": 1200, "height": 900, "viewOnce": true})))]
#[case::zapi_reaction(zapi_reaction("👍"), "reaction", Some("👍"), reaction(Some("👍")))]
#[case::k114_zapi_reaction_removed(zapi_reaction(""), "reaction", None, reaction(None))]
#[case::k115_zapi_order(zapi_order(), "order", Some("sem cebola"), ordered_by_id(
    &json!([{"productId": "SKU-1", "name": "Lanche", "quantity": 1, "price": "19.90", "currency": "BRL"}])))]
#[case::zapi_product(zapi_product(), "product", Some("Lanche"), offered(None))]
#[case::zapi_poll(zapi(&json!({"poll": {"question": "Quando?", "pollMaxOptions": 1, "options": [{"name": "Hoje"}]}})),
    "poll", Some("Quando?"), json!({"type": "poll", "options": ["Hoje"], "max": 1}))]
#[case::k117_zapi_poll_vote(zapi(&json!({"pollVote": {"pollMessageId": TARGET, "options": [{"name": "Hoje"}]}})), "poll_vote", None,
    json!({"type": "poll_vote", "pollExternalId": TARGET, "options": ["Hoje"]}))]
#[case::k118_zapi_edit(zapi(&json!({"messageId": TARGET, "isEdit": true, "text": {"message": "Oi!"}})), "edit", Some("Oi!"), edited(Some("text")))]
#[case::k119_zapi_waiting(zapi(&json!({"waitingMessage": true})), "unavailable", None, unavailable(false))]
#[case::zapi_revoke(zapi(&json!({"notification": "REVOKE", "messageId": TARGET})), "revoke", None, revoked(TARGET, None))]
#[case::zapi_revoke_by_reference(zapi(&json!({"notification": "REVOKE", "messageId": null, "referenceMessageId": TARGET})),
    "revoke", None, revoked(TARGET, None))]
#[case::k123_baileys_image(baileys_image("ephemeralMessage"), "image", Some("Comprovante"), file("image", &json!({
    "providerUrl": "https://files.example/zp/7.jpeg", "mimeType": "image/jpeg", "size": 81_234, "sha256": HEX, "width": 1200,
    "height": 900, "available": true, "expiresAt": "2026-09-28T14:13:29Z"})))]
#[case::baileys_image_to_be_seen_once(baileys_image("viewOnceMessageV2"), "image", Some("Comprovante"), file("image", &json!({
    "providerUrl": "https://files.example/zp/7.jpeg", "mimeType": "image/jpeg", "size": 81_234, "sha256": HEX, "width": 1200,
    "height": 900, "viewOnce": true, "available": true, "expiresAt": "2026-09-28T14:13:29Z"})))]
#[case::baileys_reaction(baileys_reaction(&json!({"text": "👍", "key": key("3AF0")})), "reaction", Some("👍"), reaction(Some("👍")))]
#[case::k125_baileys_reaction_removed(baileys_reaction(&json!({"text": "", "key": key("3AF0")})), "reaction", None, reaction(None))]
#[case::k126_baileys_revoke(baileys_update(&json!({"message": null, "messageStubType": 1})), "revoke", None, revoked(TARGET, None))]
#[case::k127_baileys_edit(baileys_edit(&json!({"conversation": "Oi!"}), &json!(1_790_000_040)), "edit", Some("Oi!"), edited(Some("text")))]
#[case::k127_baileys_edit_of_a_caption(baileys_edit(&json!({"imageMessage": {"caption": "Foto!"}}), &json!(1_790_000_040)),
    "edit", Some("Foto!"), edited(Some("image")))]
#[case::k128_baileys_poll_vote(baileys(&poll_vote()), "poll_vote", None, json!({"type": "poll_vote", "pollExternalId": TARGET, "options": null}))]
#[case::k129_baileys_live_location(baileys(&live_location()), "location", Some("chegando"), {
    let mut live = location(None, true);
    live["accuracy"] = 12.into();
    live
})]
#[case::k130_baileys_contacts(baileys(&contacts()), "contacts", Some("2 contatos"),
    json!({"type": "contacts", "shared": false, "contacts": [card("Ana"), card("Bia")]}))]
#[case::baileys_order(baileys(&order()), "order", Some("sem cebola"), ordered_by_id(&json!([])))]
#[case::baileys_product(baileys(&product()), "product", Some("Lanche"), offered(Some("https://loja.example/1")))]
#[case::baileys_form(baileys(&json!({"interactiveResponseMessage": {"body": {"text": "Enviado"},
    "nativeFlowResponseMessage": {"name": "flow", "paramsJson": "{\"day\":\"2\"}"}}})), "interactive", Some("Enviado"), form("flow", &json!({"day": "2"})))]
#[case::k184_baileys_encrypted_edit(baileys(&encrypted_change("id", &json!(2))), "edit", None, edited(None))]
#[case::k184_baileys_encrypted_edit_by_name(baileys(&encrypted_change("id", &json!("MESSAGE_EDIT"))), "edit", None, edited(None))]
#[case::k188_baileys_absent_message(beside(baileys(&json!(null)), &json!({"messageStubType": 2,
    "messageStubParameters": ["Message absent from node"]})), "unavailable", None, unavailable(false))]
#[case::k132_go_image(go_image(), "image", Some("Comprovante"), file("image", &json!({"mimeType": "image/jpeg", "size": 81_234,
    "sha256": HEX, "width": 1200, "height": 900, "available": true, "expiresAt": "2026-10-05T14:13:29Z"})))]
#[case::k133_go_voice(go(&json!({"audioMessage": {"PTT": true, "seconds": 7}})), "audio", None,
    file("audio", &json!({"voice": true, "seconds": 7})))]
#[case::k135_go_image_in_a_store(beside(go_image(), &json!({"s3": {"url": "https://s3.example/a.jpg"}})), "image", Some("Comprovante"),
    file("image", &json!({"providerUrl": "https://s3.example/a.jpg", "mimeType": "image/jpeg", "size": 81_234,
    "sha256": HEX, "width": 1200, "height": 900, "available": true})))]
#[case::go_poll(go(&poll()), "poll", Some("Quando?"), json!({"type": "poll", "options": ["Hoje", "Amanhã"], "max": 1}))]
#[case::k137_go_revoke(go_change(&json!({"type": 0}), "7"), "revoke", None, revoked(TARGET, Some("sender")))]
#[case::k137_go_revoke_by_an_admin(go_change(&json!({"type": 0}), "8"), "revoke", None, revoked(TARGET, Some("admin")))]
#[case::k138_go_edit(go_change(&json!({"type": 14, "editedMessage": {"conversation": "Oi!"}}), "1"), "edit", Some("Oi!"), edited(Some("text")))]
#[case::k186_go_encrypted_edit(go(&encrypted_change("ID", &json!(2))), "edit", None, edited(None))]
#[case::k189_go_message_to_be_seen_once(
    go_unread("view_once"),
    "unavailable",
    None,
    unavailable(true)
)]
#[case::go_message_that_is_not_read(go_unread(""), "unavailable", None, unavailable(false))]
fn a_message_holds_what_its_provider_tells(
    #[case] (subject, body): Call,
    #[case] kind: &str,
    #[case] text: Option<&str>,
    #[case] expected: Value,
) {
    let content = message(channel(subject), &body).content;
    assert_eq!(held(&content), expected);
    assert_eq!(words_of(content), other(kind, text));
}

#[rstest]
#[case::k190_meta(meta(&json!({"type": "text", "text": {"body": "Oi"}})), "5511900000001")]
#[case::k190_zapi(zapi(&json!({"text": {"message": "Oi"}})), "5521988887777")]
#[case::k190_baileys(baileys(&json!({"conversation": "Oi"})), "5521988887777")]
#[case::k190_go(go(&json!({"conversation": "Oi"})), "5521988887777")]
fn a_plain_text_holds_nothing_beside_its_words(#[case] (subject, body): Call, #[case] phone: &str) {
    let message = message(channel(subject), &body);
    assert_eq!(message.content, other("text", Some("Oi")));
    assert_eq!(address(&message.from.phone), Some(phone));
    assert_eq!(message.referral, None);
}

#[rstest]
#[case::k103_meta_template(meta(&json!({"type": "button", "button": {"payload": "P-1", "text": "Quero"}})), button("P-1", "Quero"))]
#[case::k141_baileys_title_in_a_quote(baileys(&quoting("stanzaId")), other("text", Some("Oi")))]
#[case::k141_go_title_in_a_quote(go(&quoting("stanzaID")), other("text", Some("Oi")))]
fn a_tap_is_what_the_customer_tapped_and_not_what_a_message_quotes(
    #[case] (subject, body): Call,
    #[case] expected: recado_core::inbound::InboundContent,
) {
    assert_eq!(message(channel(subject), &body).content, expected);
}

#[rstest]
#[case::k96_meta_forwarded_often(meta_context(&json!({"frequently_forwarded": true})),
    json!({"forwarded": true, "frequentlyForwarded": true}), json!(null))]
#[case::k97_meta_advertisement(meta_referral(), json!({}), json!({"sourceType": "ad", "sourceId": "120000000000001",
    "sourceUrl": "https://fb.example/x1", "headline": "Entrega hoje", "body": "Peça já", "mediaType": "image",
    "imageUrl": "https://scontent.example/a.jpg", "videoUrl": null, "thumbnailUrl": null, "clickId": "ARx",
    "welcomeText": "Oi! Como ajudar?"}))]
#[case::k98_meta_product(meta_context(&json!({"id": TARGET, "referred_product": {"catalog_id": "900000000000001", "product_retailer_id": "SKU-1"}})),
    json!({"repliedToExternalId": TARGET, "referredProduct": {"catalogId": "900000000000001", "productId": "SKU-1"}}), json!(null))]
#[case::k101_meta_answer_to_a_request(meta(&json!({"type": "location", "location": {"latitude": 1, "longitude": 2}, "context": {"id": TARGET}})),
    json!({"repliedToExternalId": TARGET}), json!(null))]
#[case::k116_zapi_advertisement(zapi_referral(), json!({}), json!({"sourceType": "ad", "sourceId": "120000000000001",
    "sourceUrl": "https://fb.example/x1", "headline": "Entrega hoje", "body": "Peça já", "mediaType": "image", "imageUrl": null,
    "videoUrl": null, "thumbnailUrl": "https://scontent.example/t.jpg", "clickId": "ARx", "welcomeText": null}))]
#[case::zapi_forwarded(zapi(&json!({"text": {"message": "Oi"}, "forwarded": true, "referenceMessageId": null})), json!({"forwarded": true}), json!(null))]
#[case::baileys_advertisement(baileys(&with_card(&json!({"ctwaClid": "ARx", "mediaType": 2, "greetingMessageBody": "Oi!"}))), json!({}),
    json!({"sourceType": null, "sourceId": null, "sourceUrl": null, "headline": null, "body": null, "mediaType": "video", "imageUrl": null,
    "videoUrl": null, "thumbnailUrl": null, "clickId": "ARx", "welcomeText": "Oi!"}))]
#[case::k131_baileys_card_of_a_person(baileys(&with_card(&json!({"title": "Loja", "mediaType": 1, "sourceUrl": "https://loja.example"}))),
    json!({}), json!(null))]
#[case::baileys_forwarded_often(baileys(&json!({"imageMessage": {"contextInfo": {"forwardingScore": 127, "isForwarded": true}}})),
    json!({"forwarded": true, "frequentlyForwarded": true}), json!(null))]
fn a_message_tells_what_it_refers_to(
    #[case] (subject, body): Call,
    #[case] context: Value,
    #[case] referral: Value,
) {
    let message = message(channel(subject), &body);
    assert_eq!(
        serde_json::to_value(&message.context).expect("JSON"),
        context
    );
    assert_eq!(
        serde_json::to_value(&message.referral).expect("JSON"),
        referral
    );
}

#[rstest]
#[case::k122_zapi_own_tap(zapi(&json!({"fromMe": true, "buttonsResponseMessage": {"buttonId": "a", "message": "A"}})), "echo")]
#[case::k187_baileys_encrypted_poll(baileys(&encrypted_change("id", &json!(4))), "empty")]
#[case::k187_go_encrypted_poll(go(&encrypted_change("ID", &json!(4))), "empty")]
#[case::k192_status_of_a_customers_message(baileys_update(&json!({"status": 4})), "status")]
#[case::baileys_stub_of_another_kind(beside(baileys(&json!(null)), &json!({"messageStubType": 20})), "empty")]
#[case::baileys_revoke_without_target(baileys(&json!({"protocolMessage": {"type": 0}})), "empty")]
#[case::baileys_own_reaction(baileys_reaction(&json!({"text": "👍", "key": {"fromMe": true, "id": "3AF0"}})), "echo")]
fn what_says_nothing_of_the_customer_is_ignored(#[case] (subject, body): Call, #[case] word: &str) {
    assert_eq!(read(channel(subject), &body), [ignored(word)]);
}

#[test]
fn k109_an_unknown_kind_leaves_the_rest_of_its_call_as_it_is() {
    let hologram =
        json!({"id": "a", "from": "5511900000001", "type": "hologram", "hologram": {"body": "x"}});
    let text = json!({"id": "b", "from": "5511900000001", "type": "text", "text": {"body": "Oi"}});
    let (subject, mut body) = meta(&json!({}));
    body["entry"][0]["changes"][0]["value"]["messages"] = json!([hologram, text]);
    let items = read(channel(subject), &body);
    let [Inbound::Message(unknown), Inbound::Message(known)] = &items[..] else {
        panic!("two messages: {items:?}")
    };
    assert_eq!(words_of(unknown.content.clone()), other("unknown", None));
    assert_eq!(
        held(&unknown.content),
        json!({"type": "unknown", "raw": hologram})
    );
    assert_eq!(known.content, other("text", Some("Oi")));
}

#[rstest]
#[case::k124_number(json!(1_790_000_009))]
#[case::k124_text(json!("1790000009"))]
#[case::k124_long(json!({"low": 1_790_000_009, "high": 0, "unsigned": true}))]
fn a_time_is_the_same_in_every_form(#[case] time: Value) {
    let text = baileys(&json!({"conversation": "Oi"}));
    let (subject, body) = beside(text, &json!({"messageTimestamp": time}));
    assert_eq!(
        message(channel(subject), &body).sent_at,
        Some(1_790_000_009_000)
    );
}

#[test]
fn k192_an_update_with_only_a_status_is_a_status() {
    let items = read(
        channel(ZapperHub),
        &update(&json!({"update": {"status": 3}})),
    );
    let [Inbound::Status(news)] = &items[..] else {
        panic!("one status: {items:?}")
    };
    assert_eq!(step(news), (vec![TARGET], Status::Delivered));
}

#[test]
fn k193_one_call_may_tell_a_status_and_a_change() {
    let status = json!({"key": {"id": "3EB1", "fromMe": true}, "update": {"status": 4}});
    let (_, change) = baileys_edit(&json!({"conversation": "Oi!"}), &json!(1_790_000_040));
    let body =
        json!({"type": "messages.update", "instanceId": "inst_5f2c", "data": [status, change]});
    let items = read(channel(ZapperHub), &body);
    let [Inbound::Status(news), Inbound::Message(message)] = &items[..] else {
        panic!("a status and a message: {items:?}")
    };
    assert_eq!(step(news), (vec!["3EB1"], Status::Read));
    assert_eq!(held(&message.content), edited(Some("text")));
}

#[rstest]
fn a_reaction_is_about_its_message(#[values(Zapi, ZapperHub, Wuzapi, WhatsApp)] subject: Subject) {
    let reaction = json!({"reactionMessage": {"key": {"ID": TARGET}, "text": "👍"}});
    let (_, body) = match subject {
        WhatsApp => {
            meta(&json!({"type": "reaction", "context": null, "reaction": {"message_id": TARGET}}))
        }
        Zapi => zapi_reaction("👍"),
        ZapperHub => baileys_reaction(&json!({"text": "👍", "key": key("3AF0")})),
        Wuzapi => go(&reaction),
    };
    let message = message(channel(subject), &body);
    assert_eq!(message.in_reply_to.as_deref(), Some(TARGET));
    assert_eq!(message.context.replied_to_external_id, None);
}

#[test]
fn what_opens_a_file_is_known_and_no_event_has_it() {
    let (subject, mut body) = go_image();
    body["event"]["IsViewOnce"] = true.into();
    let content = message(channel(subject), &body).content;
    let media = content
        .received()
        .and_then(|it| it.media())
        .expect("a file");
    assert!(media.view_once);
    let encrypted = media.encrypted.as_ref().expect("a key");
    assert_eq!((&*encrypted.kind, encrypted.size), ("image", 81_234));
    assert_eq!(
        (&*encrypted.url, &*encrypted.direct_path),
        ("https://mmg.whatsapp.net/x", "/v/x")
    );
    assert_eq!(
        (&*encrypted.media_key, &*encrypted.encrypted_sha256),
        ("AAEC", "BBBB")
    );
    assert_eq!(
        (&*encrypted.mime_type, &*encrypted.sha256),
        ("image/jpeg", SHA256)
    );
    let event = held(&content).to_string();
    assert!(
        !event.contains("AAEC") && !event.contains("/9j/"),
        "{event}"
    );
}
