//! The hosted API's reports of messages that we sent.

use recado_core::ContentKind;
use recado_core::inbound::{Choice, Contact, Inbound, OwnMessage};
use rstest::rstest;
use serde_json::{Value, json};

use crate::webhooks::read;
use crate::webhooks_zapperhub::{channel, upsert};

#[rstest]
#[case::native_flow(json!({"viewOnceMessage": {"message": {"interactiveMessage": {
    "header": {"title": "Aurora"}, "body": {"text": "Confirma?"}, "footer": {"text": "Até 18h"},
    "nativeFlowMessage": {"buttons": [
        {"name": "quick_reply", "buttonParamsJson": "{\"display_text\":\"Sim\",\"id\":\"yes\"}"},
        {"name": "quick_reply", "buttonParamsJson": "{\"display_text\":\"Não\",\"id\":\"no\"}"}]}}}}}))]
#[case::legacy(json!({"buttonsMessage": {"contentText": "Confirma?", "contextInfo": {"buttons": []}, "buttons": [
    {"buttonId": "yes", "buttonText": {"displayText": "Sim"}, "type": 1},
    {"buttonId": "no", "buttonText": {"displayText": "Não"}, "type": 1}]}}))]
#[case::template(json!({"templateMessage": {"hydratedTemplate": {"hydratedContentText": "Confirma?", "hydratedButtons": [
    {"index": 0, "quickReplyButton": {"displayText": "Sim", "id": "yes"}},
    {"index": 1, "quickReplyButton": {"displayText": "Não", "id": "no"}}]}}}))]
#[case::a_list(json!({"listMessage": {"title": "Aurora", "description": "Confirma?", "buttonText": "Abrir", "listType": 1,
    "sections": [{"title": "", "rows": [{"title": "Sim", "description": "já", "rowId": "yes"}]},
        {"rows": [{"title": "Não", "rowId": "no"}]}]}}))]
fn an_own_message_with_choices_says_what_was_sent_to_whom(#[case] sent: Value) {
    let is_list = sent.get("listMessage").is_some();
    let kind = if is_list {
        ContentKind::List
    } else {
        ContentKind::Buttons
    };
    let mut body = upsert(&sent);
    body["key"]["fromMe"] = true.into();
    // Ours: the message is not about it.
    body["key"]["senderLid"] = "990000000000001@lid".into();
    let to = Contact::new(["5521988887777".parse().expect("a phone")]);
    let mut expected = OwnMessage::new("3AF0C1D2E3F405162739", to, kind, "Confirma?");
    expected.sent_at = Some(1_790_000_009_000);
    expected.choices = vec![Choice::new("yes", "Sim"), Choice::new("no", "Não")];
    assert_eq!(read(&*channel(), &body), [Inbound::OwnMessage(expected)]);
}

#[rstest]
#[case::plain(json!({"conversation": "Confirma?"}))]
#[case::with_a_preview(json!({"extendedTextMessage": {"text": "Confirma?", "title": "Loja"}}))]
fn an_own_text_says_what_was_sent(#[case] sent: Value) {
    let mut body = upsert(&sent);
    body["key"]["fromMe"] = true.into();
    let items = read(&*channel(), &body);
    let [Inbound::OwnMessage(own)] = &items[..] else {
        panic!("an own message: {items:?}")
    };
    assert_eq!((&*own.body, &own.choices[..]), ("Confirma?", &[][..]));
    assert_eq!(own.kind, ContentKind::Text);
}

#[test]
fn the_button_of_an_own_link_is_no_reply() {
    let button = json!({"name": "cta_url", "buttonParamsJson":
        "{\"display_text\":\"Abrir\",\"url\":\"https://loja.example\",\"id\":\"1\"}"});
    let mut body = upsert(&json!({"interactiveMessage": {"body": {"text": "Saiu"},
        "nativeFlowMessage": {"buttons": [button]}}}));
    body["key"]["fromMe"] = true.into();
    let items = read(&*channel(), &body);
    let [Inbound::OwnMessage(own)] = &items[..] else {
        panic!("an own message: {items:?}")
    };
    let said = (own.kind, &*own.body, own.choices.len());
    assert_eq!(said, (ContentKind::CtaUrl, "Saiu", 0));
}

#[test]
fn the_new_text_of_an_own_message_is_ignored() {
    let mut body = upsert(&json!({"editedMessage": {"message": {"conversation": "Confirma?"}}}));
    body["key"]["fromMe"] = true.into();
    let items = read(&*channel(), &body);
    assert!(matches!(items[..], [Inbound::Ignored(_)]), "{items:?}");
}

#[test]
fn an_own_message_of_no_kind_that_is_sent_here_is_ignored() {
    let mut body = upsert(&json!({"imageMessage": {"caption": "Foto"}}));
    body["key"]["fromMe"] = true.into();
    let items = read(&*channel(), &body);
    assert!(matches!(items[..], [Inbound::Ignored(_)]), "{items:?}");
}

#[test]
fn an_own_message_of_another_form_still_has_its_id() {
    let mut body = upsert(&json!({"templateMessage": {"hologram": 1}}));
    body["key"] = json!({"fromMe": true, "id": "3AF0C1D2E3F405162739"});
    let items = read(&*channel(), &body);
    let [Inbound::OwnMessage(own)] = &items[..] else {
        panic!("an own message: {items:?}")
    };
    assert_eq!(own.external_id, "3AF0C1D2E3F405162739");
    assert_eq!((&*own.body, &own.choices[..]), ("", &[][..]));
}
