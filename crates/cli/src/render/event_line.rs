//! An event on one line: when, what kind, which conversation, who, what.

use recado_core::event::{ChannelAlertData, EventData};
use recado_core::inbound::{AlertSeverity, Contact};
use recado_sandbox::drawing::{Paint, Style};
use recado_sandbox::terminal::{one_line, width};
use serde_json::{Value, json};

use super::fitting::shortened;
use super::instant::instant;
use super::wording::{choice, colour, error, person, progress, text, words};

/// As wide as `message.delivered`, the longest type that is common.
const KIND_COLUMNS: usize = 17;
/// Columns of an id, which is longer, and of a name, on a terminal.
const ID_COLUMNS: usize = 8;
const GAP: &str = "  ";

/// Returns the line of an event in at most `columns`; `when` says its time.
pub(crate) fn line(
    event: &Value,
    when: fn(&str) -> String,
    columns: usize,
    style: Style,
) -> String {
    let at = when(&text(event, "createdAt").unwrap_or_default());
    let kind = text(event, "type").unwrap_or_default();
    let place = text(event, "conversationId").or_else(|| text(event, "channelId"));
    let data = event.get("data").unwrap_or(&Value::Null);
    let read = (kind.parse().ok()).and_then(|kind| EventData::read(kind, data).ok());
    let Told { who, what, paint } = match &read {
        Some(read) => told(read),
        None if data.is_null() => Told::default(),
        // A newer server may have events that this version cannot read.
        None => Told {
            what: one_line(&data.to_string()),
            ..Told::default()
        },
    };
    // On a narrow terminal ids give way, so that what happened stays.
    let id = |text: String| match columns {
        usize::MAX => text,
        _ => shortened(&text, ID_COLUMNS),
    };
    let parts = [
        (at, Some(Paint::Dim)),
        (format!("{} {kind:KIND_COLUMNS$}", direction(&kind)), None),
        (place.map(id).unwrap_or_default(), None),
        (who.map(id).unwrap_or_default(), None),
        (what, paint),
    ];
    let mut line = String::new();
    let mut left = columns;
    for (text, paint) in parts.into_iter().filter(|(text, _)| !text.is_empty()) {
        if !line.is_empty() {
            line.push_str(GAP);
            left = left.saturating_sub(GAP.len());
        }
        if left == 0 {
            break;
        }
        let text = shortened(&text, left);
        left = left.saturating_sub(width(&text));
        line.push_str(&paint.map_or(text.clone(), |paint| style.paint(&text, paint)));
    }
    line.trim_end().to_owned()
}

/// Returns whether a message came in or went out; blank for an event of something else.
fn direction(kind: &str) -> char {
    match kind {
        "button.pressed" | "list.selected" | "message.received" => '←',
        kind if kind.starts_with("message.") => '→',
        _ => ' ',
    }
}

#[derive(Default)]
struct Told {
    who: Option<String>,
    what: String,
    paint: Option<Paint>,
}

