//! ZapperHUB in both dialects: the exact requests, and what a success says.

use recado_providers::ErrorKind;
use recado_providers::HealthState::{self, Connected, Disconnected, NeedsPairing};
use recado_sandbox::{Connection, ResponseShape, Session, TimestampShape};
use rstest::rstest;
use serde_json::Value;

use crate::support::{Subject, World, canned, content, full, message, plain, shown};

const V2: Subject = Subject::ZapperHub;
const WUZAPI: Subject = Subject::Wuzapi;
const BASE: &str = "https://api.zapperapi.com";
const OWN_BASE: &str = "https://wuzapi.example.com";

#[test]
fn the_request_of_the_hosted_api_has_no_other_keys() {
    let preview = V2.preview(BASE, &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.zapperapi.com/inst_5f2c/messages/buttons
    x-api-key: ***
    content-type: application/json

    {"jid":"5521988887777","title":"Aurora ✅","body":"Podemos confirmar a visita?\n*Quinta*, 10h","footer":"Até 18h","buttons":[{"type":"reply","id":"visit:1","displayText":"Opção 1"},{"type":"reply","id":"visit:2","displayText":"Opção 2"}]}
    "#);
}

#[test]
fn the_request_of_wuzapi_carries_an_id() {
    let preview = WUZAPI.preview("http://wuzapi.example:8080", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST http://wuzapi.example:8080/chat/send/buttons
    token: ***
    content-type: application/json

    {"Phone":"5521988887777","Id":"3EB0FFFCAE1775EFAF3954","title":"Aurora ✅","body":"Podemos confirmar a visita?\n*Quinta*, 10h","footer":"Até 18h","buttons":[{"type":"reply","id":"visit:1","displayText":"Opção 1"},{"type":"reply","id":"visit:2","displayText":"Opção 2"}]}
    "#);
}

#[test]
fn an_absent_header_or_footer_is_an_absent_key() {
    for (subject, base) in [(V2, BASE), (WUZAPI, OWN_BASE)] {
        let body = subject.preview(base, &plain()).body;
        assert_eq!((body.get("title"), body.get("footer")), (None, None));
    }
}

#[test]
fn the_same_message_has_the_same_wuzapi_id_and_another_has_another() {
    let channel = WUZAPI.channel(OWN_BASE);
    let id = |sent: &_| channel.preview(sent).expect("a valid message").body["Id"].clone();
    let mut other = full();
    other.id = "msg_0199f3aa4a1e7c109d7b000000000002"
        .parse()
        .expect("an id");
    assert_eq!(id(&full()), id(&full()));
    assert_ne!(id(&full()), id(&other));
}

#[rstest]
#[case::digits("digits", "+55 21 98888-7777", "5521988887777")]
#[case::plus("plus", "+55 21 98888-7777", "+5521988887777")]
#[case::jid("jid", "+55 21 98888-7777", "5521988887777@s.whatsapp.net")]
#[case::lid("plus", "190000000000001@lid", "190000000000001@lid")]
#[tokio::test]
async fn every_recipient_has_its_form(#[case] form: &str, #[case] to: &str, #[case] sent: &str) {
    let world = World::start().await;
    for (subject, key) in [(V2, "jid"), (WUZAPI, "Phone")] {
        let mut settings = subject.settings(world.url(subject));
        settings["recipientForm"] = form.into();
        let channel = subject.channel_with(&subject.credentials(), &settings);
        let message = message(to, content(None, None, 1));
        channel.send(&message).await.expect("accepted");
        let requests = world.sandbox.requests();
        assert_eq!(requests.last().expect("a request").body[key], sent);
    }
}

#[tokio::test]
async fn a_group_gets_buttons_through_wuzapi_only() {
    let server = canned(200, r#"{"success":true,"data":{"Id":"3EB0"}}"#).await;
    let group = message("120363000000000001@g.us", content(None, None, 1));
    let error = V2
        .channel(&server.url)
        .send(&group)
        .await
        .expect_err("refused");
    assert_eq!(
        (error.kind, server.requests()),
        (ErrorKind::ContentRefused, 0)
    );

    server.accepts(WUZAPI, &group).await;
    assert_eq!(server.last().body["Phone"], "120363000000000001@g.us");
}

#[rstest]
#[case::hosted(V2, "POST /inst_5f2c/messages/buttons", "x-api-key", "API-KEY-01")]
#[case::wuzapi(WUZAPI, "POST /chat/send/buttons", "token", "WUZAPI-TOKEN-01")]
#[tokio::test]
async fn the_credentials_go_where_they_belong(
    #[case] subject: Subject,
    #[case] line: &str,
    #[case] header: &str,
    #[case] secret: &str,
) {
    let server = canned(200, r#"{"success":true,"data":{"Id":"3EB0"}}"#).await;
    server.accepts(subject, &plain()).await;
    let asked = server.last();
    assert_eq!(asked.line, line);
    assert_eq!(asked.headers[header], secret);
}

#[rstest]
#[case::key_object(r#"{"key":{"id":"A"}}"#, Some("A"), None)]
#[case::key_text(r#"{"key":"A"}"#, Some("A"), None)]
#[case::data_key(r#"{"data":{"key":{"id":"A"}}}"#, Some("A"), None)]
#[case::data_id(r#"{"data":{"Id":"A"}}"#, Some("A"), None)]
#[case::capital_id(r#"{"Id":"A"}"#, Some("A"), None)]
#[case::message_id(r#"{"messageId":"A"}"#, Some("A"), None)]
#[case::message_id_with_underscore(r#"{"message_id":"A"}"#, Some("A"), None)]
#[case::id(r#"{"id":"A"}"#, Some("A"), None)]
#[case::job(r#"{"jobId":"77"}"#, None, Some("77"))]
#[case::job_object(r#"{"job":{"id":77}}"#, None, Some("77"))]
#[case::the_first_counts(r#"{"id":"B","key":{"id":"A"},"jobId":"77"}"#, Some("A"), Some("77"))]
#[case::an_empty_one_does_not(r#"{"key":{"id":""},"id":"A"}"#, Some("A"), None)]
#[case::nothing("{}", None, None)]
#[case::no_body("", None, None)]
#[tokio::test]
async fn a_200_of_the_hosted_api_is_accepted_with_whatever_id_it_has(
    #[case] body: &str,
    #[case] external: Option<&str>,
    #[case] job: Option<&str>,
) {
    let server = canned(200, body).await;
    let receipt = server.accepts(V2, &full()).await;
    assert_eq!(receipt.external_id.as_deref(), external);
    assert_eq!(receipt.provider_id.as_deref(), job);
}

#[rstest]
#[case::key_object(ResponseShape::KeyObject, true)]
#[case::key_string(ResponseShape::KeyString, true)]
#[case::id(ResponseShape::Id, true)]
#[case::message_id(ResponseShape::MessageId, true)]
#[case::job(ResponseShape::Job, false)]
#[case::empty(ResponseShape::Empty, false)]
#[tokio::test]
async fn every_shape_of_the_sandbox_is_understood(
    #[case] shape: ResponseShape,
    #[case] named: bool,
) {
    let world = World::start().await;
    world
        .sandbox
        .change_settings(|settings| settings.zapperhub.response_shape = shape);
    let receipt = world.channel(V2).send(&full()).await.expect("accepted");
    let id = world.sandbox.phone_messages()[0].message_id.clone();
    assert_eq!(receipt.external_id, named.then_some(id));
    assert_eq!(receipt.provider_id.is_some(), shape == ResponseShape::Job);
}

#[rstest]
#[case(TimestampShape::Integer)]
#[case(TimestampShape::Rfc3339)]
#[tokio::test]
async fn wuzapi_keeps_our_id_whatever_its_time_looks_like(#[case] shape: TimestampShape) {
    let world = World::start().await;
    world
        .sandbox
        .change_settings(|settings| settings.wuzapi.timestamp = shape);
    let channel = world.channel(WUZAPI);
    let receipt = channel.send(&full()).await.expect("accepted");
    let ours = channel.preview(&full()).expect("a valid message").body["Id"].clone();
    assert_eq!(receipt.external_id.map(Value::String), Some(ours));
}

#[rstest]
#[case(V2, Connection::Open, Session::Open, Connected)]
#[case(V2, Connection::Close, Session::Open, Disconnected)]
#[case(V2, Connection::Unpaired, Session::Open, NeedsPairing)]
#[case(WUZAPI, Connection::Open, Session::Open, Connected)]
#[case(WUZAPI, Connection::Open, Session::None, Disconnected)]
#[case(WUZAPI, Connection::Open, Session::LoggedOut, NeedsPairing)]
#[tokio::test]
async fn every_state_of_the_sandbox_is_told_apart(
    #[case] subject: Subject,
    #[case] connection: Connection,
    #[case] session: Session,
    #[case] state: HealthState,
) {
    let world = World::start().await;
    world.sandbox.change_settings(|settings| {
        settings.zapperhub.connection = connection;
        settings.wuzapi.session = session;
    });
    let channel = world.channel(subject);
    assert_eq!(channel.health().await.expect("an answer").state, state);
    let sent = channel.send(&full()).await.map_err(|error| error.kind);
    let expected = (state != Connected).then_some(ErrorKind::NotConnected);
    assert_eq!(sent.err(), expected);
}
