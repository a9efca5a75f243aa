//! What `/metrics` counts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use recado_sandbox::{Effect, Fault, Provider};
use recado_server::telemetry::catalogue::METRICS;
use recado_tests::generated;
use recado_tests::measured::{fresh_scrape, measured, measured_names};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;

const NOWHERE: &str = "127.0.0.1:9";

/// Delivers a complaint of Meta about the number and a message of an unknown kind; returns when its event is there.
async fn call_back(client: &Client, url: &str) {
    let mut stream = EventStream::open(client, "?type=message.received", None).await;
    let errors = json!([{"code": 130_429, "title": "Rate limit hit"}]);
    let alert = change(NUMBER, &json!({"errors": errors}));
    let message = json!({"from": "5511933332222", "id": "wamid.1", "timestamp": "1790000000", "type": "hologram"});
    let strange = change(NUMBER, &json!({"messages": [message]}));
    let callbacks = Callbacks::of(client, url).await;
    let call = whatsapp(&[vec![alert, strange]]);
    callbacks.deliver("whatsapp", &call).await;
    let told = stream.next_event().await;
    assert_eq!(told.data["data"]["kind"], "unknown");
}

#[tokio::test]
async fn metrics_count_what_is_sent_and_what_comes_in() {
    let measured = measured().await;
    let (server, sandbox) = (&measured.server, &measured.sandbox);
    let operator = Client::new(&server.url, &measured.operator_key);
    let client = operator.organization("demo").await;
    open_conversations(&client, &CONVERSATIONS).await;
    for _ in 0..3 {
        client.accepted(smallest_body("conv-456")).await;
    }
    let endpoint = json!({"url": format!("http://{NOWHERE}/")});
    client.create("/webhook-endpoints", endpoint).await;
    call_back(&client, &server.url).await;
    let expired =
        json!({"credentials": {"phoneNumberId": "800000000000001", "accessToken": "T-EXPIRED"}});
    client.change("/channels/whatsapp", expired).await;
    client.send(smallest_body("conv-456")).await.expect(500);
    let is_paused = async || {
        let channel = client.read("/channels/whatsapp").await;
        channel["paused"].is_object().then_some(())
    };
    until("the channel is paused", is_paused).await;
    assert_eq!(sandbox.phone_messages().len(), 3);
    sandbox.fail_next(Fault::new(Provider::Zapi, Effect::ResetAfter), 1);
    client.send(smallest_body("conv-zapi")).await.expect(500);
    let text = client.at(&measured.metrics).get("/metrics").await.text;
    for line in [
        "recado_webhook_account_alerts_total{severity=\"warning\"} 1",
        "recado_webhook_unknown_total 1",
        "recado_sends_total{provider=\"whatsapp\",outcome=\"accepted\"} 3",
        "recado_sends_total{provider=\"whatsapp\",outcome=\"channel_unauthorized\"} 1",
        "recado_sends_total{provider=\"zapi\",outcome=\"outcome_unknown\"} 1",
        "recado_send_seconds_count{provider=\"whatsapp\"} 4",
        "recado_messages{status=\"sending\"} 0",
        "recado_messages{status=\"unknown\"} 1",
        "recado_webhook_calls_waiting 0",
        "recado_webhook_calls_oldest_seconds 0",
        "recado_channels{provider=\"zapi\",state=\"unknown\"} 1",
        "recado_channels{provider=\"zapi\",state=\"disconnected\"} 0",
        "recado_channels_paused{provider=\"whatsapp\",cause=\"failure\"} 1",
        "recado_channels_paused{provider=\"whatsapp\",cause=\"request\"} 0",
        "recado_ready 1",
        "recado_http_requests_total{route=\"/messages/interactive/send-buttons\",method=\"POST\",status=\"200\"} 3",
    ] {
        assert_has_line(&text, line);
    }
    for gauge in [
        "recado_deliveries_waiting",
        "recado_deliveries_oldest_seconds",
    ] {
        assert!(value(&text, gauge) > 0.0, "{text}");
    }
    for secret in ["demo", "conv-456", CUSTOMER] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn metrics_count_sends_that_repeat_an_earlier_one_or_are_limited() {
    let measured = measured().await;
    let operator = Client::new(&measured.server.url, &measured.operator_key);
    let client = operator.organization("demo").await;
    open_conversations(&client, &CONVERSATIONS).await;
    for _ in 0..2 {
        let sent = client.send_once("order-1", smallest_body("conv-456"));
        sent.await.expect(200);
    }
    let lost = Fault::new(Provider::Zapi, Effect::ResetAfter);
    measured.sandbox.fail_next(lost, 1);
    for _ in 0..2 {
        client.send(smallest_body("conv-zapi")).await.expect(500);
    }
    let slow = json!({"settings": {"messagesPerSecond": 0.001}});
    client.change("/channels/zapperhub", slow).await;
    for status in [200, 429] {
        let sent = client.send(smallest_body("conv-zapperhub"));
        sent.await.expect(status);
    }
    let text = client.at(&measured.metrics).get("/metrics").await.text;
    for line in [
        "recado_sends_repeated_total{by=\"key\"} 1",
        "recado_sends_repeated_total{by=\"unknown\"} 1",
        "recado_sends_limited_total{limit=\"channel\"} 1",
    ] {
        assert_has_line(&text, line);
    }
}

#[track_caller]
fn assert_has_line(scrape: &str, line: &str) {
    let is_there = scrape.lines().any(|found| found == line);
    assert!(is_there, "{line} is not in\n{scrape}");
}

/// The value of a series without labels.
fn value(scrape: &str, name: &str) -> f64 {
    let mut lines = scrape.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect(name).parse().expect("a number")
}

/// The metrics that the source of the server changes, found as the first word of a macro.
fn changed_names(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            changed_names(&path, names);
            continue;
        }
        let source = fs::read_to_string(&path).expect("source");
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            let calls = source.split(kind).skip(1);
            let words =
                calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
            names.extend(words.map(str::to_owned));
        }
    }
}