fn told(data: &EventData) -> Told {
    let by = |from: &Contact, what, paint| Told {
        who: person(from),
        what,
        paint,
    };
    match data {
        EventData::ButtonPressed(tap) => by(&tap.from, choice(&tap.button), Some(Paint::Bold)),
        EventData::ListSelected(tap) => by(&tap.from, choice(&tap.list), Some(Paint::Bold)),
        EventData::ConversationCreated(new) => by(&new.from, String::new(), None),
        EventData::MessageReceived(message) => {
            let text = message.text.as_deref().filter(|text| !text.is_empty());
            let text = text.map(one_line);
            by(&message.from, words(&message.kind, text.as_deref()), None)
        }
        EventData::MessageQueued(message)
        | EventData::MessageAccepted(message)
        | EventData::MessageRejected(message)
        | EventData::MessageUnknown(message)
        | EventData::MessageSent(message)
        | EventData::MessageDelivered(message)
        | EventData::MessageRead(message)
        | EventData::MessageFailed(message) => Told {
            who: Some(message.message_id.to_string()),
            what: progress(message.status.as_str(), error(Some(&json!(message.error)))),
            paint: colour(message.status.as_str()),
        },
        EventData::ChannelConnected(channel) | EventData::ChannelDisconnected(channel) => Told {
            what: channel.detail.as_deref().map(one_line).unwrap_or_default(),
            ..Told::default()
        },
        EventData::ChannelPaused(pause) | EventData::ChannelResumed(pause) => Told {
            what: error(Some(&json!(pause.error))).unwrap_or_default(),
            ..Told::default()
        },
        EventData::ChannelAlert(alert) => alerted(alert),
        EventData::ChannelBudget(budget) => Told {
            what: format!(
                "{} % of the budget of {} is used",
                budget.percent,
                one_line(&budget.month)
            ),
            paint: Some(Paint::Bold),
            ..Told::default()
        },
        EventData::WebhookEndpointDisabled(endpoint) => {
            let since = endpoint.failing_since.as_deref();
            let what = since.map(|since| format!("failing since {}", instant(since)));
            Told {
                who: Some(one_line(&endpoint.endpoint_id)),
                what: what.unwrap_or_default(),
                paint: None,
            }
        }
    }
}

