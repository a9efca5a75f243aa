//! Calls and answers with a slip in their JSON: they cost their own character and nothing else.

use recado_core::inbound::InboundContent;
use rstest::rstest;

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::{canned, full};
use crate::webhooks::{FORM, only, read_bytes};

/// A call with a text that says `SLIP`.
fn text(subject: Subject) -> &'static str {
    match subject {
        WhatsApp => {
            r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"8"},"messages":[{"from":"5511900000001","id":"w.1","timestamp":"1790000000","type":"text","text":{"body":"before"}},{"from":"5511900000001","id":"w.2","timestamp":"1790000000","type":"text","text":{"body":"Bob SLIP"}}]}}]}]}"#
        }
        Zapi => {
            r#"{"type":"ReceivedCallback","messageId":"w.2","phone":"5511900000001","text":{"message":"Bob SLIP"}}"#
        }
        ZapperHub => {
            r#"{"type":"messages.upsert","data":[{"key":{"remoteJid":"5511900000001@s.whatsapp.net","id":"w.2"},"message":{"conversation":"Bob SLIP"}}]}"#
        }
        Wuzapi => {
            r#"{"type":"Message","event":{"Info":{"ID":"w.2","Chat":"5511900000001@s.whatsapp.net","Sender":"5511900000001@s.whatsapp.net"},"Message":{"conversation":"Bob SLIP"}}}"#
        }
    }
}

/// A body whose word `SLIP` is replaced by any bytes.
fn with(body: &str, slip: &[u8]) -> Vec<u8> {
    let (before, after) = body.split_once("SLIP").expect("the word");
    [before.as_bytes(), slip, after.as_bytes()].concat()
}

#[rstest]
fn a_slip_in_a_text_loses_no_message(
    #[values(WhatsApp, Zapi, ZapperHub, Wuzapi)] subject: Subject,
    #[values(
        (&br"\ud83d"[..], "Bob \u{fffd}"),
        (&br"\ude00 \ud83d"[..], "Bob \u{fffd} \u{fffd}"),
        (&b"caf\xe9"[..], "Bob caf\u{fffd}"),
        (&b"\xf0\x9f"[..], "Bob \u{fffd}"),
        (&br#"","large":1e999,"not":NaN,"x":""#[..], "Bob "),
    )]
    (slip, said): (&[u8], &str),
) {
    let channel = subject.channel("http://provider.example");
    let body = with(text(subject), slip);
    let mut items = read_bytes(&*channel, "application/json", &body);
    assert_eq!(items.len(), if subject == WhatsApp { 2 } else { 1 });
    let message = only(&items.split_off(items.len() - 1));
    let InboundContent::Other { text, .. } = message.content else {
        panic!("no text")
    };
    assert_eq!(text.as_deref().map(str::trim_end), Some(said.trim_end()));
}

#[test]
fn a_slip_in_a_form_of_wuzapi_loses_no_message() {
    let channel = Wuzapi.channel("http://wuzapi.example");
    let event = with(text(Wuzapi), br"\ud83d");
    let event: String = url::form_urlencoded::byte_serialize(&event).collect();
    only(&read_bytes(
        &*channel,
        FORM,
        format!("jsonData={event}").as_bytes(),
    ));
}

#[test]
fn a_slip_in_the_parameters_of_a_tap_keeps_its_id() {
    let channel = ZapperHub.channel("http://provider.example");
    let body = r#"{"type":"messages.upsert","data":{"key":{"remoteJid":"5511900000001@s.whatsapp.net","id":"w.1"},"message":{"interactiveResponseMessage":{"body":{"text":"Yes"},"nativeFlowResponseMessage":{"name":"quick_reply","paramsJson":"{\"id\":\"yes\",\"title\":\"\\ud83d\"}"}}}}}"#;
    let message = only(&read_bytes(&*channel, "application/json", body.as_bytes()));
    assert_eq!(message.content, crate::webhooks::button("yes", "Yes"));
}

#[rstest]
#[case(
    WhatsApp,
    r#"{"contacts":[{"input":"\ud83d"}],"messages":[{"id":"id.1"}]}"#
)]
#[case(Zapi, r#"{"zaapId":"Z","messageId":"id.1","name":"\ud83d"}"#)]
#[case(ZapperHub, r#"{"key":{"id":"id.1"},"name":"\ud83d","size":1e999}"#)]
#[case(
    Wuzapi,
    r#"{"code":200,"data":{"Details":"\ude00","Id":"id.1"},"success":true}"#
)]
#[tokio::test]
async fn a_success_whose_answer_has_a_slip_is_a_success(
    #[case] subject: Subject,
    #[case] body: &str,
) {
    let server = canned(200, body).await;
    let receipt = subject.channel(&server.url).send(&full()).await;
    let receipt = receipt.expect("accepted");
    assert_eq!(receipt.external_id.as_deref(), Some("id.1"));
}

#[tokio::test]
async fn a_refusal_whose_answer_has_a_slip_keeps_its_code() {
    let body = r#"{"error":{"code":131047,"message":"Bob \ud83d"}}"#;
    let server = canned(400, body).await;
    let sent = WhatsApp.channel(&server.url).send(&full()).await;
    assert_eq!(sent.expect_err("refused").code, Some(131_047));
}