#[test]
fn the_source_changes_documented_metrics_and_no_other() {
    let mut changed = BTreeSet::new();
    changed_names(&generated::root().join("crates/server/src"), &mut changed);
    let documented = METRICS.iter().map(|metric| metric.name.to_owned());
    assert_eq!(changed, documented.collect());
}

#[tokio::test]
async fn a_fresh_server_has_every_documented_metric_and_no_other() {
    let scrape = fresh_scrape().await;
    let document = fs::read_to_string(generated::root().join("docs/metrics.md")).expect("a page");
    let documented: BTreeSet<_> = document
        .split('`')
        .map(|word| word.split('{').next().unwrap_or_default().to_owned())
        .filter(|word| word.starts_with("recado_") || word.starts_with("process_"))
        .collect();
    assert_eq!(measured_names(&scrape), documented);
    for line in scrape.lines().filter(|line| !line.starts_with('#')) {
        let (series, number) = line.rsplit_once(' ').unwrap_or((line, "0"));
        let is_event = [
            "recado_sends",
            "recado_send_",
            "recado_webhook",
            "recado_deliveries",
        ];
        if is_event.iter().any(|name| series.starts_with(name)) {
            assert_eq!(number, "0", "{line}");
        }
    }
    for series in [
        "recado_sends_total{provider=\"zapperhub\",outcome=\"outcome_unknown\"} 0",
        "recado_http_requests_total{route=\"/messages/interactive/send-buttons\",method=\"POST\",status=\"500\"} 0",
        "recado_http_request_seconds_count{route=\"/agents/{id}\",method=\"DELETE\"} 0",
        "recado_webhook_ignored_total{what=\"other_instance\"} 0",
        "recado_webhook_set_aside_total{reason=\"crashed\"} 0",
        "recado_webhook_refused_total{provider=\"whatsapp\"} 0",
        "recado_deliveries_total{outcome=\"given_up\"} 0",
    ] {
        assert_has_line(&scrape, series);
    }
    assert!(scrape.len() < 200_000, "{} bytes", scrape.len());
}

/// Makes requests with `number` in every word that a caller chooses.
async fn odd_requests(url: &str, number: usize) {
    let mut wire = Wire::connect(url).await;
    for line in [
        format!("ODD{number} /healthz"),
        format!("ODD{number} /odd/{number}"),
        format!("GET /agents/odd-{number}?odd={number}"),
        // A name that cannot be the id of a channel, so that no database is asked.
        format!("POST /webhooks/zapi/odd!{number}/{number}"),
        format!("PUT /docs/odd-{number}"),
    ] {
        let request = format!(
            "{line} HTTP/1.1\r\nhost: odd-{number}\r\nx-request-id: odd-{number}\r\n\
             user-agent: odd-{number}\r\nauthorization: {number}\r\ncontent-length: 0\r\n\r\n"
        );
        wire.write(request).await;
        wire.read_until("HTTP/1.1 ").await;
    }
    wire.finish().await;
    wire.read_to_end().await;
}

#[tokio::test]
async fn the_metrics_do_not_grow_with_the_words_that_callers_choose() {
    let measured = measured().await;
    let server = &measured.server;
    let scraper = Client::new(&measured.metrics, "");
    let scrape = async || scraper.get("/metrics").await.text;
    odd_requests(&server.url, 0).await;
    let before = scrape().await;
    for number in 1..=200 {
        odd_requests(&server.url, number).await;
    }
    let after = scrape().await;
    assert_eq!(before.lines().count(), after.lines().count(), "{after}");
    assert!(!after.to_lowercase().contains("odd"), "{after}");
    assert_contains(&after, r#"method="other",status="404"} 201"#);
}
