//! The examples: each of them does what it says.

use std::sync::Arc;
use std::time::Duration;

use recado_core::inbound::{Inbound, InboundContent};
use recado_providers::{
    Channel, ErrorKind, Received, RetryPolicy, SecretString, send_with_retries,
};
use recado_sandbox::{Account, Shape, Webhook};
use rstest::rstest;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::{World, canned, full, listen};
use crate::webhooks::SECRET;

#[expect(dead_code, reason = "`main` is for a person")]
#[path = "../../examples/custom_channel.rs"]
mod custom_channel;
#[expect(dead_code, reason = "`main` is for a person")]
#[path = "../../examples/send.rs"]
mod send;
#[expect(dead_code, reason = "`main` is for a person")]
#[path = "../../examples/webhook.rs"]
mod webhook;

/// The environment with the sandbox's accounts.
fn variable(name: &str) -> Option<String> {
    let accounts = [WhatsApp, Zapi, ZapperHub].map(|subject| Account::working(subject.simulator()));
    let plain = |text: &str| text.replace('_', "").to_lowercase();
    accounts.iter().find_map(|account| {
        let provider = account.provider().as_str();
        let is_named =
            |credential: &str| plain(name) == plain(&format!("recado{provider}{credential}"));
        let mut credentials = account.credentials().into_iter();
        let (_, value) = credentials.find(|(credential, _)| is_named(credential))?;
        Some(value.to_owned())
    })
}

#[rstest]
#[case::whatsapp("whatsapp", WhatsApp)]
#[case::zapi("zapi", Zapi)]
#[case::zapperhub("zapperhub", ZapperHub)]
#[tokio::test]
async fn send_sends_over_each_provider(#[case] provider: &str, #[case] subject: Subject) {
    let world = World::start().await;
    let environment = |name: &str| match name {
        "RECADO_BASE_URL" => Some(world.url(subject).to_owned()),
        name => variable(name),
    };
    let receipt = send::run(provider, "+55 21 98888-7777", environment).await;
    assert!(receipt.expect("accepted").external_id.is_some());
    let phone = &world.sandbox.phone_messages()[0];
    assert_eq!(phone.buttons()[1].title, "Support");
    let missing = send::run(provider, "+55 21 98888-7777", |_| None).await;
    let sentence = missing.expect_err("no credentials").to_string();
    assert!(sentence.starts_with("set RECADO_"), "{sentence}");
}

/// A receiver for a channel that the sandbox calls, and what it is told.
async fn receiver(
    world: &World,
    subject: Subject,
    channel: &Arc<dyn Channel>,
) -> UnboundedReceiver<Received> {
    let (listener, address) = listen().await;
    let (events, told) = unbounded_channel();
    let router = webhook::router(channel.clone(), SecretString::from(SECRET), events);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let path = match subject {
        WhatsApp => String::new(),
        _ => format!("/{SECRET}"),
    };
    let url = format!("http://{address}/webhook{path}");
    let mut registered = Webhook::new(subject.simulator(), url);
    registered.secret = Some(SECRET.to_owned());
    registered.verify_token = Some(SECRET.to_owned());
    let known = world.sandbox.register_webhook(registered).await;
    known.expect("a receiver that answers");
    told
}

#[rstest]
#[tokio::test]
async fn webhook_tells_of_the_tap(#[values(WhatsApp, Zapi, ZapperHub, Wuzapi)] subject: Subject) {
    let world = World::start().await;
    let mut credentials = subject.credentials();
    if subject == WhatsApp {
        credentials["appSecret"] = SECRET.into();
    }
    let settings = subject.settings(world.url(subject));
    let channel = subject.channel_with(&credentials, &settings);
    let mut told = receiver(&world, subject, &channel).await;
    let sent = send::send(&*channel, "+55 21 98888-7777").await;
    sent.expect("accepted");
    let shown = &world.sandbox.phone_messages()[0].message_id;
    let tapped = world.sandbox.tap(shown, 0, None::<Shape>);
    tapped.expect("a tap");
    let sentence = loop {
        let next = timeout(Duration::from_secs(10), told.recv()).await;
        let received = next.expect("in time").expect("an event");
        if matches!(received.what, Inbound::Message(_)) {
            break webhook::describe(&received.what);
        }
    };
    assert_eq!(sentence, "tapped: Sales (btn_sales)");
}

#[rstest]
#[case::accepted(200, json!({"id": "acme-1"}), Ok("acme-1"))]
#[case::refused(401, json!({}), Err((ErrorKind::Unauthorized, "acme: the token is not valid")))]
#[case::unclear(502, json!({}), Err((ErrorKind::Indeterminate, "acme: an unknown answer")))]
#[tokio::test]
async fn a_channel_of_ones_own_fails_under_its_own_name(
    #[case] status: u16,
    #[case] answer: serde_json::Value,
    #[case] expected: Result<&str, (ErrorKind, &str)>,
) {
    let server = canned(status, answer.to_string()).await;
    let url = server.url.parse().expect("a URL");
    let acme = custom_channel::Acme::new(url, "acme-token".into()).expect("a client");
    let sent = send_with_retries(&acme, &full(), &RetryPolicy::default()).await;
    match (sent, expected) {
        (Ok(receipt), Ok(id)) => assert_eq!(receipt.external_id.as_deref(), Some(id)),
        (Err(error), Err((kind, text))) => {
            assert_eq!((error.kind, &*error.to_string()), (kind, text));
        }
        (sent, _) => panic!("{sent:?}"),
    }
    assert_eq!(server.requests(), 1);
    let asked = server.last();
    assert_eq!(asked.headers["authorization"], "Bearer acme-token");
    let shown = acme.preview(&full()).expect("a valid message");
    assert_eq!(shown.body, asked.body);
    assert!(!format!("{:?}", shown.headers).contains("acme-token"));
}

#[tokio::test]
async fn a_channel_of_ones_own_has_its_own_limits_and_webhooks() {
    let url = "http://127.0.0.1:1".parse().expect("a URL");
    let acme = custom_channel::Acme::new(url, "acme-token".into()).expect("a client");
    let buttons = [recado_core::Button::new("a", "t".repeat(25))];
    let content = recado_core::Buttons::new("Hi", buttons).expect("a message");
    let message = crate::support::message("5521988887777", content);
    let refused = acme.send(&message).await.expect_err("a long title");
    let sentence = "acme: (#131009) Parameter value is not valid: buttons[0].title has 25 characters; \
                    Acme Messaging allows 24";
    assert_eq!(refused.to_string(), sentence);
    let body = br#"{"id": "m1", "from": "5521988887777", "button": {"id": "yes", "title": "Yes"}}"#;
    let items = acme.parse_webhook(None, body).expect("readable");
    let [item] = &items[..] else {
        panic!("one item: {items:?}")
    };
    let Inbound::Message(tap) = &item.what else {
        panic!("a tap: {item:?}")
    };
    assert!(matches!(&tap.content, InboundContent::Button(button) if button.id == "yes"));
    for (url_secret, is_let_in) in [(Some(SECRET), true), (Some("other"), false), (None, false)] {
        let secret = SecretString::from(SECRET);
        let (method, headers) = Default::default();
        let head = recado_providers::WebhookHead::new(&method, url_secret, &headers, &secret);
        let call = recado_providers::WebhookCall::new(head, "", body);
        assert_eq!(acme.verify_webhook(&call).is_ok(), is_let_in);
    }
}