fn alerted(alert: &ChannelAlertData) -> Told {
    let words = alert.detail.as_deref().unwrap_or(&alert.field);
    Told {
        what: format!("{}: {}", alert.severity, one_line(words)),
        paint: (alert.severity == AlertSeverity::Critical).then_some(Paint::Red),
        ..Told::default()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::render::instant::time;

    /// An event whose data are filled up with what every message has.
    fn event(kind: &str, data: &Value) -> Value {
        let mut data = data.clone();
        for (key, value) in [("messageId", json!("msg_2")), ("externalId", Value::Null)] {
            if data.get(key).is_none() && data.is_object() {
                data[key] = value;
            }
        }
        json!({
            "id": "evt_000000000000002a", "type": kind, "createdAt": "2026-11-22T12:00:03.000Z",
            "organizationId": "loja", "agentId": "agent-123", "channelId": "main",
            "conversationId": "conv-456", "data": data,
        })
    }

    fn shown(event: &Value) -> String {
        line(event, time, usize::MAX, Style::Plain)
    }

    #[rstest]
    #[case("button.pressed", json!({"button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}}),
        "12:00:03  ← button.pressed     conv-456  Ana  ▸ Sales (btn_sales)")]
    #[case("list.selected", json!({"list": {"id": "row_1", "title": "Row"}, "from": {"phone": "5521988887777"}}),
        "12:00:03  ← list.selected      conv-456  5521988887777  ▸ Row (row_1)")]
    #[case("message.received", json!({"kind": "text", "text": "Olá\nHi", "from": {"name": "Ana"}}),
        "12:00:03  ← message.received   conv-456  Ana  Olá Hi")]
    #[case("message.received", json!({"kind": "image", "text": null, "from": {"name": "Ana"}}),
        "12:00:03  ← message.received   conv-456  Ana  [image]")]
    #[case("message.received", json!({"kind": "image", "text": "me", "from": {"name": "Ana"}}),
        "12:00:03  ← message.received   conv-456  Ana  [image] me")]
    #[case("message.delivered", json!({"messageId": "msg_1", "status": "delivered", "error": null}),
        "12:00:03  → message.delivered  conv-456  msg_1  ✓✓ delivered")]
    #[case("message.failed", json!({"messageId": "msg_1", "status": "failed", "error": {"reason": "r", "code": 131_026, "message": "undeliverable"}}),
        "12:00:03  → message.failed     conv-456  msg_1  ✗ failed: undeliverable (code 131026)")]
    #[case("conversation.created", json!({"from": {"name": "Ana"}}),
        "12:00:03    conversation.created  conv-456  Ana")]
    #[case("a.future.type", json!({"x": 1}),
        r#"12:00:03    a.future.type      conv-456  {"x":1,"messageId":"msg_2","externalId":null}"#)]
    #[case("button.pressed", json!({"button": "b\n"}),
        r#"12:00:03  ← button.pressed     conv-456  {"button":"b\n","messageId":"msg_2","externalId":null}"#)]
    #[case(
        "a.future.type",
        Value::Null,
        "12:00:03    a.future.type      conv-456"
    )]
    fn an_event_is_one_line(#[case] kind: &str, #[case] data: Value, #[case] expected: &str) {
        assert_eq!(shown(&event(kind, &data)), expected);
    }

    #[rstest]
    #[case("channel.disconnected", json!({"detail": "phone is off"}), Some("main"),
        "12:00:03    channel.disconnected  main  phone is off")]
    #[case("channel.alert", json!({"field": "account_update", "severity": "critical", "account": null, "detail": "ACCOUNT_RESTRICTION", "code": null, "value": null}), Some("main"),
        "12:00:03    channel.alert      main  critical: ACCOUNT_RESTRICTION")]
    #[case("webhook_endpoint.disabled", json!({"endpointId": "whk_1", "failingSince": "2026-11-17T12:00:00Z"}), None,
        "12:00:03    webhook_endpoint.disabled  whk_1  failing since 2026-11-17 12:00:00 UTC")]
    fn an_event_outside_of_a_conversation_names_its_place(
        #[case] kind: &str,
        #[case] data: Value,
        #[case] channel: Option<&str>,
        #[case] expected: &str,
    ) {
        let mut event = event(kind, &data);
        event["conversationId"] = Value::Null;
        event["channelId"] = json!(channel);
        assert_eq!(shown(&event), expected);
    }

    #[test]
    fn a_list_tells_the_day_and_a_terminal_sees_the_tap_stand_out() {
        let tap = json!({"button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}});
        assert_eq!(
            line(
                &event("button.pressed", &tap),
                instant,
                usize::MAX,
                Style::Ansi
            ),
            "\u{1b}[2m2026-11-22 12:00:03 UTC\u{1b}[0m  ← button.pressed     conv-456  Ana  \
             \u{1b}[1m▸ Sales (btn_sales)\u{1b}[0m"
        );
    }

    #[rstest]
    #[case("read", "\u{1b}[38;5;33m✓✓ read\u{1b}[0m")]
    #[case("failed", "\u{1b}[31m✗ failed\u{1b}[0m")]
    #[case("sent", "✓ sent")]
    fn read_and_failed_have_their_colours(#[case] status: &str, #[case] expected: &str) {
        let event = event(&format!("message.{status}"), &json!({"status": status}));
        let line = line(&event, time, usize::MAX, Style::Ansi);
        assert!(line.ends_with(expected), "{line}");
    }

    #[rstest]
    #[case("message.delivered", json!({"messageId": "msg_01a2231df6fd715fbb69e129a6a845de", "status": "delivered"}),
        "2026-11-22 12:00:03 UTC  → message.delivered  cn…9e129  ms…845de  ✓✓ delivered")]
    #[case("button.pressed", json!({"button": {"id": "btn_sales", "title": "Sales"}, "from": {"name": "Ana"}}),
        "2026-11-22 12:00:03 UTC  ← button.pressed     cn…9e129  Ana  ▸ Sales (btn_sales)")]
    fn a_line_fits_the_terminal(#[case] kind: &str, #[case] data: Value, #[case] expected: &str) {
        let mut event = event(kind, &data);
        event["conversationId"] = json!("cnv_01a2231df6fd715fbb69e129");
        let line = line(&event, instant, 80, Style::Plain);
        assert_eq!(line, expected);
        assert!(width(&line) <= 80, "{line}");
    }

    #[test]
    fn nothing_in_an_event_steers_the_terminal() {
        let data =
            json!({"kind": "text", "text": "a\u{1b}[2J", "from": {"name": "\u{1b}]0;x\u{7}"}});
        let shown = shown(&event("message.received", &data));
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown}");
    }

    #[test]
    fn what_is_no_event_is_still_a_line() {
        assert_eq!(shown(&Value::Null), "");
        assert_eq!(shown(&json!({"type": 1, "data": "x"})).trim(), r#""x""#);
    }
}
